// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <string>
#include <tenon/host/emit/hdf5.hpp>
#include <tenon/host/import/hdf5.hpp>
#include <vector>

#include "host/import/damage.hpp"
#include "support/scratch_folder.hpp"

namespace {

using tenon::host::Hdf5Reader;
using tenon::host::Hdf5Writer;
using tenon::test::error_number;
using tenon::test::ScratchFolder;

TEST_CASE("groups, strings and datasets that were written are read back") {
  const ScratchFolder folder;
  const std::string config(200'000, 'x');  // far above what an attribute itself may hold
  const std::vector<float> kernel{1, 2, 3, 4, 5, 6};
  const std::vector<std::size_t> shape{2, 3};
  Hdf5Writer file(folder / "a.h5");
  file.attribute("", "model_config", config);
  file.attribute("", "nothing", "");
  file.group("model_weights/conv");
  file.group("model_weights/conv");
  file.string_list("model_weights", "layer_names", {"conv", "h\xC3\xA9"});
  file.string_list("model_weights/conv", "weight_names", {});
  file.dataset<float>("model_weights/conv/conv/kernel:0", shape, kernel);
  file.dataset<float>("model_weights/conv/rate:0", {}, std::span(kernel).first(1));
  CHECK(folder.count() == 1);
  file.finish();

  const Hdf5Reader back(folder / "a.h5");
  CHECK(back.attribute("", "model_config") == config);
  CHECK(back.attribute("", "nothing").empty());
  CHECK(back.string_list("model_weights", "layer_names") ==
        std::vector<std::string>{"conv", "h\xC3\xA9"});
  CHECK(back.string_list("model_weights/conv", "weight_names").empty());
  CHECK(back.dataset("model_weights/conv/conv/kernel:0").to<float>() == kernel);
  CHECK(back.dataset("model_weights/conv/conv/kernel:0").shape == shape);
  CHECK(back.dataset("model_weights/conv/rate:0").shape.empty());
}

// Above eight members the newer layout of groups would move them where other readers may not look.
TEST_CASE("a group of many members is read back") {
  const ScratchFolder folder;
  Hdf5Writer file(folder / "a.h5");
  for (int i = 0; i < 100; ++i) {
    const auto value = static_cast<float>(i);
    file.dataset<float>("many/" + std::to_string(i), {}, std::span<const float>(&value, 1));
  }
  file.finish();
  const Hdf5Reader back(folder / "a.h5");
  const auto names = back.children("many");
  CHECK(names.size() == 100);
  for (const std::string& name : names) {
    CHECK(back.dataset("many/" + name).to<int>() == std::vector<int>{std::stoi(name)});
  }
}

TEST_CASE("a list of more strings than an attribute holds is split and read back in one") {
  const ScratchFolder folder;
  for (const std::size_t count : {4032U, 4033U, 10'001U}) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("layer_" + std::to_string(i));
    Hdf5Writer file(folder / "a.h5");
    file.string_list("", "layer_names", names);
    file.finish();
    const Hdf5Reader back(folder / "a.h5");
    CHECK(back.has_attribute("", "layer_names") == (count == 4032));
    CHECK(back.string_list("", "layer_names") == names);
  }
}

TEST_CASE("a model that is not finished leaves no file") {
  const ScratchFolder folder;
  {
    Hdf5Writer file(folder / "a.h5");
    file.group("model_weights");
  }
  CHECK(folder.count() == 0);
}

TEST_CASE("what cannot be written has a number") {
  const ScratchFolder folder;
  Hdf5Writer file(folder / "a.h5");
  const std::vector<float> values(3);
  const std::vector<std::size_t> shape{2};
  CHECK(error_number([&] { file.dataset<float>("x", shape, values); }) == 5005);
  file.dataset<float>("x", {}, std::span(values).first(1));
  CHECK(error_number([&] { file.dataset<float>("x", {}, std::span(values).first(1)); }) == 5010);
  CHECK(error_number([&] { file.attribute("no_group", "a", "b"); }) == 5010);
  CHECK(error_number([&] { Hdf5Writer(folder / "no_folder/a.h5"); }) == 5010);
}

}  // namespace
