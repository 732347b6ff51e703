// SPDX-License-Identifier: Apache-2.0
// Exported models on a board, or on the machine that builds them. `cases.hpp` includes their headers and has inputs for each
// and the outputs of the interpreter; the exit status has a bit for each model whose outputs differ.
#include "cases.hpp"

namespace {

template <class Case>
typename Case::Model net;

template <class Case>
bool differs() {
  using Model = typename Case::Model;
  bool wrong = false;
  for (std::size_t i = 0; i < std::size(Case::inputs) / Model::input_size; ++i) {
    const auto outputs = net<Case>(std::span<const typename Model::Input, Model::input_size>(
        Case::inputs + i * Model::input_size, Model::input_size));
    for (std::size_t k = 0; k < outputs.size(); ++k) wrong |= outputs[k] != Case::outputs[i * outputs.size() + k];
  }
  return wrong;
}

template <class... Cases>
int different(std::tuple<Cases...>) {
  int status = 0;
  int bit = 1;
  ((status |= differs<Cases>() ? bit : 0, bit *= 2), ...);
  return status;
}

}  // namespace

extern "C" int application();

int application() { return different(Cases{}); }

#if __ARM_ARCH_PROFILE != 'M'
int main() { return application(); }
#endif
