// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

// What the host side throws: a number of the documented list, and one sentence that names the file,
// layer or option, the values that disagree, and the cure. The command prints it as "tenon: TN5001:
// …".
namespace tenon::host {

/// "TN5001: cannot open model.h5".
[[nodiscard]] inline std::string numbered(int number, std::string_view message) {
  char digits[16];
  std::snprintf(digits, sizeof digits, "TN%04d: ", number);
  return std::string(digits).append(message);
}

struct Error : std::exception {
  int number;
  std::string message;

  Error(int error_number, std::string error_message)
      : number(error_number), message(std::move(error_message)), text_(numbered(number, message)) {}

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

struct ErrorMeaning {
  int number;
  std::string_view meaning;
};

// Every number that the library or the command can show, in order. A test compares this table with
// the numbers used in the sources and with the pages of docs/errors.
inline constexpr ErrorMeaning error_meanings[] = {
    {5001, "a file cannot be opened or read"},
    {5002, "an .npz archive is damaged, encrypted or packed in an unknown way"},
    {5003, "an .npy array is damaged: its header or its size is wrong"},
    {5004, "an array has an element type that is not a number"},
    {5005, "an array is larger than its file can hold or than memory should"},
    {5006, "an archive lacks an array, or its values do not fit the type that is needed"},
    {5007, "an array holds NaN or infinity"},
    {5010, "a file cannot be written"},
    {5020, "a file is not HDF5, or is damaged"},
    {5021, "an HDF5 file lacks a group or dataset"},
    {5022, "an HDF5 attribute is missing, damaged or not a string"},
    {5023, "an HDF5 dataset has a type, a size or a storage that is refused"},
    {5024, "a link in an HDF5 file is not a plain one and is not followed"},
    {5060, "a sketch is not JSON, or not a description of layers"},
    {5061, "a layer of a sketch lacks a field"},
    {5062, "a field of a sketch holds a wrong value"},
    {5063, "a version, device or tool chain of the hardware is not known"},
};

/// The one-line meaning of a number, or an empty text.
[[nodiscard]] constexpr std::string_view error_meaning(int number) {
  for (const ErrorMeaning& entry : error_meanings) {
    if (entry.number == number) return entry.meaning;
  }
  return {};
}

}  // namespace tenon::host
