// SPDX-License-Identifier: Apache-2.0
#include "host/import/onnx_writer.hpp"

#include <doctest/doctest.h>
#include <algorithm>
#include <limits>
#include <string>
#include <tenon/host/import/onnx.hpp>
#include <vector>

#include "host/import/damage.hpp"

namespace {

using tenon::host::Graph;
using tenon::host::Json;
using tenon::host::Layer;
using tenon::host::read_onnx;
using tenon::test::error_number;
using tenon::test::OnnxWriter;
using tenon::test::Wire;
using Ints = OnnxWriter::Ints;
using W = OnnxWriter;

Graph graph_of(OnnxWriter& file, const std::string& output, std::int64_t opset = 17) {
  file.output(output);
  return read_onnx(file.file(opset), "test.onnx");
}

/// "InputLayer Conv2D ReLU".
std::string classes(const Graph& graph) {
  std::string text;
  for (const Layer& layer : graph.layers) text += (text.empty() ? "" : " ") + layer.class_name;
  return text;
}

std::vector<float> weights(const Graph& graph, const std::string& layer, const std::string& leaf) {
  return graph.find(layer)->variable(leaf)->data;
}

int refusal(OnnxWriter& file, const std::string& output = "y") {
  return error_number([&] { (void)graph_of(file, output); });
}

TEST_CASE(
    "channels come last: of the input, of kernels (height, width, channels, filters), of axes") {
  OnnxWriter file({0, 2, 5, 4});
  file.node("Conv", "c", {"x", file.counting("k", {3, 2, 1, 2}), file.counting("b", {3})});
  file.node("Concat", "y", {"c", "c"}, {W::integer("axis", 1)});
  file.node("Concat", "z", {"y", "y"}, {W::integer("axis", 2)});
  const Graph graph = graph_of(file, "z");
  CHECK(classes(graph) == "InputLayer Conv2D Concatenate Concatenate");
  CHECK(graph.find("x")->config["batch_input_shape"] == Json::parse("[null, 5, 4, 2]"));
  CHECK(graph.find("c")->config["kernel_size"] == Json({1, 2}));
  CHECK(graph.find("c")->variable("kernel")->shape == std::vector<std::size_t>{1, 2, 2, 3});
  // Element (filter f, channel c, column w) was 4 f + 2 c + w.
  CHECK(weights(graph, "c", "kernel") == std::vector<float>{0, 4, 8, 2, 6, 10, 1, 5, 9, 3, 7, 11});
  CHECK(weights(graph, "c", "bias") == std::vector<float>{0, 1, 2});
  CHECK(graph.find("y")->config["axis"] == -1);
  CHECK(graph.find("z")->config["axis"] == 1);  // Keras counts the batch
}

TEST_CASE("one group for each channel is a DepthwiseConv2D") {
  OnnxWriter file;
  file.node("Conv", "y", {"x", file.counting("k", {2, 1, 1, 3})}, {W::integer("group", 2)});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer DepthwiseConv2D");
  CHECK(graph.find("y")->variable("depthwise_kernel")->shape ==
        std::vector<std::size_t>{1, 3, 2, 1});
  CHECK(weights(graph, "y", "depthwise_kernel") == std::vector<float>{0, 3, 1, 4, 2, 5});
}

std::string padding_of(std::int64_t size, std::int64_t kernel, std::int64_t stride,
                       const Ints& pads) {
  OnnxWriter file({0, 1, size, size});
  file.node("Conv", "y", {"x", file.counting("k", {1, 1, kernel, kernel})},
            {W::ints("pads", pads), W::ints("strides", {stride, stride})});
  const Graph graph = graph_of(file, "y");
  const Layer* zeros = graph.find("y_pad");
  return graph.find("y")->config["padding"].get<std::string>() +
         (zeros == nullptr ? "" : " " + zeros->config["padding"].dump());
}

TEST_CASE("padding is 'same' exactly where TensorFlow adds the same rows; else a layer adds them") {
  CHECK(padding_of(8, 3, 1, {0, 0, 0, 0}) == "valid");
  CHECK(padding_of(8, 3, 1, {1, 1, 1, 1}) == "same");
  CHECK(padding_of(7, 3, 2, {1, 1, 1, 1}) == "same");
  CHECK(padding_of(8, 3, 2, {1, 1, 1, 1}) == "valid [[1,1],[1,1]]");
  CHECK(padding_of(8, 3, 2, {0, 0, 1, 1}) == "same");
  CHECK(padding_of(8, 4, 1, {1, 1, 2, 2}) == "same");
  CHECK(padding_of(8, 4, 1, {2, 2, 1, 1}) == "valid [[2,1],[2,1]]");
  // The last row is never reached.
  CHECK(padding_of(8, 1, 2, {0, 0, 0, 0}) == "valid");
}

TEST_CASE("SAME_LOWER puts the odd row in front") {
  for (const auto& [name, padding] : {std::pair{"SAME_UPPER", "same"}, {"SAME_LOWER", "valid"}}) {
    OnnxWriter file;
    file.node("Conv", "y", {"x", file.counting("k", {1, 2, 2, 2})}, {W::text("auto_pad", name)});
    const Graph graph = graph_of(file, "y");
    CHECK(graph.find("y")->config["padding"] == padding);
    CHECK((graph.find("y_pad") != nullptr) == (padding == std::string("valid")));
  }
}

TEST_CASE(
    "a transposed convolution with another crop than 'same' gets a kernel with rows of zeros") {
  OnnxWriter file({0, 1, 4, 4});
  file.node("ConvTranspose", "y", {"x", file.counting("k", {1, 1, 3, 3}, 1)},
            {W::ints("strides", {2, 2}), W::ints("pads", {1, 1, 1, 1}),
             W::ints("output_padding", {1, 1})});
  const Graph graph = graph_of(file, "y");
  CHECK(graph.find("y")->config["padding"] == "same");
  CHECK(graph.find("y")->config["kernel_size"] == Json({4, 4}));
  CHECK(weights(graph, "y", "kernel") ==
        std::vector<float>{1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0, 0, 0, 0, 0});
}

TEST_CASE("behind a flattened map the rows of a Gemm follow the order of Keras") {
  OnnxWriter file({0, 2, 1, 3});
  file.node("Relu", "r", {"x"});
  file.node("Flatten", "f", {"r"});
  file.node("Gemm", "y", {"f", file.counting("w", {2, 6}), file.counting("b", {2})},
            {W::integer("transB", 1)});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer ReLU Flatten Dense");
  // Channel c and column w were row 3 c + w; they are row 2 w + c.
  CHECK(weights(graph, "y", "kernel") == std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
}

TEST_CASE("a map that is transposed to channels first was channels last, and needs no layer") {
  OnnxWriter file({0, 4, 5, 2});
  file.node("Transpose", "t", {"x"}, {W::ints("perm", {0, 3, 1, 2})});
  file.node("Conv", "c", {"t", file.counting("k", {3, 2, 1, 1})});
  file.node("Transpose", "y", {"c"}, {W::ints("perm", {0, 2, 3, 1})});
  file.node("Reshape", "f", {"y", file.integers("s", {-1, 60})});
  file.node("MatMul", "d", {"f", file.counting("w", {60, 1})});
  const Graph graph = graph_of(file, "d");
  CHECK(classes(graph) == "InputLayer Conv2D Flatten Dense");
  CHECK(graph.find("x")->config["batch_input_shape"] == Json::parse("[null, 4, 5, 2]"));
  CHECK(weights(graph, "d", "kernel")[7] == 7);
}

TEST_CASE("a global average and what makes a vector of it are one layer") {
  for (const std::string op : {"Flatten", "Squeeze", "Reshape"}) {
    OnnxWriter file;
    file.node("GlobalAveragePool", "g", {"x"});
    if (op == "Flatten") file.node("Flatten", "y", {"g"});
    if (op == "Squeeze") file.node("Squeeze", "y", {"g", file.integers("a", {2, 3})});
    if (op == "Reshape") file.node("Reshape", "y", {"g", file.integers("s", {0, -1})});
    const Graph graph = graph_of(file, "y");
    CHECK(classes(graph) == "InputLayer GlobalAveragePooling2D");
    CHECK(graph.find("g")->config["keepdims"] == false);
  }
}

TEST_CASE("the shape that a graph computes for its Reshape is known") {
  OnnxWriter file;
  file.node("Relu", "r", {"x"});
  file.node("Shape", "s", {"r"});
  file.node("Gather", "n", {"s", file.integers("first", {0})});
  file.node("Concat", "t", {"n", file.integers("rest", {-1})}, {W::integer("axis", 0)});
  file.node("Reshape", "f", {"r", "t"});
  file.node("Gemm", "y", {"f", file.counting("w", {32, 2})});
  CHECK(classes(graph_of(file, "y")) == "InputLayer ReLU Flatten Dense");
}

/// The layer behind a convolution for nodes that take "c" and give "y".
template <class Nodes>
Layer activation(const Nodes& nodes, std::int64_t opset = 17) {
  OnnxWriter file;
  file.node("Conv", "c", {"x", file.counting("k", {2, 2, 1, 1})});
  nodes(file);
  const Graph graph = graph_of(file, "y", opset);
  CHECK(graph.layers.size() == 3);
  return graph.layers.back();
}

TEST_CASE("ReLU and its bounds are known in every spelling") {
  const Layer relu = activation([](OnnxWriter& f) { f.node("Relu", "y", {"c"}); });
  CHECK(relu.class_name == "ReLU");
  CHECK(relu.config["max_value"].is_null());
  const auto clip = [](OnnxWriter& f) {
    f.node("Clip", "y", {"c", f.constant("lo", {}, {0}), f.constant("hi", {}, {6})});
  };
  const auto old_clip = [](OnnxWriter& f) {
    f.node("Clip", "y", {"c"}, {W::real("min", 0), W::real("max", 6)});
  };
  const auto min_max = [](OnnxWriter& f) {
    f.node("Max", "m", {"c", f.constant("lo", {}, {0})});
    f.node("Min", "y", {f.constant("hi", {1}, {6}), "m"});
  };
  CHECK(activation(clip).config["max_value"] == 6);
  CHECK(activation(old_clip, 6).config["max_value"] == 6);
  CHECK(activation(min_max).config["max_value"] == 6);
}

TEST_CASE(
    "x * Sigmoid(x), the two forms of hard swish, and GELU by Erf are activations of the toolkit") {
  const auto swish = [](OnnxWriter& f) {
    f.node("Sigmoid", "s", {"c"});
    f.node("Mul", "y", {"s", "c"});
  };
  const auto hard_sigmoid = [](OnnxWriter& f) {
    f.node("HardSigmoid", "s", {"c"}, {W::real("alpha", 1.0F / 6)});
    f.node("Mul", "y", {"c", "s"});
  };
  const auto hard_clip = [](OnnxWriter& f) {
    f.node("Add", "a", {"c", f.constant("3", {}, {3})});
    f.node("Clip", "l", {"a", f.constant("lo", {}, {0}), f.constant("hi", {}, {6})});
    f.node("Mul", "m", {"c", "l"});
    f.node("Div", "y", {"m", "hi"});
  };
  const auto gelu = [](OnnxWriter& f) {
    f.node("Div", "d", {"c", f.constant("root", {}, {1.41421354F})});
    f.node("Erf", "e", {"d"});
    f.node("Add", "a", {"e", f.constant("one", {}, {1})});
    f.node("Mul", "m", {"c", "a"});
    f.node("Mul", "y", {"m", f.constant("half", {}, {0.5F})});
  };
  CHECK(activation(swish).config["activation"] == "swish");
  CHECK(activation(hard_sigmoid).config["activation"] == "hard_silu");
  CHECK(activation(hard_clip).config["activation"] == "hard_silu");
  CHECK(activation(gelu).config["activation"] == "gelu");
  CHECK(activation(gelu).toolkit);
}

TEST_CASE("slopes that are all equal are a leaky ReLU, others stay float") {
  const auto prelu = [](float second) {
    return [second](OnnxWriter& f) {
      f.node("PRelu", "y", {"c", f.constant("a", {2, 1, 1}, {0.25F, second})});
    };
  };
  CHECK(activation(prelu(0.25F)).config["activation"] == "leaky_relu");
  CHECK(activation(prelu(0.25F)).config["alpha"] == 0.25);
  CHECK(activation(prelu(0.5F)).class_name == "PReLU");
  CHECK(activation([](OnnxWriter& f) {
          f.node("LeakyRelu", "y", {"c"}, {W::real("alpha", 0.125F)});
        }).config["alpha"] == 0.125);
}

TEST_CASE("constants on the input are one Rescaling") {
  OnnxWriter file;
  file.node("Div", "d", {"x", file.constant("d255", {}, {255})});
  file.node("Sub", "s", {"d", file.constant("mean", {1, 2, 1, 1}, {0.5F, 0.25F})});
  file.node("Mul", "m", {"s", file.constant("two", {1}, {2})});
  file.node("Conv", "y", {"m", file.counting("k", {1, 2, 1, 1})});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer Rescaling Conv2D");
  CHECK(graph.layers[1].config["scale"] == 2.0 / 255);
  CHECK(graph.layers[1].config["offset"] == Json({-1.0, -0.5}));
}

TEST_CASE("a constant behind a layer is its bias, or a BatchNormalization") {
  OnnxWriter file({0, 3});
  file.node("MatMul", "m", {"x", file.counting("w", {3, 2})});
  file.node("Add", "a", {file.constant("b", {2}, {7, 8}), "m"});
  file.node("Relu", "r", {"a"});
  file.node("Mul", "y", {"r", file.constant("s", {2}, {3, 4})});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer Dense ReLU BatchNormalization");
  CHECK(weights(graph, "m", "bias") == std::vector<float>{7, 8});
  CHECK(weights(graph, "y", "gamma") == std::vector<float>{3, 4});
  CHECK(weights(graph, "y", "beta") == std::vector<float>{0, 0});
  CHECK(weights(graph, "y", "moving_variance") == std::vector<float>{1, 1});
  CHECK(graph.find("y")->config["epsilon"] == 0);
}

TEST_CASE("a tensor that others take too keeps its value when a constant is added") {
  OnnxWriter file({0, 3});
  file.node("MatMul", "m", {"x", file.counting("w", {3, 2})});
  file.node("Add", "a", {"m", file.constant("b", {2}, {7, 8})});
  file.node("Add", "y", {"a", "m"});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer Dense BatchNormalization Add");
  CHECK(graph.find("m")->config["use_bias"] == false);
}

TEST_CASE("a sum of a tensor and itself is an Add, not a factor") {
  OnnxWriter file;
  file.node("Conv", "c", {"x", file.counting("k", {2, 2, 1, 1})});
  file.node("Add", "y", {"c", "c"});
  CHECK(classes(graph_of(file, "y")) == "InputLayer Conv2D Add");
}

TEST_CASE(
    "a node that Tenon does not know stands in the graph by its name, and so does all behind it") {
  OnnxWriter file;
  file.node("Conv", "c", {"x", file.counting("k", {2, 2, 1, 1})});
  file.node("NonZero", "strange", {"c"});
  file.node("Relu", "y", {"strange"});
  const Graph graph = graph_of(file, "y");
  CHECK(classes(graph) == "InputLayer Conv2D ONNX>NonZero ONNX>Relu");
  CHECK(graph.find("strange")->inputs() == std::vector<tenon::host::Endpoint>{{"c", 0, 0}});
}

TEST_CASE("names of nodes become names of layers that an .h5 file can hold, each once") {
  OnnxWriter file;
  file.node("Tanh", "/block/0/a", {"x"});
  file.node("Sigmoid", "block_0.a", {"/block/0/a"});
  file.node("Softplus", "block:0.a", {"block_0.a"});
  const Graph graph = graph_of(file, "block:0.a");
  CHECK(graph.find("block_0_a") != nullptr);
  CHECK(graph.find("block_0.a") != nullptr);
  CHECK(graph.find("block_0.a_2") != nullptr);
}

TEST_CASE(
    "a maximum of padded windows becomes zeros around the map only where nothing is negative") {
  for (const bool relu : {true, false}) {
    OnnxWriter file;
    file.node("Conv", "c", {"x", file.counting("k", {2, 2, 1, 1})});
    if (relu) file.node("Relu", "r", {"c"});
    file.node("MaxPool", "y", {relu ? "r" : "c"},
              {W::ints("kernel_shape", {3, 3}), W::ints("strides", {2, 2}),
               W::ints("pads", {1, 1, 1, 1})});
    CHECK(classes(graph_of(file, "y")) == (relu
                                               ? "InputLayer Conv2D ReLU ZeroPadding2D MaxPooling2D"
                                               : "InputLayer Conv2D ONNX>MaxPool"));
  }
}

TEST_CASE("bytes that are no text cannot stand in what is written") {
  OnnxWriter file;
  file.graph().text(2, "\xE5");
  file.node("Strange\xE5", "\xE5\xFF", {"x"});
  const Graph graph = graph_of(file, "\xE5\xFF");
  CHECK(graph.name == "_");
  CHECK(graph.layers.back().class_name == "ONNX>Strange_");
  CHECK(graph.layers.back().name == "strange_");
}

TEST_CASE("a quantized model is refused") {
  OnnxWriter file;
  file.node("QuantizeLinear", "q", {"x", file.constant("s", {}, {0.5F})});
  file.node("DequantizeLinear", "y", {"q", "s"});
  CHECK(refusal(file) == 3032);
}

TEST_CASE("what does not fit together is refused") {
  const auto refuses = [](const auto& write) {
    OnnxWriter file;
    write(file);
    return refusal(file);
  };
  CHECK(refuses([](OnnxWriter&) {}) == 5051);                                 // no nodes
  CHECK(refuses([](OnnxWriter& f) { f.node("Relu", "z", {"x"}); }) == 5051);  // no such output
  CHECK(refuses([](OnnxWriter& f) { f.node("Relu", "y", {"y"}); }) == 5051);  // a cycle
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Relu", "y", {"z"});
          f.node("Relu", "z", {"x"});
        }) == 5051);
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Relu", "y", {"x"});
          f.node("Relu", "y", {"x"});
        }) == 5051);
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Conv", "y", {"x", f.counting("k", {1, 3, 1, 1})});
        }) == 5051);
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Conv", "y", {"x", f.counting("k", {1, 2, 5, 5})});
        }) == 5051);
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Conv", "y", {"x", f.counting("k", {1, 2, 1, 1})}, {W::ints("strides", {0, 1})});
        }) == 5053);
  CHECK(refuses([](OnnxWriter& f) {
          f.node("Conv", "y", {"x", f.counting("k", {1, 2, 1, 1})}, {W::ints("pads", {1, 1})});
        }) == 5053);
  CHECK(refuses([](OnnxWriter& f) { f.node("AveragePool", "y", {"x"}); }) == 5053);
  CHECK(refuses([](OnnxWriter& f) {
          const float nan = std::numeric_limits<float>::quiet_NaN();
          f.node("Conv", "y", {"x", f.constant("k", {1, 2, 1, 1}, {1, nan})});
        }) == 5007);
}

TEST_CASE("the size of the input must be known, the batch apart") {
  OnnxWriter file({0, 2, 0, 4});
  file.node("Relu", "y", {"x"});
  CHECK(refusal(file) == 1005);
  OnnxWriter scalar({0});
  scalar.node("Relu", "y", {"x"});
  CHECK(refusal(scalar) == 1003);
}

TEST_CASE("constants whose values are elsewhere, too few, too many or no numbers are refused") {
  const auto refuses = [](const Wire& tensor) {
    OnnxWriter file;
    file.graph().message(5, tensor);
    file.node("Add", "y", {"x", "c"});
    return refusal(file);
  };
  const auto external = Wire().text(1, "location").text(2, "/etc/passwd");
  CHECK(refuses(Wire().number(1, 1).number(2, 1).text(8, "c").message(13, external)) == 5052);
  CHECK(refuses(Wire().number(1, 1).number(2, 1).text(8, "c").number(14, 1)) == 5052);
  CHECK(refuses(W::tensor("c", {3}, {1, 2})) == 5052);
  CHECK(refuses(W::tensor("c", {1}, {1, 2})) == 5052);
  CHECK(refuses(W::tensor("c", {-1}, {1})) == 5052);
  CHECK(refuses(W::tensor("c", {std::int64_t{1} << 62, 4}, {1})) == 5052);
  CHECK(refuses(Wire().number(1, 1).number(2, 8).text(8, "c").text(6, "text")) == 5052);
}

TEST_CASE("constants are read from each of the lists that may hold them, packed or not") {
  for (const bool packed : {true, false}) {
    OnnxWriter file;
    Wire tensor;
    tensor.number(1, 2).number(2, 1).text(8, "s");
    if (packed) {
      tensor.text(4, Wire::raw({2, 3}));
    } else {
      tensor.real(4, 2).real(4, 3);
    }
    file.graph().message(5, tensor);
    // 16 bits: 1.5 as a half is 0x3E00.
    file.graph().message(5, Wire().number(1, 1).number(2, 10).text(8, "h").number(5, 0x3E00));
    file.node("Reshape", "r", {"x", file.integers("to", {0, 16, 2})});
    file.node("Mul", "m", {"r", "s"});
    file.node("Mul", "y", {"m", "h"});
    const Graph graph = graph_of(file, "y");
    CHECK(weights(graph, "m", "gamma") == std::vector<float>{3, 4.5F});
  }
}

TEST_CASE("a file cut off anywhere is refused, and one with a wrong byte never leaves its memory") {
  OnnxWriter file;
  file.node("Conv", "c", {"x", file.counting("k", {2, 2, 1, 1}), file.counting("b", {2})},
            {W::ints("pads", {0, 0, 1, 1})});
  file.node("Relu", "r", {"c"});
  file.node("Flatten", "f", {"r"});
  file.node("Gemm", "y", {"f", file.counting("w", {50, 1})});
  file.output("y");
  const auto good = file.file();
  const auto read = [](const std::vector<std::byte>& bytes) {
    REQUIRE(!read_onnx(bytes, "test.onnx").layers.empty());
  };
  read(good);
  // The last field says the version of the operations and may be missing.
  tenon::test::check_truncated({good.begin(), good.end() - 4}, read);
  CHECK(tenon::test::count_mutations_refused(good, read) > 100);
}

}  // namespace
