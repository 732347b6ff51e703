// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_elementwise.hpp>
#include <tenon/host/import/onnx_window.hpp>
#include <utility>
#include <vector>

// Pooling, padding and enlarging of maps.
namespace tenon::host {

namespace detail {

/// A tensor (channels, height, width), or nullptr.
[[nodiscard]] inline const OnnxValue* map_input(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  return x != nullptr && x->rank() == 3 ? x : nullptr;
}

inline void add_global_average(OnnxBuilder& b, const OnnxNode& node, const OnnxValue& x,
                               bool keep_axes) {
  const OnnxValue map = b.spatial(node, x);
  Layer& layer = b.add(node, "GlobalAveragePooling2D", {map.endpoint},
                       {{"data_format", "channels_last"}, {"keepdims", keep_axes}});
  if (keep_axes) {
    b.set(node, layer, {map.shape[0], 1, 1}, channels_last_order());
  } else {
    b.set(node, layer, {map.shape[0]}, {0});
  }
}

[[nodiscard]] inline std::array<std::int64_t, 2> pool_size(const OnnxNode& node) {
  const auto size = integers_of(node, "kernel_shape", 2, 0, 1);
  if (size[0] == 0)
    throw Error{5053, "node '" + node.name + "' (" + node.op_type + ") has no kernel_shape"};
  return {size[0], size[1]};
}

[[nodiscard]] inline Json pool_config(const OnnxWindow& window, const char* padding) {
  return {{"pool_size", {window.y.kernel, window.x.kernel}},
          {"strides", {window.y.stride, window.x.stride}},
          {"padding", padding},
          {"data_format", "channels_last"}};
}

}  // namespace detail

[[nodiscard]] inline bool import_global_average_pool(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = detail::map_input(b, node);
  if (x == nullptr) return false;
  detail::add_global_average(b, node, *x, true);
  return true;
}

[[nodiscard]] inline bool import_max_pool(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = detail::map_input(b, node);
  if (x == nullptr || node.attribute("kernel_shape") == nullptr) return false;
  if (node.attribute("kernel_shape")->ints.size() != 2 || node.integer("storage_order", 0) != 0)
    return false;
  const OnnxWindow window = onnx_window(node, *x, detail::pool_size(node));
  if (window.y.dilation != 1 || window.x.dilation != 1) return false;
  // The padding of a maximum is less than any value; zeros are that only among what is not
  // negative.
  if (!window.is_valid() && !window.is_same() && !x->not_negative) return false;
  const bool not_negative = x->not_negative;
  OnnxValue map = b.spatial(node, *x);
  const char* padding = add_window_padding(b, node, window, map);
  Layer& layer = b.add(node, "MaxPooling2D", {map.endpoint}, detail::pool_config(window, padding));
  b.set(node, layer, {map.shape[0], window.y.output, window.x.output}, channels_last_order());
  b.values[node.outputs.front()].not_negative = not_negative;
  return true;
}

[[nodiscard]] inline bool import_average_pool(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = detail::map_input(b, node);
  if (x == nullptr) return false;
  const OnnxWindow window = onnx_window(node, *x, detail::pool_size(node));
  if (window.covers_map()) {
    detail::add_global_average(b, node, *x, true);
    return true;
  }
  // Keras does not count the padding, and has no padding but 'same'.
  const bool counts_padding = node.integer("count_include_pad", 0) != 0;
  const bool dilated = window.y.dilation != 1 || window.x.dilation != 1;
  const bool same = !counts_padding && window.is_same();
  const bool explicit_zeros = counts_padding && node.integer("ceil_mode", 0) == 0;
  if (dilated || (!window.is_valid() && !same && !explicit_zeros)) return false;
  OnnxValue map = b.spatial(node, *x);
  const char* padding = "same";
  if (!same || window.is_valid()) {
    // Two windows that are alike to 'same' differ in what they divide by.
    OnnxWindow zeros = window;
    if (!window.is_valid()) zeros.y.output = 0;
    padding = add_window_padding(b, node, zeros, map);
  }
  Layer& layer =
      b.add(node, "AveragePooling2D", {map.endpoint}, detail::pool_config(window, padding));
  b.set(node, layer, {map.shape[0], window.y.output, window.x.output}, channels_last_order());
  return true;
}

/// A mean over height and width.
[[nodiscard]] inline bool import_reduce_mean(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = detail::map_input(b, node);
  if (found == nullptr) return false;
  std::vector<std::int64_t> axes;
  if (const OnnxAttribute* attribute = node.attribute("axes")) {
    axes = attribute->ints;
  } else if (const auto input = b.integers(node.input(1))) {
    axes = *input;
  }
  if (axes.size() != 2) return false;
  const auto first = onnx_axis(axes[0], 3);
  const auto second = onnx_axis(axes[1], 3);
  if (!first || !second || *first == *second) return false;
  const std::size_t kept = 3 - *first - *second;
  OnnxValue x = *found;
  if (x.order.back() != kept)
    x = b.arranged(node, std::move(x),
                   {std::min(*first, *second), std::max(*first, *second), kept});
  const bool keep_axes = node.integer("keepdims", 1) != 0;
  Layer& layer = b.add(node, "GlobalAveragePooling2D", {x.endpoint},
                       {{"data_format", "channels_last"}, {"keepdims", keep_axes}});
  OnnxShape shape{1, 1, 1};
  shape[kept] = x.shape[kept];
  if (keep_axes) {
    b.set(node, layer, shape, x.order);
  } else {
    b.set(node, layer, {x.shape[kept]}, {0});
  }
  return true;
}

/// Zeros around a map.
[[nodiscard]] inline bool import_pad(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = detail::map_input(b, node);
  if (found == nullptr || node.text("mode", "constant") != "constant" || !node.input(3).empty())
    return false;
  if (node.number("value", 0) != 0) return false;
  if (!node.input(2).empty()) {
    const Array* value = b.constant(node.input(2));
    if (value == nullptr || detail::single_number(*value) != 0.0) return false;
  }
  const OnnxAttribute* attribute = node.attribute("pads");
  const auto pads =
      attribute != nullptr ? std::optional(attribute->ints) : b.integers(node.input(1));
  if (!pads || pads->size() != 8) return false;
  for (const std::int64_t p : *pads) {
    if (p < 0 || p > 1 << 16) return false;
  }
  OnnxValue x = *found;
  const std::size_t channels = x.order.back();
  if ((*pads)[0] != 0 || (*pads)[4] != 0 || (*pads)[channels + 1] != 0 ||
      (*pads)[channels + 5] != 0)
    return false;
  if (std::all_of(pads->begin(), pads->end(), [](std::int64_t p) { return p == 0; })) {
    b.alias(node, std::move(x));
    return true;
  }
  Json sides = Json::array();
  for (std::size_t k = 0; k < 2; ++k) {
    const std::size_t axis = x.order[k];
    sides.push_back({(*pads)[axis + 1], (*pads)[axis + 5]});
    x.shape[axis] += (*pads)[axis + 1] + (*pads)[axis + 5];
  }
  const Layer& layer = b.add(node, "ZeroPadding2D", {x.endpoint},
                             {{"padding", sides}, {"data_format", "channels_last"}});
  x.endpoint = {layer.name, 0, 0};
  x.sole = true;
  b.alias(node, std::move(x));
  return true;
}

namespace detail {

/// How many times larger Resize and Upsample make the height and width; nothing where not by whole
/// numbers.
[[nodiscard]] inline std::optional<std::array<std::int64_t, 2>> enlargement(const OnnxBuilder& b,
                                                                            const OnnxNode& node,
                                                                            const OnnxValue& x) {
  std::vector<double> factors;
  const bool upsample = node.op_type == "Upsample";
  const Array* scales = b.constant(node.input(upsample ? 1 : 2));
  if (const OnnxAttribute* attribute = node.attribute("scales"); upsample && attribute != nullptr) {
    factors.assign(attribute->floats.begin(), attribute->floats.end());
  } else if (scales != nullptr && scales->size() == 4) {
    factors = scales->to<double>();
  } else if (const auto sizes = b.integers(node.input(3)); sizes && sizes->size() == 4) {
    factors.push_back(1);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      factors.push_back(static_cast<double>((*sizes)[axis + 1]) /
                        static_cast<double>(x.shape[axis]));
    }
  }
  if (factors.size() != 4 || factors[0] != 1 || factors[1] != 1) return std::nullopt;
  for (const double f : {factors[2], factors[3]}) {
    if (!(f >= 1 && f <= 1024) || f != std::floor(f)) return std::nullopt;
  }
  return std::array{static_cast<std::int64_t>(factors[2]), static_cast<std::int64_t>(factors[3])};
}

/// Whether pixel i of the result is pixel floor(i / scale) of the input, as in Keras.
[[nodiscard]] inline bool repeats_pixels(const OnnxNode& node) {
  if (node.text("mode", "nearest") != "nearest") return false;
  if (node.op_type == "Upsample") return true;
  const std::string where = node.text("coordinate_transformation_mode", "half_pixel");
  const std::string rounding = node.text("nearest_mode", "round_prefer_floor");
  if (where == "asymmetric") return rounding == "floor";
  return where == "half_pixel" && rounding.starts_with("round");
}

}  // namespace detail

/// Twice the size is a transposed convolution for each channel, which can be quantized.
[[nodiscard]] inline bool import_resize(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* found = detail::map_input(b, node);
  const auto factors = found == nullptr ? std::nullopt : detail::enlargement(b, node, *found);
  if (!factors || !detail::repeats_pixels(node)) return false;
  const OnnxValue x = b.spatial(node, *found);
  const OnnxShape shape{x.shape[0], x.shape[1] * (*factors)[0], x.shape[2] * (*factors)[1]};
  const auto channels = static_cast<std::size_t>(x.shape[0]);
  Layer* layer = nullptr;
  if (*factors == std::array<std::int64_t, 2>{2, 2}) {
    layer = &b.add(node, "DepthwiseConv2DTranspose", {x.endpoint},
                   {{"kernel_size", {3, 3}},
                    {"strides", {2, 2}},
                    {"padding", "same"},
                    {"data_format", "channels_last"},
                    {"activation", "linear"},
                    {"use_bias", false}});
    layer->toolkit = true;
    // The kernel of two rows and columns, with zeros to the size that hardware has.
    std::vector<float> kernel(9 * channels, 0.0F);
    for (const std::size_t pixel : {0U, 1U, 3U, 4U}) {
      std::fill_n(kernel.begin() + static_cast<std::ptrdiff_t>(pixel * channels), channels, 1.0F);
    }
    layer->variables.push_back(
        {layer->name + "/depthwise_kernel:0", {3, 3, channels, 1}, std::move(kernel)});
  } else {
    layer = &b.add(
        node, "UpSampling2D", {x.endpoint},
        {{"size", *factors}, {"data_format", "channels_last"}, {"interpolation", "nearest"}});
  }
  b.set(node, *layer, shape, channels_last_order());
  return true;
}

}  // namespace tenon::host
