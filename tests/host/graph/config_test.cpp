// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/graph/config.hpp>

#include "host/import/damage.hpp"
#include "support/graphs.hpp"

namespace {

using namespace tenon::host;
using tenon::test::error_number;

Layer with(Json value) {
  return tenon::test::layer("Conv2D", "c", {"in"}, {{"key", std::move(value)}});
}

TEST_CASE("entries are read in every form that Keras writes them") {
  CHECK(pair_entry(with(3), "key", {0, 0}) == std::array<std::int64_t, 2>{3, 3});
  CHECK(pair_entry(with({3, 5}), "key", {0, 0}) == std::array<std::int64_t, 2>{3, 5});
  CHECK(flag_entry(with(1), "key", false));
  CHECK(flag_entry(with(true), "key", false));
  CHECK(number_entry(with({{"class_name", "__numpy__"}, {"value", 0.25}}), "key", 0) == 0.25);
  CHECK(numbers_entry(with({1, 2.5}), "key", 0).values == std::vector<double>{1, 2.5});
  CHECK(numbers_entry(with({1, 2.5}), "key", 0).is_list);
  CHECK_FALSE(numbers_entry(with(2.5), "key", 0).is_list);
}

TEST_CASE("an absent or null entry has its default") {
  CHECK(integer_entry(with(nullptr), "key", 7) == 7);
  CHECK(text_entry(with(1), "other", "none") == "none");
}

TEST_CASE("an entry of another kind is an error that names layer and key") {
  CHECK(error_number([] { (void)integer_entry(with("3"), "key", 0); }) == 5031);
  CHECK(error_number([] { (void)integer_entry(with(3'000'000'000), "key", 0); }) == 5031);
  CHECK(error_number([] { (void)pair_entry(with({1, 2, 3}), "key", {0, 0}); }) == 5031);
  CHECK(error_number([] { (void)pair_entry(with({1, "2"}), "key", {0, 0}); }) == 5031);
  CHECK(error_number([] { (void)text_entry(with(1), "key", ""); }) == 5031);
  CHECK(error_number([] { (void)flag_entry(with(2), "key", false); }) == 5031);
  CHECK(error_number([] { (void)number_entry(with({1, 2}), "key", 0); }) == 5031);
  CHECK(error_number([] { (void)numbers_entry(with({1, "x"}), "key", 0); }) == 5031);
  CHECK(error_number([] { (void)numbers_entry(with(Json::array()), "key", 0); }) == 5031);
  try {
    (void)pair_entry(with("wide"), "key", {0, 0});
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.message ==
          "layer 'c' (Conv2D): 'key' is \"wide\", it should be an integer or two of them");
  }
}

}  // namespace
