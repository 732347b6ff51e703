// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/multiply_add.hpp>
#include <tenon/kernel/reference/conv2d.hpp>
#include <tenon/tensor/window.hpp>

namespace tenon::kernel {

// As the reference kernel, in blocks of filters: the sums of a block stay in registers or the first cache
// while the weights, contiguous over filters, stream by, so that the compiler can vectorize over filters.
// Blocks do not cross groups.
template <class Sum, arch::Portable Arch, class X, class P, class W, class Y, class Finish>
constexpr void conv2d(Arch arch, const Window2D& window, ConvChannels channels, const X* x,
                      std::span<const P> padding, const W* w, Y* y, const Finish& finish) {
  constexpr std::int32_t block = 32;
  const std::int32_t depth = channels.input / channels.groups;
  const std::int32_t width = channels.filters / channels.groups;
  for (std::int32_t oy = 0; oy < window.y.output; ++oy) {
    for (std::int32_t ox = 0; ox < window.x.output; ++ox, y += channels.filters) {
      for (std::int32_t group = 0; group < channels.groups; ++group) {
        for (std::int32_t begin = group * width; begin < (group + 1) * width; begin += block) {
          const std::int32_t rest = (group + 1) * width - begin;
          const std::int32_t count = rest < block ? rest : block;
          Sum sums[block] = {};
          const auto add = [&](const W* row, Sum v, std::int32_t terms) {
            for (std::int32_t f = 0; f < terms; ++f) {
              sums[f] = multiply_add(arch, sums[f], v, static_cast<Sum>(row[f]));
            }
          };
          const auto add_pixel = [&](const auto* pixel, std::ptrdiff_t step, const W* row) {
            for (std::int32_t c = 0; c < depth; ++c, row += channels.filters) {
              const Sum v = static_cast<Sum>(pixel[c * step]);
              if (count == block) {  // a constant the compiler can unroll
                add(row, v, block);
              } else {
                add(row, v, count);
              }
            }
          };
          for (std::int32_t ky = 0; ky < window.y.kernel; ++ky) {
            const std::int32_t iy = oy * window.y.stride + ky * window.y.dilation - window.y.before;
            for (std::int32_t kx = 0; kx < window.x.kernel; ++kx) {
              const std::int32_t ix = ox * window.x.stride + kx * window.x.dilation - window.x.before;
              const bool inside = iy >= 0 && iy < window.y.input && ix >= 0 && ix < window.x.input;
              const W* row =
                  w + (std::ptrdiff_t{ky} * window.x.kernel + kx) * depth * channels.filters + begin;
              if (inside) {
                add_pixel(x + (std::ptrdiff_t{iy} * window.x.input + ix) * channels.input + group * depth,
                          1, row);
              } else if (padding.size() == 1) {
                add_pixel(padding.data(), 0, row);
              } else if (!padding.empty()) {
                add_pixel(padding.data() + group * depth, 1, row);
              }
            }
          }
          for (std::int32_t f = 0; f < count; ++f) {
            y[begin + f] = static_cast<Y>(finish(sums[f], begin + f));
          }
        }
      }
    }
  }
}

}  // namespace tenon::kernel
