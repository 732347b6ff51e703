// SPDX-License-Identifier: Apache-2.0
#pragma once
#if defined(__x86_64__)
#include <cstddef>
#include <cstdint>
#include <type_traits>

// The instructions of matrix tiles (AMX): eight registers of up to 16 rows of 64 bytes. Written in
// assembly: functions need not be compiled for them, and a test can stand in for them.
namespace tenon::kernel::x86 {

/// Linux gives the registers of tiles to a process that asks for them; asking again costs a system
/// call.
[[nodiscard]] inline bool request_tiles() noexcept {
#if defined(__linux__) && !defined(__ILP32__)
  constexpr long arch_prctl = 158;
  constexpr long request_permission = 0x1023;
  constexpr long tile_data = 18;
  long result = arch_prctl;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(request_permission), "S"(tile_data)
               : "rcx", "r11", "memory");
  return result == 0;
#else
  return false;
#endif
}

/// Rows and bytes of a row of each register, as LDTILECFG reads them.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14]{};
  std::uint16_t row_bytes[16]{};
  std::uint8_t rows[16]{};
};
static_assert(sizeof(TileShapes) == 64);

struct Tiles {
  static bool request() noexcept { return request_tiles(); }
  static void configure(const TileShapes& shapes) noexcept {
    asm volatile("ldtilecfg %0" : : "m"(shapes));
  }
  /// Gives the registers back: the system need not save them.
  static void release() noexcept { asm volatile("tilerelease" : : : "memory"); }
  template <int Tile>
  static void clear() noexcept {
    asm volatile("tilezero %%tmm%c0" : : "i"(Tile));
  }
  template <int Tile>
  static void load(const void* from, std::ptrdiff_t row_step) noexcept {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2"
                 :
                 : "r"(from), "r"(row_step), "i"(Tile)
                 : "memory");
  }
  template <int Tile>
  static void store(std::int32_t* to, std::ptrdiff_t row_step) noexcept {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(row_step), "i"(Tile) : "memory");
  }
  /// Adds products of bytes of `X` and signed weights, four to a sum.
  template <class X, int Sum, int Inputs, int Weights>
  static void multiply() noexcept {
    if constexpr (std::is_signed_v<X>) {
      asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Inputs), "i"(Weights));
    } else {
      asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(Sum), "i"(Inputs), "i"(Weights));
    }
  }
};

/// The tiles of an architecture; never called.
Tiles tiles_of(...);
template <class Arch>
using TilesOf = decltype(tiles_of(Arch{}));

}  // namespace tenon::kernel::x86
#endif
