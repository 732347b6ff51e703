// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <limits>
#include <tenon/host/import/keras_h5.hpp>

#include "host/import/damage.hpp"
#include "support/graphs.hpp"
#include "support/keras_files.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Hdf5Reader;

Graph read(const std::string& config, const std::vector<StoredWeight>& weights = {}) {
  return tenon::host::read_keras_h5(Hdf5Reader(keras_file(config, weights), "model.h5"));
}

int refused(const std::string& config, const std::vector<StoredWeight>& weights = {}) {
  return error_number([&] { (void)read(config, weights); });
}

/// A Functional model of the entries of its layers, with input "in" of 4 numbers and output "out".
std::string functional(const std::string& layers) {
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 4], "dtype": "float32", "name": "in"}, "name": "in", "inbound_nodes": []})" +
         layers + R"(], "input_layers": [["in", 0, 0]], "output_layers": [["out", 0, 0]]}})";
}

const std::string dense_out =
    R"(, {"class_name": "Dense", "config": {"name": "out", "units": 2, "use_bias": true, "activation": "linear"}, "name": "out", "inbound_nodes": [[["in", 0, 0, {}]]]})";
const std::vector<StoredWeight> dense_weights{
    {"out", "scope/kernel:0", {4, 2}, {1, 2, 3, 4, 5, 6, 7, 8}},
    {"out", "scope/bias:0", {2}, {9, 10}}};

TEST_CASE("a functional model with its weights, found by their position in their group") {
  const Graph graph = read(functional(dense_out), dense_weights);
  CHECK(graph.name == "m");
  CHECK_FALSE(graph.sequential);
  CHECK(text(graph) == R"(
in: InputLayer
out: Dense(in) units=2 use_bias=true activation="linear" scope/kernel:0(4,2)=1,2,3,4,5,6,7,8 scope/bias:0(2)=9,10
-> out
)");
}

TEST_CASE("the old class Model, a flat list of outputs and layers in any order") {
  const Graph graph = read(R"({"class_name": "Model", "config": {"name": "m", "layers": [
    {"class_name": "ReLU", "config": {"name": "b"}, "name": "b", "inbound_nodes": [[["a", 0, 0, {}]]]},
    {"class_name": "ReLU", "config": {"name": "a"}, "name": "a", "inbound_nodes": [[["in", 0, 0]]]},
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 4], "name": "in"}, "name": "in", "inbound_nodes": []}],
    "input_layers": ["in", 0, 0], "output_layers": ["b", 0, 0]}})");
  CHECK(text(graph) == "\nin: InputLayer\na: ReLU(in)\nb: ReLU(a)\n-> b\n");
}

TEST_CASE("a Sequential model, also an old one whose first layer says the shape of the input") {
  const std::string layers =
      R"([{"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2, 2], "dtype": "float32"}}, {"class_name": "Custom>Activation", "config": {"name": "a", "activation": "gelu"}}])";
  for (const std::string& config : {R"({"name": "s", "layers": )" + layers + "}", layers}) {
    const Graph graph = read(R"({"class_name": "Sequential", "config": )" + config + "}");
    CHECK(graph.sequential);
    CHECK(text(graph) == R"(
f_input: InputLayer sparse=false ragged=false
f: Flatten(f_input)
a: Activation*(f) activation="gelu"
-> a
)");
    CHECK(graph.layers[0].config["batch_input_shape"] == Json{nullptr, 2, 2});
  }
}

TEST_CASE("function layers: one flat input, further tensors and constants among the arguments") {
  const Graph graph = read(functional(R"(
    , {"class_name": "TFOpLambda", "config": {"name": "sub", "function": "math.subtract"}, "name": "sub", "inbound_nodes": [["_CONSTANT_VALUE", -1, 1.0, {"y": ["in", 0, 0], "name": null}]]}
    , {"class_name": "TFOpLambda", "config": {"name": "out", "function": "math.add"}, "name": "out", "inbound_nodes": [["sub", 0, 0, {"y": ["in", 0, 0]}]]})"));
  CHECK(text(graph) == R"(
in: InputLayer
sub: TFOpLambda(in){"_CONSTANT_VALUE":{"0":1.0},"y":["in",0,0],"name":null} function="math.subtract"
out: TFOpLambda(sub, in){"y":["in",0,0]} function="math.add"
-> out
)");
}

TEST_CASE("a shared layer has one set of weights and several calls") {
  const Graph graph = read(R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "in"}, "name": "in", "inbound_nodes": []},
    {"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}, "name": "d", "inbound_nodes": [[["in", 0, 0, {}]], [["r", 0, 0, {}]]]},
    {"class_name": "ReLU", "config": {"name": "r"}, "name": "r", "inbound_nodes": [[["d", 0, 0, {}]]]}],
    "input_layers": [["in", 0, 0]], "output_layers": [["d", 1, 0], ["r", 0, 0]]}})",
                           {{"d", "d/kernel:0", {2, 2}, {1, 2, 3, 4}}});
  CHECK(text(graph) == R"(
in: InputLayer
d: Dense(in)(r) units=2 use_bias=false d/kernel:0(2,2)=1,2,3,4
r: ReLU(d)
-> d#1 r
)");
}

// A model of two inputs and two results, called twice: the second time on its own results,
// exchanged. Keras 2 counts its construction as call 0.
const std::string nested = R"({"class_name": "Functional", "config": {"name": "m", "layers": [
  {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "in"}, "name": "in", "inbound_nodes": []},
  {"class_name": "Functional", "name": "sub", "inbound_nodes": [[["in", 0, 0, {}], ["in", 0, 0, {}]], [["sub", 1, 1, {}], ["sub", 1, 0, {}]]],
   "config": {"name": "sub", "layers": [
     {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "a"}, "name": "a", "inbound_nodes": []},
     {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "b"}, "name": "b", "inbound_nodes": []},
     {"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}, "name": "d", "inbound_nodes": [[["a", 0, 0, {}]]]},
     {"class_name": "Add", "config": {"name": "add"}, "name": "add", "inbound_nodes": [[["d", 0, 0, {}], ["b", 0, 0, {}]]]}],
     "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["add", 0, 0], ["b", 0, 0]]}},
  {"class_name": "Concatenate", "config": {"name": "cat"}, "name": "cat", "inbound_nodes": [[["sub", 2, 0, {}], ["sub", 2, 1, {}]]]}],
  "input_layers": [["in", 0, 0]], "output_layers": [["cat", 0, 0]]}})";

TEST_CASE("a model in a model is taken apart, its layers are called as often as it is") {
  const Graph graph = read(nested, {{"sub", "d/kernel:0", {2, 2}, {1, 2, 3, 4}}});
  // The second call takes what the first handed through (in) and what it added.
  CHECK(text(graph) == R"(
in: InputLayer
sub/d: Dense(in)(in) units=2 use_bias=false d/kernel:0(2,2)=1,2,3,4
sub/add: Add(sub/d, in)(sub/d#1, sub/add)
cat: Concatenate(sub/add#1, sub/add)
-> cat
)");
}

TEST_CASE("weights of a model in a model must name one of its layers") {
  CHECK(refused(nested, {{"sub", "elsewhere/kernel:0", {2, 2}, {1, 2, 3, 4}}}) == 5032);
}

TEST_CASE("a Sequential model in a Sequential one is a chain") {
  const Graph graph = read(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "in"}},
    {"class_name": "Sequential", "config": {"name": "inner", "layers": [{"class_name": "ReLU", "config": {"name": "r"}}]}},
    {"class_name": "ReLU", "config": {"name": "q"}}]}})");
  CHECK(graph.sequential);
  CHECK(text(graph) == "\nin: InputLayer\ninner/r: ReLU(in)\nq: ReLU(inner/r)\n-> q\n");
}

TEST_CASE("what Keras 3 writes is turned into the words of Keras 2") {
  const Graph graph = read(R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [null, 4], "dtype": "float32", "sparse": false, "name": "in"}, "registered_name": null, "name": "in", "inbound_nodes": []},
    {"module": "keras.layers", "class_name": "LeakyReLU", "registered_name": null, "name": "l",
     "config": {"name": "l", "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}, "negative_slope": 0.25},
     "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"shape": [null, 4], "dtype": "float32", "keras_history": ["in", 0, 0]}}], "kwargs": {"mask": null}}]},
    {"module": "keras.src.ops.numpy", "class_name": "Add", "registered_name": "Add", "name": "add", "config": {"name": "add"},
     "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["l", 0, 0]}}, {"class_name": "__keras_tensor__", "config": {"keras_history": ["in", 0, 0]}}], "kwargs": {}}]},
    {"module": "keras.src.ops.numpy", "class_name": "Absolute", "registered_name": "Absolute", "name": "abs", "config": {"name": "abs"},
     "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["add", 0, 0]}}], "kwargs": {}}]}],
    "input_layers": [["in", 0, 0]], "output_layers": [["abs", 0, 0]]}})");
  CHECK(text(graph) == R"(
in: InputLayer sparse=false ragged=false
l: LeakyReLU(in) alpha=0.25
add: Add(l, in)
abs: ops.numpy.Absolute(add)
-> abs
)");
  CHECK(graph.layers[0].config["batch_input_shape"] == Json{nullptr, 4});
  CHECK(graph.layers[1].config["dtype"] == "float32");
}

TEST_CASE("an unknown class stays as it is, with its weights") {
  const Graph graph = read(
      functional(
          R"(, {"class_name": "mine>Odd", "config": {"name": "out", "activation": 3}, "name": "out", "inbound_nodes": [[["in", 0, 0, {}]]]})"),
      {{"out", "odd:0", {1}, {5}}});
  CHECK(text(graph.layers[1]) == "out: mine>Odd(in) activation=3 odd:0(1)=5");
}

TEST_CASE("weights that do not fit the class or the input are refused") {
  const std::string config = functional(dense_out);
  CHECK(refused(config) == 5032);                      // none
  CHECK(refused(config, {dense_weights[0]}) == 5032);  // one is missing
  CHECK(refused(config, {dense_weights[0], dense_weights[1], dense_weights[1]}) !=
        0);  // one too many
  CHECK(refused(config, {{"out", "kernel:0", {4, 3}, std::vector<float>(12)}, dense_weights[1]}) ==
        5032);
  CHECK(refused(config, {{"out", "kernel:0", {8}, std::vector<float>(8)}, dense_weights[1]}) ==
        5032);
  CHECK(refused(config, {{"out", "kernel:0", {5, 2}, std::vector<float>(10)}, dense_weights[1]}) ==
        5032);  // 4 inputs
  CHECK(refused(config, {dense_weights[0], dense_weights[1], {"other", "w:0", {1}, {1}}}) == 5032);
  try {
    (void)read(config, {{"out", "kernel:0", {4, 3}, std::vector<float>(12)}, dense_weights[1]});
    FAIL("no error");
  } catch (const tenon::host::Error& error) {
    CHECK(error.message ==
          "layer 'out' (Dense): weight kernel has shape (4, 3), its configuration needs (?, 2)");
  }
}

TEST_CASE("NaN and infinity among the weights are refused with the layer's name") {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    try {
      (void)read(functional(dense_out), {dense_weights[0], {"out", "out/bias:0", {2}, {1, bad}}});
      FAIL("no error");
    } catch (const tenon::host::Error& error) {
      CHECK(error.number == 5007);
      CHECK(error.message.starts_with("layer 'out', weight out/bias:0: the value at position 1"));
    }
  }
}

TEST_CASE("channels first, and activations that are objects, are refused") {
  CHECK(
      refused(
          functional(
              R"(, {"class_name": "Dense", "config": {"name": "out", "units": 2, "data_format": "channels_first"}, "name": "out", "inbound_nodes": [[["in", 0, 0, {}]]]})"),
          dense_weights) == 3020);
  CHECK(
      refused(
          functional(
              R"(, {"class_name": "Dense", "config": {"name": "out", "units": 2, "activation": {"class_name": "function"}}, "name": "out", "inbound_nodes": [[["in", 0, 0, {}]]]})"),
          dense_weights) == 3021);
}

TEST_CASE("a configuration that is none ends in an error") {
  for (
      const char* config :
      {"",
       "[]",
       "3",
       "{",
       "{}",
       "\"model\"",
       R"({"class_name": "Functional"})",
       R"({"class_name": 3, "config": {}})",
       R"({"class_name": "Functional", "config": 3})",
       R"({"class_name": "Functional", "config": []})",
       R"({"class_name": "Functional", "config": {"layers": {}}})",
       R"({"class_name": "Odd", "config": {}})",
       R"({"class_name": "Functional", "config": {"layers": [], "output_layers": []}})",
       R"({"class_name": "Sequential", "config": {"layers": []}})",
       R"({"class_name": "Sequential", "config": {"layers": [3]}})",
       R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "config": {}}]}})",
       R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "config": {"name": 3}}]}})",
       R"({"class_name": "Sequential", "config": {"layers": [{"class_name": [], "config": {"name": "r"}}]}})",
       "{\"class_name\": \"\xFF\"}",
       R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "config": {"name": "a\u0000b"}}]}})"}) {
    CAPTURE(config);
    CHECK(refused(config) == 5030);
  }
  CHECK(refused(std::string(200, '[') + std::string(200, ']')) == 5030);
  CHECK(refused(std::string(100'000, '[')) == 5030);
}

TEST_CASE("connections that lead nowhere end in an error") {
  for (const char* nodes :
       {"3", "{}", "[3]", R"([["x"]])", R"([[["nothing", 0, 0, {}]]])", R"([[["in", 1, 0, {}]]])",
        R"([[["in", -1, 0, {}]]])", R"([[["in", 0, "x", {}]]])",
        R"([[["in", 0, 99999999999, {}]]])", R"([[["out", 0, 0, {}]]])", "[[]]",
        R"([["_CONSTANT_VALUE", -1, 3, {}]])", R"([{"args": 3, "kwargs": 4}])"}) {
    CAPTURE(nodes);
    CHECK(
        refused(functional(
            R"(, {"class_name": "ReLU", "config": {"name": "out"}, "name": "out", "inbound_nodes": )" +
            std::string(nodes) + "}")) == 5033);
  }
  // Two layers of one name; no layer "out".
  CHECK(refused(functional(dense_out + dense_out)) == 5033);
  CHECK(refused(functional("")) == 5033);
}

TEST_CASE("models that call models again and again are refused, not counted to the end") {
  // Each level calls the one below twice: 2^40 calls.
  std::string model =
      R"({"class_name": "Sequential", "config": {"name": "s0", "layers": [{"class_name": "ReLU", "config": {"name": "r"}}]}, "name": "s0", "inbound_nodes": [)";
  std::string config;
  for (int level = 1; level <= 40; ++level) {
    const std::string name = "s" + std::to_string(level), below = "s" + std::to_string(level - 1);
    config =
        R"({"name": ")" + name +
        R"(", "layers": [{"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [null, 2]}, "name": "i", "inbound_nodes": []}, )" +
        model + R"([["i", 0, 0, {}]], [[")" + below +
        R"(", 1, 0, {}]]]}], "input_layers": [["i", 0, 0]], "output_layers": [[")" + below +
        R"(", 2, 0]]})";
    model = R"({"class_name": "Functional", "config": )" + config + R"(, "name": ")" + name +
            R"(", "inbound_nodes": [)";
  }
  CHECK(refused(R"({"class_name": "Functional", "config": )" + config + "}") != 0);
}

TEST_CASE("weights only, and other HDF5 files, are refused") {
  const TemporaryFile file("weights.h5");
  tenon::host::Hdf5Writer writer(file.path());
  writer.string_list("", "layer_names", {"d"});
  writer.finish();
  CHECK(error_number([&] { (void)tenon::host::read_keras_h5(file.path()); }) == 5030);
}

TEST_CASE("a damaged file ends in an error or in a model, never in a crash") {
  const auto good = keras_file(functional(dense_out), dense_weights);
  const auto reading = [](const std::vector<std::byte>& bytes) {
    (void)tenon::host::read_keras_h5(Hdf5Reader(bytes, "model.h5"));
  };
  check_truncated(good, reading);
  CHECK(count_mutations_refused(good, reading) > 0);
}

}  // namespace
