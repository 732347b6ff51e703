// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <zip.h>
#include <tenon/host/import/keras.hpp>

#include "host/import/damage.hpp"
#include "support/graphs.hpp"
#include "support/keras_files.hpp"

namespace {

using namespace tenon::test;
using tenon::host::ZipReader;

/// A dataset of model.weights.h5.
struct Stored {
  std::string path;
  std::vector<std::size_t> shape;
  std::vector<float> data;
};

std::vector<std::byte> weights_file(const std::vector<Stored>& weights,
                                    const std::vector<std::pair<std::string, std::string>>& names) {
  const TemporaryFile file("weights.h5");
  tenon::host::Hdf5Writer writer(file.path());
  for (const Stored& w : weights)
    writer.dataset<float>(w.path, w.shape, std::span<const float>(w.data));
  for (const auto& [group, name] : names) writer.attribute(group, "name", name);
  writer.finish();
  return tenon::host::read_bytes(file.path());
}

/// The bytes of an archive with these members, not packed.
std::vector<std::byte> archive_of(
    const std::vector<std::pair<std::string, std::vector<std::byte>>>& members) {
  const TemporaryFile file("archive.keras");
  zip_t* archive = zip_open(file.path().c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  REQUIRE(archive != nullptr);
  for (const auto& [name, bytes] : members) {
    zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, name.c_str(), source, 0);
    REQUIRE(index >= 0);
    zip_set_file_compression(archive, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
  REQUIRE(zip_close(archive) == 0);
  return tenon::host::read_bytes(file.path());
}

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto raw = std::as_bytes(std::span(text));
  return {raw.begin(), raw.end()};
}

std::vector<std::byte> model(const std::string& config, const std::vector<Stored>& weights,
                             const std::vector<std::pair<std::string, std::string>>& names = {}) {
  return archive_of({{"metadata.json", bytes_of("{}")},
                     {"config.json", bytes_of(config)},
                     {"model.weights.h5", weights_file(weights, names)}});
}

Graph read(const std::vector<std::byte>& bytes) {
  return tenon::host::read_keras_zip(ZipReader(bytes, "m.keras"));
}

// Two Dense layers, one of them in a model between them, and a ReLU.
const std::string two_dense =
    R"({"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [
  {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "in"}, "registered_name": null},
  {"module": "keras.layers", "class_name": "Dense", "config": {"name": "late", "units": 2, "use_bias": false}, "registered_name": null},
  {"module": "keras", "class_name": "Sequential", "registered_name": null, "config": {"name": "inner", "layers": [
    {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": true}, "registered_name": null}]}},
  {"module": "keras.layers", "class_name": "ReLU", "config": {"name": "r"}, "registered_name": null},
  {"module": "quantizeml.layers.activations", "class_name": "Activation", "config": {"name": "a", "activation": "gelu"}, "registered_name": "Custom>Activation"},
  {"module": "keras.layers", "class_name": "Dense", "config": {"name": "early", "units": 1, "use_bias": false}, "registered_name": null}]}})";
const std::vector<Stored> two_weights{
    {"layers/dense/vars/0", {2, 2}, {1, 2, 3, 4}},
    {"layers/dense_1/vars/0", {2, 1}, {5, 6}},
    {"layers/sequential/layers/dense/vars/0", {2, 2}, {7, 8, 9, 10}},
    {"layers/sequential/layers/dense/vars/1", {2}, {11, 12}}};

TEST_CASE("class names are spelled as Keras spells the groups of weights") {
  using tenon::host::detail::snake_case;
  CHECK(snake_case("Conv2D") == "conv2d");
  CHECK(snake_case("DepthwiseConv2D") == "depthwise_conv2d");
  CHECK(snake_case("ReLU") == "re_lu");
  CHECK(snake_case("PReLU") == "p_re_lu");
  CHECK(snake_case("LeakyReLU") == "leaky_re_lu");
  CHECK(snake_case("TFOpLambda") == "tf_op_lambda");
  CHECK(snake_case("GlobalAveragePooling2D") == "global_average_pooling2d");
  CHECK(snake_case("LSTM") == "lstm");
}

TEST_CASE("weights belong to layers by class and turn, models in models have groups of their own") {
  CHECK(text(read(model(two_dense, two_weights))) == R"(
in: InputLayer
late: Dense(in) units=2 use_bias=false late/kernel:0(2,2)=1,2,3,4
inner/d: Dense(late) units=2 use_bias=true inner/d/kernel:0(2,2)=7,8,9,10 inner/d/bias:0(2)=11,12
r: ReLU(inner/d)
a: Activation*(r) activation="gelu"
early: Dense(a) units=1 use_bias=false early/kernel:0(2,1)=5,6
-> early
)");
}

TEST_CASE("where the archive names the layers, the names count and not the turns") {
  const std::vector<Stored> exchanged{{"layers/dense/vars/0", {2, 1}, {5, 6}},
                                      {"layers/dense_1/vars/0", {2, 2}, {1, 2, 3, 4}},
                                      two_weights[2],
                                      two_weights[3]};
  const Graph graph = read(model(
      two_dense, exchanged, {{"layers/dense/vars", "early"}, {"layers/dense_1/vars", "late"}}));
  CHECK(text(graph.find("late")->variables.at(0)) == "late/kernel:0(2,2)=1,2,3,4");
  CHECK(text(graph.find("early")->variables.at(0)) == "early/kernel:0(2,1)=5,6");
}

TEST_CASE("an output quantizer is a part of its layer, the seed of a Dropout is no weight") {
  const std::string config = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [null, 2], "name": "in"}},
    {"class_name": "Dropout", "config": {"name": "drop"}},
    {"class_name": "QuantizedDense", "config": {"name": "q", "units": 1, "use_bias": false}, "registered_name": "Custom>QuantizedDense"}]}})";
  const Graph graph =
      read(model(config, {{"layers/dropout/seed_generator/vars/0", {2}, {1, 2}},
                          {"layers/quantized_dense/vars/0", {2, 1}, {1, 2}},
                          {"layers/quantized_dense/out_quantizer/vars/0", {}, {0.5F}},
                          {"layers/quantized_dense/out_quantizer/vars/1", {}, {0.75F}}}));
  CHECK(text(graph) == R"(
in: InputLayer
drop: Dropout(in)
q: QuantizedDense*(drop) units=1 use_bias=false q/kernel:0(2,1)=1,2 q/output_quantizer/range_max:0()=0.5 q/output_quantizer/rescaling_rate:0()=0.75
-> q
)");
}

TEST_CASE("weights that are missing or of another shape are refused") {
  CHECK(error_number([] { (void)read(model(two_dense, {})); }) == 5032);
  CHECK(error_number([] {
          (void)read(model(two_dense, {two_weights[1], two_weights[2], two_weights[3]}));
        }) == 5032);
}

TEST_CASE("an archive without a model in it is refused") {
  CHECK(error_number([] { (void)read(archive_of({{"other.txt", bytes_of("text")}})); }) == 5030);
  CHECK(error_number([] {
          (void)read(archive_of({{"config.json", bytes_of(two_dense)}}));
        }) == 5030);
  CHECK(error_number([] {
          (void)read(archive_of({{"config.json", bytes_of("{")}, {"model.weights.h5", {}}}));
        }) == 5030);
  CHECK(error_number([] {
          (void)read(archive_of(
              {{"config.json", bytes_of(two_dense)}, {"model.weights.h5", bytes_of("none")}}));
        }) == 5020);
}

TEST_CASE("the first bytes of a file tell an archive from an .h5 file") {
  const auto archive = model(two_dense, two_weights);
  const TemporaryFile misnamed("model.h5");
  std::ofstream(misnamed.path(), std::ios::binary)
      .write(reinterpret_cast<const char*>(archive.data()),
             static_cast<std::streamsize>(archive.size()));
  CHECK(tenon::host::read_keras(misnamed.path()).layers.size() == 6);
  CHECK(error_number([] { (void)tenon::host::read_keras("/nowhere/model.keras"); }) == 5001);
}

TEST_CASE("a damaged archive ends in an error or in a model, never in a crash") {
  const std::string config = R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
    {"class_name": "Dense", "config": {"name": "d", "units": 1, "use_bias": false, "batch_input_shape": [null, 2]}}]}})";
  const auto good = model(config, {{"layers/dense/vars/0", {2, 1}, {1, 2}}});
  const auto reading = [](const std::vector<std::byte>& bytes) { (void)read(bytes); };
  check_truncated(good, reading);
  CHECK(count_mutations_refused(good, reading) > 0);
}

}  // namespace
