// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/import/npz.hpp>
#include <vector>

#include "host/import/damage.hpp"

namespace {

using tenon::host::NpzReader;
using tenon::test::error_number;
using tenon::test::import_data;

TEST_CASE("every element type of NumPy comes out as the numbers that went in") {
  const NpzReader file(import_data("stored.npz"));
  for (const std::string name :
       {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", ">f4"}) {
    CAPTURE(name);
    const auto array = file.read(name);
    CHECK(array.dtype == (name == "f2" || name == ">f4" ? "f4" : name));
    CHECK(array.shape == std::vector<std::size_t>{2, 2});
    CHECK(array.to<double>() == std::vector<double>{0, 1, 100, 3});
  }
  CHECK(file.read("b1").to<int>() == std::vector<int>{1, 0});
  CHECK(file.read("scalar").shape.empty());
  CHECK(file.read("scalar").to<double>() == std::vector<double>{2.5});
  CHECK(file.read("none").shape == std::vector<std::size_t>{0, 5});
  const auto fortran = file.read("fortran").to<int>();
  for (int i = 0; i < 24; ++i) CHECK(fortran.at(static_cast<std::size_t>(i)) == i);
}

TEST_CASE("names keep the order of the archive") {
  const NpzReader file(import_data("stored.npz"));
  CHECK(file.names().front() == "b1");
  CHECK(file.names().back() == "none");
  CHECK(file.names().size() == 16);
  CHECK(file.contains("u4"));
  CHECK_FALSE(file.contains("u4.npy"));
  CHECK(tenon::host::read_npz(import_data("stored.npz")).at(2).name == "u1");
}

TEST_CASE("deflated members are unpacked") {
  const NpzReader file(import_data("deflated.npz"));
  CHECK(file.read("count").to<float>().at(23) == 23.0F);
  CHECK(file.read("zeros").to<int>() == std::vector<int>(5000, 0));
}

TEST_CASE("a missing array is named together with those that are there") {
  const NpzReader file(import_data("deflated.npz"));
  try {
    static_cast<void>(file.read("labels"));
    FAIL("there is no such array");
  } catch (const tenon::host::Error& error) {
    CHECK(error.number == 5006);
    CHECK(error.message ==
          import_data("deflated.npz") + " has no array 'labels'; it has: count, zeros");
  }
}

TEST_CASE("files that are no archives of numbers are refused") {
  CHECK(error_number([] { NpzReader("tests/no_such_file.npz"); }) == 5001);
  CHECK(error_number([] { NpzReader("tests"); }) == 5001);
  CHECK(error_number([] { NpzReader(import_data("make.py")); }) == 5002);
  CHECK(error_number([] { return NpzReader(import_data("texts.npz")).read("text"); }) == 5004);
}

TEST_CASE(
    "an archive cut off anywhere is refused, and one with a wrong byte never leaves its memory") {
  const auto good = tenon::host::read_bytes(import_data("deflated.npz"));
  const auto read = [](const std::vector<std::byte>& bytes) {
    const NpzReader file(bytes, "x.npz");
    for (const std::string& name : file.names()) REQUIRE(!file.read(name).to<double>().empty());
  };
  tenon::test::check_truncated(good, read);
  CHECK(tenon::test::count_mutations_refused(good, read) > 100);
}

}  // namespace
