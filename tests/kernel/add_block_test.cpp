// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include <doctest/doctest.h>

#include <cstdint>
#include <tenon/kernel/reference/add_block.hpp>
#include <vector>

#include "support/block_data.hpp"
#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

using namespace tenon;
using kernel::AddBlock;
using tenon_test::AlignedBytes;
using tenon_test::random_tensor;
using tenon_test::VectorArch;

namespace {

template <class Arch, class A, class B, class Y>
void compare(std::int64_t pixels, std::int32_t channels, int largest_shift, unsigned seed) {
  std::mt19937 random(seed);
  AddBlock block{pixels, channels, tenon_test::some_traits(seed, 9)};
  block.finish.raw = sizeof(Y) == 4;
  const auto a = random_tensor<A>(random, pixels * channels, std::is_signed_v<A> ? -128 : 0,
                                  std::is_signed_v<A> ? 127 : 255);
  const auto b = random_tensor<B>(random, pixels * channels, std::is_signed_v<B> ? -128 : 0,
                                  std::is_signed_v<B> ? 127 : 255);
  std::vector<kernel::AddShifts> shifts(static_cast<std::size_t>(channels));
  std::vector<kernel::ChannelFinish> finish;
  for (auto& s : shifts) {
    s.first = static_cast<std::uint8_t>(random() % static_cast<unsigned>(largest_shift + 1));
    s.second = static_cast<std::uint8_t>(random() % static_cast<unsigned>(largest_shift + 1));
    finish.push_back(tenon_test::random_finish(random, (256 << s.first) + (256 << s.second)));
    if (seed % 2 == 0) finish.back().multiplier = 1;
  }
  const auto count = static_cast<std::size_t>(pixels * channels);
  std::vector<Y> expected(count);
  std::vector<Y> got(count, Y{77});
  kernel::add_block(arch::reference{}, block, a.data(), b.data(), shifts.data(), finish.data(),
                    expected.data());
  const Arch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  kernel::pack(arch, block, shifts.data(), finish.data(), packed.data());
  kernel::add_block(arch, block, a.data(), b.data(), packed.data(), got.data());
  INFO(pixels, " pixels, ", channels, " channels, shifts to ", largest_shift, ", seed ", seed);
  CHECK(got == expected);
}

template <class Arch>
void compare_all() {
  for (const std::int32_t channels : {1, 3, 8, 16, 24, 31, 32, 33, 64, 96}) {
    for (const std::int64_t pixels : {1, 2, 7, 16}) {
      for (const int largest_shift : {0, 5, 14, 17}) {
        for (unsigned seed = 0; seed < 8; ++seed) {
          compare<Arch, std::int8_t, std::int8_t, std::int8_t>(pixels, channels, largest_shift, seed);
          compare<Arch, std::uint8_t, std::int8_t, std::int8_t>(pixels, channels, largest_shift, seed);
          compare<Arch, std::uint8_t, std::uint8_t, std::int32_t>(pixels, channels, largest_shift, seed);
        }
      }
    }
  }
}

template <class Arch>
void write_over_input() {
  const AddBlock block{5, 7, {}};
  std::mt19937 random(3);
  auto a = random_tensor<std::int8_t>(random, 35, -128, 127);
  const auto b = random_tensor<std::int8_t>(random, 35, -128, 127);
  const std::vector<kernel::AddShifts> shifts(7, {1, 2});
  const std::vector<kernel::ChannelFinish> finish(7, {4, 3, 127, 1});
  std::vector<std::int8_t> expected(35);
  kernel::add_block(arch::reference{}, block, a.data(), b.data(), shifts.data(), finish.data(),
                    expected.data());
  const Arch arch;
  const AlignedBytes packed(packed_bytes(arch, block));
  kernel::pack(arch, block, shifts.data(), finish.data(), packed.data());
  kernel::add_block(arch, block, a.data(), b.data(), packed.data(), a.data());
  CHECK(a == expected);
}

}  // namespace

TEST_CASE("the vector addition equals the reference") { compare_all<VectorArch>(); }
TEST_CASE("the vector addition may write over an input") { write_over_input<VectorArch>(); }

#if defined(__x86_64__)
TEST_CASE("the AVX512-VNNI addition equals the reference") { compare_all<tenon_test::LikeAvx512Vnni>(); }
TEST_CASE("the AVX512-VNNI addition may write over an input") { write_over_input<tenon_test::LikeAvx512Vnni>(); }
#endif
