// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include <tenon/model/plan.hpp>
#include <tenon/number/float32.hpp>

// The numbers of a calibration, in float32 to the bit: how samples are cut into batches, how the
// ranges of the batches are averaged, and how a range is moved to the top of its power of two
// (cross-layer equalization). Whoever walks over the layers and owns the memory, a typed model or
// the host, calls these.
namespace tenon {

struct CalibrationOptions {
  std::int64_t num_samples = 1024;
  std::int64_t batch_size = 0;  ///< 0: none given
  std::int32_t epochs = 1;
  std::int64_t steps = 1;  ///< samples that follow one another in each sequence, of a recurrent model
};

/// Consecutive slices of the samples; the last one may be smaller and counts as much as the others.
struct Batches {
  std::int64_t size = 1;
  std::int64_t count = 0;

  [[nodiscard]] constexpr std::int64_t begin(std::int64_t batch) const noexcept {
    return batch * size;
  }
  [[nodiscard]] constexpr std::int64_t end(std::int64_t batch,
                                           std::int64_t samples) const noexcept {
    return (batch + 1) * size < samples ? (batch + 1) * size : samples;
  }
};

/// `num_samples` limits the number of batches. Without a batch size it is that number, and the
/// samples are spread over them: with as many samples as `num_samples`, or fewer, a batch is one
/// sample.
[[nodiscard]] constexpr Batches batches_of(std::int64_t samples,
                                           const CalibrationOptions& options) noexcept {
  if (samples <= 0 || options.num_samples <= 0) return {};
  const auto divide_up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  const std::int64_t steps = options.batch_size > 0
                                 ? divide_up(options.num_samples, options.batch_size)
                                 : options.num_samples;
  const std::int64_t size = options.batch_size > 0 ? options.batch_size : divide_up(samples, steps);
  const std::int64_t available = divide_up(samples, size);
  return {size, available < steps ? available : steps};
}

/// How samples stand in time, for models that remember earlier ones: so many streams in parallel,
/// each of so many steps.
struct Streams {
  std::size_t count = 1;
  std::size_t steps = 1;
  bool time_first = true;  ///< all streams at one time stand together; else all times of one stream

  /// Position of a sample.
  [[nodiscard]] constexpr std::size_t at(std::size_t stream, std::size_t step) const noexcept {
    return time_first ? step * count + stream : stream * steps + step;
  }
};

/// The streams of a typed model: with recurrent layers the samples are sequences of `steps` inputs
/// one behind the other; else they are the frames of `batch_size` parallel clips, time after time.
/// None if the samples are no multiple of that.
[[nodiscard]] constexpr Streams streams_of(std::size_t samples, const CalibrationOptions& options,
                                           bool recurrent) noexcept {
  const std::int64_t given = recurrent ? options.steps : options.batch_size;
  const auto group = static_cast<std::size_t>(given > 1 ? given : 1);
  if (samples % group != 0) return {0, 0, !recurrent};
  return recurrent ? Streams{samples / group, group, false} : Streams{group, samples / group, true};
}

/// Largest magnitudes of a batch: `maximum` has one element, or one for each channel (the last axis
/// of `values`), and starts at 0.
constexpr void widen(std::span<float> maximum, std::span<const float> values) noexcept {
  std::size_t c = 0;
  for (const float v : values) {
    const float a = float32::absolute(v);
    maximum[c] = a > maximum[c] ? a : maximum[c];
    c = c + 1 == maximum.size() ? 0 : c + 1;
  }
}

/// The moving average of the batches' maxima, momentum 0.9. Ranges that are all exactly 1 count as
/// unset, as they are before the first batch.
constexpr void observe(std::span<float> range_max, std::span<const float> batch_maximum) noexcept {
  bool unset = true;
  for (const float r : range_max) unset = unset && r == 1.0F;
  for (std::size_t i = 0; i < range_max.size(); ++i) {
    const float r = range_max[i];
    const float m = batch_maximum[i];
    const float step = float32::multiply(float32::subtract(r, m), 0.1F);
    range_max[i] = unset ? m : float32::subtract(r, step);
  }
}

/// Moves calibrated ranges just below the power of two under them, (2^b - 1) / 2^b of it for
/// `bitwidth` b, and gives the rates new / old, in (1/2, 1]: the output quantizer multiplies its
/// scales by them, the next kernel is divided by them. Returns false, with rates of 1, if the
/// ranges were there already.
constexpr bool equalize_range(std::span<float> range_max, int bitwidth,
                              std::span<float> rescaling_rate) noexcept {
  bool moved = false;
  const std::size_t count = range_max.size();
  for (std::size_t i = 0; i < count; ++i) {
    const float r = range_max[i];
    rescaling_rate[i] = 1.0F;
    if (!(r > 0)) continue;
    const std::int32_t floor = float32::floor_log2(r, {i, count});
    const auto top = static_cast<float>(largest(bitwidth));
    const float ideal = top / float32::scale_by_power_of_two(1.0F, bitwidth - floor);
    moved = moved || ideal != r;
    range_max[i] = ideal;
    if (ideal > 0) rescaling_rate[i] = ideal / r;
  }
  return moved;
}

/// Divides a kernel by the rate of each input channel. `inner` elements stand behind the axis of
/// channels; where a per-axis tensor was flattened before the kernel, the channels repeat.
constexpr void divide_kernel(std::span<float> kernel, std::size_t inner,
                             std::span<const float> rescaling_rate) noexcept {
  const std::size_t channels = rescaling_rate.size();
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    kernel[i] /= rescaling_rate[i / inner % channels];
  }
}

/// Elements of the (depthwise) kernel behind the axis of its input channels.
[[nodiscard]] constexpr std::size_t elements_behind_channels(const LayerParams& params) noexcept {
  if (const auto* p = std::get_if<Conv2DParams>(&params))
    return static_cast<std::size_t>(p->filters);
  if (const auto* p = std::get_if<Conv2DTransposeParams>(&params)) {
    return static_cast<std::size_t>(p->filters);
  }
  if (const auto* p = std::get_if<DenseParams>(&params)) return static_cast<std::size_t>(p->units);
  if (const auto* p = std::get_if<StatefulProjectionParams>(&params)) {
    return static_cast<std::size_t>(p->units);
  }
  return 1;
}

inline constexpr std::size_t no_layer = static_cast<std::size_t>(-1);

/// The layer whose kernel is divided when the output of `layer` is equalized: the next one with a
/// kernel, along single consumers, through layers that keep channels apart; `no_layer` if there is
/// none. A per-axis output passes one Flatten or Reshape only. Not asked for layers whose output
/// quantizer has no scales.
[[nodiscard]] constexpr std::size_t equalization_target(std::span<const LayerDescription> layers,
                                                        std::size_t layer, bool per_axis) noexcept {
  bool flattened = false;
  for (std::size_t at = layer;;) {
    std::size_t next = no_layer;
    std::size_t consumers = 0;
    for (std::size_t i = at + 1; i < layers.size(); ++i) {
      for (const std::int32_t input : layers[i].inputs) {
        if (static_cast<std::size_t>(input) != at) continue;
        next = i;
        ++consumers;
      }
    }
    if (consumers != 1) return no_layer;
    switch (layers[next].traits().kind) {
      case LayerKind::conv2d:
      case LayerKind::conv2d_transpose:
      case LayerKind::separable_conv2d:
      case LayerKind::depthwise_conv2d:
      case LayerKind::depthwise_conv2d_transpose:
      case LayerKind::dense:
        return next;
      case LayerKind::buffer_temp_conv:
      case LayerKind::depthwise_buffer_temp_conv:
        return per_axis ? no_layer : next;
      case LayerKind::stateful_projection: {
        const auto& projection = std::get<StatefulProjectionParams>(layers[next].params);
        return projection.downshape.rank > 0 || projection.upshape.rank > 0 ? no_layer : next;
      }
      case LayerKind::dropout:
      case LayerKind::max_pooling2d:
      case LayerKind::global_average_pooling2d:
      case LayerKind::dequantizer:
        break;
      case LayerKind::flatten:
      case LayerKind::reshape:
        if (per_axis && flattened) return no_layer;
        flattened = true;
        break;
      default:
        return no_layer;
    }
    at = next;
  }
}

/// A grouped kernel sees a part of the channels only, so rates of all channels do not fit it.
[[nodiscard]] constexpr bool takes_rates(const LayerParams& target, bool per_axis) noexcept {
  const auto* conv = std::get_if<Conv2DParams>(&target);
  return !per_axis || conv == nullptr || conv->groups == 1;
}

}  // namespace tenon
