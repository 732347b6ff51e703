// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/layer/add_position_embs.hpp>

#include "layer/toolkit_outputs.hpp"

using namespace tenon;
using namespace tenon_test;

TEST_CASE("position embeddings with 8 bits and with 4 equal the reference") {
  for (const std::int32_t bits : {8, 4}) {
    const LayerCase& c = bits == 8 ? reference::add_position_embs : reference::add_position_embs_4_bits;
    LayerQuantizers q = quantizers(bits);
    q.bias.bitwidth = bits;
    const LayerResult r = run_case(arch::reference{}, AddPositionEmbsParams{}, c, q);
    REQUIRE(r.fault == Fault::none);
    CHECK(r.values == c.outputs[0].values);
    CHECK(r.format.frac_bits == c.outputs[0].frac_bits);
    CHECK_FALSE(r.format.has_scales());
  }
}

TEST_CASE("without an output quantizer the scales of the input stay") {
  LayerQuantizers q = quantizers(0);
  const LayerResult r = run_case(arch::reference{}, AddPositionEmbsParams{}, reference::add_position_embs, q);
  REQUIRE(r.fault == Fault::none);
  CHECK(r.format.scales == reference::add_position_embs.inputs[0].scales);
  // The embedding of 8 significant bits is within half of its last bit: 2^-7 of a range below 2.
  const auto position = reference::add_position_embs.variable("pos_embedding");
  for (std::size_t i = 0; i < 6; ++i) {
    const std::int64_t added = r.values[i] - reference::add_position_embs.inputs[0].values[i];
    CHECK(r.format.to_float(added, i % 3) == doctest::Approx(position[i]).epsilon(0.02));
  }
}
