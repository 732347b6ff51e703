// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

#include <tenon/akida/parity.hpp>

using namespace tenon;
using namespace tenon::akida;

TEST_CASE("v2 differs where a per-axis tensor is flattened, v1 where a ReLU quantizes") {
  Sequence model;
  model.input({8, 8, 8}).conv(8).relu().per_axis().flatten().dense(4).dequantize();
  const std::span<const akida::Layer> layers{model.layers.data(), model.count};
  CHECK(parity_of(layers, 3, v2) == Parity::unaligned_flatten);
  CHECK(parity_of(layers, 2, v2) == Parity::equal);
  CHECK(parity_of(layers, 2, v1) == Parity::half_step_rounding);
  CHECK(parity_of(layers, 3, v1) == Parity::equal);
  model.layers[2].per_axis = false;
  CHECK(parity_of(layers, 3, v2) == Parity::equal);
}
