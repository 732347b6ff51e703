// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "targets.hpp"

// The entry of libFuzzer: `fuzz --target=onnx corpus/onnx`. libFuzzer ignores options with two
// dashes.

namespace {
const tenon::fuzz::Target* chosen = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view option = "--target=";
  for (int i = 1; i < *argc; ++i) {
    const std::string_view argument = (*argv)[i];
    if (argument.starts_with(option))
      chosen = tenon::fuzz::find_target(argument.substr(option.size()));
  }
  if (chosen != nullptr) return 0;
  std::fprintf(stderr, "give --target= one of:");
  for (const auto& target : tenon::fuzz::targets()) {
    std::fprintf(stderr, " %.*s", static_cast<int>(target.name.size()), target.name.data());
  }
  std::fprintf(stderr, "\n");
  std::exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)tenon::fuzz::run_target(*chosen, {reinterpret_cast<const std::byte*>(data), size});
  return 0;
}
