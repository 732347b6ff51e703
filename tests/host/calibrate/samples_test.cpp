// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/calibrate/samples.hpp>

using tenon::Shape;
using tenon::host::Samples;

namespace {

using Floats = std::vector<float>;

Samples unsigned_bytes() { return {std::vector<std::uint8_t>{0, 128, 255, 1}, Shape(2), 2}; }
Samples signed_bytes() { return {std::vector<std::int8_t>{-128, 127}, Shape(2), 1}; }

}  // namespace

TEST_CASE("bytes are read as the numbers they are") {
  CHECK(unsigned_bytes()[0] == Floats{0, 128});
  CHECK(unsigned_bytes()[1] == Floats{255, 1});
  CHECK(signed_bytes()[0] == Floats{-128, 127});
}

TEST_CASE("bytes behind bytes of the same kind stay bytes") {
  Samples samples = unsigned_bytes();
  samples.append(unsigned_bytes());
  CHECK(samples.count == 4);
  CHECK(samples[3] == Floats{255, 1});
  CHECK(samples.data.index() == unsigned_bytes().data.index());
}

TEST_CASE("samples of two kinds become floats") {
  Samples samples = unsigned_bytes();
  samples.append(signed_bytes());
  CHECK(samples.count == 3);
  CHECK(samples.element_count() == 6);
  CHECK(samples[1] == Floats{255, 1});
  CHECK(samples[2] == Floats{-128, 127});
}
