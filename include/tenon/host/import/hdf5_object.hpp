// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/import/hdf5_bytes.hpp>

// Objects of an HDF5 file: the superblock, the messages that make up an object, and the links of a
// group. Groups are read in the layout that h5py writes by default and in the compact newer one.
namespace tenon::host::hdf5 {

enum class MessageKind : std::uint16_t {
  dataspace = 0x01,
  link_info = 0x02,
  datatype = 0x03,
  link = 0x06,
  external_files = 0x07,
  layout = 0x08,
  filters = 0x0B,
  attribute = 0x0C,
  continuation = 0x10,
  symbol_table = 0x11,
  attribute_info = 0x15,
};

struct Message {
  MessageKind kind;
  bool shared;  ///< the data are a reference to a message elsewhere
  std::span<const std::byte> data;
};

struct Object {
  std::vector<Message> messages;

  [[nodiscard]] const Message* find(MessageKind kind) const {
    for (const Message& message : messages) {
      if (message.kind == kind) return &message;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_group() const {
    return find(MessageKind::symbol_table) != nullptr || find(MessageKind::link_info) != nullptr;
  }
};

/// Finds the superblock, sets the base of the addresses and returns the address of the root group.
[[nodiscard]] inline std::uint64_t open_superblock(File& file) {
  constexpr std::string_view signature("\x89HDF\r\n\x1a\n", 8);
  const std::string_view all(reinterpret_cast<const char*>(file.bytes.data()), file.bytes.size());
  // A user's own block may come first; its size is 0, 512 or a power of two above.
  std::size_t start = 0;
  while (start < all.size() && !all.substr(start).starts_with(signature))
    start = start == 0 ? 512 : 2 * start;
  if (start >= all.size()) throw Error{5020, file.name + " is not an HDF5 file"};

  Cursor block(file, file.bytes.subspan(start + signature.size()));
  const unsigned version = block.u8();
  if (version > 3) block.fail("unknown version of HDF5");
  if (version < 2) block.skip(4);
  if (block.u8() != 8 || block.u8() != 8) block.fail("addresses and lengths must have 8 bytes");
  block.skip(version == 0 ? 9U : version == 1 ? 13U : 1U);
  const std::uint64_t base = block.u64();
  block.skip(8);
  const std::uint64_t end = block.u64();
  if (base > start || end > file.bytes.size() || base > end) block.fail("the file is cut off");
  // Versions 0 and 1 hold a symbol table entry: name, then address. Later ones hold the address.
  if (version < 2) block.skip(16);
  file.base = base;
  return block.u64();
}

namespace detail {

/// Messages of one block; appends the blocks that continue it to `blocks`.
inline void block_messages(const File& file, std::span<const std::byte> block, bool newer,
                           bool ordered, std::vector<Message>& messages,
                           std::vector<std::pair<std::uint64_t, std::uint64_t>>& blocks) {
  Cursor cursor(file, block);
  const std::size_t header = newer ? (ordered ? 6 : 4) : 8;
  while (cursor.left() >= header) {
    const auto kind = static_cast<MessageKind>(newer ? cursor.u8() : cursor.u16());
    const std::uint64_t size = cursor.u16();
    const unsigned flags = cursor.u8();
    cursor.skip(newer ? (ordered ? 2U : 0U) : 3U);
    const auto data = cursor.take(size);
    messages.push_back({kind, (flags & 2) != 0, data});
    if (kind == MessageKind::continuation) {
      Cursor next(file, data);
      const std::uint64_t address = next.u64();
      blocks.emplace_back(address, next.u64());
    }
  }
}

}  // namespace detail

/// All messages of the object whose header is at `address`.
[[nodiscard]] inline Object read_object(const File& file, std::uint64_t address) {
  Cursor header(file, file.from(address));
  Object object;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> blocks;
  bool newer = false, ordered = false;
  if (header.u8() == 1) {
    header.skip(7);
    const std::uint64_t size = header.u32();
    header.skip(4);
    detail::block_messages(file, header.take(size), false, false, object.messages, blocks);
  } else {
    header = Cursor(file, file.from(address));
    header.expect("OHDR");
    if (header.u8() != 2) header.fail("unknown version of an object");
    const unsigned flags = header.u8();
    newer = true;
    ordered = (flags & 4) != 0;
    header.skip(((flags & 0x20) != 0 ? 16U : 0U) + ((flags & 0x10) != 0 ? 4U : 0U));
    const std::uint64_t size = header.number(1U << (flags & 3));
    detail::block_messages(file, header.take(size), true, ordered, object.messages, blocks);
  }
  // A block that continues itself would never end: all blocks together cannot exceed the file.
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto block = file.at(blocks[i].first, blocks[i].second);
    total += block.size() + 1;
    if (total > file.bytes.size()) header.fail("an object continues without end");
    if (newer) {
      Cursor(file, block).expect("OCHK");
      if (block.size() < 8) header.fail("a record is cut off");
      block = block.subspan(4, block.size() - 8);
    }
    detail::block_messages(file, block, newer, ordered, object.messages, blocks);
  }
  return object;
}

/// Calls `use(key, child)` for each leaf of a version 1 B-tree; `key` is a cursor on the key before
/// the child.
template <class Use>
void each_leaf(const File& file, std::uint64_t root, unsigned tree_kind, std::uint64_t key_bytes,
               Use&& use) {
  constexpr unsigned any_level = 256;
  std::vector<std::pair<std::uint64_t, unsigned>> open{{root, any_level}};
  // Levels fall by one each step, and a tree has no more entries than the file has room for.
  std::uint64_t entries = 0;
  while (!open.empty()) {
    const auto [address, expected] = open.back();
    open.pop_back();
    Cursor node(file, file.from(address));
    node.expect("TREE");
    const bool kind_matches = node.u8() == tree_kind;
    const unsigned level = node.u8();
    if (!kind_matches || (expected != any_level && level != expected))
      node.fail("a tree is entangled");
    const unsigned count = node.u16();
    entries += count + 1;
    if (entries > file.bytes.size() / (key_bytes + 8) + 1) node.fail("a tree has no end");
    node.skip(16);
    std::vector<std::pair<std::uint64_t, unsigned>> children;
    for (unsigned i = 0; i < count; ++i) {
      Cursor key(file, node.take(key_bytes));
      const std::uint64_t child = node.u64();
      if (level == 0) {
        use(key, child);
      } else {
        children.emplace_back(child, level - 1);
      }
    }
    open.insert(open.end(), children.rbegin(), children.rend());
  }
}

struct Link {
  std::string_view name;
  bool plain;  ///< neither soft nor external
  std::uint64_t address;
};

namespace detail {

template <class Use>
void each_symbol(const File& file, const Message& table, Use&& use) {
  Cursor addresses(file, table.data);
  const std::uint64_t tree = addresses.u64();
  Cursor heap(file, file.from(addresses.u64()));
  heap.expect("HEAP");
  heap.skip(4);
  const std::uint64_t names_size = heap.u64();
  heap.skip(8);
  const auto names = file.at(heap.u64(), names_size);
  std::uint64_t symbols = 0;
  each_leaf(file, tree, 0, 8, [&](Cursor&, std::uint64_t child) {
    Cursor node(file, file.from(child));
    node.expect("SNOD");
    node.skip(2);
    const unsigned count = node.u16();
    symbols += count;
    if (symbols > file.bytes.size() / 40)
      node.fail("a group has more members than the file can hold");
    for (unsigned i = 0; i < count; ++i) {
      const std::uint64_t name = node.u64(), address = node.u64();
      const bool soft = node.u32() == 2;
      node.skip(20);
      if (name >= names.size()) node.fail("a name lies outside its heap");
      use(Link{Cursor(file, names.subspan(static_cast<std::size_t>(name))).terminated(), !soft,
               address});
    }
  });
}

[[nodiscard]] inline Link read_link(const File& file, const Message& message) {
  Cursor cursor(file, message.data);
  if (cursor.u8() != 1) cursor.fail("unknown version of a link");
  const unsigned flags = cursor.u8();
  const unsigned type = (flags & 8) != 0 ? cursor.u8() : 0U;
  cursor.skip(((flags & 4) != 0 ? 8U : 0U) + ((flags & 16) != 0 ? 1U : 0U));
  const std::uint64_t length = cursor.number(1U << (flags & 3));
  const std::string_view name = cursor.text(length);
  return {name, type == 0, type == 0 ? cursor.u64() : undefined};
}

}  // namespace detail

/// Members and attributes that no longer fit in the header lie in a heap that is not read.
[[noreturn]] inline void refuse_dense(const File& file) {
  throw Error{5023,
              file.name +
                  ": many members or attributes in the layout of 'libver=latest' or 'track_order'; "
                  "save the model with the default settings"};
}

/// Calls `use(Link)` for each link of a group.
template <class Use>
void each_link(const File& file, const Object& group, Use&& use) {
  if (const Message* table = group.find(MessageKind::symbol_table))
    detail::each_symbol(file, *table, use);
  if (const Message* info = group.find(MessageKind::link_info)) {
    Cursor cursor(file, info->data);
    cursor.skip(1);
    cursor.skip((cursor.u8() & 1) != 0 ? 8U : 0U);
    if (cursor.u64() != undefined) refuse_dense(file);
  }
  for (const Message& message : group.messages) {
    if (message.kind == MessageKind::link) use(detail::read_link(file, message));
  }
}

}  // namespace tenon::host::hdf5
