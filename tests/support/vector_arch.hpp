// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <tenon/kernel/blocks.hpp>

// The architecture whose block kernels are compared with the reference: on x86 one that every processor of the last decade has, on
// others the one that the tests are compiled for.
namespace tenon_test {

#if defined(__x86_64__)
using VectorArch = tenon::arch::avx2;
#else
using VectorArch = tenon::arch::native;
#endif

}  // namespace tenon_test
