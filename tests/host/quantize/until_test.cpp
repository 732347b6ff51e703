// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/quantize/quantize.hpp>

#include "support/graphs.hpp"

using namespace tenon;
using namespace tenon::host;
using test::counting;
using test::layer;

namespace {

Layer dense(const std::string& name, const std::string& from) {
  return layer("Dense", name, {from}, {{"units", 2}, {"use_bias", false}},
               {counting(name + "/kernel", {2, 2})});
}

Graph two_layers() {
  return test::graph_of({test::input("x", {2}), dense("first", "x"), dense("last", "first")});
}

/// Layers of the graph that is quantized until a layer.
std::string layers(const std::string& until) {
  std::vector<std::string> warnings;
  std::string text;
  for (const Layer& l : replace_layers(two_layers(), {}, Json::object(), until, warnings).layers) {
    text += l.name + ":" + l.class_name + " ";
  }
  CHECK(warnings.empty());
  return text;
}

}  // namespace

TEST_CASE("a layer to quantize until is the last quantized one") {
  CHECK(layers("first") ==
        "x:InputLayer first:QuantizedDense first/dequantizer:Dequantizer last:Dense ");
  CHECK(layers("last") ==
        "x:InputLayer first:QuantizedDense last:QuantizedDense dequantizer:Dequantizer ");
}

TEST_CASE("quantizing until the input quantizes everything") { CHECK(layers("x") == layers("")); }

TEST_CASE("the input of a chain is not one of its layers") {
  Graph chain = two_layers();
  chain.sequential = true;
  QuantizeOptions options;
  options.quantize_until = "x";
  CHECK_THROWS_AS((void)quantize(chain, options), Error);
}
