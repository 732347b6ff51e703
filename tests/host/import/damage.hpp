// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <doctest/doctest.h>
#include <cstddef>
#include <string>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/import/bytes.hpp>

namespace tenon::test {

/// A file of tests/host/import/data; tests run in the project's folder.
inline std::string import_data(const std::string& name) { return "tests/host/import/data/" + name; }

/// Number of the Error that `action` throws, 0 if none.
template <class Action>
int error_number(Action&& action) {
  try {
    action();
    return 0;
  } catch (const host::Error& error) {
    return error.number;
  }
}

/// Reads the file cut off at every length, which must be an Error with a documented number.
template <class Read>
void check_truncated(const std::vector<std::byte>& good, Read&& read) {
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::vector<std::byte> part(good.begin(),
                                      good.begin() + static_cast<std::ptrdiff_t>(size));
    const int number = error_number([&] { read(part); });
    REQUIRE_MESSAGE(!host::error_meaning(number).empty(), "cut off at byte " << size);
  }
}

/// Reads the file with one byte changed, every byte to several values: an Error or a result, within
/// memory. Returns how many were errors, to be compared with what a reader without checks would
/// give: none.
template <class Read>
std::size_t count_mutations_refused(const std::vector<std::byte>& good, Read&& read) {
  std::vector<std::byte> bytes = good;
  std::size_t refused = 0;
  for (std::byte& place : bytes) {
    const std::byte before = place;
    for (const unsigned flip : {0x01U, 0x80U, 0xFFU}) {
      place = before ^ std::byte(flip);
      const int number = error_number([&] { read(bytes); });
      REQUIRE((number == 0 || !host::error_meaning(number).empty()));
      refused += number != 0 ? 1U : 0U;
    }
    place = before;
  }
  return refused;
}

}  // namespace tenon::test
