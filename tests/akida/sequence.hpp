// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/evaluate.hpp>

// Small models for the tests of the hardware rules, written layer after layer. Branches name their
// source.
namespace tenon::akida {

struct Sequence {
  static constexpr std::size_t capacity = 24;
  std::array<Layer, capacity> layers{};
  std::size_t count = 0;

  [[nodiscard]] constexpr std::int16_t last() const { return static_cast<std::int16_t>(count - 1); }
  constexpr Layer& back() { return layers[count - 1]; }

  constexpr Sequence& add(Layer layer, std::int16_t from = -1) {
    if (count > 0) {
      layer.inbound[0] = from < 0 ? last() : from;
      layer.inbound_count = 1;
      layer.input = layers[static_cast<std::size_t>(layer.inbound[0])].output;
      if (layer.output.rank == 0) layer.output = layer.input;
    }
    layers[count++] = layer;
    return *this;
  }
  constexpr Sequence& input(Shape shape, DataType type = DataType::int8) {
    return add({.kind = LayerKind::input, .input = shape, .output = shape, .data_type = type});
  }
  struct Options {
    std::int32_t kernel = 3;
    std::int32_t stride = 1;
    Padding padding = Padding::same;
    std::int32_t bits = 8;
    LayerKind kind = LayerKind::conv2d;
    std::int16_t from = -1;
  };
  constexpr Sequence& conv(std::int32_t filters, Options o) {
    const Shape before = layers[o.from < 0 ? count - 1 : static_cast<std::size_t>(o.from)].output;
    Layer layer{.kind = o.kind,
                .filters = filters,
                .kernel = {o.kernel, o.kernel},
                .strides = {o.stride, o.stride},
                .padding = o.padding,
                .weight_bits = o.bits,
                .pointwise_weight_bits = o.bits};
    const bool up = o.kind == LayerKind::conv2d_transpose;
    layer.output =
        up ? Shape{before[0] * o.stride, before[1] * o.stride, filters}
           : Window2D::of(before, layer.kernel, layer.strides, {}, o.padding).output(filters);
    return add(layer, o.from);
  }
  constexpr Sequence& conv(std::int32_t filters) { return conv(filters, {}); }
  constexpr Sequence& depthwise(Options o) {
    o.kind = LayerKind::depthwise_conv2d;
    return conv(layers[count - 1].output.channels(), o);
  }
  constexpr Sequence& relu(std::int32_t bits = 8) {
    return add({.kind = LayerKind::relu, .output_bits = bits});
  }
  /// An output quantizer on the layer before.
  constexpr Sequence& quantized(std::int32_t bits = 8) {
    back().output_bits = bits;
    return *this;
  }
  constexpr Sequence& per_axis() {
    back().per_axis = true;
    return *this;
  }
  constexpr Sequence& max_pool(std::int32_t size, std::int32_t stride,
                               Padding padding = Padding::same) {
    Layer layer{.kind = LayerKind::max_pooling2d,
                .strides = {stride, stride},
                .pool_size = {size, size},
                .padding = padding};
    const Shape before = layers[count - 1].output;
    layer.output =
        Window2D::of(before, layer.pool_size, layer.strides, {}, padding).output(before.channels());
    return add(layer);
  }
  constexpr Sequence& average() {
    return add({.kind = LayerKind::global_average_pooling2d,
                .output = Shape{layers[count - 1].output.channels()}});
  }
  constexpr Sequence& flatten() {
    return add({.kind = LayerKind::flatten,
                .output = Shape{static_cast<std::int32_t>(layers[count - 1].output.size())}});
  }
  constexpr Sequence& dense(std::int32_t units, std::int32_t bits = 8) {
    Shape output = layers[count - 1].output;
    output[static_cast<std::size_t>(output.rank - 1)] = units;
    return add({.kind = LayerKind::dense, .output = output, .filters = units, .weight_bits = bits});
  }
  constexpr Sequence& temporal(std::int32_t filters, std::int32_t fifo) {
    Shape output = layers[count - 1].output;
    output[static_cast<std::size_t>(output.rank - 1)] = filters;
    return add({.kind = LayerKind::buffer_temp_conv,
                .output = output,
                .filters = filters,
                .kernel = {fifo, 1},
                .weight_bits = 8});
  }
  constexpr Sequence& merge(LayerKind kind, std::int16_t a, std::int16_t b) {
    Layer layer{.kind = kind};
    layer.output = layers[static_cast<std::size_t>(a)].output;
    if (kind == LayerKind::concatenate) {
      layer.output[2] += layers[static_cast<std::size_t>(b)].output[2];
    }
    add(layer, a);
    back().inbound[1] = b;
    back().inbound_count = 2;
    return *this;
  }
  constexpr Sequence& dequantize() { return add({.kind = LayerKind::dequantizer}); }

  [[nodiscard]] constexpr Verdict<capacity> on(Version version,
                                               Toolchain toolchain = Toolchain::v2_14) const {
    return evaluate<capacity>({layers.data(), count}, version, toolchain);
  }
};

/// Whether `category` is refused on layer `layer` with these values.
[[nodiscard]] constexpr bool says(const Verdict<Sequence::capacity>& verdict, Category category,
                                  std::int32_t layer, Value found, Value allowed) {
  for (const Refusal& refusal : verdict.all_refusals()) {
    if (refusal.category == category && refusal.layer == layer && refusal.found == found &&
        refusal.allowed == allowed) {
      return true;
    }
  }
  return false;
}

/// A convolution between an int8 input and a 1x1 head: what most rules of processors are tried on.
[[nodiscard]] constexpr Sequence around(Shape input, std::int32_t filters,
                                        Sequence::Options options) {
  return Sequence{}.input(input).conv(filters, options).relu().conv(4, {.kernel = 1}).dequantize();
}

/// The same on an image, for the rules of the input unit.
[[nodiscard]] constexpr Sequence image(Shape input, std::int32_t filters, Sequence::Options options,
                                       std::int32_t bits = 8) {
  return Sequence{}
      .input(input, DataType::uint8)
      .conv(filters, options)
      .relu(bits)
      .conv(4, {.kernel = 1, .bits = bits})
      .dequantize();
}

}  // namespace tenon::akida
