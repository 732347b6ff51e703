// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/check/holds.hpp>
#include <tenon/model/shape_check.hpp>
#include <utility>

// The sentences of shape findings as the compiler says them: one specialization for each number,
// instantiated with the tag of the layer and the values that disagree.
namespace tenon {

namespace detail {

template <template <std::int64_t...> class Label, Shape S, class Axes>
struct LabelledDims;
template <template <std::int64_t...> class Label, Shape S, std::size_t... I>
struct LabelledDims<Label, S, std::index_sequence<I...>> {
  using Type = Label<S[I]...>;
};

}  // namespace detail

/// `Label<8, 8, 1>` for a shape (8, 8, 1).
template <template <std::int64_t...> class Label, Shape S>
using Labelled =
    typename detail::LabelledDims<Label, S,
                                  std::make_index_sequence<static_cast<std::size_t>(S.rank)>>::Type;

/// `Number` is that of the finding; 0 finds nothing.
template <class Tag, std::int32_t Number, ShapeFinding F>
struct ShapeReport {};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::not_an_image, F> {
  static_assert(check::holds<Tag, Labelled<check::Input, F.found>, Labelled<check::Rank, F.wanted>>,
                "TN1010: this layer needs an input (height, width, channels); reshape it");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::groups, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Channels, F.found>, Labelled<check::Groups, F.wanted>>,
      "TN1011: the groups do not divide the input channels or the filters of this layer");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::window, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Window, F.found>, Labelled<check::Input, F.wanted>>,
      "TN1012: the window of this layer is larger than its input; use padding `same` or a smaller "
      "one");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::unknown_input, F> {
  static_assert(check::holds<Tag, Labelled<check::Inputs, F.found>>,
                "TN1013: this input of the layer (counted from 0) names no layer in front of it");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::operands, F> {
  static_assert(check::holds<Tag, Labelled<check::Left, F.found>, Labelled<check::Right, F.wanted>>,
                "TN1014: the inputs of this layer have different shapes");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::concatenated, F> {
  static_assert(check::holds<Tag, Labelled<check::Left, F.found>, Labelled<check::Right, F.wanted>>,
                "TN1015: the inputs of this layer may differ on its axis only");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::reshaped, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Input, F.found>, Labelled<check::Target, F.wanted>>,
      "TN1016: the target shape has another number of elements than the input");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::permuted, F> {
  static_assert(check::holds<Tag, Labelled<check::Axes, F.found>, Labelled<check::Rank, F.wanted>>,
                "TN1017: the axes of this layer are not each axis of its input once (0-based)");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::no_size, F> {
  static_assert(check::holds<Tag, Labelled<check::Sizes, F.found>>,
                "TN1018: a size, number or stride of this layer is less than 1");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::same_name, F> {
  static_assert(check::holds<Tag>, "TN1019: two layers have this name");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::input_count, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Given, F.found>, Labelled<check::Needed, F.wanted>>,
      "TN1020: this layer takes another number of inputs");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::not_tokens, F> {
  static_assert(check::holds<Tag, Labelled<check::Input, F.found>, Labelled<check::Rank, F.wanted>>,
                "TN1025: this layer needs an input (tokens or steps, channels); reshape it");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::heads, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Channels, F.found>, Labelled<check::Heads, F.wanted>>,
      "TN1026: the heads of this attention do not divide its channels");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::token, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Input, F.found>, Labelled<check::AxisAndToken, F.wanted>>,
      "TN1027: this layer extracts a token, or from an axis, that its input does not have");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::steps, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Input, F.found>, Labelled<check::Subsample, F.wanted>>,
      "TN1028: the steps of this layer are no multiple of its subsample");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::dilated_strides, F> {
  static_assert(
      check::holds<Tag, Labelled<check::Strides, F.found>, Labelled<check::Dilation, F.wanted>>,
      "TN3040: strides and a dilation cannot be combined; one of them must be 1");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::misplaced_input, F> {
  static_assert(check::holds<Tag>,
                "TN3041: a model begins with its one Input layer, no other layer is one");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::unused, F> {
  static_assert(check::holds<Tag>,
                "TN3042: no layer uses the output of this one, and it is not the last");
};

template <class Tag, ShapeFinding F>
struct ShapeReport<Tag, shape_error::named_in_chain, F> {
  static_assert(check::holds<Tag, Labelled<check::Inputs, F.found>>,
                "TN3043: a layer of a Sequential takes the one before it; name inputs in a Graph");
};

}  // namespace tenon
