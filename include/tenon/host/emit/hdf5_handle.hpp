// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <hdf5.h>
#include <utility>

// An identifier of the HDF5 library that closes itself, and the library made silent: its error
// stack goes to stderr otherwise.
namespace tenon::host::hdf5 {

class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() { reset(); }

  [[nodiscard]] hid_t get() const { return id_; }
  [[nodiscard]] explicit operator bool() const { return id_ >= 0; }
  void reset() {
    const hid_t id = std::exchange(id_, -1);
    if (id >= 0) close_(id);
  }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

inline void prepare_library() {
  static const bool once = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);  // no code from a plugin folder
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace tenon::host::hdf5
