// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/model/layer.hpp>
#include <tenon/model/plan.hpp>
#include <tenon/model/shape_check.hpp>
#include <tenon/model/shape_report.hpp>
#include <tenon/model/variables.hpp>
#include <tuple>
#include <type_traits>

// A model as a type: a flat list of layers with the positions of their inputs. What follows from
// the layers alone, shapes, weights, multiplications, is a constant; a list that does not fit
// together does not compile, and the message names the layer.
namespace tenon {

/// Positions of the inputs of a layer in the list.
struct LayerInputs {
  std::array<std::int32_t, 3> at{};
  std::size_t count = 0;

  [[nodiscard]] constexpr std::span<const std::int32_t> span() const noexcept {
    return {at.data(), count};
  }
  [[nodiscard]] constexpr std::size_t operator[](std::size_t i) const noexcept {
    return static_cast<std::size_t>(at[i]);
  }
};

namespace detail {

template <std::size_t N>
struct Layout {
  std::array<LayerInputs, N> inputs{};
  std::array<Shape, N> shapes{};  ///< without elements from a layer that does not fit on
  std::array<ShapeFinding, N> findings{};
};

template <class Tag, class... Tags>
constexpr std::int32_t position_of() noexcept {
  constexpr bool same[] = {std::is_same_v<Tag, Tags>...};
  for (std::size_t i = 0; i < sizeof...(Tags); ++i) {
    if (same[i]) return static_cast<std::int32_t>(i);
  }
  return -1;
}

/// Fills the inputs of layer i from the names that it gives, or the layer before it.
template <class... Tags, std::size_t N, class... From>
constexpr void find_inputs(Layout<N>& layout, std::size_t i, Names<From...>) noexcept {
  const std::array<std::int32_t, sizeof...(From) + 1> named{position_of<From, Tags...>()..., -1};
  LayerInputs& inputs = layout.inputs[i];
  inputs.count = sizeof...(From) == 0 ? (i == 0 ? 0 : 1) : sizeof...(From);
  if (sizeof...(From) == 0 && i > 0) inputs.at[0] = static_cast<std::int32_t>(i - 1);
  for (std::size_t k = 0; k < sizeof...(From); ++k) {
    if (named[k] < 0 || named[k] >= static_cast<std::int32_t>(i)) {
      layout.findings[i] = {shape_error::unknown_input, Shape(static_cast<std::int32_t>(k)),
                            Shape{}};
    } else if (k < inputs.at.size()) {
      inputs.at[k] = named[k];
    }
  }
}

/// Shape of layer i, or what is wrong with it. Nothing is said about layers behind a wrong one.
template <class Params, std::size_t N>
constexpr void infer(Layout<N>& layout, std::size_t i, const Params& params) noexcept {
  ShapeFinding& finding = layout.findings[i];
  if (finding.number != 0) return;
  constexpr std::size_t needed = inputs_needed<Params>;
  const LayerInputs& inputs = layout.inputs[i];
  const auto as_shape = [](std::size_t count) { return Shape(static_cast<std::int32_t>(count)); };
  if ((needed == 0) != (i == 0)) {
    finding = {shape_error::misplaced_input, Shape{}, Shape{}};
  } else if (inputs.count != needed) {
    finding = {shape_error::input_count, as_shape(inputs.count), as_shape(needed)};
  }
  if (finding.number != 0) return;
  if constexpr (needed == 0) {
    finding = check_shape(params);
    if (finding.number == 0) layout.shapes[i] = params.output_shape();
  } else if constexpr (needed == 1) {
    const Shape& x = layout.shapes[inputs[0]];
    if (x.size() == 0) return;
    finding = check_shape(params, x);
    if (finding.number == 0) layout.shapes[i] = params.output_shape(x);
  } else {
    const Shape& a = layout.shapes[inputs[0]];
    const Shape& b = layout.shapes[inputs[1]];
    const Shape& c = layout.shapes[inputs[needed - 1]];
    if (a.size() == 0 || b.size() == 0 || c.size() == 0) return;
    if constexpr (needed == 2) finding = check_shape(params, a, b);
    if constexpr (needed == 3) finding = check_shape(params, a, b, c);
    if (finding.number == 0) layout.shapes[i] = params.output_shape(a, b);
  }
}

/// Only in a model that is right otherwise: a wrong name leaves the layer that was meant unused.
template <std::size_t N>
constexpr void find_unused(Layout<N>& layout) noexcept {
  std::array<bool, N> used{};
  used[N - 1] = true;
  for (std::size_t i = 0; i < N; ++i) {
    if (layout.findings[i].number != 0) return;
    for (const std::int32_t p : layout.inputs[i].span()) used[static_cast<std::size_t>(p)] = true;
  }
  for (std::size_t i = 0; i < N; ++i) {
    if (!used[i]) layout.findings[i] = {shape_error::unused, Shape{}, Shape{}};
  }
}

template <class... Layers>
constexpr auto lay_out() noexcept {
  constexpr std::size_t count = sizeof...(Layers);
  constexpr std::array<std::int32_t, count> first{
      position_of<typename Layers::Tag, typename Layers::Tag...>()...};
  Layout<count> layout;
  for (Shape& shape : layout.shapes) shape = Shape(0);
  std::size_t i = 0;
  (
      [&] {
        find_inputs<typename Layers::Tag...>(layout, i, typename Layers::Inputs{});
        if (first[i] != static_cast<std::int32_t>(i)) {
          layout.findings[i] = {shape_error::same_name, Shape{}, Shape{}};
        }
        infer(layout, i, Layers::params);
        ++i;
      }(),
      ...);
  find_unused(layout);
  return layout;
}

template <class... Layers>
inline constexpr auto layout_of = lay_out<Layers...>();

/// Calls `visit(i, params, input shape)` for each layer that fits, the Input aside, in order.
template <class... Layers, class Visit>
constexpr void for_each_fitting(const Visit& visit) noexcept {
  const auto& layout = layout_of<Layers...>;
  std::size_t i = 0;
  const auto one = [&](const auto& params) {
    const bool fits = i > 0 && layout.shapes[i].size() > 0;
    if (fits) visit(i, params, layout.shapes[layout.inputs[i][0]]);
    ++i;
  };
  (one(Layers::params), ...);
}

/// Floats before the variables of each layer, and behind the last one.
template <class... Layers>
constexpr auto count_weights() noexcept {
  std::array<std::size_t, sizeof...(Layers) + 1> offsets{};
  for_each_fitting<Layers...>([&](std::size_t i, const auto& params, const Shape& input) {
    offsets[i + 1] = variable_counts(params, input).total();
  });
  for (std::size_t i = 0; i < sizeof...(Layers); ++i) offsets[i + 1] += offsets[i];
  return offsets;
}

template <class... Layers>
constexpr std::int64_t count_macs() noexcept {
  std::int64_t macs = 0;
  for_each_fitting<Layers...>([&](std::size_t i, const auto& params, const Shape& input) {
    if constexpr (requires { params.macs(input); }) macs += params.macs(input);
    if constexpr (requires { params.macs(input, input); }) {
      const auto& layout = layout_of<Layers...>;
      macs += params.macs(input, layout.shapes[layout.inputs[i][1]]);
    }
  });
  return macs;
}

/// The first layer that does not fit, or 0.
template <std::size_t N>
constexpr std::size_t first_finding(const Layout<N>& layout) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (layout.findings[i].number != 0) return i;
  }
  return 0;
}
template <class... Layers>
inline constexpr std::size_t wrong_layer = first_finding(layout_of<Layers...>);
template <class... Layers>
inline constexpr ShapeFinding finding_of = layout_of<Layers...>.findings[wrong_layer<Layers...>];
template <class... Layers>
using TagOfWrong =
    typename std::tuple_element_t<wrong_layer<Layers...>, std::tuple<Layers...>>::Tag;

}  // namespace detail

/// Layers with branches: `Add<struct sum, AddParams{}, struct left, struct right>` takes two layers
/// that stand before it. A layer without names takes the one before it; the last layer is the
/// output.
template <class... Layers>
struct Graph {
  static constexpr std::size_t layer_count = sizeof...(Layers);
  static constexpr bool fits = detail::finding_of<Layers...>.number == 0;
  static_assert(
      sizeof(ShapeReport<detail::TagOfWrong<Layers...>, detail::finding_of<Layers...>.number,
                         detail::finding_of<Layers...>>) > 0);

  template <std::size_t I>
  using LayerAt = std::tuple_element_t<I, std::tuple<Layers...>>;
  template <class Tag>
  static constexpr std::size_t position =
      static_cast<std::size_t>(detail::position_of<Tag, typename Layers::Tag...>());

  static constexpr std::array<LayerInputs, layer_count> inputs =
      detail::layout_of<Layers...>.inputs;
  static constexpr std::array<Shape, layer_count> shapes = detail::layout_of<Layers...>.shapes;
  static constexpr Shape input_shape = shapes.front();
  static constexpr Shape output_shape = shapes.back();
  /// Floats before the variables of each layer; the last element counts all.
  static constexpr std::array<std::size_t, layer_count + 1> weight_offsets =
      detail::count_weights<Layers...>();
  static constexpr std::size_t weight_count = weight_offsets.back();
  static constexpr std::int64_t macs = detail::count_macs<Layers...>();

  /// The layers as values, for the plan and for mapping rules.
  [[nodiscard]] static constexpr std::array<LayerDescription, layer_count> descriptions() noexcept {
    std::size_t i = 0;
    std::array<LayerDescription, layer_count> all{};
    ((all[i] = LayerDescription{Layers::params, inputs[i].span(), shapes[i]}, ++i), ...);
    return all;
  }
};

/// A chain of layers, each taking the one before it.
template <class... Layers>
struct Sequential : Graph<Layers...> {
 private:
  template <class L>
  static constexpr ShapeFinding chained =
      std::is_same_v<typename L::Inputs, detail::Names<>>
          ? ShapeFinding{}
          : ShapeFinding{shape_error::named_in_chain, Shape(1), Shape{}};
  static_assert(
      ((sizeof(ShapeReport<typename Layers::Tag, chained<Layers>.number, chained<Layers>>) > 0) &&
       ...));
};

}  // namespace tenon
