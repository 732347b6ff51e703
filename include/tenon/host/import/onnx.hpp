// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/order.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/keras_checks.hpp>
#include <tenon/host/import/onnx_constants.hpp>
#include <tenon/host/import/onnx_convolution.hpp>
#include <tenon/host/import/onnx_dense.hpp>
#include <tenon/host/import/onnx_elementwise.hpp>
#include <tenon/host/import/onnx_model.hpp>
#include <tenon/host/import/onnx_pooling.hpp>
#include <tenon/host/import/onnx_shapes.hpp>
#include <utility>
#include <vector>

// Float ONNX files as graphs of Keras layers, channels last: what a Keras model of the same network
// gives. Nothing in the file is run and no other file is opened. A node without a layer stands in
// the graph as a class "ONNX>…", in front of which quantization stops.
namespace tenon::host {

namespace detail {

[[nodiscard]] inline bool import_unchanged(OnnxBuilder& b, const OnnxNode& node) {
  const OnnxValue* x = value_of(b, node.input(0));
  if (x == nullptr) return false;
  b.alias(node, *x);
  return true;
}

/// A Cast to another float type, or of an integer input to float.
[[nodiscard]] inline bool import_cast(OnnxBuilder& b, const OnnxNode& node) {
  return node.integer("to", 0) == static_cast<std::int64_t>(OnnxType::float32) &&
         import_unchanged(b, node);
}

struct OnnxOperation {
  std::string_view op_type;
  bool (*import)(OnnxBuilder&, const OnnxNode&);
};

inline constexpr OnnxOperation onnx_operations[] = {
    {"AveragePool", import_average_pool},
    {"BatchNormalization", import_batch_normalization},
    {"Cast", import_cast},
    {"Concat", import_concat},
    {"Conv", import_conv},
    {"ConvTranspose", import_conv_transpose},
    {"Dropout", import_unchanged},
    {"Flatten", import_flatten},
    {"Gemm", import_gemm},
    {"GlobalAveragePool", import_global_average_pool},
    {"Identity", import_unchanged},
    {"MatMul", import_mat_mul},
    {"MaxPool", import_max_pool},
    {"Pad", import_pad},
    {"ReduceMean", import_reduce_mean},
    {"Reshape", import_reshape},
    {"Resize", import_resize},
    {"Softmax", import_softmax},
    {"Squeeze", import_squeeze},
    {"Transpose", import_transpose},
    {"Unsqueeze", import_unsqueeze},
    {"Upsample", import_resize},
};

[[nodiscard]] inline bool is_quantizing(std::string_view op) {
  return op == "QuantizeLinear" || op == "DequantizeLinear" || op == "DynamicQuantizeLinear" ||
         op.starts_with("QLinear") || op == "ConvInteger" || op == "MatMulInteger";
}

[[nodiscard]] inline bool is_of_onnx(const OnnxNode& node) {
  return node.domain.empty() || node.domain == "ai.onnx" ||
         (node.domain == "com.microsoft" && node.op_type == "Gelu");
}

/// Whether every tensor that a node takes is one whose shape is known.
[[nodiscard]] inline bool takes_known_tensors(OnnxBuilder& b, const OnnxNode& node) {
  for (const std::string& name : node.inputs) {
    const auto value = b.values.find(name);
    if (value != b.values.end() && !value->second.known) return false;
  }
  return true;
}

inline void import_node(OnnxBuilder& b, const OnnxNode& node) {
  if (is_quantizing(node.op_type)) {
    throw Error{3032,
                "node '" + node.name + "' (" + node.op_type +
                    "): the model is quantized already; quantize the original float model instead"};
  }
  if (auto constant = is_of_onnx(node) ? onnx_constant(b, node) : std::nullopt) {
    b.constants[node.outputs.front()] = std::move(*constant);
    return;
  }
  if (is_of_onnx(node) && takes_known_tensors(b, node)) {
    if (is_elementwise(node) && import_elementwise(b, node)) return;
    for (const OnnxOperation& operation : onnx_operations) {
      if (operation.op_type == node.op_type && operation.import(b, node)) return;
    }
  }
  add_opaque(b, node);
}

/// A map is (channels, height, width) unless what is done with it first says otherwise.
[[nodiscard]] inline bool is_channels_first(const OnnxModel& model, const std::string& input) {
  std::set<std::string_view> same_map{input};
  for (const OnnxNode& node : model.nodes) {
    bool takes = false;
    for (const std::string& name : node.inputs) takes = takes || same_map.contains(name);
    if (!takes || node.outputs.empty()) continue;
    const bool neutral = is_elementwise(node) || node.op_type == "Cast" ||
                         node.op_type == "Identity" || node.op_type == "Dropout" ||
                         node.op_type == "Pad";
    if (node.op_type == "Transpose") {
      // From channels first to channels last, as networks of TensorFlow begin that are fed so.
      const OnnxAttribute* perm = node.attribute("perm");
      return perm != nullptr && perm->ints == std::vector<std::int64_t>{0, 2, 3, 1};
    }
    if (!neutral) return node.op_type != "Reshape" && node.op_type != "MatMul";
    same_map.insert(node.outputs.front());
  }
  return true;
}

inline void add_input(OnnxBuilder& b, const OnnxInput& input) {
  if (input.dims.size() < 2) {
    throw Error{1003, "input '" + input.name + "' of " + b.model().file +
                          " declares no shape of a batch and at least one more dimension"};
  }
  OnnxValue value;
  value.shape.assign(input.dims.begin() + 1, input.dims.end());
  for (const std::int64_t size : value.shape) {
    if (size < 0) {
      throw Error{
          1005,
          "input '" + input.name + "' of " + b.model().file +
              " has an unknown dimension besides the batch; export the model with fixed sizes"};
    }
  }
  const bool is_map = value.rank() == 3 && is_channels_first(b.model(), input.name);
  value.order = is_map ? channels_last_order() : same_order(value.rank());
  OnnxNode node;
  node.name = input.name;
  Json shape = Json::array({nullptr});
  for (const std::int64_t size : value.keras_shape()) shape.push_back(size);
  Layer& layer = b.add(node, "InputLayer", {},
                       {{"batch_input_shape", shape}, {"sparse", false}, {"ragged", false}});
  layer.config.erase("trainable");
  value.endpoint = {layer.name, 0, 0};
  value.sole = true;
  b.graph.inputs.push_back(value.endpoint);
  b.set(input.name, std::move(value));
}

/// Names are given once, and nodes stand behind what they take. The nodes that the outputs need.
[[nodiscard]] inline std::vector<const OnnxNode*> needed_nodes(const OnnxModel& model) {
  std::unordered_map<std::string_view, std::size_t> maker;
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    for (const std::string& name : model.nodes[i].outputs) {
      if (!name.empty() && !maker.emplace(name, i).second) {
        throw Error{5051, model.file + ": two nodes give the tensor '" + name + "'"};
      }
    }
  }
  std::vector<char> needed(model.nodes.size(), 0);
  const auto need = [&](const std::string& name, std::size_t before) {
    const auto found = maker.find(name);
    if (found == maker.end()) return;
    if (found->second >= before) {
      throw Error{5051, model.file + ": tensor '" + name + "' is taken before it is computed"};
    }
    needed[found->second] = 1;
  };
  for (const std::string& name : model.outputs) need(name, model.nodes.size());
  std::vector<const OnnxNode*> nodes;
  for (std::size_t i = model.nodes.size(); i-- > 0;) {
    if (needed[i] == 0) continue;
    nodes.push_back(&model.nodes[i]);
    for (const std::string& name : model.nodes[i].inputs) need(name, i);
  }
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

/// Layers that only another view of a tensor needed.
inline void remove_unneeded(Graph& graph) {
  std::unordered_map<std::string_view, std::size_t> position;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) position[graph.layers[i].name] = i;
  std::vector<char> needed(graph.layers.size(), 0);
  for (const Endpoint& e : graph.outputs) needed[position.at(e.layer)] = 1;
  for (std::size_t i = graph.layers.size(); i-- > 0;) {
    if (needed[i] == 0) continue;
    for (const Endpoint& e : graph.layers[i].inputs()) needed[position.at(e.layer)] = 1;
  }
  std::vector<Layer> kept;
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    if (needed[i] != 0 || graph.layers[i].calls.empty()) kept.push_back(std::move(graph.layers[i]));
  }
  graph.layers = std::move(kept);
}

inline void set_output(OnnxBuilder& b, const std::string& name) {
  const OnnxValue* found = value_of(b, name);
  if (found == nullptr) {
    throw Error{5051, b.model().file + ": the output '" + name + "' is not computed from an input"};
  }
  OnnxValue x = *found;
  // A map stays as Keras has it, channels last; vectors are in the order of the file.
  OnnxNode node;
  node.name = name;
  if (x.known && (x.rank() != 3 || x.order != channels_last_order()))
    x = b.plain(node, std::move(x));
  b.graph.outputs.push_back(x.endpoint);
}

}  // namespace detail

/// TN5050 to TN5053 for what is wrong with the file, TN3032 for a quantized model.
[[nodiscard]] inline Graph read_onnx(std::span<const std::byte> bytes, const std::string& file) {
  OnnxModel model = read_onnx_model(bytes, file);
  OnnxBuilder b(model);
  b.graph.name = model.name.empty() ? "model" : plain_text(model.name);
  for (OnnxTensor& tensor : model.constants) {
    if (!b.constants.emplace(tensor.name, std::move(tensor.array)).second) {
      throw Error{5051, file + ": two constants are named '" + tensor.name + "'"};
    }
  }
  const std::vector<const OnnxNode*> nodes = detail::needed_nodes(model);
  for (const OnnxNode* node : nodes) {
    for (const std::string& name : node->inputs) ++b.uses[name];
  }
  for (const std::string& name : model.outputs) ++b.uses[name];
  for (const OnnxInput& input : model.inputs) {
    if (b.constant(input.name) != nullptr) continue;
    if (b.values.contains(input.name))
      throw Error{5051, file + ": two inputs are named '" + input.name + "'"};
    detail::add_input(b, input);
  }
  for (const OnnxNode* node : nodes) {
    for (const std::string& name : node->outputs) {
      if (b.values.contains(name) || b.constant(name) != nullptr) {
        throw Error{5051, file + ": tensor '" + name + "' is given twice"};
      }
    }
    detail::import_node(b, *node);
  }
  for (const std::string& name : model.outputs) detail::set_output(b, name);
  detail::remove_unneeded(b.graph);
  return checked(keras_order(std::move(b.graph)));
}

[[nodiscard]] inline Graph read_onnx(const std::filesystem::path& path) {
  return read_onnx(read_bytes(path), path.string());
}

}  // namespace tenon::host
