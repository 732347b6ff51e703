// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <tenon/kernel/reference/dense_block.hpp>
#include <vector>

#include "support/block_data.hpp"
#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

using namespace tenon;
using kernel::DenseBlock;
using tenon_test::AlignedBytes;
using tenon_test::random_tensor;
using tenon_test::VectorArch;

namespace {

struct Case {
  const char* why;
  std::int32_t rows;
  std::int32_t inputs;
  std::int32_t units;
};

const Case cases[] = {
    {"one element", 1, 1, 1},
    {"one row, units of half a vector", 1, 16, 4},
    {"one row, inputs that fill no lane", 1, 13, 10},
    {"one row, several tiles and a tail", 1, 41, 83},
    {"one row, a long sum", 1, 640, 33},
    {"one row, a tile more", 1, 128, 144},
    {"fewer rows than a tile", 3, 20, 17},
    {"a tile of rows and one", 5, 32, 8},
    {"rows beyond one band", 131, 200, 5},
    {"rows and units of several matrix tiles", 53, 64, 70},
};

template <class Arch, class X, class Y>
void compare(const Case& c, DenseBlock block, bool extreme, unsigned seed) {
  std::mt19937 random(seed);
  block.rows = c.rows;
  block.inputs = c.inputs;
  block.units = c.units;
  block.finish = tenon_test::some_traits(seed, 13);
  block.finish.raw = sizeof(Y) == 4;
  const bool positive = block.non_negative || !std::is_signed_v<X>;
  const std::int64_t most = block.non_negative || std::is_signed_v<X> ? 127 : 255;
  const std::int64_t w_least = -(1 << (block.weight_bits - 1));
  auto x = random_tensor<X>(random, std::int64_t{c.rows} * c.inputs, positive ? 0 : -128, most);
  auto weights =
      random_tensor<std::int8_t>(random, std::int64_t{c.inputs} * c.units, w_least, -w_least - 1);
  if (extreme) {
    std::fill(x.begin(), x.end(), static_cast<X>(seed % 2 == 0 || positive ? most : -128));
    std::fill(weights.begin(), weights.end(), static_cast<std::int8_t>(w_least));
  }
  std::vector<std::uint8_t> shifts(static_cast<std::size_t>(c.inputs));
  for (auto& s : shifts) s = static_cast<std::uint8_t>(random() % 6);
  if (block.grouped_by_shift) std::sort(shifts.rbegin(), shifts.rend());
  std::vector<kernel::ChannelFinish> finish;
  for (std::int32_t u = 0; u < c.units; ++u) {
    std::int64_t sum = 0;
    for (std::int32_t i = 0; i < c.inputs; ++i)
      sum += std::abs(weights[static_cast<std::size_t>(u * c.inputs + i)]);
    finish.push_back(tenon_test::random_finish(random, sum * 256 << (block.shifted ? 5 : 0)));
  }
  const auto w = tenon_test::packed_rows(weights, c.inputs, block.weight_bits);
  const auto count = static_cast<std::size_t>(c.rows) * static_cast<std::size_t>(c.units);
  std::vector<Y> expected(count);
  std::vector<Y> got(count, Y{77});
  kernel::dense_block(arch::reference{}, block, x.data(), shifts.data(), w.data(), finish.data(),
                      expected.data());
  const Arch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  const AlignedBytes scratch(scratch_bytes(arch, block));
  kernel::pack(arch, block, w.data(), block.shifted ? shifts.data() : nullptr, finish.data(),
               packed.data());
  kernel::dense_block(arch, block, x.data(), packed.data(), got.data(), scratch.data());
  INFO(std::string(c.why), ", seed ", seed, ", non-negative ", block.non_negative, ", shifted ",
       block.shifted);
  CHECK(got == expected);
}

template <class Arch>
void compare_all(bool non_negative, bool shifted, bool grouped, int bits, bool extreme) {
  DenseBlock block;
  block.non_negative = non_negative;
  block.shifted = shifted;
  block.grouped_by_shift = grouped;
  block.weight_bits = bits;
  for (const Case& c : cases) {
    for (unsigned seed = 0; seed < 6; ++seed) {
      compare<Arch, std::int8_t, std::int8_t>(c, block, extreme, seed);
      compare<Arch, std::uint8_t, std::int8_t>(c, block, extreme, seed);
    }
    compare<Arch, std::int8_t, std::int32_t>(c, block, extreme, 6);
    compare<Arch, std::uint8_t, std::int32_t>(c, block, extreme, 7);
  }
}

template <class Arch>
void compare_kinds() {
  for (const bool non_negative : {false, true}) {
    for (const int bits : {8, 4}) {
      for (const bool extreme : {false, true}) {
        compare_all<Arch>(non_negative, false, false, bits, extreme);
        compare_all<Arch>(non_negative, true, false, bits, extreme);
        compare_all<Arch>(non_negative, true, true, bits, extreme);
      }
    }
  }
}

}  // namespace

TEST_CASE("the vector dense block equals the reference") { compare_kinds<VectorArch>(); }

#if defined(__x86_64__)
TEST_CASE("the AVX-VNNI dense block equals the reference") {
  compare_kinds<tenon_test::LikeAvxVnni>();
}
TEST_CASE("the AVX512-VNNI dense block equals the reference") {
  compare_kinds<tenon_test::LikeAvx512Vnni>();
}
TEST_CASE("the AMX dense block equals the reference") { compare_kinds<tenon_test::LikeAmxInt8>(); }
#endif
