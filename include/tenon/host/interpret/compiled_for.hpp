// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/arch.hpp>

// One binary for processors of several kinds: a call goes into a function that is compiled for the architecture, and
// all that it calls becomes part of that function.
namespace tenon::host {

template <class Call>
void compiled_for(arch::reference, const Call& call) {
  call();
}

#if defined(__x86_64__)
template <class Call>
[[gnu::target("avx2,fma"), gnu::flatten]] void compiled_for(arch::avx2, const Call& call) {
  call();
}

[[nodiscard]] inline bool supports(arch::avx2) {
  static const bool found = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return found;
}
#endif

/// Calls `use(arch)` with the best architecture of this processor.
template <class Use>
void with_best_arch(const Use& use) {
#if defined(__x86_64__)
  if (supports(arch::avx2{})) return use(arch::avx2{});
#endif
  use(arch::native{});
}

/// The name of that architecture.
[[nodiscard]] inline const char* best_arch_name() {
  const char* name = "";
  with_best_arch([&](auto arch) { name = arch.name; });
  return name;
}

}  // namespace tenon::host
