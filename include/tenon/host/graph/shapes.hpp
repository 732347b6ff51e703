// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/config.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/params.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>
#include <type_traits>
#include <vector>

// Shapes of a graph, batch excluded. Layers with parameter structs say their own; the float layers of Keras that may
// stand around them are listed here.
namespace tenon::host {

[[nodiscard]] inline std::string shape_text(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < static_cast<std::size_t>(shape.rank); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + ")";
}

namespace detail {

[[noreturn]] inline void refuse_shape(const Layer& layer, const std::string& why) {
  throw Error{1001, "layer '" + layer.name + "' (" + layer.class_name + "): " + why};
}

/// The declared shape of an InputLayer; nothing if a dimension besides the batch is unknown.
inline std::optional<Shape> declared_shape(const Layer& layer) {
  const Json* declared = entry(layer, "batch_input_shape");
  if (declared == nullptr) declared = entry(layer, "batch_shape");
  if (declared == nullptr) return std::nullopt;
  if (!declared->is_array() || declared->empty() || declared->size() > Shape::max_rank + 1) {
    refuse_entry(layer, "batch_input_shape", "a list of at most 6 sizes");
  }
  Shape shape;
  for (std::size_t i = 1; i < declared->size(); ++i) {
    if ((*declared)[i].is_null()) return std::nullopt;
    const auto size = small_integer((*declared)[i]);
    if (!size || *size < 1 || *size > 1 << 24) refuse_entry(layer, "batch_input_shape", "positive sizes");
    shape.push_back(static_cast<std::int32_t>(*size));
  }
  return shape;
}

/// Shapes of float layers that have no parameter struct; nothing where unknown.
inline std::optional<Shape> float_layer_shape(const Layer& layer, const std::vector<Shape>& inputs) {
  const std::string& name = layer.class_name;
  const Shape& x = inputs.front();
  for (const std::string_view same :
       {"Activation", "Softmax", "LeakyReLU", "PReLU", "ELU", "ReLU", "ThresholdedReLU", "BatchNormalization",
        "LayerNormalization", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "ActivityRegularization",
        "Average", "Multiply", "Subtract", "Maximum", "Minimum", "Rescaling", "Lambda"}) {
    if (name == same) return name == "Lambda" ? std::nullopt : std::optional(x);
  }
  if (x.rank == 3 && name == "AveragePooling2D") {
    const Size2D pool = size_entry(layer, "pool_size", 2);
    const Size2D strides = entry(layer, "strides") == nullptr ? pool : size_entry(layer, "strides", 2);
    return Window2D::of(x, pool, strides, {}, padding_entry(layer)).output(x.channels());
  }
  if (x.rank == 3 && name == "GlobalMaxPooling2D") return Shape{x.channels()};
  if (x.rank == 3 && name == "UpSampling2D") {
    const Size2D size = size_entry(layer, "size", 2);
    return Shape{x[0] * size.height, x[1] * size.width, x[2]};
  }
  if (x.rank == 3 && name == "ZeroPadding2D") {
    const Json* padding = entry(layer, "padding");
    if (padding == nullptr || !padding->is_array() || padding->size() != 2) return std::nullopt;
    Shape y = x;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const auto sides = numbers_of((*padding)[axis]);
      if (!sides || sides->values.size() != 2) return std::nullopt;
      y[axis] += static_cast<std::int32_t>(sides->values[0] + sides->values[1]);
    }
    return y;
  }
  // A convolution with an activation of its own, before sanitize.
  if (x.rank == 3 || name == "Dense") {
    Layer linear = layer;
    linear.config["activation"] = "linear";
    const LayerParams params = params_of(linear);
    if (params.index() != 0 && inputs.size() == 1) {
      return std::visit(
          [&](const auto& p) -> std::optional<Shape> {
            if constexpr (requires { p.output_shape(x); }) return p.output_shape(x);
            return std::nullopt;
          },
          params);
    }
  }
  return std::nullopt;
}

/// The part of `check_input` that is about layers of the toolkit.
template <class Params>
void check_toolkit_input(const Layer& layer, const Params& p, const std::vector<Shape>& inputs) {
  const Shape& x = inputs.front();
  const auto needs_rank = [&](std::int32_t rank, const char* wanted) {
    if (x.rank != rank) refuse_shape(layer, std::string("needs ") + wanted + ", its input is " + shape_text(x));
  };
  constexpr bool on_tokens = std::is_same_v<Params, ClassTokenParams> ||
                             std::is_same_v<Params, AddPositionEmbsParams> || std::is_same_v<Params, AttentionParams>;
  if constexpr (on_tokens) needs_rank(2, "(tokens, channels)");
  if constexpr (std::is_same_v<Params, BufferTempConvParams> ||
                std::is_same_v<Params, DepthwiseBufferTempConvParams>) {
    needs_rank(3, "frames (height, width, channels)");
  }
  if constexpr (std::is_same_v<Params, StatefulRecurrentParams>) needs_rank(2, "(steps, channels)");
  if constexpr (std::is_same_v<Params, AttentionParams>) {
    if (inputs.size() != 3) refuse_shape(layer, "needs query, key and value, it has " + std::to_string(inputs.size()));
    if (inputs[1] != inputs[2] || inputs[1].rank != 2 || inputs[1].channels() != x.channels()) {
      refuse_shape(layer, "its query is " + shape_text(x) + ", its key " + shape_text(inputs[1]) + ", its value " +
                              shape_text(inputs[2]));
    }
    if (x.channels() % p.num_heads != 0) {
      refuse_shape(layer, std::to_string(p.num_heads) + " heads do not divide " + std::to_string(x.channels()) +
                              " channels");
    }
  }
  if constexpr (std::is_same_v<Params, ExtractTokenParams>) {
    if (!p.within(x)) refuse_shape(layer, "extracts tokens or an axis that its input " + shape_text(x) + " does not have");
  }
  if constexpr (std::is_same_v<Params, StatefulProjectionParams>) {
    const Shape rows = p.rows_shape(x);
    if (rows.size() != x.size()) {
      refuse_shape(layer, "cannot reshape " + shape_text(x) + " to its downshape " + shape_text(p.downshape));
    }
    if (p.subsample > 1 && (rows.rank < 2 || rows[0] % p.subsample != 0)) {
      refuse_shape(layer, "keeps every step number " + std::to_string(p.subsample) + " of " + shape_text(rows) +
                              ", the number of steps must be a multiple");
    }
    const std::int64_t made = rows.pixels() / p.subsample * p.units;
    if (p.output_shape(x).size() != made) {
      refuse_shape(layer, "cannot reshape " + std::to_string(made) + " elements to its upshape " +
                              shape_text(p.upshape));
    }
  }
}

/// Refuses inputs that a layer cannot take, by name and with both values.
template <class Params>
void check_input(const Layer& layer, const Params& p, const std::vector<Shape>& inputs) {
  const Shape& x = inputs.front();
  if constexpr (requires { p.window(x); }) {
    if (x.rank != 3) refuse_shape(layer, "needs (height, width, channels), its input is " + shape_text(x));
    const Shape y = p.window(x).output(1);
    if (y[0] < 1 || y[1] < 1) refuse_shape(layer, "its window is larger than its input " + shape_text(x));
  }
  if constexpr (std::is_same_v<Params, GlobalAveragePooling2DParams>) {
    if (x.rank != 3) refuse_shape(layer, "needs (height, width, channels), its input is " + shape_text(x));
  }
  if constexpr (requires { p.groups; }) {
    if (x.channels() % p.groups != 0 || p.filters % p.groups != 0) {
      refuse_shape(layer, std::to_string(p.groups) + " groups do not divide " +
                              std::to_string(x.channels()) + " channels and " + std::to_string(p.filters) +
                              " filters");
    }
  }
  if constexpr (std::is_same_v<Params, AddParams>) {
    for (const Shape& other : inputs) {
      if (other != x) refuse_shape(layer, "adds " + shape_text(x) + " and " + shape_text(other));
    }
  }
  if constexpr (std::is_same_v<Params, ConcatenateParams>) {
    const std::size_t axis = p.position(x);
    for (Shape other : inputs) {
      if (axis >= static_cast<std::size_t>(x.rank) || other.rank != x.rank) {
        refuse_shape(layer, "concatenates " + shape_text(x) + " and " + shape_text(other));
      }
      other[axis] = x[axis];
      if (other != x) refuse_shape(layer, "concatenates " + shape_text(x) + " and " + shape_text(other));
    }
  }
  if constexpr (std::is_same_v<Params, ReshapeParams>) {
    if (p.output_shape(x).size() != x.size()) {
      refuse_shape(layer, "cannot reshape " + shape_text(x) + " to " + shape_text(p.target_shape));
    }
  }
  check_toolkit_input(layer, p, inputs);
  if constexpr (std::is_same_v<Params, PermuteParams>) {
    const Json* dims = entry(layer, "dims");
    if (dims == nullptr || static_cast<std::int32_t>(dims->size()) != x.rank) {
      refuse_shape(layer, "permutes another number of axes than its input " + shape_text(x) + " has");
    }
  }
}

}  // namespace detail

/// The shape of a layer's output for given input shapes; nothing where it is not known. TN1001 if they do not fit.
[[nodiscard]] inline std::optional<Shape> layer_output_shape(const Layer& layer,
                                                             const std::vector<Shape>& inputs) {
  if (is_input(layer)) return detail::declared_shape(layer);
  if (inputs.empty()) return std::nullopt;
  const auto visit = [&](const auto& p) -> std::optional<Shape> {
    using Params = std::decay_t<decltype(p)>;
    if constexpr (!std::is_same_v<Params, UnsupportedParams>) detail::check_input(layer, p, inputs);
    if constexpr (std::is_same_v<Params, ConcatenateParams>) {
      Shape y = inputs.front();
      for (std::size_t i = 1; i < inputs.size(); ++i) y = p.output_shape(y, inputs[i]);
      return y;
    } else if constexpr (std::is_same_v<Params, AddParams> || std::is_same_v<Params, AttentionParams>) {
      return inputs.front();
    } else if constexpr (requires { p.output_shape(inputs.front()); }) {
      return p.output_shape(inputs.front());
    } else {
      return detail::float_layer_shape(layer, inputs);
    }
  };
  return std::visit(visit, params_of(layer));
}

/// The second output of an attention, its mask; no other layer has one.
[[nodiscard]] inline std::optional<Shape> second_output_shape(const Layer& layer, const std::vector<Shape>& inputs) {
  const LayerParams params = params_of(layer);
  const auto* attention = std::get_if<AttentionParams>(&params);
  return attention == nullptr || inputs.size() != 3 ? std::nullopt
                                                    : std::optional(attention->mask_shape(inputs[0], inputs[1]));
}

/// Shape of each layer's first output, nothing where it cannot be known.
[[nodiscard]] inline std::vector<std::optional<Shape>> infer_shapes(const Graph& graph) {
  std::vector<std::optional<Shape>> shapes(graph.layers.size());
  std::vector<std::optional<Shape>> seconds(graph.layers.size());
  std::map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    const Layer& layer = graph.layers[i];
    position[layer.name] = i;
    std::vector<Shape> inputs;
    bool known = true;
    for (const Endpoint& e : layer.inputs()) {
      const auto found = position.find(e.layer);
      known = known && found != position.end() && e.node == 0 && e.tensor < 2;
      const auto* shape = known ? &(e.tensor == 0 ? shapes : seconds)[found->second] : nullptr;
      known = known && shape->has_value();
      if (known) inputs.push_back(**shape);
    }
    if (!known) continue;
    shapes[i] = layer_output_shape(layer, inputs);
    seconds[i] = second_output_shape(layer, inputs);
  }
  return shapes;
}

}  // namespace tenon::host
