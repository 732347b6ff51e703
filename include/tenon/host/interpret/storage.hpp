// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <tenon/layer/constants.hpp>
#include <tenon/layer/format.hpp>
#include <vector>

// How the interpreter keeps tensors: formats and constants in std::vector, integers as int32 wherever their value bits
// allow it and as int64 otherwise, floats behind a Dequantizer and in float models.
namespace tenon::host {

struct Heap {
  template <class T>
  using Channels = std::vector<T>;
  using Weights = std::vector<std::int32_t>;
};
using HostFormat = Format<Heap>;
using HostConstants = LayerConstants<Heap>;

/// The elements of one tensor; one of the three vectors is in use.
struct Buffer {
  std::vector<std::int32_t> narrow;
  std::vector<std::int64_t> wide;
  std::vector<float> floats;
};

enum class Storage : std::uint8_t { narrow, wide, floats };

[[nodiscard]] inline Storage storage_for(int value_bits) {
  return value_bits <= 31 ? Storage::narrow : Storage::wide;
}

inline void resize(Buffer& buffer, Storage storage, std::size_t count) {
  if (storage == Storage::narrow) buffer.narrow.resize(count);
  if (storage == Storage::wide) buffer.wide.resize(count);
  if (storage == Storage::floats) buffer.floats.resize(count);
}

/// Calls `use(pointer)` with the integers of a buffer.
template <class B, class Use>
void with_integers(B& buffer, Storage storage, const Use& use) {
  if (storage == Storage::narrow) {
    use(buffer.narrow.data());
  } else {
    use(buffer.wide.data());
  }
}

}  // namespace tenon::host
