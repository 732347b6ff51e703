// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

#include <tenon/host/error.hpp>

// Files as bytes. A directory, a pipe or a device is refused before it is opened: it could block or
// never end.
namespace tenon::host {

/// TN5001 unless `file` is a regular file.
inline void require_regular_file(const std::filesystem::path& file) {
  std::error_code failure;
  const auto status = std::filesystem::status(file, failure);
  if (!std::filesystem::exists(status)) {
    throw Error{5001, "there is no file " + file.string() + "; check the path"};
  }
  if (!std::filesystem::is_regular_file(status)) {
    throw Error{5001, file.string() + " is not a regular file; give the path of a file"};
  }
}

[[nodiscard]] inline std::vector<std::byte> read_bytes(const std::filesystem::path& file) {
  require_regular_file(file);
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = stream ? static_cast<std::streamoff>(stream.tellg()) : -1;
  std::vector<std::byte> bytes(size > 0 ? static_cast<std::size_t>(size) : 0);
  stream.seekg(0);
  if (size < 0 || !stream.read(reinterpret_cast<char*>(bytes.data()), size)) {
    throw Error{5001, "cannot read " + file.string() + "; check that it may be read"};
  }
  return bytes;
}

}  // namespace tenon::host
