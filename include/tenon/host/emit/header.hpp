// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <tenon/host/deploy/block_constants.hpp>
#include <tenon/host/deploy/stage.hpp>
#include <tenon/host/emit/cpp_text.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/interpret/toolkit_layers.hpp>
#include <tenon/kernel/block.hpp>
#include <tenon/model/sum_proof.hpp>
#include <tenon/version.hpp>
#include <variant>
#include <vector>

// The header of a deployed model: a type with static members for each stage, and the model that lists them. It needs nothing
// but tenon/device.hpp.
namespace tenon::host {

struct HeaderOptions {
  std::string name_space = "model";  ///< of the header
  std::string arch = "native";       ///< tag of tenon::arch that `Model` uses
  std::string source;                ///< name of the file that the model comes from
};

namespace detail {

class HeaderWriter {
 public:
  HeaderWriter(const Deployment& deployment, const HeaderOptions& options) : deployment_(deployment), options_(options) {
    std::set<std::string> taken;
    for (const DeployedStage& stage : deployment_.stages) names_.push_back(cpp_text::unique_identifier(stage.name, taken));
  }

  [[nodiscard]] std::string write() {
    introduction();
    line("#pragma once");
    line("#include <tenon/device.hpp>\n");
    line("namespace {} {{\n", options_.name_space);
    line("// Stages: a layer with its bias, ReLU and output quantizer, and all of its constants.");
    line("namespace stages {{\n");
    for (std::size_t i = 0; i < deployment_.stages.size(); ++i) stage(i);
    line("}}  // namespace stages\n");
    outputs();
    model();
    line("}}  // namespace {}", options_.name_space);
    return std::move(text_);
  }

 private:
  static constexpr std::string_view indent = "      ";

  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    text_ += '\n';
  }
  template <class... Args>
  void member(fmt::format_string<Args...> format, Args&&... args) {
    text_ += "  static constexpr ";
    line(format, std::forward<Args>(args)...);
  }

  void introduction() {
    line("// {}: integer-only inference, written by tenon {}{}{}.", options_.name_space, version_text(),
         options_.source.empty() ? "" : " from ", options_.source);
    line("//");
    line("//   static {0}::Model net;            // the memory of one inference; constants stay in flash", options_.name_space);
    line("//   const auto scores = net(input);  // input: {} elements of {}; scores: {} of {}",
         deployment_.stages.front().shape.size(), cpp_text::type_name(deployment_.stages.front().type),
         deployment_.outputs.front().shape.size(), cpp_text::type_name(output_stage(0).type));
    line("//");
    line("// {:<34} {:<24} {:>16} {:>10}", "stage", "layer", "output", "weights");
    for (std::size_t i = 0; i < deployment_.stages.size(); ++i) {
      const DeployedStage& s = deployment_.stages[i];
      const std::size_t weights = s.block ? s.block->weights.size() : s.constants.weights.size() + s.constants.pointwise.size();
      line("// {:<34} {:<24} {:>16} {:>10}", names_[i], s.class_name, shape_text(s.shape), weights);
    }
    for (const std::string& name : deployment_.left_out) line("// Left to the caller: the float layer '{}' behind the integers.", name);
  }

  [[nodiscard]] const DeployedStage& output_stage(std::size_t k) const {
    return deployment_.stages[deployment_.outputs[k].stage];
  }

  void stage(std::size_t i) {
    const DeployedStage& s = deployment_.stages[i];
    std::string what = s.class_name;
    for (const std::string& folded : s.folded) what += " with '" + folded + "'";
    line("// '{}': {} to {}", s.name, what, shape_text(s.shape));
    line("struct {}{} {{", names_[i], i == 0 || s.block ? "" : " : tenon::StageConstants");
    line("  using Output = {};", cpp_text::type_name(s.type));
    if (i == 0) {
      member("tenon::Shape shape = {};", cpp_text::shape(s.shape));
    } else {
      std::visit(
          [&](const auto& p) {
            member("tenon::{}Params params{};", cpp_text::params_name<std::decay_t<decltype(p)>>, cpp_text::members(p));
          },
          s.params);
      reshaped(s);
      s.block ? block(s) : layer(s);
    }
    line("}};\n");
  }

  /// The shapes of inputs that a layer without a stage of its own changed.
  void reshaped(const DeployedStage& s) {
    bool same = true;
    for (std::size_t k = 0; k < s.inputs.size(); ++k) same = same && s.input_shapes[k] == deployment_.stages[s.inputs[k]].shape;
    if (same) return;
    std::vector<std::string> shapes;
    for (const Shape& shape : s.input_shapes) shapes.push_back(cpp_text::shape(shape));
    member("tenon::Shape input_shapes[] = {{{}}};", fmt::join(shapes, ", "));
  }

  void block(const DeployedStage& s) {
    const BlockConstants& b = *s.block;
    const BlockTraits& t = b.traits;
    const kernel::FinishTraits& f = t.finish;
    member("tenon::BlockTraits block{{");
    line("      .finish = {{.raw = {}, .channel_high = {}, .low = {}, .high = {}, .limit_bits = {}}},", f.raw, f.channel_high,
         f.low, f.high, f.limit_bits);
    line("      .weight_bits = {}, .shifted = {}, .grouped_by_shift = {}, .non_negative = {}, .largest_input = {}}};",
         t.weight_bits, t.shifted, t.grouped_by_shift, t.non_negative, t.largest_input);
    member("std::int64_t largest_sum = {};", s.largest_sum);
    const DeployedStage& source = deployment_.stages[s.inputs[0]];
    if (!b.padding.empty()) {
      member("{} padding[] = {{{}}};", cpp_text::type_name(source.type), cpp_text::numbers(b.padding, indent));
    }
    if (!b.shifts.empty()) member("std::uint8_t shifts[] = {{{}}};", cpp_text::numbers(b.shifts, indent));
    if (!b.add_shifts.empty()) {
      std::vector<std::string> items;
      for (const kernel::AddShifts& a : b.add_shifts) items.push_back(fmt::format("{{{}, {}}}", a.first, a.second));
      member("tenon::kernel::AddShifts add_shifts[] = {{{}}};", cpp_text::list(items, indent));
    }
    member("tenon::kernel::ChannelFinish finish[] = {{{}}};", finish_list(b.finish));
    if (s.pool) pool(*s.pool);
    if (!b.weights.empty()) {
      line("  alignas(16) static constexpr signed char weights[] ={};", cpp_text::literal(stored_weights(b), indent));
    }
  }

  void pool(const PooledTail& p) {
    line("  struct Pool {{");
    line("    static constexpr tenon::GlobalAveragePooling2DParams params{{.keepdims = {}}};", p.keepdims);
    line("    static constexpr std::int64_t largest_sum = {};", p.largest_sum);
    line("    static constexpr bool has_relu = {};", p.has_relu);
    if (!p.relu.maximum.empty()) {
      line("    static constexpr std::int64_t maximum[] = {{{}}};", cpp_text::numbers(p.relu.maximum, indent));
    }
    text_ += "  ";
    quantizer(p.relu.has_output ? p.relu.output : Requantization<Heap>{}, false, {});
    line("  }};");
  }

  [[nodiscard]] static std::string finish_list(const std::vector<kernel::ChannelFinish>& finish) {
    std::vector<std::string> items;
    for (const kernel::ChannelFinish& c : finish) {
      items.push_back(fmt::format("{{{}, {}, {}, {}}}", c.offset, c.shift, c.high, c.multiplier));
    }
    return cpp_text::list(items, indent);
  }

  template <class Values>
  void array(const char* name, const char* type, const Values& values) {
    if (values.empty()) return;
    member("std::array<{}, {}> {}{{{}}};", type, values.size(), name, cpp_text::numbers(values, indent));
  }
  void weights(const char* name, const std::vector<std::int32_t>& values) {
    if (values.empty()) return;
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    if (*low >= -128 && *high <= 127) {
      const std::vector<std::int8_t> bytes(values.begin(), values.end());
      member("tenon::Bytes<{}> {}{{{}}};", bytes.size(), name, cpp_text::literal(bytes, indent));
    } else {
      array(name, *low >= -32768 && *high <= 32767 ? "std::int16_t" : "std::int32_t", values);
    }
  }

  void layer(const DeployedStage& s) {
    const HostConstants& c = s.constants;
    const HostConstants usual{};
    array("input_shift", "std::int8_t", c.input_shift);
    // An attention's shift of the scores may be negative.
    array("second_shift", "std::int8_t", c.second_shift);
    array("bias", "std::int32_t", c.bias);
    array("bias_shift", "std::int8_t", c.bias_shift);
    array("maximum", "std::int64_t", c.maximum);
    array("padding", "std::int32_t", c.padding);
    array("table", "std::int32_t", c.table);
    const auto value = [&](const char* name, const char* type, auto v, auto default_value) {
      if (v != default_value) member("{} {} = {};", type, name, v);
    };
    const int bits = std::min(s.format.value_bits, 62);
    member("std::int64_t largest_output = {};", (std::int64_t{1} << bits) - (s.non_negative ? 1 : 0));
    value("buffer_bits", "int", c.buffer_bits, usual.buffer_bits);
    value("input_bits", "int", c.input_bits, 0);
    value("weight_shift", "int", c.weight_shift, 0);
    value("state_bits", "int", c.state_bits, 0);
    value("exp_bits", "int", c.exp_bits, 0);
    value("exp_buffer_bits", "int", c.exp_buffer_bits, 0);
    value("largest_sum", "std::int64_t", c.largest_sum, std::int64_t{0});
    value("largest_score", "std::int64_t", c.largest_score, std::int64_t{0});
    const auto fact = [&](const char* name, bool holds, bool usual_value) {
      if (holds != usual_value) member("bool {}() noexcept {{ return {}; }}", name, holds);
    };
    fact("fits_int32", c.fits_int32(), true);
    fact("scores_fit_int32", c.scores_fit_int32(), true);
    fact("turns_fit_int32", std::holds_alternative<StatefulRecurrentParams>(s.params) && c.turns_fit_int32(), false);
    fact("dividends_fit_24_bits", std::holds_alternative<LayerMadNormalizationParams>(s.params) && c.dividends_fit_24_bits(),
         false);
    output(s);
    weights("weights", c.weights);
    weights("pointwise", c.pointwise);
    if (is_stateful(s.params)) line("  using State = {};", state_type(s));
  }

  [[nodiscard]] const char* state_type(const DeployedStage& s) const {
    const bool recurrent = std::holds_alternative<StatefulRecurrentParams>(s.params);
    return cpp_text::type_name(recurrent ? s.type : deployment_.stages[s.inputs[0]].type);
  }

  void output(const DeployedStage& s) {
    const bool has_output = s.relu ? s.relu->has_output : s.constants.has_output;
    if (!has_output && !s.relu) return;
    const Requantization<Heap>& q = s.relu ? s.relu->output : s.constants.output;
    const std::vector<std::int64_t> none;
    const std::vector<std::int64_t>& maximum = s.relu ? s.relu->maximum : none;
    member("bool has_output = true;");
    quantizer(q, s.relu.has_value(), maximum);
  }

  void quantizer(const Requantization<Heap>& q, bool has_relu, const std::vector<std::int64_t>& maximum) {
    const std::int32_t largest = q.mantissas.empty() ? 0 : *std::max_element(q.mantissas.begin(), q.mantissas.end());
    member("tenon::StageOutput<{}, {}, {}, {}> output{{", largest < 256 ? "std::uint8_t" : "std::int32_t", q.mantissas.size(),
           q.shifts.size(), maximum.size());
    line("      .mantissas = {{{}}},", cpp_text::numbers(q.mantissas, indent));
    line("      .shifts = {{{}}},", cpp_text::numbers(q.shifts, indent));
    line("      .value_bits = {}, .buffer_bits = {}, .has_relu = {}, .float32_products = {}, .maximum = {{{}}}}};", q.value_bits,
         q.buffer_bits, has_relu, q.float32_products, cpp_text::numbers(maximum, indent));
  }

  void outputs() {
    line("// What the integers of the outputs stand for: value * 2^-frac_bits, times a scale if there are scales; one of each, or");
    line("// one a channel.");
    for (std::size_t k = 0; k < deployment_.outputs.size(); ++k) {
      const DeployedOutput& o = deployment_.outputs[k];
      line("struct Output{} {{", k);
      line("  using Source = stages::{};", names_[o.stage]);
      member("tenon::Shape shape = {};", cpp_text::shape(o.shape));
      member("int value_bits = {};", o.format.value_bits);
      member("std::int32_t frac_bits[] = {{{}}};", cpp_text::numbers(o.format.frac_bits, indent));
      if (o.format.has_scales()) member("float scales[] = {{{}}};", cpp_text::numbers(o.format.scales, indent));
      line("}};\n");
    }
  }

  void model() {
    std::vector<std::string> all;
    for (std::size_t k = 0; k < deployment_.outputs.size(); ++k) all.push_back("Output" + std::to_string(k));
    line("template <class Arch>");
    line("using ModelFor = tenon::Exported<Arch, std::tuple<{}>,", fmt::join(all, ", "));
    for (std::size_t i = 0; i < deployment_.stages.size(); ++i) {
      const DeployedStage& s = deployment_.stages[i];
      std::string from;
      const bool previous = s.inputs.size() == 1 && s.inputs[0] + 1 == i;
      for (const std::size_t k : s.inputs) from += previous ? "" : ", stages::" + names_[k];
      line("    tenon::Stage<stages::{}{}>{}", names_[i], from, i + 1 < deployment_.stages.size() ? "," : ">;");
    }
    line("using Model = ModelFor<tenon::arch::{}>;\n", options_.arch);
    line("static_assert(Model::input_size == {} && Model::output_size == {});", deployment_.stages.front().shape.size(),
         deployment_.outputs.front().shape.size());
    const auto bytes = [](const DeployedStage& s) { return s.block ? stored_weights(*s.block).size() : std::size_t{0}; };
    const bool provable = std::all_of(deployment_.stages.begin(), deployment_.stages.end(),
                                      [&](const DeployedStage& s) { return bytes(s) < tenon::detail::clang_provable_bytes; });
    if (provable) line("static_assert(Model::sums_are_proved, \"the compiler adds up the weights of each output channel\");");
    else line("// A layer has more weights than compilers evaluate: its largest_sum was computed when this file was written.");
    line("// Budgets of your own go beside these: static_assert({}::Model::arena_bytes <= 32'768);\n", options_.name_space);
  }

  [[nodiscard]] static std::string version_text() { return std::string(version); }

  const Deployment& deployment_;
  const HeaderOptions& options_;
  std::vector<std::string> names_;
  std::string text_;
};

}  // namespace detail

/// The header of a model. Names of the model become identifiers.
[[nodiscard]] inline std::string write_header(const Deployment& deployment, const HeaderOptions& options) {
  return detail::HeaderWriter(deployment, options).write();
}

}  // namespace tenon::host
