// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/import/npy.hpp>
#include <tenon/host/import/zip.hpp>

// NumPy's .npz: a zip archive whose members are `<name>.npy`.
namespace tenon::host {

/// The arrays of an .npz, by name (without `.npy`) or position, in the order of the archive.
class NpzReader {
 public:
  explicit NpzReader(const std::filesystem::path& file) : zip_(file) { list_names(); }
  /// An archive in memory, which must outlive this.
  NpzReader(std::span<const std::byte> bytes, std::string file) : zip_(bytes, std::move(file)) {
    list_names();
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] bool contains(std::string_view name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  [[nodiscard]] Array read(std::size_t position) const {
    return parse_npy(zip_.read(position), zip_.file() + ", array " + names_.at(position));
  }
  /// TN5006 lists what there is where `name` is missing.
  [[nodiscard]] Array read(std::string_view name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return read(static_cast<std::size_t>(found - names_.begin()));
    std::string there;
    for (const std::string& other : names_) there += (there.empty() ? "" : ", ") + other;
    throw Error{5006, zip_.file() + " has no array '" + std::string(name) + "'; it has: " + there};
  }

 private:
  void list_names() {
    for (const std::string& member : zip_.members()) {
      if (!member.ends_with(".npy")) {
        throw Error{5003, zip_.file() + ", member " + member +
                              ": not an .npy array; write the file with numpy.savez"};
      }
      names_.push_back(member.substr(0, member.size() - 4));
    }
  }

  ZipReader zip_;
  std::vector<std::string> names_;
};

/// All arrays of an .npz.
[[nodiscard]] inline std::vector<NamedArray> read_npz(const std::filesystem::path& file) {
  const NpzReader archive(file);
  std::vector<NamedArray> arrays;
  for (std::size_t i = 0; i < archive.names().size(); ++i) {
    arrays.push_back({archive.names()[i], archive.read(i)});
  }
  return arrays;
}

}  // namespace tenon::host
