// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

namespace tenon {

/// The last frames that a temporal convolution saw, slots of `pixels` * `channels` elements. The frame of time t, 0 for the
/// oldest, stands in slot (oldest + t) modulo `size`: no frame ever moves.
struct FrameRing {
  std::int32_t size = 1;
  std::int32_t oldest = 0;
  std::int64_t pixels = 1;
  std::int32_t channels = 1;

  [[nodiscard]] constexpr std::int64_t frame_size() const noexcept { return pixels * channels; }
  /// Where the frame of time t begins.
  [[nodiscard]] constexpr std::ptrdiff_t frame(std::int32_t t) const noexcept {
    const std::int32_t slot = oldest + t < size ? oldest + t : oldest + t - size;
    return static_cast<std::ptrdiff_t>(slot * frame_size());
  }
};

}  // namespace tenon
