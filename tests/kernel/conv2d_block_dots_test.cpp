// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include "kernel/conv2d_block_cases.hpp"

#include <tenon/kernel/x86/amx_blocks.hpp>

using namespace tenon;
using tenon_test::compare_all;
using tenon_test::LikeAmxInt8;
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

/// Shapes that gain from tiles, and break them.
const tenon_test::Case tile_cases[] = {
    {"two tiles of places and of filters", {8, 4, 64}, 32, {1, 1}},
    {"a place more than two tiles", {11, 3, 64}, 32, {1, 1}},
    {"a tile of places, a filter more than a tile", {4, 4, 192}, 17, {1, 1}},
    {"a tile of filters and no more", {5, 5, 128}, 16, {1, 1}},
    {"fewer places than two tiles", {5, 4, 64}, 48, {1, 1}},
    {"few filters", {10, 10, 96}, 7, {1, 1}},
    {"narrow rows with padding", {9, 8, 16}, 33, {3, 3}, {1, 1}, Padding::same},
    {"wide rows", {4, 34, 16}, 32, {3, 3}, {1, 1}, Padding::same},
    {"stride 2, rows of a tile", {7, 32, 32}, 20, {3, 3}, {2, 2}, Padding::same},
    {"stride 2, narrow rows", {16, 16, 32}, 64, {3, 3}, {2, 2}, Padding::same},
    {"pointwise with stride 2", {16, 16, 64}, 64, {1, 1}, {2, 2}, Padding::same},
    {"dilation", {12, 12, 32}, 32, {3, 3}, {1, 1}, Padding::same, {2, 2}},
    {"several bands", {40, 12, 64}, 24, {3, 3}, {1, 1}, Padding::same},
    {"a step of 48 inputs", {6, 12, 48}, 40, {1, 1}},
};

template <class X>
void compare_tiles(const tenon_test::Variant& v) {
  for (const tenon_test::Case& c : tile_cases) {
    tenon::kernel::ConvBlock block;
    block.window = Window2D::of(c.input, c.kernel, c.strides, c.dilation, c.padding);
    block.channels = c.input.channels();
    block.filters = c.filters;
    INFO(std::string(c.why));
    CHECK(kernel::x86::amx_plan_of(block).used);
    for (unsigned seed = 0; seed < 6; ++seed) tenon_test::compare_conv2d<LikeAmxInt8, X, std::int8_t>(c, v, seed);
    tenon_test::compare_conv2d<LikeAmxInt8, X, std::int32_t>(c, v, 6);
  }
}

}  // namespace

TEST_CASE("the AVX-VNNI convolution equals the reference") { compare_variants<LikeAvxVnni>(); }
TEST_CASE("the AVX512-VNNI convolution equals the reference") {
  compare_variants<LikeAvx512Vnni>();
}
TEST_CASE("the AMX convolution equals the reference") { compare_variants<LikeAmxInt8>(); }
TEST_CASE("the AMX convolution equals the reference where it uses tiles") {
  compare_tiles<std::int8_t>({});
  compare_tiles<std::int8_t>({.non_negative = true});
  compare_tiles<std::int8_t>({.extreme = true});
  compare_tiles<std::int8_t>({.has_padding_value = true});
  compare_tiles<std::int8_t>({.weight_bits = 4});
  compare_tiles<std::uint8_t>({});
  compare_tiles<std::uint8_t>({.extreme = true});
  compare_tiles<std::uint8_t>({.has_padding_value = true});
}
