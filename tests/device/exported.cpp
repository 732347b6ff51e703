// SPDX-License-Identifier: Apache-2.0
// An exported model on a board, or on the machine that builds it. `case.hpp` has inputs and the outputs of the interpreter
// for them; the exit status is the number of outputs that differ.
#include MODEL_HEADER
#include "case.hpp"

static MODEL_NAMESPACE::Model net;

extern "C" int application();

int application() {
  using Model = MODEL_NAMESPACE::Model;
  int wrong = 0;
  for (std::size_t i = 0; i < std::size(cases::inputs) / Model::input_size; ++i) {
    const auto outputs = net(std::span<const Model::Input, Model::input_size>(cases::inputs + i * Model::input_size,
                                                                              Model::input_size));
    for (std::size_t k = 0; k < outputs.size(); ++k) wrong += outputs[k] == cases::outputs[i * outputs.size() + k] ? 0 : 1;
  }
  return wrong;
}

#if __ARM_ARCH_PROFILE != 'M'
int main() { return application() == 0 ? 0 : 1; }
#endif
