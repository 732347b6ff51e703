// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

namespace tenon::host {

/// What padding 'same' adds before and behind an axis: as little as possible, the odd one behind.
/// `reach` is the size of the kernel, dilation included.
[[nodiscard]] constexpr std::array<std::int64_t, 2> same_padding(std::int64_t size,
                                                                 std::int64_t reach,
                                                                 std::int64_t stride) {
  const std::int64_t positions = (size + stride - 1) / stride;
  const std::int64_t total = std::max<std::int64_t>((positions - 1) * stride + reach - size, 0);
  return {total / 2, total - total / 2};
}

/// The same for a transposed convolution, where it is cut off the result.
[[nodiscard]] constexpr std::array<std::int64_t, 2> same_cropping(std::int64_t kernel,
                                                                  std::int64_t stride) {
  const std::int64_t total = std::max<std::int64_t>(kernel - stride, 0);
  return {total / 2, total - total / 2};
}

}  // namespace tenon::host
