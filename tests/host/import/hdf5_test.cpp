// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/import/hdf5.hpp>
#include <vector>

#include "host/import/damage.hpp"

namespace {

using tenon::host::Hdf5Reader;
using tenon::test::error_number;
using tenon::test::import_data;

void check_count(const tenon::host::Array& array) {
  CHECK(array.dtype == "f4");
  CHECK(array.shape == std::vector<std::size_t>{2, 3, 4});
  const auto values = array.to<int>();
  for (int i = 0; i < 24; ++i) CHECK(values.at(static_cast<std::size_t>(i)) == i);
}

TEST_CASE("strings of fixed and variable length are read, alone and in lists") {
  for (const char* name : {"default.h5", "userblock.h5"}) {
    CAPTURE(name);
    const Hdf5Reader file(import_data(name));
    CHECK(file.attribute("", "text") == "h\xC3\xA9llo");
    CHECK(file.attribute("", "bytes") == "ascii");
    CHECK(file.attribute("", "fixed") == "short");
    CHECK(file.string_list("", "names") == std::vector<std::string>{"a", "", "a longer name"});
    CHECK(file.string_list("", "fixed_names") == std::vector<std::string>{"one", "three"});
    CHECK(file.string_list("", "empty").empty());
    CHECK(file.has_attribute("", "number"));
    CHECK_FALSE(file.has_attribute("", "split"));
  }
}

TEST_CASE("a list that Keras had to split comes out in one") {
  const Hdf5Reader file(import_data("default.h5"));
  CHECK(file.string_list("", "split") == std::vector<std::string>{"a", "b", "c"});
}

TEST_CASE("datasets of every type, shape and storage give the numbers that went in") {
  const Hdf5Reader file(import_data("default.h5"));
  for (const std::string& kind : file.children("kinds")) {
    CAPTURE(kind);
    CHECK(file.dataset("kinds/" + kind).to<double>() == std::vector<double>{0, 1, 100});
  }
  CHECK(file.children("kinds").size() == 13);
  CHECK(file.dataset("kinds/>i2").dtype == "i2");
  CHECK(file.dataset("scalar").shape.empty());
  CHECK(file.dataset("scalar").to<float>() == std::vector<float>{2.5F});
  CHECK(file.dataset("none").shape == std::vector<std::size_t>{0, 3});
  for (const char* path : {"deep/er/kernel:0", "/deep//er/kernel:0/", "chunked", "deflated"}) {
    CAPTURE(path);
    check_count(file.dataset(path));
  }
}

TEST_CASE("a group with more members than one tree node holds lists them all in order") {
  const Hdf5Reader file(import_data("default.h5"));
  const auto names = file.children("many");
  REQUIRE(names.size() == 40);
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(file.dataset("many/" + names[i]).to<std::size_t>() == std::vector<std::size_t>{i});
  }
}

TEST_CASE("the newer layout is read while groups are small, and refused with a cure above") {
  const Hdf5Reader file(import_data("latest.h5"));
  CHECK(file.attribute("", "text") == "h\xC3\xA9llo");
  CHECK(file.string_list("", "names").size() == 3);
  check_count(file.dataset("deep/er/kernel:0"));
  CHECK(file.dataset("scalar").to<float>() == std::vector<float>{2.5F});
  CHECK(error_number([&] { return file.children("many"); }) == 5023);
  CHECK(error_number([&] { return file.attribute("many", "a1"); }) == 5023);
  CHECK(error_number([&] { return file.dataset("chunked"); }) == 5023);
}

TEST_CASE("nothing that a file names outside itself is followed") {
  const Hdf5Reader file(import_data("default.h5"));
  CHECK(error_number([&] { return file.dataset("soft"); }) == 5024);
  CHECK(error_number([&] { return file.dataset("links/soft"); }) == 5024);
  CHECK(error_number([&] { return file.dataset("links/outside"); }) == 5024);
  CHECK(error_number([&] { return file.dataset("elsewhere"); }) == 5023);
  CHECK(error_number([&] { return file.dataset("virtual"); }) == 5023);
  const Hdf5Reader latest(import_data("latest.h5"));
  CHECK(error_number([&] { return latest.dataset("soft"); }) == 5024);
}

TEST_CASE("what is missing or of another kind has its number") {
  const Hdf5Reader file(import_data("default.h5"));
  CHECK_FALSE(file.exists("deep/none"));
  CHECK(file.exists("deep/er"));
  CHECK(error_number([&] { return file.dataset("deep/none"); }) == 5021);
  CHECK(error_number([&] { return file.dataset("deep"); }) == 5021);
  CHECK(error_number([&] { return file.children("scalar"); }) == 5021);
  CHECK(error_number([&] { return file.attribute("", "none"); }) == 5022);
  CHECK(error_number([&] { return file.attribute("", "number"); }) == 5022);
  CHECK(error_number([&] { return file.attribute("", "names"); }) == 5022);
  CHECK(error_number([&] { return file.dataset("texts"); }) == 5023);
  CHECK(error_number([&] { return file.dataset("complex"); }) == 5023);
  CHECK(error_number([&] { return file.dataset("checked"); }) == 5023);
  CHECK(error_number([&] { return file.dataset("never"); }) == 5023);
  CHECK(error_number([] { Hdf5Reader("tests/no_such_file.h5"); }) == 5001);
  CHECK(error_number([] { Hdf5Reader(import_data("make.py")); }) == 5020);
}

/// Reads whatever the file still lists, to the last value.
void read_everything(const Hdf5Reader& file, const std::string& group, int depth) {
  for (const std::string& name : file.children(group)) {
    const std::string path = group + "/" + name;
    const int number =
        error_number([&] { REQUIRE(file.dataset(path).to<double>().size() * 8 < 1'000'000); });
    if (number == 5021 && depth < 4) read_everything(file, path, depth + 1);
  }
}

TEST_CASE("a file cut off anywhere is refused, and one with a wrong byte never leaves its memory") {
  const auto read = [](const std::vector<std::byte>& bytes) {
    const Hdf5Reader file(bytes, "x.h5");
    static_cast<void>(file.attribute("", "text"));
    static_cast<void>(file.string_list("", "names"));
    read_everything(file, "", 0);
  };
  for (const char* name : {"small.h5", "small_latest.h5"}) {
    CAPTURE(name);
    const auto good = tenon::host::read_bytes(import_data(name));
    tenon::test::check_truncated(good, read);
    CHECK(tenon::test::count_mutations_refused(good, read) > 100);
  }
}

}  // namespace
