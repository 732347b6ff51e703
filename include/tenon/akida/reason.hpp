// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/akida/category.hpp>
#include <tenon/akida/value.hpp>
#include <tenon/layer/traits.hpp>
#include <type_traits>
#include <utility>

// A refusal as a type, because that is what every compiler prints in full:
// Refused<conv1, TN<4102>, Because<Category::KERNEL_SIZE>, Found<9>, OneOf<3, 4, 5, 7>>.
namespace tenon::akida {

template <int Number>
struct TN;
template <Category>
struct Because;
/// A number, two of a pair, a word, or kinds of layers.
template <auto... Values>
struct Found;
template <auto... Values>
struct Allowed;
template <auto... Values>
struct OneOf;
/// Two values each.
template <auto... Values>
struct OneOfPairs;
template <auto Most>
struct AtMost;
template <auto Least>
struct AtLeast;
template <auto Low, auto High>
struct Between;
struct Anything;
/// Stands for the layer where the model as a whole is refused.
struct the_model;

template <class Layer, class Number, class Reason, class FoundValue, class AllowedValue>
struct Refused;

namespace detail {

template <template <auto...> class Type, class Item, Value V, std::size_t... I>
Type<static_cast<Item>(V.items[I])...> items_of(std::index_sequence<I...>);

template <template <auto...> class Type, class Item, Value V>
using ItemsOf = decltype(items_of<Type, Item, V>(std::make_index_sequence<V.count>{}));

/// The type that stands for a value.
template <Value V, template <auto...> class Plain>
consteval auto type_of() {
  constexpr Form form = V.form;
  constexpr std::int32_t first = V.items[0];
  if constexpr (form == Form::none)
    return std::type_identity<Anything>{};
  else if constexpr (form == Form::at_most)
    return std::type_identity<AtMost<first>>{};
  else if constexpr (form == Form::at_least)
    return std::type_identity<AtLeast<first>>{};
  else if constexpr (form == Form::between)
    return std::type_identity<Between<first, V.items[1]>>{};
  else if constexpr (form == Form::one_of)
    return std::type_identity<ItemsOf<OneOf, int, V>>{};
  else if constexpr (form == Form::pairs)
    return std::type_identity<ItemsOf<OneOfPairs, int, V>>{};
  else if constexpr (form == Form::word)
    return std::type_identity<ItemsOf<Plain, Word, V>>{};
  else if constexpr (form == Form::kinds)
    return std::type_identity<ItemsOf<Plain, LayerKind, V>>{};
  else
    return std::type_identity<ItemsOf<Plain, int, V>>{};
}

}  // namespace detail

/// `Found<…>` for a value of a constant.
template <Value V>
using FoundIn = typename decltype(detail::type_of<V, Found>())::type;
template <Value V>
using AllowedIn = typename decltype(detail::type_of<V, Allowed>())::type;

}  // namespace tenon::akida
