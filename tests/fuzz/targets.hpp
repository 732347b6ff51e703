// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <string_view>

// What is fuzzed: every reader of files, as a function of bytes. A target may throw
// tenon::host::Error, which is how bad files are refused; anything else that it throws, and
// whatever a sanitizer sees, is a bug.
namespace tenon::fuzz {

struct Target {
  std::string_view name;  ///< and the folder of its corpus
  void (*run)(std::span<const std::byte>);
};

/// All targets.
[[nodiscard]] std::span<const Target> targets();

/// The target of that name, or nullptr.
[[nodiscard]] const Target* find_target(std::string_view name);

enum class Outcome { accepted, refused };

/// Runs a target. An exception that is no Error, or an Error whose number is not documented, ends
/// the program.
Outcome run_target(const Target& target, std::span<const std::byte> bytes);

}  // namespace tenon::fuzz
