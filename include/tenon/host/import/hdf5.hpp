// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/hdf5_object.hpp>
#include <tenon/host/import/hdf5_storage.hpp>
#include <tenon/host/import/hdf5_values.hpp>

// HDF5 files as Keras writes them: groups, string attributes and arrays of numbers. Only plain
// links are followed and only values in the file itself are read, so no path in a file leads out of
// it.
namespace tenon::host {

class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file)
      : Hdf5Reader(read_bytes(file), file.string()) {}
  /// A file in memory (a member of a .keras archive); `name` names it in errors.
  Hdf5Reader(std::vector<std::byte> bytes, std::string name) : bytes_(std::move(bytes)) {
    file_ = {std::move(name), bytes_, 0};
    root_ = hdf5::open_superblock(file_);
  }
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  [[nodiscard]] const std::string& file() const { return file_.name; }

  /// Whether there is a group or dataset of this path; "" is the root.
  [[nodiscard]] bool exists(std::string_view path) const { return walk(path).has_value(); }

  /// Names of the members of a group, as the file orders them (h5py and Keras: by name).
  [[nodiscard]] std::vector<std::string> children(std::string_view group) const {
    const hdf5::Object object = at(group);
    if (!object.is_group()) throw error(5021, group, "is not a group");
    std::vector<std::string> names;
    hdf5::each_link(file_, object, [&](const hdf5::Link& link) { names.emplace_back(link.name); });
    return names;
  }

  [[nodiscard]] bool has_attribute(std::string_view object, const std::string& name) const {
    return hdf5::find_attribute(file_, at(object), name).has_value();
  }

  /// A scalar string of fixed or variable length.
  [[nodiscard]] std::string attribute(std::string_view object, const std::string& name) const {
    std::vector<std::string> values = strings(at(object), object, name);
    if (values.size() != 1) throw error(5022, object, "attribute " + name + " is not one string");
    return std::move(values.front());
  }

  /// An array of strings; where Keras had to split it, the parts `name0`, `name1`, … in one.
  [[nodiscard]] std::vector<std::string> string_list(std::string_view object,
                                                     const std::string& name) const {
    const hdf5::Object holder = at(object);
    const auto present = [&](const std::string& part) {
      return hdf5::find_attribute(file_, holder, part).has_value();
    };
    if (present(name) || !present(name + "0")) return strings(holder, object, name);
    std::vector<std::string> all;
    for (std::size_t part = 0; present(name + std::to_string(part)); ++part) {
      for (std::string& text : strings(holder, object, name + std::to_string(part))) {
        all.push_back(std::move(text));
      }
    }
    return all;
  }

  /// Integers or floats of any width in C order.
  [[nodiscard]] Array dataset(std::string_view path) const {
    const hdf5::Object object = at(path);
    if (object.is_group()) throw error(5021, path, "is a group, not a dataset");
    return hdf5::read_dataset({file_, path}, object);
  }

 private:
  [[nodiscard]] Error error(int number, std::string_view object, const std::string& why) const {
    return Error{number, file() + ", /" + std::string(object) + ": " + why};
  }

  std::optional<hdf5::Object> walk(std::string_view path) const {
    hdf5::Object object = hdf5::read_object(file_, root_);
    for (std::size_t start = 0; start < path.size();) {
      const std::size_t end = std::min(path.find('/', start), path.size());
      const std::string_view part = path.substr(start, end - start);
      start = end + 1;
      if (part.empty()) continue;
      std::optional<hdf5::Link> found;
      hdf5::each_link(file_, object, [&](const hdf5::Link& link) {
        if (link.name == part) found = link;
      });
      if (!found) return std::nullopt;
      if (!found->plain) {
        throw error(
            5024, path,
            "the link '" + std::string(part) + "' is soft or external; store the object itself");
      }
      object = hdf5::read_object(file_, found->address);
    }
    return object;
  }

  hdf5::Object at(std::string_view path) const {
    auto object = walk(path);
    if (!object) throw error(5021, path, "is missing");
    return std::move(*object);
  }

  std::vector<std::string> strings(const hdf5::Object& object, std::string_view path,
                                   const std::string& name) const {
    const auto attribute = hdf5::find_attribute(file_, object, name);
    if (!attribute) throw error(5022, path, "attribute " + name + " is missing");
    auto values = hdf5::read_strings(file_, *attribute);
    if (!values) throw error(5022, path, "attribute " + name + " is not made of strings");
    return std::move(*values);
  }

  std::vector<std::byte> bytes_;
  hdf5::File file_;
  std::uint64_t root_ = 0;
};

}  // namespace tenon::host
