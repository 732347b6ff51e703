// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <zip.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>

// Zip archives to be read (.npz, .keras). Members are unpacked when they are asked for; their sizes
// are believed only as far as the packed bytes allow.
namespace tenon::host {

class ZipReader {
 public:
  explicit ZipReader(const std::filesystem::path& file) : file_(file.string()) {
    require_regular_file(file);
    std::error_code unknown;
    require_content(std::filesystem::file_size(file, unknown));
    int code = 0;
    archive_.reset(zip_open(file_.c_str(), ZIP_RDONLY, &code));
    if (!archive_) {
      zip_error_t error;
      zip_error_init_with_code(&error, code);
      const std::string why = zip_error_strerror(&error);
      zip_error_fini(&error);
      throw Error{code == ZIP_ER_OPEN || code == ZIP_ER_READ ? 5001 : 5002,
                  "cannot read " + file_ + ": " + why};
    }
    list_members();
  }

  /// An archive in memory, which must outlive this; `file` names it in errors.
  ZipReader(std::span<const std::byte> bytes, std::string file) : file_(std::move(file)) {
    require_content(bytes.size());
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    archive_.reset(source == nullptr ? nullptr : zip_open_from_source(source, ZIP_RDONLY, &error));
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!archive_) {
      zip_source_free(source);
      throw Error{5002, "cannot read " + file_ + ": " + why};
    }
    list_members();
  }

  [[nodiscard]] const std::string& file() const { return file_; }
  /// Member names in the order of the archive.
  [[nodiscard]] const std::vector<std::string>& members() const { return members_; }

  [[nodiscard]] std::vector<std::byte> read(std::size_t member) const {
    const std::string where = file_ + ", member " + members_.at(member);
    zip_stat_t stat;
    constexpr zip_uint64_t needed =
        ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive_.get(), member, 0, &stat) != 0 || (stat.valid & needed) != needed) {
      throw Error{5002, where + ": damaged directory entry"};
    }
    if (stat.encryption_method != ZIP_EM_NONE ||
        (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)) {
      throw Error{5002,
                  where + ": encrypted or packed in an unknown way; write it with numpy.savez"};
    }
    // Deflate packs at most 1032 to 1; more is a damaged or hostile entry.
    if (stat.size > largest_member || stat.size / 1032 > stat.comp_size) {
      throw Error{5005, where + ": claims " + std::to_string(stat.size) + " bytes in " +
                            std::to_string(stat.comp_size) + " packed ones"};
    }
    return unpack(member, static_cast<std::size_t>(stat.size), where);
  }

 private:
  static constexpr zip_uint64_t largest_member = zip_uint64_t{1} << 32;

  struct Discard {
    void operator()(zip_t* archive) const { zip_discard(archive); }
    void operator()(zip_file_t* member) const { zip_fclose(member); }
  };

  // libzip takes nothing for an archive without members.
  void require_content(std::uintmax_t size_bytes) const {
    if (size_bytes == 0) throw Error{5002, file_ + " is empty; write it with numpy.savez"};
  }

  void list_members() {
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    std::set<std::string_view> seen;
    members_.reserve(static_cast<std::size_t>(count));
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), 0);
      if (name == nullptr)
        throw Error{5002, file_ + ": member " + std::to_string(i) + " has no readable name"};
      if (!seen.insert(members_.emplace_back(name)).second) {
        throw Error{5002, file_ + ": two members are called " + std::string(name)};
      }
    }
  }

  // Grows with what really arrives, so that a false size costs no memory; the last read checks the
  // CRC.
  std::vector<std::byte> unpack(std::size_t member, std::size_t size,
                                const std::string& where) const {
    const std::unique_ptr<zip_file_t, Discard> open(zip_fopen_index(archive_.get(), member, 0));
    if (!open) throw Error{5002, where + ": " + zip_strerror(archive_.get())};
    std::vector<std::byte> bytes;
    constexpr std::size_t step = std::size_t{1} << 22;
    for (;;) {
      const std::size_t at = bytes.size();
      bytes.resize(at + std::min(step, size - at + 1));
      const zip_int64_t got = zip_fread(open.get(), bytes.data() + at, bytes.size() - at);
      if (got < 0) throw Error{5002, where + ": damaged: " + zip_file_strerror(open.get())};
      bytes.resize(at + static_cast<std::size_t>(got));
      if (bytes.size() > size || (got == 0 && bytes.size() < size)) {
        throw Error{5002, where + ": damaged: its size is not the " + std::to_string(size) +
                              " bytes it claims"};
      }
      if (got == 0) return bytes;
    }
  }

  std::string file_;
  std::unique_ptr<zip_t, Discard> archive_;
  std::vector<std::string> members_;
};

}  // namespace tenon::host
