// SPDX-License-Identifier: Apache-2.0
// An exported model on an emulated board whose counter goes up by one with each instruction: prints the instructions of one
// inference. The exit status is the number of outputs that are not those of case.hpp.
#include <cstddef>
#include <cstdint>
#include <span>

#include "model.hpp"
#include "case.hpp"

extern "C" int application();
extern "C" void write_text(const char* text);

namespace {

using Model = exported::ModelFor<tenon::arch::TENON_ARCH>;

std::uint64_t instructions() {
  std::uint64_t count;
  asm volatile("isb\n mrs %0, cntvct_el0" : "=r"(count) : : "memory");
  return count;
}

void write_number(std::uint64_t n) {
  char text[24] = {};
  std::size_t i = sizeof text - 2;
  text[i] = '\n';
  do {
    text[--i] = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n > 0);
  write_text(text + i);
}

}  // namespace

int application() {
  static Model net;
  const std::span<const Model::Input, Model::input_size> input(cases::input);
  const std::uint64_t before = instructions();
  const std::uint64_t between = instructions();
  const auto outputs = net(input);
  const std::uint64_t after = instructions();
  write_number(after - between - (between - before));
  int wrong = 0;
  for (std::size_t i = 0; i < outputs.size(); ++i) wrong += outputs[i] == cases::output[i] ? 0 : 1;
  return wrong;
}
