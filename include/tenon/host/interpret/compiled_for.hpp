// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/host/best_arch.hpp>
#include <tenon/host/processor.hpp>
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
#endif

/// As with_best_arch(), for layers that are loops of the compiler: `compiled_for` makes them for AVX2 and nothing better,
/// since each more would take as long to compile as all of them do.
template <class Use>
void with_layer_arch(const Use& use) {
#if defined(__x86_64__)
  static const bool avx2 = supports(arch::avx2{});
  if (avx2 && (forced_arch().empty() || forced_arch() != arch::native::name)) return use(arch::avx2{});
#endif
  use(arch::native{});
}

}  // namespace tenon::host
