// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// Ranges as types. Arithmetic on ranges is exact; arithmetic on stored integers is allowed where a
// range proved that it fits.
namespace tenon {

template <std::int64_t Min, std::int64_t Max>
  requires(Min <= Max)
struct Range {
  static constexpr std::int64_t min = Min;
  static constexpr std::int64_t max = Max;
  static constexpr std::int64_t magnitude = -Min > Max ? -Min : Max;
};

/// What a sum of `Terms` products of values of `A` and `B` can be.
template <class A, class B, std::int64_t Terms>
using SumOfProducts = Range<-Terms * A::magnitude * B::magnitude, Terms * A::magnitude * B::magnitude>;

/// Values with `Bits` value bits, the sign not counted: -2^Bits .. 2^Bits - 1.
template <int Bits>
using ValueRange = Range<-(std::int64_t{1} << Bits), (std::int64_t{1} << Bits) - 1>;

}  // namespace tenon
