// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <tenon/layer/constants.hpp>
#include <tenon/model/static_format.hpp>
#include <tenon/number/rounding.hpp>
#include <tenon/tensor/static_vector.hpp>
#include <type_traits>

// The integer constants of one layer of a typed model: as LayerConstants, but each vector has
// exactly the elements and the narrow type that the layer needs, and what is known before
// calibration is a constant of the type.
namespace tenon {

/// The output quantizer of a layer, and the ReLU in front of it if that is applied to each sum.
template <ConstantCounts Counts>
struct StoredOutput {
  using Mantissa = std::conditional_t<
      (Counts.scale_bits <= 8), std::uint8_t,
      std::conditional_t<(Counts.scale_bits <= 16), std::uint16_t, std::int32_t>>;

  std::array<Mantissa, Counts.mantissas> mantissas{};
  std::array<std::int16_t, Counts.shifts> shifts{};

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t v,
                                                  std::size_t channel) const noexcept {
    if constexpr (Counts.has_output) {
      if constexpr (Counts.mantissas > 0) {
        v = saturate(v * mantissas[Counts.mantissas == 1 ? 0 : channel], Counts.output_buffer_bits);
      }
      const int by = shifts[Counts.shifts == 1 ? 0 : channel];
      return Counts.float32_products ? rescale_float32(v, by, Counts.output_bits) : rescale(v, by, Counts.output_bits);
    } else {
      return v;
    }
  }
};

template <ConstantCounts Counts>
struct StoredReLUOutput {
  std::array<std::int64_t, Counts.maximum> maximum{};
  StoredOutput<Counts> quantizer{};

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t v,
                                                  std::size_t channel) const noexcept {
    if constexpr (Counts.maximum > 0) {
      const std::int64_t top = maximum[Counts.maximum == 1 ? 0 : channel];
      v = v > top ? top : v;
    }
    return quantizer(v > 0 ? v : 0, channel);
  }
};

/// `Counts` are those of the layer, `Output` those of the layer whose output quantizer it applies:
/// its own, or that of a ReLU behind it.
template <ConstantCounts Counts, ConstantCounts Output, bool AppliesReLU>
struct StoredConstants {
  using Weight = std::conditional_t<(Counts.weight_bits <= 8), std::int8_t, std::int16_t>;
  using Shift = std::int8_t;
  using Entry = std::conditional_t<(Counts.table_bits <= 15), std::int16_t, std::int32_t>;

  /// Empty if a calibration left nothing to align.
  std::conditional_t<Counts.alignment, StaticVector<Shift, Counts.input_shift>,
                     std::array<Shift, Counts.input_shift>>
      input_shift{};
  std::array<Shift, Counts.second_shift> second_shift{};
  std::array<std::int32_t, Counts.bias> bias{};
  std::array<std::int32_t, Counts.padding> padding{};
  std::array<std::int64_t, Counts.maximum> maximum{};  ///< of a ReLU that runs on its own
  std::conditional_t<AppliesReLU, StoredReLUOutput<Output>, StoredOutput<Output>> output{};
  std::array<Entry, Counts.table> table{};
  bool narrow_sums = Counts.fits_int32;
  Shift weight_shift = 0;  ///< fractional bits of weights that have some
  alignas(4) std::array<Weight, Counts.weights> weights{};
  alignas(4) std::array<Weight, Counts.pointwise> pointwise{};

  static constexpr int buffer_bits = Counts.buffer_bits;
  static constexpr int input_bits = Counts.input_bits;
  static constexpr int state_bits = Counts.state_bits;
  static constexpr int exp_bits = Counts.exp_bits;
  static constexpr int exp_buffer_bits = Counts.exp_buffer_bits;
  static constexpr bool has_output = Output.has_output || AppliesReLU;
  [[nodiscard]] constexpr bool fits_int32() const noexcept {
    return Counts.fits_int32 || narrow_sums;
  }
  [[nodiscard]] static constexpr bool scores_fit_int32() noexcept {
    return Counts.scores_fit_int32;
  }
  [[nodiscard]] static constexpr bool dividends_fit_24_bits() noexcept {
    return Counts.dividends_fit_24_bits;
  }
  [[nodiscard]] static constexpr bool turns_fit_int32() noexcept { return Counts.turns_fit_int32; }
};

namespace detail {

template <class T, std::size_t N, class From>
constexpr void copy_to(std::array<T, N>& to, const From& from) noexcept {
  for (std::size_t i = 0; i < N && i < from.size(); ++i) to[i] = static_cast<T>(from[i]);
}
template <class T, std::size_t N, class From>
constexpr void copy_to(StaticVector<T, N>& to, const From& from) noexcept {
  to.clear();
  for (const auto& v : from) to.push_back(static_cast<T>(v));
}

}  // namespace detail

/// Everything but the output quantizer.
template <class Stored, class Storage>
constexpr void store(Stored& stored, const LayerConstants<Storage>& constants) noexcept {
  detail::copy_to(stored.input_shift, constants.input_shift);
  detail::copy_to(stored.second_shift, constants.second_shift);
  detail::copy_to(stored.bias, constants.bias);
  detail::copy_to(stored.padding, constants.padding);
  detail::copy_to(stored.maximum, constants.maximum);
  detail::copy_to(stored.weights, constants.weights);
  detail::copy_to(stored.pointwise, constants.pointwise);
  detail::copy_to(stored.table, constants.table);
  stored.weight_shift = static_cast<typename Stored::Shift>(constants.weight_shift);
  stored.narrow_sums = constants.fits_int32();
}

/// The output quantizer, from the constants of the layer that has it.
template <ConstantCounts Counts, class Storage>
constexpr void store_output(StoredOutput<Counts>& stored,
                            const LayerConstants<Storage>& constants) noexcept {
  detail::copy_to(stored.mantissas, constants.output.mantissas);
  detail::copy_to(stored.shifts, constants.output.shifts);
}
template <ConstantCounts Counts, class Storage>
constexpr void store_output(StoredReLUOutput<Counts>& stored,
                            const LayerConstants<Storage>& constants) noexcept {
  detail::copy_to(stored.maximum, constants.maximum);
  store_output(stored.quantizer, constants);
}

}  // namespace tenon
