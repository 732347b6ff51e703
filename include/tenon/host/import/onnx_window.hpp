// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tenon/host/import/onnx_builder.hpp>
#include <tenon/host/transform/same_padding.hpp>
#include <vector>

// Where the windows of a convolution or pooling stand. ONNX says how many rows are added on each
// side; Keras knows none, or as many as TensorFlow's 'same' adds, with the odd one behind.
namespace tenon::host {

struct OnnxWindowAxis {
  std::int64_t input = 1, kernel = 1, stride = 1, dilation = 1;
  std::int64_t before = 0, after = 0;  ///< added rows
  std::int64_t output = 1;

  [[nodiscard]] std::int64_t reach() const { return (kernel - 1) * dilation + 1; }
  [[nodiscard]] bool is_valid() const {
    return before == 0 && input >= reach() && output == (input - reach()) / stride + 1;
  }
  /// Rows behind that no window reaches do not count.
  [[nodiscard]] bool is_same() const {
    return output == (input + stride - 1) / stride &&
           before == same_padding(input, reach(), stride)[0];
  }
};

struct OnnxWindow {
  OnnxWindowAxis y, x;

  [[nodiscard]] bool is_valid() const { return y.is_valid() && x.is_valid(); }
  [[nodiscard]] bool is_same() const { return y.is_same() && x.is_same(); }
  [[nodiscard]] bool covers_map() const {
    return y.before == 0 && x.before == 0 && y.kernel == y.input && x.kernel == x.input &&
           y.output == 1 && x.output == 1 && y.dilation == 1 && x.dilation == 1;
  }
};

/// The window of a node on (channels, height, width). TN5053 for wrong attributes, TN5051 for one
/// larger than its input.
[[nodiscard]] inline OnnxWindow onnx_window(const OnnxNode& node, const OnnxValue& x,
                                            const std::array<std::int64_t, 2>& kernel) {
  const auto strides = integers_of(node, "strides", 2, 1, 1);
  const auto dilations = integers_of(node, "dilations", 2, 1, 1);
  const auto pads = integers_of(node, "pads", 4, 0, 0);
  const std::string automatic = node.text("auto_pad", "NOTSET");
  const bool ceil_mode = node.integer("ceil_mode", 0) != 0;
  OnnxWindow window;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    OnnxWindowAxis& w = axis == 0 ? window.y : window.x;
    w = {x.shape[axis + 1],
         kernel[axis],
         strides[axis],
         dilations[axis],
         pads[axis],
         pads[axis + 2],
         0};
    if (automatic.starts_with("SAME")) {
      const auto sides = same_padding(w.input, w.reach(), w.stride);
      w.before = sides[automatic == "SAME_LOWER" ? 1 : 0];
      w.after = sides[automatic == "SAME_LOWER" ? 0 : 1];
    } else if (automatic == "VALID") {
      w.before = w.after = 0;
    }
    const std::int64_t span = w.input + w.before + w.after - w.reach();
    if (span < 0) {
      refuse_node(node, "its window of " + std::to_string(w.reach()) +
                            " is larger than its padded input of " +
                            std::to_string(w.input + w.before + w.after));
    }
    w.output = (span + (ceil_mode ? w.stride - 1 : 0)) / w.stride + 1;
    // A window that begins in the padding behind the map is none.
    if (ceil_mode && (w.output - 1) * w.stride >= w.input + w.before) --w.output;
    // Rounding up lets the last window stand out.
    w.after = std::max(w.after, (w.output - 1) * w.stride + w.reach() - w.input - w.before);
  }
  return window;
}

/// The word for the padding of a window in Keras; rows that it cannot say are added by a
/// ZeroPadding2D.
[[nodiscard]] inline const char* add_window_padding(OnnxBuilder& b, const OnnxNode& node,
                                                    const OnnxWindow& window, OnnxValue& x) {
  if (window.is_valid()) return "valid";
  if (window.is_same()) return "same";
  const Json sides{{window.y.before, window.y.after}, {window.x.before, window.x.after}};
  x.endpoint = {b.add(node, "ZeroPadding2D", {x.endpoint},
                      {{"padding", sides}, {"data_format", "channels_last"}}, "pad")
                    .name,
                0, 0};
  return "valid";
}

}  // namespace tenon::host
