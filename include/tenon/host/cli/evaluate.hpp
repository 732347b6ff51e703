// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <tenon/host/cli/files.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/import/npz.hpp>
#include <tenon/host/interpret/run_all.hpp>
#include <vector>

// tenon evaluate: how good a model is on `inputs` and `labels` of an .npz. Class labels give the accuracy, binary
// labels of a model with one output also the area under the curve, float targets (or none: the inputs) the error.
namespace tenon::host {

struct Evaluation {
  std::size_t count = 0;
  std::string metric;  ///< "accuracy", "auc" or "mean_squared_error"
  double value = 0;
};

/// Share of samples whose largest output is at the label's position.
[[nodiscard]] inline double accuracy(const std::vector<float>& outputs, std::size_t classes,
                                     const std::vector<std::int64_t>& labels) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto row = outputs.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto best = std::max_element(row, row + static_cast<std::ptrdiff_t>(classes));
    if (best - row == labels[i]) ++right;
  }
  return static_cast<double>(right) / static_cast<double>(labels.size());
}

/// Probability that a sample labelled 1 scores higher than one labelled 0; ties count half.
[[nodiscard]] inline double area_under_curve(const std::vector<float>& scores,
                                             const std::vector<std::int64_t>& labels) {
  std::vector<std::size_t> order(scores.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  double rank_sum = 0;
  double positives = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) ++end;
    const double rank = (static_cast<double>(i) + static_cast<double>(end) + 1) / 2;
    for (; i < end; ++i) {
      if (labels[order[i]] == 0) continue;
      rank_sum += rank;
      ++positives;
    }
  }
  const double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) throw Error{5011, "the labels are all of one kind; an AUC needs both"};
  return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives);
}

/// What a model says at the last step of each stream.
[[nodiscard]] inline std::vector<float> last_outputs(const Results& results) {
  const std::vector<float>& all = results.outputs.front();
  const std::size_t width = all.size() / results.count;
  std::vector<float> last;
  for (std::size_t s = 0; s < results.streams.count; ++s) {
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(results.streams.at(s, results.streams.steps - 1) * width);
    last.insert(last.end(), from, from + static_cast<std::ptrdiff_t>(width));
  }
  return last;
}

[[nodiscard]] inline Evaluation evaluate(const Program& program, const NpzReader& data, const std::string& file) {
  if (!data.contains("inputs")) {
    throw Error{5006, file + " has no array 'inputs'"};
  }
  Samples samples = samples_of(data.read("inputs"), file + ", array inputs");
  const Shape& frame = program.values()[program.input()].shape;
  const std::size_t count = samples.count;
  const bool sequences = program.stateful() && samples.shape != frame;
  const Streams streams = sequences ? cut_sequences(samples, frame) : Streams{count, 1};
  const Results results = run_all(program, samples, streams, false);
  const std::vector<float> outputs = last_outputs(results);
  const std::size_t width = outputs.size() / count;
  Evaluation evaluation{count, "mean_squared_error", 0};
  const bool labelled = data.contains("labels");
  const Array labels = labelled ? data.read("labels") : data.read("inputs");
  if (labels.shape.empty() || labels.shape[0] != count) {
    throw Error{1031, file + ": " + std::to_string(count) + " inputs, but labels of shape " +
                          shape_text(labels.shape)};
  }
  if (labelled && labels.dtype[0] != 'f' && labels.size() == count) {
    const std::vector<std::int64_t> classes = labels.to<std::int64_t>(file + ", array labels");
    evaluation.metric = width == 1 ? "auc" : "accuracy";
    evaluation.value = width == 1 ? area_under_curve(outputs, classes) : accuracy(outputs, width, classes);
    return evaluation;
  }
  const std::vector<float> targets = labels.to<float>(file + ", the targets");
  if (targets.size() != outputs.size()) {
    throw Error{1031, file + ": the targets have " + std::to_string(targets.size()) + " elements, the outputs " +
                          std::to_string(outputs.size())};
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const double d = static_cast<double>(outputs[i]) - static_cast<double>(targets[i]);
    evaluation.value += d * d / static_cast<double>(outputs.size());
  }
  return evaluation;
}

inline void add_evaluate(CLI::App& app) {
  struct Options {
    std::string model;
    std::string data;
    bool json = false;
  };
  CLI::App* sub = app.add_subcommand("evaluate", "Measure the accuracy of a model");
  auto o = std::make_shared<Options>();
  sub->add_option("-m,--model", o->model, "Float or quantized model (.h5)")->required();
  sub->add_option("-d,--data", o->data, "Test set: arrays inputs and labels of an .npz")->required();
  sub->add_flag("--json", o->json, "Print JSON");
  sub->callback([o] {
    const Program program = make_program(load_model(o->model));
    program.require_outputs();
    const Evaluation e = evaluate(program, NpzReader(o->data), o->data);
    if (o->json) {
      std::printf("{\"n\": %zu, \"%s\": %.9g}\n", e.count, e.metric.c_str(), e.value);
    } else {
      std::printf("%s: %.4f on %zu samples\n", e.metric.c_str(), e.value, e.count);
    }
  });
}

}  // namespace tenon::host
