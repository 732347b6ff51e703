// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/identity_convolutions.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

/// "name(inputs)" of each layer, and the outputs.
std::string connections(const Graph& graph) {
  std::string shown;
  for (const Layer& l : graph.layers) {
    shown += l.name + "(";
    for (std::size_t i = 0; i < l.inputs().size(); ++i)
      shown += (i == 0 ? "" : ",") + text(l.inputs()[i]);
    shown += ") ";
  }
  shown += "->";
  for (const Endpoint& e : graph.outputs) shown += " " + text(e);
  return shown;
}

std::string after(const Graph& graph) {
  Report report;
  return connections(identity_convolutions(graph, report));
}

// Two channels, so that no convolution counts as one on an image.
const Layer in = input("in", {4, 4, 2});

TEST_CASE("an identity convolution changes nothing") {
  Report report;
  const Graph graph = graph_of({in, layer("ReLU", "r", {"in"}), layer("Add", "add", {"r", "in"})});
  CHECK(connections(graph) == "in() r(in) add(r,in) -> add");
  const Graph convolved = identity_convolutions(graph, report);
  CHECK(connections(convolved) ==
        "in() r(in) add(r,in) add_identity_conv(add) -> add_identity_conv");
  CHECK(
      text(convolved.layers[3]) ==
      "add_identity_conv: Conv2D(add) filters=2 kernel_size=[1,1] strides=[1,1] padding=\"valid\" "
      "data_format=\"channels_last\" dilation_rate=[1,1] groups=1 activation=\"linear\" "
      "use_bias=false "
      "add_identity_conv/kernel:0(1,1,2,2)=1,0,0,1");
}

TEST_CASE("between an Add and an averaged ReLU") {
  CHECK(after(graph_of({in, layer("ReLU", "a", {"in"}), layer("Add", "add", {"a", "in"}),
                        layer("ReLU", "r", {"add"}),
                        layer("GlobalAveragePooling2D", "gap", {"r"})})) ==
        "in() a(in) add(a,in) add_identity_conv(add) r(add_identity_conv) gap(r) -> gap");
}

TEST_CASE("behind an Add or Concatenate that no convolution takes, but not on vectors") {
  CHECK(after(graph_of({in, layer("ReLU", "a", {"in"}), layer("Concatenate", "cat", {"a", "in"}),
                        layer("ReLU", "r", {"cat"})})) ==
        "in() a(in) cat(a,in) cat_identity_conv(cat) r(cat_identity_conv) -> r");
  CHECK(after(graph_of({in, layer("ReLU", "a", {"in"}), layer("Add", "add", {"a", "in"}),
                        conv("c", "add", 2, 2)})) == "in() a(in) add(a,in) c(add) -> c");
  CHECK(after(graph_of({input("in", {4}), layer("ReLU", "a", {"in"}),
                        layer("Add", "add", {"a", "in"})})) == "in() a(in) add(a,in) -> add");
}

TEST_CASE("behind the first block on an image when two layers take its result") {
  const auto block = [](std::size_t channels) {
    return graph_of({input("in", {4, 4, channels}), conv("c", "in", channels, 2),
                     layer("ReLU", "r", {"c"}), conv("a", "r", 2, 2), conv("b", "r", 2, 2)},
                    {"a", "b"});
  };
  CHECK(after(block(3)) ==
        "in() c(in) r(c) r_identity_conv(r) a(r_identity_conv) b(r_identity_conv) -> a b");
  CHECK(after(block(2)) == "in() c(in) r(c) a(r) b(r) -> a b");
}

TEST_CASE("on the first of two equal inputs") {
  CHECK(after(graph_of({in, conv("c", "in", 2, 2), layer("Add", "add", {"c", "c"}),
                        conv("d", "add", 2, 2)})) ==
        "in() c(in) c_identity_conv(c) add(c_identity_conv,c) d(add) -> d");
}

TEST_CASE("before the last two of more than two consumers, until two are left") {
  const auto star = [](std::size_t consumers) {
    std::vector<Layer> layers{in, conv("s", "in", 2, 2)};
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i < consumers; ++i) {
      outputs.push_back(std::string(1, static_cast<char>('a' + i)));
      layers.push_back(conv(outputs.back(), "s", 2, 2));
    }
    return graph_of(layers, outputs);
  };
  CHECK(after(star(2)) == "in() s(in) a(s) b(s) -> a b");
  CHECK(after(star(3)) ==
        "in() s(in) a(s) s_identity_conv_3(s) b(s_identity_conv_3) c(s_identity_conv_3) -> a b c");
  CHECK(after(star(4)) ==
        "in() s(in) a(s) s_identity_conv_3(s) b(s_identity_conv_3) "
        "s_identity_conv_4(s_identity_conv_3) c(s_identity_conv_4) "
        "d(s_identity_conv_4) -> a b c d");
}

TEST_CASE("the input of a model may have many consumers") {
  CHECK(after(graph_of({in, conv("a", "in", 2, 2), conv("b", "in", 2, 2), conv("c", "in", 2, 2)},
                       {"a", "b", "c"})) == "in() a(in) b(in) c(in) -> a b c");
}

}  // namespace
