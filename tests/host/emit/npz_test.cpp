// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tenon/host/emit/npz.hpp>
#include <tenon/host/import/npz.hpp>
#include <vector>

#include "host/import/damage.hpp"
#include "support/scratch_folder.hpp"

namespace {

using tenon::host::NpzReader;
using tenon::host::NpzWriter;
using tenon::test::error_number;
using tenon::test::ScratchFolder;

TEST_CASE("arrays that were written are read back") {
  const ScratchFolder folder;
  const std::vector<std::int8_t> values{-128, 0, 127, 1, 2, 3};
  const std::vector<std::size_t> shape{3, 2};
  NpzWriter file(folder / "a.npz");
  file.add<std::int8_t>("layer/values", shape, values);
  file.add_scalar("layer/scales", 0.5F);
  file.add("none", tenon::host::Array::from<std::int64_t>({0, 4}, {}));
  file.finish();
  const NpzReader back(folder / "a.npz");
  CHECK(back.names() == std::vector<std::string>{"layer/values", "layer/scales", "none"});
  CHECK(back.read("layer/values").to<std::int8_t>() == values);
  CHECK(back.read("layer/values").shape == shape);
  CHECK(back.read("layer/scales").shape.empty());
  CHECK(back.read("layer/scales").to<float>() == std::vector<float>{0.5F});
  CHECK(back.read("none").shape == std::vector<std::size_t>{0, 4});
  CHECK(back.read("none").dtype == "i8");
}

TEST_CASE("the same arrays give the same bytes") {
  const ScratchFolder folder;
  for (const char* name : {"a.npz", "b.npz"}) {
    NpzWriter file(folder / name);
    file.add_scalar("x", std::int32_t{7});
    file.finish();
  }
  CHECK(tenon::host::read_bytes(folder / "a.npz") == tenon::host::read_bytes(folder / "b.npz"));
}

TEST_CASE("a file that is not finished leaves nothing, and an older one stays as it was") {
  const ScratchFolder folder;
  tenon::host::write_text(folder / "a.npz", "before");
  {
    NpzWriter file(folder / "a.npz");
    file.add_scalar("x", 1.0F);
    CHECK(folder.count() == 2);
  }
  CHECK(folder.count() == 1);
  CHECK(tenon::host::read_bytes(folder / "a.npz").size() == 6);
}

TEST_CASE("wrong shapes, names used twice and places that cannot be written are refused") {
  const ScratchFolder folder;
  NpzWriter file(folder / "a.npz");
  const std::vector<float> values(6);
  const std::vector<std::size_t> shape{4, 2};
  CHECK(error_number([&] { file.add<float>("x", shape, values); }) == 5005);
  file.add_scalar("y", 1.0F);
  CHECK(error_number([&] { file.add_scalar("y", 1.0F); }) == 5010);
  CHECK(error_number([&] { NpzWriter(folder / "no_folder/a.npz"); }) == 5010);
  CHECK(error_number([&] { NpzWriter(folder / "."); }) == 5010);
  CHECK(error_number([&] { NpzWriter("/dev/null"); }) == 5010);
}

TEST_CASE("a symbolic link is written through") {
  const ScratchFolder folder;
  tenon::host::write_text(folder / "real.npz", "before");
  std::filesystem::create_symlink("real.npz", folder / "link.npz");
  NpzWriter file(folder / "link.npz");
  file.add_scalar("x", std::uint8_t{1});
  file.finish();
  CHECK(std::filesystem::is_symlink(folder / "link.npz"));
  CHECK(NpzReader(folder / "real.npz").names() == std::vector<std::string>{"x"});
}

}  // namespace
