// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <concepts>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/stage.hpp>
#include <tenon/kernel/x86/zmm_finish.hpp>

// Sums over all pixels, finished as PoolBlock says, equal to the reference kernel. 16 or 32
// channels at a time, in 16 bits for as many pixels as fit: 128 * 255 is below 32768. y must not be
// x.
namespace tenon::kernel {
namespace x86 {

/// Sums of 16 channels of `pixels` pixels, `lanes` of them in memory.
template <class X>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void sum_pixels(const X* x,
                                                                       std::int64_t pixels,
                                                                       std::int32_t channels,
                                                                       std::int32_t lanes,
                                                                       std::int32_t* to) noexcept {
  __m256i sums[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  while (pixels > 0) {
    __m256i words[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    const std::int64_t now = pixels < 128 ? pixels : 128;
    std::int64_t p = 0;
    if (lanes == 16) {
      for (; p + 2 <= now; p += 2, x += 2 * channels) {
        words[0] = _mm256_add_epi16(words[0], to_words(x));
        words[1] = _mm256_add_epi16(words[1], to_words(x + channels));
      }
    }
    for (; p < now; ++p, x += channels) {
      X last[16] = {};
      std::memcpy(last, x, static_cast<std::size_t>(lanes));
      words[0] = _mm256_add_epi16(words[0], to_words(last));
    }
    // 128 pixels of 255 do not fit twice: each half is widened.
#pragma GCC unroll 2
    for (std::int32_t h = 0; h < 2; ++h) {
      sums[0] = _mm256_add_epi32(sums[0], _mm256_cvtepi16_epi32(_mm256_castsi256_si128(words[h])));
      sums[1] =
          _mm256_add_epi32(sums[1], _mm256_cvtepi16_epi32(_mm256_extracti128_si256(words[h], 1)));
    }
    pixels -= now;
  }
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), sums[0]);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 8), sums[1]);
}

template <class X, class Y>
[[gnu::target("avx2,fma"), gnu::always_inline]] inline void pool_any(
    const PoolBlock& block, const X* x, const ChannelFinish* channel_finish, Y* y) noexcept {
  for (std::int32_t c = 0; c < block.channels; c += 16) {
    // The last channels once more where there are too few for a vector.
    const std::int32_t first =
        c + 16 > block.channels && block.channels >= 16 ? block.channels - 16 : c;
    const std::int32_t lanes = block.channels < 16 ? block.channels : 16;
    std::int32_t sums[16];
    sum_pixels(x + first, block.pixels, block.channels, lanes, sums);
    for (std::int32_t i = 0; i < lanes; ++i) {
      y[first + i] = static_cast<Y>(finish(block.finish, channel_finish[first + i], sums[i]));
    }
  }
}

/// Sums of 32 channels, `lanes` of them in memory. Not part of its caller, which is not compiled
/// for AVX-512.
template <class Dots, class X>
[[TENON_ZMM_TARGET, gnu::noinline]] void sum_pixels_zmm(const X* x, std::int64_t pixels,
                                                        std::int32_t channels, std::int32_t lanes,
                                                        std::int32_t* to) noexcept {
  typename Dots::Vector sums[2] = {Dots::zero(), Dots::zero()};
  while (pixels > 0) {
    const std::int64_t now = pixels < 128 ? pixels : 128;
    typename Dots::Vector words = Dots::zero();
    for (std::int64_t p = 0; p < now; ++p, x += channels) {
      if (lanes == 32) {
        words = Dots::add_words(words, Dots::load_words(x));
      } else {
        X last[32] = {};
        std::memcpy(last, x, static_cast<std::size_t>(lanes));
        words = Dots::add_words(words, Dots::load_words(last));
      }
    }
    sums[0] = Dots::add(sums[0], Dots::low_half(words));
    sums[1] = Dots::add(sums[1], Dots::high_half(words));
    pixels -= now;
  }
  Dots::store_all(to, sums[0]);
  Dots::store_all(to + 16, sums[1]);
}

template <class Dots, class X, class Y>
void pool_zmm(const PoolBlock& block, const X* x, const ChannelFinish* channel_finish,
              Y* y) noexcept {
  for (std::int32_t c = 0; c < block.channels; c += 32) {
    const std::int32_t first =
        c + 32 > block.channels && block.channels >= 32 ? block.channels - 32 : c;
    const std::int32_t lanes = block.channels < 32 ? block.channels : 32;
    std::int32_t sums[32];
    sum_pixels_zmm<Dots>(x + first, block.pixels, block.channels, lanes, sums);
    for (std::int32_t i = 0; i < lanes; ++i) {
      y[first + i] = static_cast<Y>(finish(block.finish, channel_finish[first + i], sums[i]));
    }
  }
}

}  // namespace x86

template <class X, class Y>
[[gnu::target("avx2,fma")]] void global_average_pool_block(arch::avx2, const PoolBlock& block,
                                                           const X* x,
                                                           const ChannelFinish* channel_finish,
                                                           Y* y) noexcept {
  x86::pool_any(block, x, channel_finish, y);
}

/// The same for a block that is a constant.
template <PoolBlock Block, class X, class Y>
[[gnu::target("avx2,fma")]] void global_average_pool_block(arch::avx2, const X* x,
                                                           const ChannelFinish* channel_finish,
                                                           Y* y) noexcept {
  x86::pool_any(Block, x, channel_finish, y);
}

template <std::derived_from<arch::avx512_vnni> Arch, class X, class Y>
void global_average_pool_block(Arch, const PoolBlock& block, const X* x,
                               const ChannelFinish* channel_finish, Y* y) noexcept {
  x86::pool_zmm<x86::DotsOf<Arch>>(block, x, channel_finish, y);
}

template <PoolBlock Block, std::derived_from<arch::avx512_vnni> Arch, class X, class Y>
void global_average_pool_block(Arch, const X* x, const ChannelFinish* channel_finish,
                               Y* y) noexcept {
  x86::pool_zmm<x86::DotsOf<Arch>>(Block, x, channel_finish, y);
}

}  // namespace tenon::kernel
#endif
