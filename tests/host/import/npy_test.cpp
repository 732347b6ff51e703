// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>
#include <tenon/host/import/npy.hpp>
#include <vector>

#include "host/import/damage.hpp"

namespace {

using tenon::host::Array;
using tenon::host::parse_npy;
using tenon::test::error_number;

/// An .npy of a given header text, written here byte by byte.
std::vector<std::byte> npy(const std::string& header, const std::string& values,
                           unsigned version = 1) {
  std::string text("\x93NUMPY", 6);
  text += static_cast<char>(version);
  text += '\0';
  for (unsigned i = 0; i < (version == 1 ? 2U : 4U); ++i)
    text += static_cast<char>(header.size() >> (8 * i) & 255);
  text += header + values;
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  return {bytes, bytes + text.size()};
}

int refusal(const std::string& header, const std::string& values = "") {
  return error_number([&] { return parse_npy(npy(header, values), "x.npy"); });
}

TEST_CASE("an .npy is read in each of its versions") {
  for (const unsigned version : {1U, 2U, 3U}) {
    const auto file = npy("{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }   \n",
                          {1, 0, 2, 0, -1, -1}, version);
    const Array array = parse_npy(file, "x.npy");
    CHECK(array.dtype == "i2");
    CHECK(array.shape == std::vector<std::size_t>{3});
    CHECK(array.to<std::int64_t>() == std::vector<std::int64_t>{1, 2, -1});
  }
}

TEST_CASE("the header may have any key order, quotes, no last comma and long integers") {
  const auto file = npy(R"({"shape":(1L,2L),"fortran_order":True,"descr":"|u1"})", "\x05\x06");
  CHECK(parse_npy(file, "x").to<int>() == std::vector<int>{5, 6});
}

TEST_CASE("values in Fortran order come out in C order") {
  const auto file =
      npy("{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3)}", {0, 3, 1, 4, 2, 5});
  const Array array = parse_npy(file, "x");
  CHECK(array.shape == std::vector<std::size_t>{2, 3});
  CHECK(array.to<int>() == std::vector<int>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a header that is no dictionary of the three keys is refused") {
  CHECK(refusal("") == 5003);
  CHECK(refusal("[]") == 5003);
  CHECK(refusal("{'descr': '<i1', 'fortran_order': False}") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (0,), 'more': 1}") == 5003);
  CHECK(refusal("{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (0,)}") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': Maybe, 'shape': (0,)}") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (-1,)}") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (0,)} x") == 5003);
  CHECK(refusal("{'descr': '|i1") == 5003);
}

TEST_CASE("a shape that does not match the values is refused, also where its product overflows") {
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (3,)}", "ab") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (1,)}", "ab") == 5003);
  CHECK(refusal("{'descr': '<i2', 'fortran_order': False, 'shape': (1,)}", "abc") == 5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (4294967296, 4294967296, 2)}") ==
        5003);
  CHECK(refusal("{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999999,)}") ==
        5003);
}

TEST_CASE("text, records, complex numbers and unknown widths are not numbers") {
  for (const std::string descr : {"<U7", "|S3", "<c8", "|O", "<i3", "<f16", "|b2", "", "i1"}) {
    CAPTURE(descr);
    CHECK(refusal("{'descr': '" + descr + "', 'fortran_order': False, 'shape': ()}", "a") == 5004);
  }
  CHECK(refusal("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': ()}", "abcd") == 5004);
}

TEST_CASE("a number that does not fit the type asked for is an error that says which") {
  const float values[] = {1.0F, 2.5F};
  const Array array = Array::from<float>({2}, values);
  CHECK(array.to<double>() == std::vector<double>{1.0, 2.5});
  try {
    static_cast<void>(array.to<int>("labels"));
    FAIL("2.5 is no integer");
  } catch (const tenon::host::Error& error) {
    CHECK(error.number == 5006);
    CHECK(error.message == "labels: value 2.500000 at position 1 (f4) is no i4");
  }
  const std::int64_t wide[] = {-1, 255, 256};
  CHECK(error_number([&] { return Array::from<std::int64_t>({3}, wide).to<std::uint8_t>(); }) ==
        5006);
  CHECK(error_number([&] {
          return Array::from<std::int64_t>({1}, {&wide[2], 1}).to<std::uint8_t>();
        }) == 5006);
  CHECK(Array::from<std::int64_t>({1}, {&wide[1], 1}).to<std::uint8_t>() ==
        std::vector<std::uint8_t>{255});
}

TEST_CASE("the ends of an integer's range are told from floats beyond them") {
  const auto fits = [](double value) {
    return error_number([&] {
             return Array::from<double>({1}, {&value, 1}).to<std::int32_t>();
           }) == 0;
  };
  CHECK(fits(2147483647.0));
  CHECK(fits(-2147483648.0));
  CHECK_FALSE(fits(2147483648.0));
  CHECK_FALSE(fits(-2147483649.0));
  CHECK_FALSE(fits(std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(fits(std::numeric_limits<double>::infinity()));
}

TEST_CASE("NaN and infinity are found, and integers are always finite") {
  const float values[] = {1.0F, -std::numeric_limits<float>::infinity(), 0.0F};
  CHECK(Array::from<float>({3}, values).first_not_finite() == 1);
  CHECK(error_number([&] { require_finite(Array::from<float>({3}, values), "samples"); }) == 5007);
  const std::int32_t whole[] = {0x7FC00000, 1};
  CHECK_FALSE(Array::from<std::int32_t>({2}, whole).first_not_finite());
}

TEST_CASE(
    "an .npy cut off anywhere is refused, and one with a wrong byte never leaves its memory") {
  const auto good = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1, 3), }\n",
                        std::string(24, '\x3F'));
  const auto read = [](const std::vector<std::byte>& bytes) {
    const Array array = parse_npy(bytes, "x.npy");
    REQUIRE(array.to<double>().size() == array.size());
  };
  tenon::test::check_truncated(good, read);
  CHECK(tenon::test::count_mutations_refused(good, read) > 100);
}

}  // namespace
