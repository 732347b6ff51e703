// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <tenon/kernel/block.hpp>
#include <tenon/kernel/x86/add_plan.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/zmm_finish.hpp>
#include <type_traits>

// Additions for AVX-512, 64 elements at a time.
namespace tenon::kernel::x86 {

/// Sums of 16 elements, finished but for the limits.
template <class Dots, AddForm Form>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline typename Dots::Vector add_pairs(
    const FinishTraits& traits, const AddConstants<add_lanes_zmm>& constants, std::int32_t at,
    typename Dots::Vector pairs) noexcept {
  const ZmmFinish<Dots> scale{traits, Dots::load(constants.offset + at),
                              Dots::load(constants.multiplier + at),
                              Dots::load(constants.shift + at)};
  const auto factors = Dots::load(constants.factors + at);
  if constexpr (Form == AddForm::finished) {
    return Dots::right(Dots::dot_words(scale.offset, pairs, factors), scale.shift);
  } else if constexpr (Form == AddForm::factors) {
    return scale.any(Dots::dot_words(Dots::zero(), pairs, factors));
  } else {
    const auto first = Dots::right(Dots::left(pairs, 16), Dots::all(16));
    const auto second = Dots::right(pairs, Dots::all(16));
    return scale.any(Dots::add(Dots::shifted(first, Dots::load(constants.shifts[0] + at)),
                               Dots::shifted(second, Dots::load(constants.shifts[1] + at))));
  }
}

template <class Dots, AddForm Form, class A, class B, class Y>
[[TENON_ZMM_TARGET, gnu::always_inline]] inline void add_64(
    const FinishTraits& traits, const AddConstants<add_lanes_zmm>& constants, const A* a,
    const B* b, Y* y) noexcept {
  typename Dots::Vector out[4];
#pragma GCC unroll 2
  for (std::int32_t h = 0; h < 2; ++h) {
    const auto first = Dots::load_words(a + 32 * h);
    const auto second = Dots::load_words(b + 32 * h);
    out[2 * h] = add_pairs<Dots, Form>(traits, constants, 32 * h, Dots::low_words(first, second));
    out[2 * h + 1] =
        add_pairs<Dots, Form>(traits, constants, 32 * h + 16, Dots::high_words(first, second));
  }
  if constexpr (std::is_same_v<Y, std::int8_t>) {
    const auto bytes =
        Dots::to_bytes(Dots::to_words(out[0], out[1]), Dots::to_words(out[2], out[3]));
    const auto limited =
        Dots::least_bytes(Dots::halves_together(bytes), Dots::load(constants.high));
    Dots::store_all(y, Dots::most_bytes(limited, bytes_of<Dots>(traits.low)));
  } else {
    alignas(64) Y staged[add_lanes_zmm];
#pragma GCC unroll 4
    for (std::int32_t i = 0; i < 4; ++i) Dots::store_all(staged + 16 * i, out[i]);
    for (std::int32_t i = 0; i < add_lanes_zmm; ++i) {
      const Y v = staged[unpacked_element(i, add_lanes_zmm)];
      y[i] = traits.raw || v <= constants.high[i] ? v : constants.high[i];
      if (!traits.raw && y[i] < traits.low) y[i] = traits.low;
    }
  }
}

template <class Dots, AddForm Form, class A, class B, class Y>
[[TENON_ZMM_TARGET, gnu::noinline]] void add_elements_zmm(
    const AddBlock& block, const A* a, const B* b, const AddConstants<add_lanes_zmm>* constants,
    Y* y) noexcept {
  const std::int64_t count = block.pixels * block.channels;
  const std::int32_t vectors = add_vectors(block, add_lanes_zmm);
  std::int32_t v = 0;
  std::int64_t i = 0;
  for (; i + add_lanes_zmm <= count; i += add_lanes_zmm) {
    add_64<Dots, Form>(block.finish, constants[v], a + i, b + i, y + i);
    if (++v == vectors) v = 0;
  }
  if (i == count) return;
  A last_a[add_lanes_zmm] = {};
  B last_b[add_lanes_zmm] = {};
  Y last_y[add_lanes_zmm];
  const auto rest = static_cast<std::size_t>(count - i);
  std::memcpy(last_a, a + i, rest);
  std::memcpy(last_b, b + i, rest);
  add_64<Dots, Form>(block.finish, constants[v], last_a, last_b, last_y);
  std::memcpy(y + i, last_y, rest * sizeof(Y));
}

template <class Dots, class A, class B, class Y>
void add_zmm(const AddBlock& block, const A* a, const B* b, const std::byte* packed,
             Y* y) noexcept {
  AddForm form;
  std::memcpy(&form, packed, sizeof form);
  const auto* const constants = reinterpret_cast<const AddConstants<add_lanes_zmm>*>(packed + 64);
  if (form == AddForm::finished) {
    add_elements_zmm<Dots, AddForm::finished>(block, a, b, constants, y);
  } else if (form == AddForm::factors) {
    add_elements_zmm<Dots, AddForm::factors>(block, a, b, constants, y);
  } else {
    add_elements_zmm<Dots, AddForm::any>(block, a, b, constants, y);
  }
}

}  // namespace tenon::kernel::x86
#endif
