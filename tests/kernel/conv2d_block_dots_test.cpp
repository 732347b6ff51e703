// SPDX-License-Identifier: Apache-2.0
// The tests run on processors without these instructions: what they do is written out here, the
// rest is the kernels' own.
#define TENON_ZMM_TARGET gnu::target("avx2,fma")
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernel/conv2d_block_cases.hpp"

using namespace tenon;
using tenon_test::compare_all;

namespace {

template <std::size_t Lanes>
struct Lanes32 {
  std::array<std::int32_t, Lanes> of{};
};

/// Four products of an unsigned and a signed byte in each lane, added without saturation.
template <std::size_t Lanes>
Lanes32<Lanes> dots(Lanes32<Lanes> sum, const Lanes32<Lanes>& x, const Lanes32<Lanes>& w) {
  for (std::size_t i = 0; i < Lanes; ++i) {
    std::array<std::uint8_t, 4> a;
    std::array<std::int8_t, 4> b;
    std::memcpy(a.data(), &x.of[i], 4);
    std::memcpy(b.data(), &w.of[i], 4);
    for (std::size_t k = 0; k < 4; ++k) sum.of[i] += a[k] * b[k];
  }
  return sum;
}

struct YmmStandIn {
  static constexpr kernel::x86::Dot dot = kernel::x86::Dot::ymm;
  [[gnu::target("avx2,fma"), gnu::always_inline]] static __m256i add(__m256i sum, __m256i x,
                                                                     __m256i w) noexcept {
    Lanes32<8> lanes[3];
    std::memcpy(lanes[0].of.data(), &sum, 32);
    std::memcpy(lanes[1].of.data(), &x, 32);
    std::memcpy(lanes[2].of.data(), &w, 32);
    lanes[0] = dots(lanes[0], lanes[1], lanes[2]);
    std::memcpy(&sum, lanes[0].of.data(), 32);
    return sum;
  }
};

struct ZmmStandIn {
  static constexpr kernel::x86::Dot dot = kernel::x86::Dot::zmm;
  using Vector = Lanes32<16>;
  template <class Operation>
  static Vector each(const Vector& a, const Vector& b, const Operation& operation) {
    Vector result;
    for (std::size_t i = 0; i < 16; ++i) result.of[i] = operation(a.of[i], b.of[i]);
    return result;
  }
  static Vector zero() noexcept { return {}; }
  static Vector load(const void* from) noexcept {
    Vector v;
    std::memcpy(v.of.data(), from, 64);
    return v;
  }
  static Vector all(std::int32_t value) noexcept {
    Vector v;
    v.of.fill(value);
    return v;
  }
  static Vector dots(const Vector& sum, const Vector& x, const Vector& w) noexcept {
    return ::dots(sum, x, w);
  }
  static Vector add(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return c + d; });
  }
  static Vector subtract(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return c - d; });
  }
  static Vector multiply(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return c * d; });
  }
  static Vector least(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return std::min(c, d); });
  }
  static Vector most(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return std::max(c, d); });
  }
  static Vector left(const Vector& a, std::int32_t bits) noexcept {
    return each(a, a, [bits](auto c, auto) { return c * (std::int32_t{1} << bits); });
  }
  static Vector right(const Vector& a, const Vector& bits) noexcept {
    return each(a, bits, [](auto c, auto d) { return c >> d; });
  }
  static Vector load_bytes(const std::int8_t* from) noexcept {
    Vector v;
    std::copy_n(from, 16, v.of.begin());
    return v;
  }
  template <class Y>
  static void store(Y* to, const Vector& a, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<Y>(a.of[i]);
  }
};

struct LikeAvxVnni : arch::avx_vnni {};
struct LikeAvx512Vnni : arch::avx512_vnni {};
[[maybe_unused]] YmmStandIn dots_of(LikeAvxVnni) { return {}; }
[[maybe_unused]] ZmmStandIn dots_of(LikeAvx512Vnni) { return {}; }

template <class Arch>
void compare_variants() {
  compare_all<Arch, std::int8_t>({.non_negative = true});
  compare_all<Arch, std::int8_t>({});
  compare_all<Arch, std::int8_t>({.extreme = true});
  compare_all<Arch, std::uint8_t>({.weight_bits = 4});
  compare_all<Arch, std::uint8_t>({.extreme = true});
  compare_all<Arch, std::int8_t>({.has_padding_value = true});
  compare_all<Arch, std::uint8_t>({.has_padding_value = true});
  for (const int largest : {1, 8}) {
    compare_all<Arch, std::int8_t>({.shifted = true, .grouped = true, .largest_shift = largest});
    compare_all<Arch, std::uint8_t>({.shifted = true, .grouped = true, .largest_shift = largest});
    compare_all<Arch, std::int8_t>({.shifted = true, .largest_shift = largest});
  }
}

}  // namespace

TEST_CASE("the AVX-VNNI convolution equals the reference") { compare_variants<LikeAvxVnni>(); }
TEST_CASE("the AVX512-VNNI convolution equals the reference") {
  compare_variants<LikeAvx512Vnni>();
}
