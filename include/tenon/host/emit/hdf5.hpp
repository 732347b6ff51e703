// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <hdf5.h>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/array.hpp>
#include <tenon/host/emit/atomic_file.hpp>
#include <tenon/host/emit/hdf5_handle.hpp>
#include <tenon/host/error.hpp>

// HDF5 files in the manner of Keras 2.15 and h5py: variable-length UTF-8 string attributes, lists
// of them split at 64 kB, float32 datasets in one piece. The file appears when `finish` succeeds.
namespace tenon::host {

class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& target) : place_(target) {
    hdf5::prepare_library();
    // The library builds the file in memory: it crashes when a disk is full.
    const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
    H5Pset_fapl_core(access.get(), std::size_t{1} << 20, false);
    file_ = Handle(H5Fcreate(target.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
    if (!file_) fail("", "cannot be created");
    // Missing groups on the way to an object are made with it. Groups keep the oldest layout: a
    // declared character set of their names would change it.
    links_ = Handle(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links_.get(), 1);
    text_ = Handle(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(text_.get(), H5T_VARIABLE);
    H5Tset_cset(text_.get(), H5T_CSET_UTF8);
  }

  /// Makes a group and those above it; one that is there already is kept.
  void group(const std::string& path) {
    if (exists(path)) return;
    const Handle made(H5Gcreate2(file_.get(), path.c_str(), links_.get(), H5P_DEFAULT, H5P_DEFAULT),
                      H5Gclose);
    if (!made) fail(path, "the group cannot be made");
  }

  /// A scalar string of the group `object`; "" is the root.
  void attribute(const std::string& object, const std::string& name, const std::string& value) {
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const char* text = value.c_str();
    write_attribute(object, name, text_.get(), space, &text);
  }

  /// A list of strings; above 64 kB it is split into `name0`, `name1`, … of nearly equal length, as
  /// Keras does.
  void string_list(const std::string& object, const std::string& name,
                   const std::vector<std::string>& values) {
    const std::size_t parts = (values.size() + strings_at_once - 1) / strings_at_once;
    if (parts <= 1) return write_list(object, name, values);
    const std::size_t length = values.size() / parts, longer = values.size() % parts;
    for (std::size_t part = 0, at = 0; part < parts; ++part) {
      const std::size_t count = length + (part < longer ? 1 : 0);
      write_list(object, name + std::to_string(part), std::span(values).subspan(at, count));
      at += count;
    }
  }

  /// Values in C order; an empty shape is a scalar.
  template <Element T>
  requires(!std::same_as<T, bool>) void dataset(const std::string& path,
                                                std::span<const std::size_t> shape,
                                                std::span<const T> values) {
    if (element_count(shape) != values.size()) {
      throw Error{5005, "dataset " + path + ": shape " + shape_text(shape) + " does not match " +
                            std::to_string(values.size()) + " values"};
    }
    const std::vector<hsize_t> extents(shape.begin(), shape.end());
    const Handle space(extents.empty() ? H5Screate(H5S_SCALAR)
                                       : H5Screate_simple(static_cast<int>(extents.size()),
                                                          extents.data(), nullptr),
                       H5Sclose);
    const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_obj_track_times(creation.get(), false);
    const Handle data(H5Dcreate2(file_.get(), path.c_str(), stored_type<T>(), space.get(),
                                 links_.get(), creation.get(), H5P_DEFAULT),
                      H5Dclose);
    if (!data || (!values.empty() && H5Dwrite(data.get(), stored_type<T>(), H5S_ALL, H5S_ALL,
                                              H5P_DEFAULT, values.data()) < 0)) {
      fail(path, "the dataset cannot be written");
    }
  }

  /// Writes the file and puts it in its place.
  void finish() {
    const bool flushed = H5Fflush(file_.get(), H5F_SCOPE_LOCAL) >= 0;
    const ssize_t size = flushed ? H5Fget_file_image(file_.get(), nullptr, 0) : -1;
    std::vector<std::byte> image(size > 0 ? static_cast<std::size_t>(size) : 0);
    if (image.empty() || H5Fget_file_image(file_.get(), image.data(), image.size()) != size) {
      fail("", "cannot be completed");
    }
    file_.reset();
    place_.write(image.data(), image.size());
    place_.commit();
  }

 private:
  using Handle = hdf5::Handle;

  // Attributes must fit in an object header: Keras' limit of 64512 bytes, at 16 bytes for each
  // string's reference.
  static constexpr std::size_t strings_at_once = 64512 / 16;

  [[noreturn]] void fail(const std::string& object, const std::string& why) const {
    throw Error{5010, "cannot write " + place_.target().string() + ", /" + object + ": " + why};
  }

  bool exists(const std::string& path) const {
    std::size_t end = 0;
    // H5Lexists wants every link on the way to exist.
    do {
      end = path.find('/', end + 1);
      if (H5Lexists(file_.get(), path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    } while (end != path.npos);
    return true;
  }

  void write_list(const std::string& object, const std::string& name,
                  std::span<const std::string> values) {
    const hsize_t count = values.size();
    const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
    std::vector<const char*> texts;
    for (const std::string& value : values) texts.push_back(value.c_str());
    // h5py knows no type of an empty list, so Keras' files have an empty array of float64 there.
    write_attribute(object, name, values.empty() ? H5T_IEEE_F64LE : text_.get(), space,
                    texts.data());
  }

  void write_attribute(const std::string& object, const std::string& name, hid_t type,
                       const Handle& space, const void* values) {
    const Handle holder(H5Oopen(file_.get(), object.empty() ? "/" : object.c_str(), H5P_DEFAULT),
                        H5Oclose);
    const Handle made(
        H5Acreate2(holder.get(), name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
    if (!made ||
        (H5Sget_simple_extent_npoints(space.get()) > 0 && H5Awrite(made.get(), type, values) < 0)) {
      fail(object, "attribute " + name + " cannot be written");
    }
  }

  template <Element T>
  static hid_t stored_type() {
    if constexpr (std::same_as<T, float>) return H5T_IEEE_F32LE;
    if constexpr (std::same_as<T, double>) return H5T_IEEE_F64LE;
    if constexpr (std::same_as<T, std::int8_t>) return H5T_STD_I8LE;
    if constexpr (std::same_as<T, std::uint8_t>) return H5T_STD_U8LE;
    if constexpr (std::same_as<T, std::int16_t>) return H5T_STD_I16LE;
    if constexpr (std::same_as<T, std::uint16_t>) return H5T_STD_U16LE;
    if constexpr (std::same_as<T, std::int32_t>) return H5T_STD_I32LE;
    if constexpr (std::same_as<T, std::uint32_t>) return H5T_STD_U32LE;
    if constexpr (std::same_as<T, std::int64_t>) return H5T_STD_I64LE;
    if constexpr (std::same_as<T, std::uint64_t>) return H5T_STD_U64LE;
  }

  AtomicFile place_;
  Handle file_, links_, text_;
};

}  // namespace tenon::host
