// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <tenon/host/processor.hpp>
#include <tenon/kernel/arch.hpp>
#include <tuple>
#include <vector>

// The best kernels of the processor that a program runs on, chosen then and not when it is compiled:
//   tenon::host::with_best_arch([&](auto arch) { infer<net::ModelFor<decltype(arch)>>(); });
// Kernels of blocks are compiled for their architecture by themselves, whatever the program is compiled for.
namespace tenon::host {

/// The architecture to use instead of the best one, by name; empty: the best. For measuring one against another.
[[nodiscard]] inline std::string& forced_arch() {
  static std::string name;
  return name;
}

/// Whose block kernels a program has, the best first.
#if defined(__x86_64__)
using Architectures = std::tuple<arch::amx_int8, arch::avx512_vnni, arch::avx_vnni, arch::avx2, arch::native>;
#else
using Architectures = std::tuple<arch::native>;
#endif

/// Calls `use(arch)` with the architecture at a place of the list.
template <std::size_t I = 0, class Use>
void with_arch(std::size_t place, const Use& use) {
  if constexpr (I + 1 < std::tuple_size_v<Architectures>) {
    if (place != I) return with_arch<I + 1>(place, use);
  }
  use(std::tuple_element_t<I, Architectures>{});
}

/// The names of those that this processor has, the best first.
[[nodiscard]] inline std::vector<std::string> arch_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::tuple_size_v<Architectures>; ++i) {
    with_arch(i, [&](auto arch) {
      if (supports(arch) && std::find(names.begin(), names.end(), arch.name) == names.end()) names.emplace_back(arch.name);
    });
  }
  return names;
}

/// The place of the forced architecture if there is one that this processor has, otherwise of its best.
[[nodiscard]] inline std::size_t best_arch() {
  std::size_t best = std::tuple_size_v<Architectures>;
  for (std::size_t i = std::tuple_size_v<Architectures>; i-- > 0;) {
    with_arch(i, [&](auto arch) {
      if (supports(arch) && (forced_arch().empty() || forced_arch() == arch.name)) best = i;
    });
  }
  return best < std::tuple_size_v<Architectures> ? best : best - 1;
}

/// Calls `use(arch)` with the best architecture of this processor, or with the forced one. Every block kernel that `use` calls
/// is compiled for its architecture by itself.
template <class Use>
void with_best_arch(const Use& use) {
  with_arch(best_arch(), use);
}

/// The name of the architecture in use.
[[nodiscard]] inline const char* best_arch_name() {
  const char* name = "";
  with_best_arch([&](auto arch) { name = arch.name; });
  return name;
}

}  // namespace tenon::host
