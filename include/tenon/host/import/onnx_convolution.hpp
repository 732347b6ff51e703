// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tenon/host/import/onnx_elementwise.hpp>
#include <tenon/host/import/onnx_window.hpp>
#include <utility>
#include <vector>

// Conv and ConvTranspose: kernels in Keras' order, explicit padding as 'valid', 'same', or a layer
// of its own.
namespace tenon::host {

namespace detail {

/// A weight of four axes in another order: axis k of the result is axis order[k].
[[nodiscard]] inline Variable permuted_kernel(std::string name, const std::vector<float>& data,
                                              const std::vector<std::size_t>& shape,
                                              const std::array<std::size_t, 4>& order) {
  std::array<std::size_t, 4> stride{1, 1, 1, 1};
  for (std::size_t axis = 3; axis-- > 0;) stride[axis] = stride[axis + 1] * shape[axis + 1];
  Variable out{std::move(name), {}, {}};
  for (const std::size_t axis : order) out.shape.push_back(shape[axis]);
  out.data.reserve(data.size());
  const auto& n = out.shape;
  for (std::size_t a = 0; a < n[0]; ++a) {
    for (std::size_t b = 0; b < n[1]; ++b) {
      for (std::size_t c = 0; c < n[2]; ++c) {
        for (std::size_t d = 0; d < n[3]; ++d) {
          out.data.push_back(data[a * stride[order[0]] + b * stride[order[1]] +
                                  c * stride[order[2]] + d * stride[order[3]]]);
        }
      }
    }
  }
  return out;
}

/// The input and the weights of a convolution.
struct OnnxConvolution {
  OnnxValue x;
  std::vector<std::size_t> kernel;  ///< shape in ONNX
  std::int64_t groups = 1;
  bool use_bias = false;
};

[[nodiscard]] inline std::optional<OnnxConvolution> convolution_of(OnnxBuilder& b,
                                                                   const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  const Array* kernel = b.constant(node.input(1));
  const bool use_bias = !node.input(2).empty();
  if (x == nullptr || x->rank() != 3 || kernel == nullptr || kernel->shape.size() != 4 ||
      kernel->size() == 0 || (use_bias && b.constant(node.input(2)) == nullptr)) {
    return std::nullopt;
  }
  OnnxConvolution c{*x, kernel->shape, node.integer("group", 1), use_bias};
  const auto stored = integers_of(node, "kernel_shape", 2, 0, 1);
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (stored[axis] != 0 && static_cast<std::size_t>(stored[axis]) != kernel->shape[axis + 2]) {
      refuse_node(node, "its kernel_shape is not that of its weights " + shape_text(kernel->shape));
    }
  }
  return c;
}

inline void require_channels(const OnnxNode& node, const OnnxConvolution& c, std::int64_t taken,
                             std::int64_t filters) {
  const std::int64_t channels = c.x.shape[0];
  if (taken != channels || c.groups < 1 || channels % c.groups != 0 || filters % c.groups != 0) {
    refuse_node(node, "its weights " + shape_text(c.kernel) + " in " + std::to_string(c.groups) +
                          " groups do not fit the " + std::to_string(channels) +
                          " channels of its input");
  }
}

inline void add_bias(OnnxBuilder& b, const OnnxNode& node, Layer& layer, std::int64_t filters) {
  std::vector<float> bias = b.weights(node, node.input(2));
  if (static_cast<std::int64_t>(bias.size()) != filters) {
    refuse_node(node, "its bias has " + std::to_string(bias.size()) + " values for " +
                          std::to_string(filters) + " filters");
  }
  layer.variables.push_back(channel_variable(layer, "bias", std::move(bias)));
}

}  // namespace detail

[[nodiscard]] inline bool import_conv(OnnxBuilder& b, const OnnxNode& node) {
  const auto c = detail::convolution_of(b, node);
  if (!c) return false;
  const auto filters = static_cast<std::int64_t>(c->kernel[0]);
  const auto group_channels = static_cast<std::int64_t>(c->kernel[1]);
  const std::int64_t channels = c->x.shape[0];
  if (c->groups < 1 || c->groups > channels) detail::require_channels(node, *c, 0, filters);
  detail::require_channels(node, *c, group_channels * c->groups, filters);
  const auto window = onnx_window(
      node, c->x,
      {static_cast<std::int64_t>(c->kernel[2]), static_cast<std::int64_t>(c->kernel[3])});
  OnnxValue x = b.spatial(node, c->x);
  const char* padding = add_window_padding(b, node, window, x);
  const bool depthwise = c->groups > 1 && c->groups == channels && filters == channels;
  Json config{{"kernel_size", {window.y.kernel, window.x.kernel}},
              {"strides", {window.y.stride, window.x.stride}},
              {"padding", padding},
              {"data_format", "channels_last"},
              {"dilation_rate", {window.y.dilation, window.x.dilation}},
              {"activation", "linear"},
              {"use_bias", c->use_bias}};
  if (depthwise) {
    config["depth_multiplier"] = 1;
  } else {
    config["filters"] = filters;
    config["groups"] = c->groups;
  }
  Layer& layer = b.add(node, depthwise ? "DepthwiseConv2D" : "Conv2D", {x.endpoint}, config);
  const auto order =
      depthwise ? std::array<std::size_t, 4>{2, 3, 0, 1} : std::array<std::size_t, 4>{2, 3, 1, 0};
  layer.variables.push_back(
      detail::permuted_kernel(layer.name + (depthwise ? "/depthwise_kernel:0" : "/kernel:0"),
                              b.weights(node, node.input(1)), c->kernel, order));
  if (c->use_bias) detail::add_bias(b, node, layer, filters);
  b.set(node, layer, {filters, window.y.output, window.x.output}, channels_last_order());
  return true;
}

namespace detail {

/// The size of a kernel, at least the one there is, with which padding 'same' cuts `before` rows
/// off the front. The result has input * stride rows only if `after` fits too. Rows that are added
/// behind the kernel are zero.
[[nodiscard]] inline std::optional<std::int64_t> same_transposed_kernel(std::int64_t kernel,
                                                                        std::int64_t stride,
                                                                        std::int64_t before,
                                                                        std::int64_t after) {
  if (kernel - before - after != stride) return std::nullopt;
  for (const std::int64_t size : {stride + 2 * before, stride + 2 * before + 1}) {
    if (size >= kernel && size <= 2 * kernel + 1) return size;
  }
  return std::nullopt;
}

/// Rows and columns of zeros behind a kernel (height, width, …).
[[nodiscard]] inline Variable grown_kernel(const Variable& kernel, std::size_t height,
                                           std::size_t width) {
  Variable out{kernel.name, kernel.shape, {}};
  out.shape[0] = height;
  out.shape[1] = width;
  const std::size_t inner = kernel.shape[2] * kernel.shape[3];
  out.data.assign(height * width * inner, 0.0F);
  for (std::size_t y = 0; y < kernel.shape[0]; ++y) {
    std::copy_n(kernel.data.begin() + static_cast<std::ptrdiff_t>(y * kernel.shape[1] * inner),
                kernel.shape[1] * inner,
                out.data.begin() + static_cast<std::ptrdiff_t>(y * width * inner));
  }
  return out;
}

}  // namespace detail

/// 'valid' without padding, 'same' where the result is `stride` times as large as the input; other
/// paddings have no layer.
[[nodiscard]] inline bool import_conv_transpose(OnnxBuilder& b, const OnnxNode& node) {
  const auto c = detail::convolution_of(b, node);
  if (!c || node.attribute("output_shape") != nullptr ||
      node.text("auto_pad", "NOTSET") != "NOTSET")
    return false;
  const std::int64_t channels = c->x.shape[0];
  const bool depthwise = c->groups > 1 && c->groups == channels && c->kernel[1] == 1;
  if (c->groups != 1 && !depthwise) return false;
  const std::int64_t filters = static_cast<std::int64_t>(c->kernel[1]) * c->groups;
  detail::require_channels(node, *c, static_cast<std::int64_t>(c->kernel[0]), filters);
  const auto strides = integers_of(node, "strides", 2, 1, 1);
  const auto extra = integers_of(node, "output_padding", 2, 0, 0);
  const auto pads = integers_of(node, "pads", 4, 0, 0);
  if (integers_of(node, "dilations", 2, 1, 1) != std::vector<std::int64_t>{1, 1}) return false;
  std::array<std::int64_t, 2> size{}, same_size{}, result{};
  bool valid = true;
  bool same = true;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    size[axis] = static_cast<std::int64_t>(c->kernel[axis + 2]);
    const std::int64_t after = pads[axis + 2] - extra[axis];
    valid = valid && pads[axis] == 0 && after == 0 && size[axis] >= strides[axis];
    const auto grown = detail::same_transposed_kernel(size[axis], strides[axis], pads[axis], after);
    same = same && grown.has_value();
    same_size[axis] = grown.value_or(0);
    result[axis] = (c->x.shape[axis + 1] - 1) * strides[axis] + size[axis] - pads[axis] - after;
  }
  if ((!valid && !same) || (depthwise && (!same || strides != std::vector<std::int64_t>{2, 2})))
    return false;
  const auto& kernel_size = same ? same_size : size;
  const OnnxValue x = b.spatial(node, c->x);
  Json config{{"kernel_size", kernel_size},
              {"strides", strides},
              {"padding", same ? "same" : "valid"},
              {"data_format", "channels_last"},
              {"activation", "linear"},
              {"use_bias", c->use_bias}};
  if (!depthwise) config["filters"] = filters;
  Layer& layer =
      b.add(node, depthwise ? "DepthwiseConv2DTranspose" : "Conv2DTranspose", {x.endpoint}, config);
  layer.toolkit = depthwise;
  const auto order =
      depthwise ? std::array<std::size_t, 4>{2, 3, 0, 1} : std::array<std::size_t, 4>{2, 3, 1, 0};
  const Variable kernel =
      detail::permuted_kernel(layer.name + (depthwise ? "/depthwise_kernel:0" : "/kernel:0"),
                              b.weights(node, node.input(1)), c->kernel, order);
  layer.variables.push_back(detail::grown_kernel(kernel, static_cast<std::size_t>(kernel_size[0]),
                                                 static_cast<std::size_t>(kernel_size[1])));
  if (c->use_bias) detail::add_bias(b, node, layer, filters);
  b.set(node, layer, {filters, result[0], result[1]}, channels_last_order());
  return true;
}

}  // namespace tenon::host
