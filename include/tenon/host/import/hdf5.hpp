// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <hdf5.h>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/hdf5_handle.hpp>

// HDF5 files as Keras writes them: groups, string attributes and arrays of numbers. Read only. Only
// plain links are followed, so that no path in a file leads out of it; datasets stored elsewhere,
// or packed by anything but the built-in deflate, are refused; no size is believed beyond what the
// file can hold.
namespace tenon::host {

class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file) : file_(file.string()) {
    require_regular_file(file);
    std::error_code failure;
    size_bytes_ = std::filesystem::file_size(file, failure);
    open(file.c_str(), {});
  }
  /// A file in memory (a member of a .keras archive); `name` names it in errors.
  Hdf5Reader(std::span<const std::byte> bytes, std::string name)
      : file_(std::move(name)), size_bytes_(bytes.size()) {
    open(file_.c_str(), bytes);
  }

  [[nodiscard]] const std::string& file() const { return file_; }

  /// Whether there is a group or dataset of this path; "" is the root.
  [[nodiscard]] bool exists(std::string_view path) const {
    detail::Hdf5Handle object;
    return walk(path, object);
  }
  /// Names of the links in a group, in the order of their names.
  [[nodiscard]] std::vector<std::string> children(std::string_view group) const;

  [[nodiscard]] bool has_attribute(std::string_view object, const std::string& name) const {
    return H5Aexists(at(object).get(), name.c_str()) > 0;
  }
  /// A scalar string of fixed or variable length.
  [[nodiscard]] std::string attribute(std::string_view object, const std::string& name) const;
  /// An array of strings; where Keras had to split it, the parts `name0`, `name1`, … in one.
  [[nodiscard]] std::vector<std::string> string_list(std::string_view object,
                                                     const std::string& name) const;
  /// Integers or floats of any width in C order.
  [[nodiscard]] Array dataset(std::string_view path) const;

 private:
  using Handle = detail::Hdf5Handle;

  // Keras nests a handful of arrays; more than this is a damaged or hostile file.
  static constexpr std::uint64_t largest_dataset_bytes = std::uint64_t{1} << 32;

  [[nodiscard]] Error error(int number, std::string_view object, std::string_view why) const {
    return Error{number, file_ + ", /" + std::string(object) + ": " + std::string(why)};
  }

  void open(const char* name, std::span<const std::byte> image) {
    detail::prepare_hdf5();
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
    if (image.empty()) {
      // No locks: a file system without them, or another reader, is no reason to fail.
      H5Pset_fapl_sec2(access.get());
      H5Pset_file_locking(access.get(), false, true);
    } else {
      H5Pset_fapl_core(access.get(), 1 << 16, false);
      H5Pset_file_image(access.get(), const_cast<std::byte*>(image.data()), image.size());
    }
    handle_ = Handle(H5Fopen(name, H5F_ACC_RDONLY, access.get()), H5Fclose);
    if (!handle_) throw Error{5020, file_ + " is not an HDF5 file, or is damaged"};
  }

  /// Follows plain links only; false where a part of the path is missing.
  bool walk(std::string_view path, Handle& object) const {
    object = Handle(H5Gopen2(handle_.get(), "/", H5P_DEFAULT), H5Oclose);
    if (!object) throw Error{5020, file_ + ": damaged root group"};
    for (std::size_t start = 0; start < path.size();) {
      const std::size_t end = std::min(path.find('/', start), path.size());
      const std::string part(path.substr(start, end - start));
      start = end + 1;
      if (part.empty()) continue;
      H5L_info_t link;
      if (H5Lexists(object.get(), part.c_str(), H5P_DEFAULT) <= 0) return false;
      if (H5Lget_info(object.get(), part.c_str(), &link, H5P_DEFAULT) < 0 ||
          link.type != H5L_TYPE_HARD) {
        throw error(5024, path, "the link '" + part + "' is soft, external or of an unknown kind");
      }
      object = Handle(H5Oopen(object.get(), part.c_str(), H5P_DEFAULT), H5Oclose);
      if (!object) throw error(5020, path, "damaged object '" + part + "'");
    }
    return true;
  }
  Handle at(std::string_view path) const {
    Handle object;
    if (!walk(path, object)) throw error(5021, path, "is missing");
    return object;
  }

  std::vector<std::string> strings(const Handle& object, std::string_view path,
                                   const std::string& name, bool scalar) const;
  std::size_t checked_bytes(const Handle& data, std::string_view path,
                            const std::vector<std::size_t>& shape, std::size_t width) const;

  std::string file_;
  std::uint64_t size_bytes_ = 0;
  Handle handle_;
};

namespace detail {

/// Extents of a dataspace; nothing where it is damaged or has none.
[[nodiscard]] inline std::optional<std::vector<std::size_t>> extents(hid_t space) {
  const int rank = H5Sget_simple_extent_ndims(space);
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (rank < 0 || rank > H5S_MAX_RANK || (kind != H5S_SCALAR && kind != H5S_SIMPLE))
    return std::nullopt;
  std::vector<hsize_t> raw(static_cast<std::size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space, raw.data(), nullptr) < 0) return std::nullopt;
  return std::vector<std::size_t>(raw.begin(), raw.end());
}

/// The type in memory for a stored number, "" for what is no number.
[[nodiscard]] inline std::pair<std::string, hid_t> memory_type(hid_t stored) {
  const H5T_class_t kind = H5Tget_class(stored);
  const std::size_t width = H5Tget_size(stored);
  const bool is_signed = kind == H5T_INTEGER && H5Tget_sign(stored) == H5T_SGN_2;
  if (kind == H5T_FLOAT && (width == 2 || width == 4)) return {"f4", H5T_NATIVE_FLOAT};
  if (kind == H5T_FLOAT && width == 8) return {"f8", H5T_NATIVE_DOUBLE};
  if (kind != H5T_INTEGER) return {"", -1};
  switch (width) {
    case 1:
      return is_signed ? std::pair{"i1", H5T_NATIVE_INT8} : std::pair{"u1", H5T_NATIVE_UINT8};
    case 2:
      return is_signed ? std::pair{"i2", H5T_NATIVE_INT16} : std::pair{"u2", H5T_NATIVE_UINT16};
    case 4:
      return is_signed ? std::pair{"i4", H5T_NATIVE_INT32} : std::pair{"u4", H5T_NATIVE_UINT32};
    case 8:
      return is_signed ? std::pair{"i8", H5T_NATIVE_INT64} : std::pair{"u8", H5T_NATIVE_UINT64};
    default:
      return {"", -1};
  }
}

}  // namespace detail

inline std::vector<std::string> Hdf5Reader::children(std::string_view group) const {
  const Handle object = at(group);
  std::vector<std::string> names;
  const auto collect = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    try {
      static_cast<std::vector<std::string>*>(list)->emplace_back(name);
      return 0;
    } catch (...) {
      return -1;  // no exception may cross the library
    }
  };
  if (H5Iget_type(object.get()) != H5I_GROUP ||
      H5Literate(object.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names) < 0) {
    throw error(5021, group, "is not a group that can be listed");
  }
  return names;
}

inline std::vector<std::string> Hdf5Reader::strings(const Handle& object, std::string_view path,
                                                    const std::string& name, bool scalar) const {
  const auto damaged = [&](std::string_view why) {
    return error(5022, path, "attribute " + name + " " + std::string(why));
  };
  const Handle attribute(H5Aopen(object.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute) throw damaged("is missing");
  const Handle space(H5Aget_space(attribute.get()), H5Sclose);
  const Handle type(H5Aget_type(attribute.get()), H5Tclose);
  const auto shape = detail::extents(space.get());
  const auto count = shape ? element_count(*shape) : std::nullopt;
  if (!count || *count > size_bytes_ || (scalar && *count != 1))
    throw damaged("has a shape that is refused");
  // Keras stores an empty list as an empty array of floats.
  if (*count == 0) return {};
  if (H5Tget_class(type.get()) != H5T_STRING) throw damaged("is not a string");

  std::vector<std::string> values;
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> raw(*count, nullptr);
    const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(memory.get(), H5T_VARIABLE);
    H5Tset_cset(memory.get(), H5Tget_cset(type.get()));
    const bool good = H5Aread(attribute.get(), memory.get(), raw.data()) >= 0;
    for (const char* text : raw) values.emplace_back(text == nullptr ? "" : text);
    H5Dvlen_reclaim(memory.get(), space.get(), H5P_DEFAULT, raw.data());
    if (!good) throw damaged("is damaged");
    return values;
  }
  const std::size_t width = H5Tget_size(type.get());
  if (width == 0 || width > size_bytes_ / *count) throw damaged("is larger than the file");
  std::string raw(*count * width, '\0');
  if (H5Aread(attribute.get(), type.get(), raw.data()) < 0) throw damaged("is damaged");
  const bool blanks = H5Tget_strpad(type.get()) == H5T_STR_SPACEPAD;
  for (std::size_t i = 0; i < *count; ++i) {
    std::string text = raw.substr(i * width, width);
    text.resize(std::min(text.find('\0'), text.size()));
    if (blanks) text.resize(text.find_last_not_of(' ') + 1);
    values.push_back(std::move(text));
  }
  return values;
}

inline std::string Hdf5Reader::attribute(std::string_view object, const std::string& name) const {
  return strings(at(object), object, name, true).front();
}

inline std::vector<std::string> Hdf5Reader::string_list(std::string_view object,
                                                        const std::string& name) const {
  const Handle handle = at(object);
  const auto present = [&](const std::string& part) {
    return H5Aexists(handle.get(), part.c_str()) > 0;
  };
  if (present(name) || !present(name + "0")) return strings(handle, object, name, false);
  std::vector<std::string> all;
  for (std::size_t part = 0; present(name + std::to_string(part)); ++part) {
    for (std::string& text : strings(handle, object, name + std::to_string(part), false)) {
      all.push_back(std::move(text));
    }
  }
  return all;
}

inline std::size_t Hdf5Reader::checked_bytes(const Handle& data, std::string_view path,
                                             const std::vector<std::size_t>& shape,
                                             std::size_t width) const {
  const Handle creation(H5Dget_create_plist(data.get()), H5Pclose);
  const H5D_layout_t layout = creation ? H5Pget_layout(creation.get()) : H5D_LAYOUT_ERROR;
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
    throw error(5023, path, "its storage is virtual or unknown");
  }
  if (H5Pget_external_count(creation.get()) != 0)
    throw error(5023, path, "its values are in another file");
  const int filters = H5Pget_nfilters(creation.get());
  bool packed = false;
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, configuration = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation.get(), static_cast<unsigned>(i), &flags,
                                               &values, nullptr, 0, nullptr, &configuration);
    if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
        filter != H5Z_FILTER_FLETCHER32) {
      throw error(5023, path, "is packed by a filter other than deflate");
    }
    packed = packed || filter == H5Z_FILTER_DEFLATE;
  }
  // Deflate packs at most 1032 to 1; what is not packed must lie in the file as it is.
  const std::uint64_t most = std::min(size_bytes_ * (packed ? 1032 : 1), largest_dataset_bytes);
  const auto count = element_count(shape);
  if (!count || *count > most / width) {
    throw error(5023, path, "shape " + shape_text(shape) + " is larger than the file can hold");
  }
  if (*count != 0 && H5Dget_storage_size(data.get()) == 0)
    throw error(5023, path, "its values were never written");
  return *count * width;
}

inline Array Hdf5Reader::dataset(std::string_view path) const {
  const Handle data = at(path);
  if (H5Iget_type(data.get()) != H5I_DATASET) throw error(5021, path, "is not a dataset");
  const Handle space(H5Dget_space(data.get()), H5Sclose);
  const Handle type(H5Dget_type(data.get()), H5Tclose);
  auto shape = detail::extents(space.get());
  const auto [dtype, memory] = detail::memory_type(type.get());
  if (!shape || dtype.empty()) throw error(5023, path, "is not an array of integers or floats");
  Array array{dtype, std::move(*shape), {}};
  array.bytes.resize(checked_bytes(data, path, array.shape, element_bytes(dtype)));
  if (!array.bytes.empty() &&
      H5Dread(data.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.bytes.data()) < 0) {
    throw error(5020, path, "its values are damaged");
  }
  return array;
}

}  // namespace tenon::host
