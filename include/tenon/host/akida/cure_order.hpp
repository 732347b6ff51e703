// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/host/akida/cure.hpp>
#include <utility>
#include <vector>

// Other layers, or another order of layers.
namespace tenon::host::mapping::cure {

using akida::Layer;

/// A convolution that changes nothing, behind `at`. v1 quantizes only behind a ReLU.
inline void identity(Cures& cures, std::int16_t at) {
  if (at < 0) return;
  cures.offer("add a 1x1 convolution behind it", at, [&](NamedModel& model) {
    const std::int16_t reader = cures.reader_of(at);
    const bool last = reader < 0 || cures.layer(reader).kind == LayerKind::dequantizer;
    const bool v1 = cures.version() == akida::Version::v1;
    const std::string name = model.names[static_cast<std::size_t>(at)] + "_identity";
    Layer conv;
    conv.kind = LayerKind::conv2d;
    conv.filters = model.layers[static_cast<std::size_t>(at)].output.channels();
    conv.weight_bits = v1 ? 4 : 8;
    conv.output_bits = last || v1 ? 0 : 8;
    insert_after(model, at, conv, name);
    if (!v1 || last) return true;
    Layer relu;
    relu.kind = LayerKind::relu;
    relu.output_bits = 4;
    insert_after(model, static_cast<std::int16_t>(at + 1), relu, name + "_relu");
    return true;
  });
}

inline void swap_activation_and_pool(Cures& cures) {
  for (std::size_t i = 0; i < cures.model().layers.size(); ++i) {
    const Layer& each = cures.model().layers[i];
    if (each.inbound_count != 1) continue;
    const auto is = [](const Layer& x, bool relu) {
      return relu ? x.kind == LayerKind::relu
                  : x.kind == LayerKind::max_pooling2d ||
                        x.kind == LayerKind::global_average_pooling2d;
    };
    const std::int16_t here = static_cast<std::int16_t>(i);
    const Layer& before = cures.layer(each.inbound[0]);
    if (!(is(each, true) && is(before, false)) && !(is(each, false) && is(before, true))) continue;
    cures.offer("move it before " + cures.name(each.inbound[0]), here,
                [&](NamedModel& model) { return swap_with_previous(model, here); });
  }
}

inline void insert_relu(Cures& cures, std::int16_t where, bool quantized) {
  if (where < 0) return;
  cures.offer("add a ReLU behind it", where, [&](NamedModel& model) {
    Layer& before = model.layers[static_cast<std::size_t>(where)];
    Layer relu;
    relu.kind = LayerKind::relu;
    if (quantized) {
      relu.output_bits = before.output_bits > 0 ? before.output_bits : 4;
      relu.per_axis = before.per_axis;
    }
    before.output_bits = 0;
    insert_after(model, where, relu, model.names[static_cast<std::size_t>(where)] + "_relu");
    return true;
  });
}

/// Depthwise and 1x1 instead of separable.
inline void split_separable(Cures& cures) {
  const std::int16_t at = cures.at();
  if (cures.layer().kind != LayerKind::separable_conv2d) return;
  cures.offer("use a DepthwiseConv2D and a 1x1 Conv2D instead", at, [&](NamedModel& model) {
    Layer& depthwise = model.layers[static_cast<std::size_t>(at)];
    Layer pointwise;
    pointwise.kind = LayerKind::conv2d;
    pointwise.filters = depthwise.filters;
    pointwise.weight_bits = depthwise.pointwise_weight_bits;
    depthwise.kind = LayerKind::depthwise_conv2d;
    depthwise.pointwise_weight_bits = 0;
    depthwise.output_bits = 8;
    insert_after(model, at, pointwise, model.names[static_cast<std::size_t>(at)] + "_pointwise");
    return true;
  });
}

/// And the reverse: depthwise, perhaps a ReLU, 1x1.
inline void join_separable(Cures& cures) {
  const std::int16_t at = cures.at();
  if (cures.layer().kind != LayerKind::depthwise_conv2d) return;
  std::int16_t next = cures.reader_of(at);
  const bool relu = next >= 0 && cures.layer(next).kind == LayerKind::relu;
  const std::int16_t between = relu ? next : -1;
  if (relu) next = cures.reader_of(next);
  if (next < 0 || cures.layer(next).kind != LayerKind::conv2d ||
      cures.layer(next).kernel != Size2D{1, 1}) {
    return;
  }
  cures.offer("use a SeparableConv2D instead of it and of " + cures.name(next), at,
              [&](NamedModel& model) {
                Layer& depthwise = model.layers[static_cast<std::size_t>(at)];
                Layer& pointwise = model.layers[static_cast<std::size_t>(next)];
                pointwise.kind = LayerKind::separable_conv2d;
                pointwise.pointwise_weight_bits = pointwise.weight_bits;
                pointwise.weight_bits = depthwise.weight_bits;
                pointwise.kernel = depthwise.kernel;
                pointwise.strides = depthwise.strides;
                pointwise.padding = depthwise.padding;
                for (const std::int16_t gone : {at, between}) {
                  if (gone < 0) continue;
                  Layer& skipped = model.layers[static_cast<std::size_t>(gone)];
                  skipped.kind = LayerKind::dropout;
                  skipped.output_bits = skipped.weight_bits = 0;
                }
                return true;
              });
}

/// The image with its two dimensions exchanged: only one of them is limited.
inline void turn_image(Cures& cures) {
  cures.offer("turn the image by 90 degrees", -1, [](NamedModel& model) {
    for (Layer& each : model.layers) {
      if (each.kind == LayerKind::input && each.output.rank == 3) {
        std::swap(each.output[0], each.output[1]);
        each.input = each.output;
      }
      std::swap(each.kernel.height, each.kernel.width);
      std::swap(each.strides.height, each.strides.width);
      std::swap(each.pool_size.height, each.pool_size.width);
    }
    return true;
  });
}

/// A pool behind an output quantizer: both go in front of a new ReLU.
inline void insert_relu_behind_pool(Cures& cures) {
  const std::int16_t at = cures.at();
  if (cures.layer().kind != LayerKind::max_pooling2d) return;
  const std::int16_t before = cures.layer().inbound[0];
  cures.offer("add a ReLU behind it, with the output quantizer of " + cures.name(before), at,
              [&](NamedModel& model) {
                Layer& quantized = model.layers[static_cast<std::size_t>(before)];
                Layer relu;
                relu.kind = LayerKind::relu;
                relu.output_bits = std::exchange(quantized.output_bits, 0);
                relu.per_axis = quantized.per_axis;
                insert_after(model, at, relu, model.names[static_cast<std::size_t>(at)] + "_relu");
                return relu.output_bits > 0;
              });
}

inline void flatten(Cures& cures) {
  const std::int16_t at = cures.at();
  cures.offer("add a Flatten before it", at, [&](NamedModel& model) {
    Layer flat;
    flat.kind = LayerKind::flatten;
    insert_after(model, cures.layer().inbound[0], flat,
                 model.names[static_cast<std::size_t>(at)] + "_flatten", at);
    return true;
  });
}

}  // namespace tenon::host::mapping::cure
