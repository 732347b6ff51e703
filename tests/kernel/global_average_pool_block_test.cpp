// SPDX-License-Identifier: Apache-2.0
#include "kernel/x86_stand_ins.hpp"
// The kernels after what stands in for their instructions.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <tenon/kernel/reference/global_average_pool_block.hpp>
#include <vector>

#include "support/block_data.hpp"
#include "support/random_tensor.hpp"
#include "support/vector_arch.hpp"

using namespace tenon;
using kernel::PoolBlock;
using tenon_test::random_tensor;
using tenon_test::VectorArch;

namespace {

template <class Arch, class X, class Y>
void compare(std::int64_t pixels, std::int32_t channels, bool extreme, unsigned seed) {
  std::mt19937 random(seed);
  PoolBlock block{pixels, channels, tenon_test::some_traits(seed, 12)};
  block.finish.raw = sizeof(Y) == 4;
  const std::int64_t least = std::is_signed_v<X> ? -128 : 0;
  auto x = random_tensor<X>(random, pixels * channels, least, least + 255);
  if (extreme)
    std::fill(x.begin(), x.end(), static_cast<X>(seed % 2 == 0 && least < 0 ? least : least + 255));
  std::vector<kernel::ChannelFinish> finish;
  for (std::int32_t c = 0; c < channels; ++c)
    finish.push_back(tenon_test::random_finish(random, pixels * 256));
  std::vector<Y> expected(static_cast<std::size_t>(channels));
  std::vector<Y> got(static_cast<std::size_t>(channels), Y{77});
  kernel::global_average_pool_block(arch::reference{}, block, x.data(), finish.data(),
                                    expected.data());
  kernel::global_average_pool_block(Arch{}, block, x.data(), finish.data(), got.data());
  INFO(pixels, " pixels, ", channels, " channels, seed ", seed);
  CHECK(got == expected);
}

template <class Arch>
void compare_all() {
  for (const std::int32_t channels : {1, 7, 8, 15, 16, 17, 32, 33, 64}) {
    for (const std::int64_t pixels : {1, 2, 9, 127, 128, 129, 1000}) {
      for (unsigned seed = 0; seed < 4; ++seed) {
        for (const bool extreme : {false, true}) {
          compare<Arch, std::int8_t, std::int8_t>(pixels, channels, extreme, seed);
          compare<Arch, std::uint8_t, std::int8_t>(pixels, channels, extreme, seed);
          compare<Arch, std::int8_t, std::int32_t>(pixels, channels, extreme, seed);
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("the vector average pool equals the reference") { compare_all<VectorArch>(); }

#if defined(__x86_64__)
TEST_CASE("the AVX512-VNNI average pool equals the reference") { compare_all<tenon_test::LikeAvx512Vnni>(); }
#endif
