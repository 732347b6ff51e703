// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
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

/// The architecture to use instead of the best one, by name; empty: the best. For measuring one against another.
[[nodiscard]] inline std::string& forced_arch() {
  static std::string name;
  return name;
}

/// This processor has `arch`, and no other one is asked for.
[[nodiscard]] inline bool usable(auto arch) {
  static const bool found = supports(arch);
  const std::string_view forced = forced_arch();
  return found && (forced.empty() || forced == arch.name);
}

/// Calls `use(arch)` with the best architecture of this processor, or with the forced one if there is such a one.
template <class Use>
void with_best_arch(const Use& use) {
#if defined(__x86_64__)
  if (usable(arch::avx2{})) return use(arch::avx2{});
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
