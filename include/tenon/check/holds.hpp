// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// Checks that carry values: a false `holds` makes the compiler print the layer and both numbers, as
// in 'holds<stem, Channels<3>, Groups<2> >' evaluates to false. It stands in a static_assert inside
// a template which only a mistake instantiates.
namespace tenon::check {

template <class Layer, class... Values>
inline constexpr bool holds = false;

template <std::int64_t...>
struct Input;
template <std::int64_t...>
struct Left;
template <std::int64_t...>
struct Right;
template <std::int64_t...>
struct Rank;
template <std::int64_t...>
struct Channels;
template <std::int64_t...>
struct Filters;
template <std::int64_t...>
struct Groups;
template <std::int64_t...>
struct Window;
template <std::int64_t...>
struct Strides;
template <std::int64_t...>
struct Dilation;
template <std::int64_t...>
struct Axis;
template <std::int64_t...>
struct Axes;
template <std::int64_t...>
struct Target;
template <std::int64_t...>
struct Inputs;
template <std::int64_t...>
struct Needed;
template <std::int64_t...>
struct Given;
template <std::int64_t...>
struct ActivationBits;
template <std::int64_t...>
struct OutputBits;
template <std::int64_t...>
struct LastOutputBits;
template <std::int64_t...>
struct WeightBits;
template <std::int64_t...>
struct InputWeightBits;
template <std::int64_t...>
struct BufferBits;
template <std::int64_t...>
struct Sizes;
template <std::int64_t...>
struct Heads;
template <std::int64_t...>
struct AxisAndToken;
template <std::int64_t...>
struct Subsample;

/// `between<WeightBits<40>, 2, 16>` is false.
template <class Value, std::int64_t Min, std::int64_t Max>
inline constexpr bool between = false;
template <template <std::int64_t...> class Label, std::int64_t V, std::int64_t Min,
          std::int64_t Max>
inline constexpr bool between<Label<V>, Min, Max> = Min <= V&& V <= Max;

/// `equal<Given<80>, Needed<81>>` is false.
template <class Given, class Needed>
inline constexpr bool equal = false;
template <std::int64_t G, std::int64_t N>
inline constexpr bool equal<Given<G>, Needed<N>> = G == N;

/// `multiple<Given<100>, Needed<64>>` is false.
template <class Given, class Needed>
inline constexpr bool multiple = false;
template <std::int64_t G, std::int64_t N>
inline constexpr bool multiple<Given<G>, Needed<N>> = G % N == 0;

}  // namespace tenon::check
