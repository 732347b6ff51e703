// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zlib.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/hdf5_bytes.hpp>
#include <tenon/host/import/hdf5_object.hpp>
#include <tenon/host/import/hdf5_values.hpp>
#include <tenon/host/import/stored_numbers.hpp>

// The values of a dataset: in its header, in one piece, or in chunks that may be shuffled and
// deflated.
namespace tenon::host::hdf5 {

/// What a dataset's path and file are called in errors, and the file.
struct DatasetContext {
  const File& file;
  std::string_view path;

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error{5023, file.name + ", /" + std::string(path) + ": " + why};
  }
};

namespace detail {

inline constexpr unsigned deflate = 1, shuffle = 2;
inline constexpr std::uint64_t largest_dataset_bytes = std::uint64_t{1} << 32;

/// Filters in the order in which they were applied.
[[nodiscard]] inline std::vector<unsigned> read_filters(const DatasetContext& context,
                                                        const Object& object) {
  const Message* message = object.find(MessageKind::filters);
  if (message == nullptr) return {};
  Cursor cursor(context.file, message->data);
  const unsigned version = cursor.u8();
  if (version != 1 && version != 2) cursor.fail("unknown version of filters");
  std::vector<unsigned> filters(cursor.u8());
  if (version == 1) cursor.skip(6);
  for (unsigned& filter : filters) {
    filter = cursor.u16();
    if (filter != deflate && filter != shuffle) {
      context.refuse("is packed by filter " + std::to_string(filter) +
                     "; only deflate and shuffle are read, save it without");
    }
    const std::uint64_t name_size = version == 1 ? cursor.u16() : 0U;
    cursor.skip(2);
    const std::uint64_t values = cursor.u16();
    cursor.skip((name_size + 7) / 8 * 8 + 4 * values);
    if (version == 1 && values % 2 == 1) cursor.skip(4);
  }
  return filters;
}

/// Undoes the filters of one chunk; those whose bit is set in `skipped` were not applied to it.
[[nodiscard]] inline std::vector<std::byte> unpack_chunk(const DatasetContext& context,
                                                         std::span<const std::byte> stored,
                                                         const std::vector<unsigned>& filters,
                                                         std::uint32_t skipped, std::size_t size,
                                                         std::size_t width) {
  std::vector<std::byte> bytes(stored.begin(), stored.end());
  for (std::size_t i = filters.size(); i-- > 0;) {
    if (i < 32 && ((skipped >> i) & 1) != 0) continue;
    std::vector<std::byte> result(size);
    if (filters[i] == deflate) {
      uLongf length = size;
      const int code = uncompress(reinterpret_cast<Bytef*>(result.data()), &length,
                                  reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
      if (code != Z_OK || length != size) context.file.damaged(stored.data(), "a deflated chunk");
    } else if (bytes.size() == size) {
      // Shuffled: the first bytes of all elements, then the second ones, and so on.
      const std::size_t count = size / width;
      for (std::size_t at = 0; at < size; ++at) result[at % count * width + at / count] = bytes[at];
    }
    bytes = std::move(result);
  }
  if (bytes.size() != size) context.file.damaged(stored.data(), "a chunk has a wrong size");
  return bytes;
}

/// The grid of chunks over an array, and which of them have come.
class ChunkGrid {
 public:
  ChunkGrid(const DatasetContext& context, const std::vector<std::size_t>& shape,
            std::vector<std::size_t> chunk, std::size_t width)
      : shape_(shape), chunk_(std::move(chunk)), width_(width) {
    std::vector<std::size_t> grid;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      if (chunk_[axis] == 0) context.refuse("has chunks without size");
      grid.push_back(shape_[axis] / chunk_[axis] + (shape_[axis] % chunk_[axis] != 0 ? 1U : 0U));
    }
    const auto elements = element_count(chunk_);
    if (!elements || *elements > largest_dataset_bytes / width)
      context.refuse("has chunks that are too large");
    chunk_bytes_ = *elements * width;
    present_.resize(element_count(grid).value_or(0));
  }

  [[nodiscard]] std::size_t chunk_bytes() const { return chunk_bytes_; }
  [[nodiscard]] bool complete() const {
    return std::find(present_.begin(), present_.end(), false) == present_.end();
  }

  /// Marks the chunk that begins at `offset`; false where there is none, or where it came before.
  [[nodiscard]] bool claim(const std::vector<std::size_t>& offset) {
    std::size_t index = 0;
    for (std::size_t axis = 0; axis < shape_.size(); ++axis) {
      if (offset[axis] >= shape_[axis] || offset[axis] % chunk_[axis] != 0) return false;
      index = index * ((shape_[axis] - 1) / chunk_[axis] + 1) + offset[axis] / chunk_[axis];
    }
    if (present_[index]) return false;
    present_[index] = true;
    return true;
  }

  /// Copies the part of a chunk that lies inside the array, row by row of the last axis.
  void place(std::span<const std::byte> chunk, const std::vector<std::size_t>& offset,
             std::vector<std::byte>& values) const {
    const std::size_t rank = shape_.size(), last = rank - 1;
    const std::size_t row = std::min(chunk_[last], shape_[last] - offset[last]) * width_;
    std::vector<std::size_t> index(rank, 0);
    for (std::size_t from = 0; from < chunk.size(); from += chunk_[last] * width_) {
      std::size_t to = 0;
      bool inside = true;
      for (std::size_t axis = 0; axis < rank; ++axis) {
        inside = inside && offset[axis] + index[axis] < shape_[axis];
        to = to * shape_[axis] + offset[axis] + index[axis];
      }
      if (inside) std::memcpy(values.data() + to * width_, chunk.data() + from, row);
      for (std::size_t axis = last; axis-- > 0;) {
        if (++index[axis] < chunk_[axis]) break;
        index[axis] = 0;
      }
    }
  }

 private:
  const std::vector<std::size_t>& shape_;
  std::vector<std::size_t> chunk_;
  std::size_t width_, chunk_bytes_ = 0;
  std::vector<bool> present_;
};

inline void read_chunks(const DatasetContext& context, Cursor layout,
                        const std::vector<unsigned>& filters, const std::vector<std::size_t>& shape,
                        std::size_t width, std::vector<std::byte>& values) {
  const File& file = context.file;
  const std::size_t rank = shape.size();
  if (layout.u8() != rank + 1 || rank == 0) layout.fail("chunks of another rank");
  const std::uint64_t tree = layout.u64();
  std::vector<std::size_t> chunk(rank);
  for (std::size_t& extent : chunk) extent = layout.u32();
  if (layout.u32() != width) layout.fail("chunks of another element");
  ChunkGrid grid(context, shape, std::move(chunk), width);
  if (tree == undefined) context.refuse("its values were never written");
  std::vector<std::size_t> offset(rank);
  each_leaf(file, tree, 1, 8 + 8 * (rank + 1), [&](Cursor& key, std::uint64_t address) {
    const std::uint32_t stored_bytes = key.u32(), skipped = key.u32();
    for (std::size_t& position : offset) position = static_cast<std::size_t>(key.u64());
    if (!grid.claim(offset)) key.fail("a chunk outside the array, or twice");
    grid.place(unpack_chunk(context, file.at(address, stored_bytes), filters, skipped,
                            grid.chunk_bytes(), width),
               offset, values);
  });
  if (!grid.complete()) context.refuse("some of its values were never written");
}

}  // namespace detail

/// The numbers of a dataset, TN5023 where it is not an array of numbers or is stored in a way that
/// is refused.
[[nodiscard]] inline Array read_dataset(const DatasetContext& context, const Object& object) {
  const File& file = context.file;
  const Message* type_message = object.find(MessageKind::datatype);
  const Message* space = object.find(MessageKind::dataspace);
  const Message* layout_message = object.find(MessageKind::layout);
  if (type_message == nullptr || space == nullptr || layout_message == nullptr ||
      type_message->shared || space->shared) {
    context.refuse("is not an array of integers or floats");
  }
  const Type type = read_type(file, type_message->data);
  if (type.kind != Type::Kind::number) context.refuse("is not an array of integers or floats");
  if (object.find(MessageKind::external_files) != nullptr)
    context.refuse("its values are in another file");

  Array array{type.dtype, read_shape(file, space->data), {}};
  const std::vector<unsigned> filters = detail::read_filters(context, object);
  // Deflate packs at most 1032 to 1; what is not packed must lie in the file as it is.
  const bool packed = std::find(filters.begin(), filters.end(), detail::deflate) != filters.end();
  const std::uint64_t most =
      std::min(file.bytes.size() * (packed ? 1032U : 1U), detail::largest_dataset_bytes);
  const auto count = element_count(array.shape);
  if (!count || *count > most / type.width) {
    context.refuse("shape " + shape_text(array.shape) + " is larger than the file can hold");
  }
  const std::size_t size = *count * type.width;

  Cursor layout(file, layout_message->data);
  const unsigned version = layout.u8(), kind = layout.u8();
  if ((version != 3 && version != 4) || kind > 2 || (version == 4 && kind == 2)) {
    context.refuse(
        "its storage is virtual or of a kind that is not read; save it with default settings");
  }
  if (size == 0) {
    array.bytes.clear();
  } else if (kind == 2) {
    array.bytes.resize(size);
    detail::read_chunks(context, layout, filters, array.shape, type.width, array.bytes);
  } else {
    const std::uint64_t address = kind == 1 ? layout.u64() : undefined;
    if (kind == 1 && address == undefined) context.refuse("its values were never written");
    const std::uint64_t stored = kind == 1 ? layout.u64() : layout.u16();
    const auto values = kind == 1 ? file.at(address, stored) : layout.take(stored);
    if (values.size() != size) layout.fail("its values and its shape disagree");
    array.bytes.assign(values.begin(), values.end());
  }
  if (type.big_endian) swap_byte_order(array.bytes, type.width);
  if (type.dtype == "f2") widen_halves(array);
  return array;
}

}  // namespace tenon::host::hdf5
