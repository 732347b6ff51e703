// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/reference/buffer_temp_conv.hpp>
#include <tenon/tensor/frame_ring.hpp>

namespace tenon::kernel {

// As the reference kernel, in blocks of filters, so that the compiler can vectorize over filters. An element of a frame is
// loaded, and aligned, once for a whole block.
template <class Sum, arch::Portable Arch, class X, class W, class Y, class Load, class Finish>
constexpr void buffer_temp_conv(Arch arch, const FrameRing& ring, std::int32_t filters, const X* frames,
                                const W* w, Y* y, const Load& load, const Finish& finish) {
  constexpr std::int32_t block = 32;
  for (std::int64_t p = 0; p < ring.pixels; ++p, y += filters) {
    for (std::int32_t begin = 0; begin < filters; begin += block) {
      const std::int32_t count = filters - begin < block ? filters - begin : block;
      Sum sums[block] = {};
      const auto add = [&](Sum v, const W* weights, std::int32_t terms) {
        for (std::int32_t f = 0; f < terms; ++f) {
          sums[f] = multiply_add(arch, sums[f], v, static_cast<Sum>(weights[f]));
        }
      };
      const W* row = w + begin;
      for (std::int32_t t = 0; t < ring.size; ++t) {
        const X* pixel = frames + ring.frame(t) + p * ring.channels;
        for (std::int32_t c = 0; c < ring.channels; ++c, row += filters) {
          const Sum v = static_cast<Sum>(load(pixel[c], c));
          if (count == block) {  // a constant the compiler can unroll
            add(v, row, block);
          } else {
            add(v, row, count);
          }
        }
      }
      for (std::int32_t f = 0; f < count; ++f) y[begin + f] = static_cast<Y>(finish(sums[f], begin + f));
    }
  }
}

// As the reference kernel, in blocks of channels.
template <class Sum, arch::Portable Arch, class X, class W, class Y, class Load, class Multiply, class Finish>
constexpr void depthwise_buffer_temp_conv(Arch, const FrameRing& ring, const X* frames, const W* w, Y* y,
                                          const Load& load, const Multiply& multiply, const Finish& finish) {
  constexpr std::int32_t block = 32;
  for (std::int64_t p = 0; p < ring.pixels; ++p, y += ring.channels) {
    for (std::int32_t begin = 0; begin < ring.channels; begin += block) {
      const std::int32_t count = ring.channels - begin < block ? ring.channels - begin : block;
      Sum sums[block] = {};
      for (std::int32_t t = 0; t < ring.size; ++t) {
        const X* pixel = frames + ring.frame(t) + p * ring.channels + begin;
        const W* row = w + std::ptrdiff_t{t} * ring.channels + begin;
        for (std::int32_t c = 0; c < count; ++c) {
          sums[c] += multiply(static_cast<Sum>(load(pixel[c], begin + c)), static_cast<Sum>(row[c]));
        }
      }
      for (std::int32_t c = 0; c < count; ++c) y[begin + c] = static_cast<Y>(finish(sums[c], begin + c));
    }
  }
}

}  // namespace tenon::kernel
