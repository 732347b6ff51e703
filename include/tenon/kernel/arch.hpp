// SPDX-License-Identifier: Apache-2.0
#pragma once

// Architecture tags. A kernel takes one as its first, empty argument; a better architecture adds an
// overload, and inheritance finds the next best where there is none. `reference` is the meaning of every
// kernel; all others equal it bit for bit.
namespace tenon::arch {

struct reference {};
struct portable : reference {};

/// What the compiler was asked to build for.
using native = portable;

}  // namespace tenon::arch
