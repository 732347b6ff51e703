// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include "kernel/conv2d_block_cases.hpp"

using namespace tenon;
using tenon_test::compare_all;
using tenon_test::LikeAvx512Vnni;
using tenon_test::LikeAvxVnni;

namespace {

template <class Arch>
void compare_variants() {
  compare_all<Arch, std::int8_t>({.non_negative = true});
  compare_all<Arch, std::int8_t>({});
  compare_all<Arch, std::int8_t>({.extreme = true});
  compare_all<Arch, std::uint8_t>({.weight_bits = 4});
  compare_all<Arch, std::uint8_t>({.extreme = true});
  compare_all<Arch, std::int8_t>({.has_padding_value = true});
  compare_all<Arch, std::uint8_t>({.has_padding_value = true});
  for (const int largest : {1, 8}) {
    compare_all<Arch, std::int8_t>({.shifted = true, .grouped = true, .largest_shift = largest});
    compare_all<Arch, std::uint8_t>({.shifted = true, .grouped = true, .largest_shift = largest});
    compare_all<Arch, std::int8_t>({.shifted = true, .largest_shift = largest});
  }
}

}  // namespace

TEST_CASE("the AVX-VNNI convolution equals the reference") { compare_variants<LikeAvxVnni>(); }
TEST_CASE("the AVX512-VNNI convolution equals the reference") {
  compare_variants<LikeAvx512Vnni>();
}
