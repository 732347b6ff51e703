// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tenon/akida/evaluate.hpp>
#include <tenon/akida/reason.hpp>
#include <tenon/akida/typed_model.hpp>
#include <type_traits>

// The hardware rules for typed models: `static_assert(akida::maps<Model, akida::v2>)` compiles when
// the model maps, and otherwise fails with a line for each of the first refusals. To ask without
// failing, read `akida::verdict<Model, akida::v2>.maps()`.
namespace tenon::akida {

/// A typed model, quantized or not, or another type that describes its layers.
template <class Model>
concept DescribedModel = requires {
  { Description<Model>::layers(v1)[0] } -> std::convertible_to<Layer>;
  Description<Model>::layers(v1).size();
};

template <DescribedModel Model, Version V>
inline constexpr auto layers_of = Description<Model>::layers(V);

/// Everything that the rules say about a model.
template <DescribedModel Model, Version V, Toolchain T = Toolchain::v2_14>
inline constexpr auto verdict = evaluate<layers_of<Model, V>.size()>(layers_of<Model, V>, V, T);

namespace detail {

/// What an accepted model has in place of a refusal.
struct Nothing;

/// The `Index`-th refusal that concerns the device, or one past the end.
template <class Answer>
[[nodiscard]] constexpr std::size_t refusal_on(const Answer& answer, Device device,
                                               std::size_t index) noexcept {
  std::uint32_t asked = 0;
  for (std::size_t d = 0; d < answer.device_count; ++d) {
    if (device == Device::any || answer.devices[d].device == device) asked |= std::uint32_t{1} << d;
  }
  for (std::size_t i = 0; i < answer.refusal_count; ++i) {
    if ((answer.refusals[i].devices & asked) != 0 && index-- == 0) return i;
  }
  return answer.refusals.size();
}

template <class Model, std::int16_t Index>
consteval auto tag_of() {
  if constexpr (Index < 0)
    return std::type_identity<the_model>{};
  else
    return std::type_identity<
        typename Description<Model>::template name<static_cast<std::size_t>(Index)>>{};
}

template <class Model, Version V, Device D, Toolchain T, std::size_t Index>
consteval auto refusal_type() {
  constexpr std::size_t at = refusal_on(verdict<Model, V, T>, D, Index);
  if constexpr (at == verdict<Model, V, T>.refusals.size()) {
    return std::type_identity<Nothing>{};
  } else {
    constexpr Refusal refusal = verdict<Model, V, T>.refusals[at];
    using Tag = typename decltype(tag_of<Model, refusal.layer>())::type;
    return std::type_identity<
        Refused<Tag, TN<static_cast<int>(refusal.category)>, Because<refusal.category>,
                FoundIn<refusal.found>, AllowedIn<refusal.allowed>>>{};
  }
}

template <class Refusal>
inline constexpr bool accepted = false;
template <>
inline constexpr bool accepted<Nothing> = true;

/// All assertions stand in one function, so that compilers tell its context only once.
template <class First, class Second, class Third>
consteval bool explain() {
  static_assert(accepted<First>, "the Akida hardware refuses this layer");
  static_assert(accepted<Second>, "the Akida hardware refuses this layer too");
  static_assert(accepted<Third>, "the Akida hardware refuses this layer too");
  return false;
}

}  // namespace detail

/// The `Index`-th refusal of a model as a type, or `detail::Nothing`.
template <class Model, Version V, Device D, Toolchain T, std::size_t Index>
using RefusalOf = typename decltype(detail::refusal_type<Model, V, D, T, Index>())::type;

/// True when the model maps on the device, by default on any device of the version. Where it does
/// not, this does not compile, and says why.
template <DescribedModel Model, Version V, Device D = Device::any, Toolchain T = Toolchain::v2_14>
inline constexpr bool maps = [] {
  constexpr bool answer =
      D == Device::any ? verdict<Model, V, T>.maps() : verdict<Model, V, T>.maps(D);
  if constexpr (answer)
    return true;
  else
    return detail::explain<RefusalOf<Model, V, D, T, 0>, RefusalOf<Model, V, D, T, 1>,
                           RefusalOf<Model, V, D, T, 2>>();
}();

}  // namespace tenon::akida
