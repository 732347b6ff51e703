// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <tenon/host/error.hpp>

// An output file that appears whole or not at all: it is written beside its place under a temporary
// name and renamed when it is complete. A symbolic link is written through; devices and directories
// are refused, because the rename would replace them.
namespace tenon::host {

class AtomicFile {
 public:
  /// Finds a free temporary name and creates the file; TN5010 where that is not allowed.
  explicit AtomicFile(const std::filesystem::path& target) : target_(target) {
    std::error_code failure;
    if (std::filesystem::is_symlink(target_, failure)) {
      target_ = std::filesystem::weakly_canonical(target_, failure);
    }
    const auto status = std::filesystem::status(target_, failure);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      throw Error{5010, "cannot write " + target_.string() + ": it is not a regular file"};
    }
    for (int attempt = 0; stream_ == nullptr; ++attempt) {
      temporary_ = target_;
      temporary_ += ".tmp" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
      stream_.reset(std::fopen(temporary_.c_str(), "wbx"));
      if (stream_ == nullptr && errno != EEXIST) fail();
    }
  }
  AtomicFile(AtomicFile&& other) noexcept
      : target_(std::move(other.target_)),
        temporary_(std::exchange(other.temporary_, {})),
        stream_(std::move(other.stream_)) {}
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile() {
    stream_.reset();
    std::error_code ignored;
    if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& target() const { return target_; }
  void write(const void* data, std::size_t size_bytes) {
    if (size_bytes != 0 && std::fwrite(data, 1, size_bytes, stream_.get()) != size_bytes) fail();
  }
  void write(std::string_view text) { write(text.data(), text.size()); }

  /// Puts the file in its place; without it the destructor removes the temporary one.
  void commit() {
    if (std::fclose(stream_.release()) != 0) fail();
    std::error_code failure;
    std::filesystem::rename(temporary_, target_, failure);
    if (failure) throw Error{5010, "cannot write " + target_.string() + ": " + failure.message()};
    temporary_.clear();
  }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  [[noreturn]] void fail() const {
    throw Error{5010, "cannot write " + target_.string() + ": " + std::strerror(errno)};
  }

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::unique_ptr<std::FILE, Close> stream_;
};

/// Writes a whole text, atomically.
inline void write_text(const std::filesystem::path& target, std::string_view text) {
  AtomicFile file(target);
  file.write(text);
  file.commit();
}

}  // namespace tenon::host
