// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tests run on processors without these instructions: what they do is written out here, the rest is the kernels' own.
// Include it before the kernels.
#if defined(__x86_64__)
#define TENON_ZMM_TARGET gnu::target("avx2,fma")
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <tenon/kernel/arch.hpp>
#include <tenon/kernel/x86/dot_kernels.hpp>
#include <tenon/kernel/x86/tiles.hpp>

namespace tenon_test {

template <std::size_t Lanes>
struct Lanes32 {
  std::array<std::int32_t, Lanes> of{};
};

/// Four products of an unsigned and a signed byte in each lane, added without saturation.
template <std::size_t Lanes>
Lanes32<Lanes> four_products(Lanes32<Lanes> sum, const Lanes32<Lanes>& x, const Lanes32<Lanes>& w) {
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
  static constexpr tenon::kernel::x86::Dot dot = tenon::kernel::x86::Dot::ymm;
  [[gnu::target("avx2,fma"), gnu::always_inline]] static __m256i add(__m256i sum, __m256i x, __m256i w) noexcept {
    Lanes32<8> lanes[3];
    std::memcpy(lanes[0].of.data(), &sum, 32);
    std::memcpy(lanes[1].of.data(), &x, 32);
    std::memcpy(lanes[2].of.data(), &w, 32);
    lanes[0] = four_products(lanes[0], lanes[1], lanes[2]);
    std::memcpy(&sum, lanes[0].of.data(), 32);
    return sum;
  }
};

struct ZmmStandIn {
  static constexpr tenon::kernel::x86::Dot dot = tenon::kernel::x86::Dot::zmm;
  using Vector = Lanes32<16>;
  template <class T>
  using Elements = std::array<T, 64 / sizeof(T)>;

  template <class T>
  static Elements<T> elements(const Vector& v) {
    Elements<T> e;
    std::memcpy(e.data(), v.of.data(), 64);
    return e;
  }
  template <class T>
  static Vector vector(const Elements<T>& e) {
    Vector v;
    std::memcpy(v.of.data(), e.data(), 64);
    return v;
  }
  /// Element by element.
  template <class T = std::int32_t, class Operation>
  static Vector each(const Vector& a, const Vector& b, const Operation& operation) {
    const auto x = elements<T>(a);
    const auto y = elements<T>(b);
    Elements<T> result;
    for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<T>(operation(x[i], y[i]));
    return vector<T>(result);
  }
  /// Half of each quarter of a and b, by turns.
  template <class T>
  static Vector mixed(const Vector& a, const Vector& b, bool high) {
    constexpr std::size_t quarter = 16 / sizeof(T);
    const auto x = elements<T>(a);
    const auto y = elements<T>(b);
    Elements<T> result;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t from = i / quarter * quarter + (high ? quarter / 2 : 0) + i % quarter / 2;
      result[i] = i % 2 == 0 ? x[from] : y[from];
    }
    return vector<T>(result);
  }
  /// Each quarter of a, then that of b, in elements of half the size.
  template <class T, class Narrow>
  static Vector narrowed(const Vector& a, const Vector& b) {
    constexpr std::size_t quarter = 16 / sizeof(T);
    const auto x = elements<T>(a);
    const auto y = elements<T>(b);
    Elements<Narrow> result;
    for (std::size_t i = 0; i < result.size(); ++i) {
      const std::size_t from = i / (2 * quarter) * quarter + i % quarter;
      const T value = i / quarter % 2 == 0 ? x[from] : y[from];
      using Limits = std::numeric_limits<Narrow>;
      result[i] = static_cast<Narrow>(std::clamp<T>(value, Limits::min(), Limits::max()));
    }
    return vector<Narrow>(result);
  }

  static Vector zero() noexcept { return {}; }
  static Vector load(const void* from) noexcept { return load_part(from, 64); }
  static Vector load_part(const void* from, std::size_t count) noexcept {
    Vector v;
    std::memcpy(v.of.data(), from, count);
    return v;
  }
  static Vector load_twice(const void* from) noexcept {
    Vector v = load_part(from, 32);
    std::copy_n(v.of.begin(), 8, v.of.begin() + 8);
    return v;
  }
  static Vector all(std::int32_t value) noexcept {
    Vector v;
    v.of.fill(value);
    return v;
  }
  static Vector dots(const Vector& sum, const Vector& x, const Vector& w) noexcept { return four_products(sum, x, w); }
  static Vector dot_words(const Vector& sum, const Vector& x, const Vector& w) noexcept {
    const auto a = elements<std::int16_t>(x);
    const auto b = elements<std::int16_t>(w);
    Vector result = sum;
    for (std::size_t i = 0; i < 32; ++i) result.of[i / 2] += a[i] * b[i];
    return result;
  }
  static Vector add(const Vector& a, const Vector& b) noexcept {
    return each(a, b, [](auto c, auto d) { return c + d; });
  }
  static Vector add_words(const Vector& a, const Vector& b) noexcept {
    return each<std::int16_t>(a, b, [](auto c, auto d) { return c + d; });
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
  static Vector least_bytes(const Vector& a, const Vector& b) noexcept {
    return each<std::int8_t>(a, b, [](auto c, auto d) { return std::min(c, d); });
  }
  static Vector most_bytes(const Vector& a, const Vector& b) noexcept {
    return each<std::int8_t>(a, b, [](auto c, auto d) { return std::max(c, d); });
  }
  static Vector left(const Vector& a, std::int32_t bits) noexcept {
    return each(a, a, [bits](auto c, auto) { return c * (std::int32_t{1} << bits); });
  }
  static Vector right(const Vector& a, const Vector& bits) noexcept {
    return each(a, bits, [](auto c, auto d) { return c >> d; });
  }
  static Vector shifted(const Vector& a, const Vector& bits) noexcept {
    return each(a, bits, [](auto c, auto d) { return c * (std::int32_t{1} << d); });
  }
  static Vector flipped(const Vector& a) noexcept {
    return each<std::uint8_t>(a, a, [](auto c, auto) { return c ^ 0x80; });
  }
  static Vector low_bytes(const Vector& a, const Vector& b) noexcept { return mixed<std::int8_t>(a, b, false); }
  static Vector high_bytes(const Vector& a, const Vector& b) noexcept { return mixed<std::int8_t>(a, b, true); }
  static Vector low_words(const Vector& a, const Vector& b) noexcept { return mixed<std::int16_t>(a, b, false); }
  static Vector high_words(const Vector& a, const Vector& b) noexcept { return mixed<std::int16_t>(a, b, true); }
  static Vector to_words(const Vector& a, const Vector& b) noexcept { return narrowed<std::int32_t, std::int16_t>(a, b); }
  static Vector to_bytes(const Vector& a, const Vector& b) noexcept { return narrowed<std::int16_t, std::int8_t>(a, b); }
  static Vector transposed(const Vector& a) noexcept {
    Vector v;
    for (std::size_t i = 0; i < 16; ++i) v.of[i % 4 * 4 + i / 4] = a.of[i];
    return v;
  }
  static Vector halves_together(const Vector& a) noexcept {
    Vector v;
    for (std::size_t i = 0; i < 16; ++i) v.of[i / 2 % 2 * 8 + i / 4 * 2 + i % 2] = a.of[i];
    return v;
  }
  /// The words of one half, widened.
  static Vector low_half(const Vector& a) noexcept { return half(a, 0); }
  static Vector high_half(const Vector& a) noexcept { return half(a, 16); }
  static Vector half(const Vector& a, std::size_t from) noexcept {
    const auto words = elements<std::int16_t>(a);
    Vector v;
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(from), 16, v.of.begin());
    return v;
  }
  static Vector load_bytes(const std::int8_t* from) noexcept {
    Vector v;
    std::copy_n(from, 16, v.of.begin());
    return v;
  }
  template <class X>
  static Vector load_words(const X* from) noexcept {
    Elements<std::int16_t> words;
    std::copy_n(from, 32, words.begin());
    return vector<std::int16_t>(words);
  }
  template <class Y>
  static void store(Y* to, const Vector& a, std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<Y>(a.of[i]);
  }
  static void store_part(std::int8_t* to, const Vector& a, std::size_t count) noexcept { std::memcpy(to, a.of.data(), count); }
  static void store_all(void* to, const Vector& a) noexcept { std::memcpy(to, a.of.data(), 64); }
  template <int Quarter>
  static void store_quarter(std::int8_t* to, const Vector& a) noexcept {
    std::memcpy(to, a.of.data() + 4 * Quarter, 16);
  }
};

/// Eight registers of rows of bytes; what does not fit their shapes ends the test.
struct TilesStandIn {
  struct Registers {
    tenon::kernel::x86::TileShapes shapes{};
    std::array<std::array<std::array<std::uint8_t, 64>, 16>, 8> of{};
    bool configured = false;
  };
  static Registers& registers() {
    static Registers all;
    return all;
  }
  static void require(bool holds) noexcept {
    if (!holds) std::abort();
  }
  static bool request() noexcept { return true; }
  static void configure(const tenon::kernel::x86::TileShapes& shapes) noexcept {
    require(shapes.palette == 1 && shapes.start_row == 0);
    for (std::size_t t = 0; t < 8; ++t) {
      require(shapes.rows[t] <= 16 && shapes.row_bytes[t] <= 64 && shapes.row_bytes[t] % 4 == 0);
    }
    registers() = {};
    registers().shapes = shapes;
    registers().configured = true;
  }
  static void release() noexcept { registers().configured = false; }
  template <int Tile>
  static void clear() noexcept {
    require(registers().configured);
    registers().of[Tile] = {};
  }
  template <int Tile>
  static void load(const void* from, std::ptrdiff_t row_step) noexcept {
    Registers& r = registers();
    require(r.configured);
    r.of[Tile] = {};
    for (std::size_t row = 0; row < r.shapes.rows[Tile]; ++row) {
      std::memcpy(r.of[Tile][row].data(), static_cast<const std::byte*>(from) + static_cast<std::ptrdiff_t>(row) * row_step,
                  r.shapes.row_bytes[Tile]);
    }
  }
  template <int Tile>
  static void store(std::int32_t* to, std::ptrdiff_t row_step) noexcept {
    const Registers& r = registers();
    require(r.configured);
    for (std::size_t row = 0; row < r.shapes.rows[Tile]; ++row) {
      std::memcpy(reinterpret_cast<std::byte*>(to) + static_cast<std::ptrdiff_t>(row) * row_step, r.of[Tile][row].data(),
                  r.shapes.row_bytes[Tile]);
    }
  }
  template <class X, int Sum, int Inputs, int Weights>
  static void multiply() noexcept {
    Registers& r = registers();
    const auto& shapes = r.shapes;
    require(r.configured && shapes.rows[Sum] == shapes.rows[Inputs] && shapes.row_bytes[Sum] == shapes.row_bytes[Weights] &&
            shapes.row_bytes[Inputs] == 4 * shapes.rows[Weights]);
    for (std::size_t m = 0; m < shapes.rows[Sum]; ++m) {
      for (std::size_t n = 0; n < shapes.row_bytes[Sum] / 4U; ++n) {
        std::int32_t sum;
        std::memcpy(&sum, &r.of[Sum][m][4 * n], 4);
        for (std::size_t k = 0; k < shapes.row_bytes[Inputs]; ++k) {
          sum += static_cast<X>(r.of[Inputs][m][k]) * static_cast<std::int8_t>(r.of[Weights][k / 4][4 * n + k % 4]);
        }
        std::memcpy(&r.of[Sum][m][4 * n], &sum, 4);
      }
    }
  }
};

struct LikeAvxVnni : tenon::arch::avx_vnni {};
struct LikeAvx512Vnni : tenon::arch::avx512_vnni {};
struct LikeAmxInt8 : tenon::arch::amx_int8 {};
[[maybe_unused]] inline YmmStandIn dots_of(LikeAvxVnni) { return {}; }
[[maybe_unused]] inline ZmmStandIn dots_of(LikeAvx512Vnni) { return {}; }
[[maybe_unused]] inline ZmmStandIn dots_of(LikeAmxInt8) { return {}; }
[[maybe_unused]] inline TilesStandIn tiles_of(LikeAmxInt8) { return {}; }

}  // namespace tenon_test
#endif
