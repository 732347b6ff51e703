// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <tenon/host/import/keras_h5.hpp>
#include <tenon/host/import/npz.hpp>
#include <vector>

// What a recipe (train.py) left in its folder, as a typed model takes it.
namespace trained {

/// The float weights, layer after layer, each one's variables in Keras' order.
inline std::vector<float> weights(const std::filesystem::path& folder) {
  std::vector<float> all;
  for (const auto& layer : tenon::host::read_keras_h5(folder / "model.h5").layers) {
    for (const auto& variable : layer.variables) {
      all.insert(all.end(), variable.data.begin(), variable.data.end());
    }
  }
  return all;
}

/// An array of integers out of an .npz, all elements one behind the other.
template <class T>
std::vector<T> array(const std::filesystem::path& file, const char* name) {
  const auto values = tenon::host::NpzReader(file).read(name).to<std::int64_t>(name);
  std::vector<T> all;
  for (const std::int64_t v : values) all.push_back(static_cast<T>(v));
  return all;
}

/// How many of the predictions are the labels, in percent.
inline double percent_right(std::span<const std::int32_t> predicted,
                            std::span<const std::int32_t> labels) {
  int right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i] ? 1 : 0;
  return 100.0 * right / static_cast<double>(labels.size());
}

/// The position of the largest score.
template <class Floats>
std::int32_t best(const Floats& scores) {
  return static_cast<std::int32_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

}  // namespace trained
