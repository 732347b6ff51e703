// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/keras_h5.hpp>
#include <tenon/host/import/keras_zip.hpp>

namespace tenon::host {

/// A Keras model from an .h5 file or a .keras archive: what it is, its first bytes tell, not its
/// name.
[[nodiscard]] inline Graph read_keras(const std::filesystem::path& path) {
  require_regular_file(path);
  std::array<char, 4> first{};
  std::ifstream(path, std::ios::binary).read(first.data(), first.size());
  const bool is_zip =
      std::string_view(first.data(), first.size()) == std::string_view("PK\x03\x04", 4);
  return is_zip ? read_keras_zip(path) : read_keras_h5(path);
}

}  // namespace tenon::host
