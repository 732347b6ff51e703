// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tenon/host/akida/cure.hpp>
#include <utility>
#include <vector>

// Other bits, kernels, strides, pools and filters.
namespace tenon::host::mapping::cure {

using akida::Layer;

/// `all`, the nearest to `from` first.
[[nodiscard]] inline std::vector<std::int32_t> nearest_first(std::vector<std::int32_t> all,
                                                             std::int32_t from) {
  std::sort(all.begin(), all.end(), [&](std::int32_t a, std::int32_t b) {
    return std::abs(a - from) != std::abs(b - from) ? std::abs(a - from) < std::abs(b - from)
                                                    : a < b;
  });
  return all;
}

inline void last_output_bits(Cures& cures, std::int32_t bits) {
  std::int16_t last = -1;
  for (std::size_t i = 0; i < cures.model().layers.size(); ++i) {
    if (cures.model().layers[i].kind == LayerKind::dequantizer) break;
    last = static_cast<std::int16_t>(i);
  }
  if (last < 0) return;
  const Layer& tail = cures.layer(last);
  if (tail.kind != LayerKind::relu || tail.quantizes_output()) return;
  cures.offer_layer("last_output_bits " + std::to_string(bits), last,
                    [&](Layer& each) { each.output_bits = bits; });
}

inline void weight_bits(Cures& cures) {
  const std::int16_t at = cures.at();
  std::int16_t first = -1;
  for (std::size_t i = cures.model().layers.size(); i-- > 0;) {
    if (cures.model().layers[i].weight_bits > 0) first = static_cast<std::int16_t>(i);
  }
  const std::vector<std::int32_t> widths =
      cures.refusal().allowed.form == akida::Form::one_of
          ? std::vector(cures.refusal().allowed.items.begin(),
                        cures.refusal().allowed.items.begin() + cures.refusal().allowed.count)
          : std::vector<std::int32_t>{4};
  for (const std::int32_t bits : nearest_first(widths, cures.layer().weight_bits)) {
    const bool of_first = at == first;
    cures.offer((of_first ? "input_weight_bits " : "weight_bits ") + std::to_string(bits), -1,
                [&](NamedModel& model) {
                  for (std::size_t i = 0; i < model.layers.size(); ++i) {
                    Layer& each = model.layers[i];
                    const bool here = (static_cast<std::int16_t>(i) == first) == of_first;
                    if (each.weight_bits > 0 && here) each.weight_bits = bits;
                    if (each.pointwise_weight_bits > 0 && here) each.pointwise_weight_bits = bits;
                  }
                  return true;
                });
  }
}

inline void all_weight_bits(Cures& cures, std::int32_t bits) {
  cures.offer("weight_bits " + std::to_string(bits), -1, [&](NamedModel& model) {
    bool first = true;
    for (Layer& each : model.layers) {
      if (each.weight_bits > 0 && !std::exchange(first, false)) each.weight_bits = bits;
    }
    return true;
  });
}

inline void activation_bits(Cures& cures) {
  for (const std::int32_t bits : {8, 4}) {
    cures.offer("activation_bits " + std::to_string(bits), -1, [&](NamedModel& model) {
      for (Layer& each : model.layers) {
        const bool activates = each.kind == LayerKind::relu || each.kind == LayerKind::activation ||
                               each.kind == LayerKind::global_average_pooling2d;
        if (activates && each.quantizes_output()) each.output_bits = bits;
      }
      return true;
    });
  }
  for (const std::int32_t bits : {8, 4}) last_output_bits(cures, bits);
  // Dense layers may want both widths equal.
  cures.offer("activation_bits 8 and weight_bits 8", -1, [](NamedModel& model) {
    for (Layer& each : model.layers) {
      if (each.kind == LayerKind::relu && each.quantizes_output()) each.output_bits = 8;
      if (each.weight_bits > 0) each.weight_bits = 8;
    }
    return true;
  });
}

inline void input_type(Cures& cures, DataType type, const char* name) {
  cures.offer(std::string("input_dtype ") + name, -1, [&](NamedModel& model) {
    for (Layer& each : model.layers) {
      if (each.kind == LayerKind::input) each.data_type = type;
    }
    return true;
  });
}

inline void kernels(Cures& cures) {
  const std::int16_t at = cures.at();
  const bool transposed = cures.layer().kind == LayerKind::conv2d_transpose ||
                          cures.layer().kind == LayerKind::depthwise_conv2d_transpose;
  const std::vector<std::int32_t> sizes =
      transposed ? std::vector<std::int32_t>{3, 4} : std::vector<std::int32_t>{1, 3, 4, 5, 7};
  const std::int32_t largest = std::max(cures.layer().kernel.height, cures.layer().kernel.width);
  for (const std::int32_t size : nearest_first(sizes, largest)) {
    cures.offer_layer("kernel " + std::to_string(size), at, [&](Layer& each) {
      each.kernel = {size, size};
    });
  }
}

inline void strides(Cures& cures) {
  const std::int16_t at = cures.at();
  for (const std::int32_t stride : {3, 2, 1}) {
    if (stride > std::max(cures.layer().strides.height, cures.layer().strides.width)) continue;
    cures.offer_layer("strides " + std::to_string(stride), at, [&](Layer& each) {
      each.strides = {stride, stride};
    });
  }
}

inline void pools(Cures& cures) {
  cures.offer_layer("pool_size 2, strides 2", cures.pool(), [](Layer& each) {
    each.pool_size = {2, 2};
    each.strides = {2, 2};
  });
}

inline void filters(Cures& cures, std::int16_t where) {
  if (where < 0 || cures.refusal().allowed.form != akida::Form::at_most) return;
  const std::int32_t most = cures.refusal().allowed.items[0];
  cures.offer_layer("filters " + std::to_string(most), where,
                    [&](Layer& each) { each.filters = most; });
}

}  // namespace tenon::host::mapping::cure
