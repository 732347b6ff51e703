// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/emit/keras_h5.hpp>
#include <tenon/host/import/hdf5.hpp>
#include <tenon/host/import/keras_h5.hpp>

#include "host/import/damage.hpp"
#include "support/graphs.hpp"
#include "support/keras_files.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Hdf5Reader;

Graph branches() {
  Layer add = layer("Custom>Add", "add", {"a/b", "in"}, {{"average", false}});
  Layer function = layer("TFOpLambda", "tf.add", {"add", "in"}, {{"function", "math.add"}});
  function.calls[0].arguments = {{"y", {"in", 0, 0}}};
  Layer constant = layer("TFOpLambda", "tf.sub", {"tf.add"}, {{"function", "math.subtract"}});
  constant.calls[0].arguments = {{"_CONSTANT_VALUE", {{"0", 1.5}}}, {"y", {"tf.add", 0, 0}}};
  return graph_of({input("in", {2}),
                   layer("Dense", "a/b", {"in"}, {{"units", 2}, {"use_bias", false}},
                         {counting("a/b/kernel", {2, 2})}),
                   add, function, constant},
                  {"tf.sub", "a/b"});
}

TEST_CASE("the configuration of a functional model is the one of Keras") {
  const Json written = tenon::host::keras_config(branches());
  CHECK(written["class_name"] == "Functional");
  const Json& config = written["config"];
  CHECK(config["input_layers"].dump() == R"([["in",0,0]])");
  CHECK(config["output_layers"].dump() == R"([["tf.sub",0,0],["a/b",0,0]])");
  REQUIRE(config["layers"].size() == 5);
  CHECK(config["layers"][0]["inbound_nodes"].dump() == "[]");
  CHECK(
      config["layers"][1].dump() ==
      R"({"class_name":"Dense","config":{"units":2,"use_bias":false,"name":"a/b","trainable":true,"dtype":"float32"},"name":"a/b","inbound_nodes":[[["in",0,0,{}]]]})");
  CHECK(config["layers"][2]["class_name"] == "Custom>Add");
  CHECK(config["layers"][2]["inbound_nodes"].dump() == R"([[["a/b",0,0,{}],["in",0,0,{}]]])");
  CHECK(config["layers"][3]["inbound_nodes"].dump() == R"([["add",0,0,{"y":["in",0,0]}]])");
  CHECK(config["layers"][4]["inbound_nodes"].dump() ==
        R"([["_CONSTANT_VALUE",-1,1.5,{"y":["tf.add",0,0]}]])");
}

TEST_CASE("a chain is written as Sequential when it was one, and only while it is one") {
  Graph graph = graph_of({input("in", {2}), layer("ReLU", "a", {"in"}), layer("ReLU", "b", {"a"})});
  CHECK(tenon::host::keras_config(graph)["class_name"] == "Functional");
  graph.sequential = true;
  CHECK(
      tenon::host::keras_config(graph).dump() ==
      R"({"class_name":"Sequential","config":{"name":"model","layers":[{"class_name":"InputLayer","config":{"name":"in","dtype":"float32","batch_input_shape":[null,2]}},{"class_name":"ReLU","config":{"name":"a","trainable":true,"dtype":"float32"}},{"class_name":"ReLU","config":{"name":"b","trainable":true,"dtype":"float32"}}]}})");
  graph.outputs = {{"a", 0, 0}};
  CHECK(tenon::host::keras_config(graph)["class_name"] == "Functional");
}

TEST_CASE("groups, attributes and datasets are where Keras looks for them") {
  const TemporaryFile file("written.h5");
  tenon::host::write_keras_h5(branches(), file.path());
  const Hdf5Reader reader(file.path());
  CHECK(reader.attribute("", "keras_version") == "2.15.0");
  CHECK(reader.attribute("", "backend") == "tensorflow");
  CHECK(reader.attribute("model_weights", "keras_version") == "2.15.0");
  CHECK(reader.string_list("model_weights", "layer_names") ==
        std::vector<std::string>{"in", "a/b", "add", "tf.add", "tf.sub"});
  CHECK(reader.string_list("model_weights/add", "weight_names").empty());
  CHECK(reader.string_list("model_weights/a/b", "weight_names") ==
        std::vector<std::string>{"a/b/kernel:0"});
  const auto kernel = reader.dataset("model_weights/a/b/a/b/kernel:0");
  CHECK(kernel.shape == std::vector<std::size_t>{2, 2});
  CHECK(kernel.to<float>() == std::vector<float>{1, 2, 3, 4});
  CHECK(reader.exists("model_weights/top_level_model_weights"));
}

TEST_CASE("what is written comes back") {
  Graph graph = branches();
  graph.name = "gr\xC3\xBC\xC3\x9F";
  graph.layers[1].calls.push_back({{{"tf.sub", 0, 0}}, Json::object()});
  graph.outputs.push_back({"a/b", 1, 0});
  graph.layers[1].variables.push_back({"a/b/output_quantizer/range_max:0", {}, {0.1F}});
  graph.layers[1].class_name = "QuantizedDense";
  graph.layers[1].toolkit = true;
  const TemporaryFile file("again.h5");
  tenon::host::write_keras_h5(graph, file.path());
  const Graph read = tenon::host::read_keras_h5(file.path());
  CHECK(text(read) == text(keras_order(graph)));
  CHECK(read.name == graph.name);
}

TEST_CASE("weights that would be stored in one another are refused before a file is made") {
  Graph graph = branches();
  graph.layers[1].variables.push_back({"a/b/kernel:0/more", {}, {1.0F}});
  const TemporaryFile file("refused.h5");
  CHECK(error_number([&] { tenon::host::write_keras_h5(graph, file.path()); }) == 5010);
  CHECK_FALSE(std::filesystem::exists(file.path()));
}

}  // namespace
