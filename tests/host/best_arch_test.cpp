// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <string>
#include <tenon/host/best_arch.hpp>
#include <tenon/host/interpret/compiled_for.hpp>
#include <vector>

#include "../../examples/bare_metal/digits.hpp"

using namespace tenon;

namespace {

/// Gives the choice back to the processor.
struct Forced {
  explicit Forced(const std::string& name) { host::forced_arch() = name; }
  Forced(const Forced&) = delete;
  Forced& operator=(const Forced&) = delete;
  ~Forced() { host::forced_arch().clear(); }
};

template <class Arch>
std::vector<std::int32_t> outputs_of(std::uint32_t seed) {
  using Net = digits::ModelFor<Arch>;
  static Net net;
  std::array<typename Net::Input, Net::input_size> input;
  for (auto& v : input) {
    seed = seed * 1664525 + 1013904223;
    v = static_cast<typename Net::Input>(seed >> 24);
  }
  const auto outputs = net(input);
  return {outputs.begin(), outputs.end()};
}

}  // namespace

TEST_CASE("the best architecture is the first of those that the processor has") {
  const std::vector<std::string> names = host::arch_names();
  REQUIRE(!names.empty());
  CHECK(host::best_arch_name() == names.front());
  CHECK(names.back() == arch::native::name);
}

TEST_CASE("every architecture of the processor can be asked for") {
  for (const std::string& name : host::arch_names()) {
    const Forced forced(name);
    CHECK(host::best_arch_name() == name);
  }
}

TEST_CASE("layers that are no blocks are compiled for AVX2 at best") {
  for (const std::string& name : host::arch_names()) {
    const Forced forced(name);
    std::string layers;
    host::with_layer_arch([&](auto arch) { layers = arch.name; });
    INFO(name);
    CHECK((layers == arch::native::name || layers == arch::avx2::name));
    if (name == arch::native::name) CHECK(layers == name);
  }
}

TEST_CASE("an exported model gives the same outputs with the kernels of every architecture of the processor") {
  for (std::uint32_t seed = 1; seed < 6; ++seed) {
    const auto expected = outputs_of<arch::portable>(seed);
    for (const std::string& name : host::arch_names()) {
      const Forced forced(name);
      host::with_best_arch([&](auto arch) { CHECK(outputs_of<decltype(arch)>(seed) == expected); });
    }
  }
}
