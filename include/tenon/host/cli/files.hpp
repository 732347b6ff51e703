// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/json.hpp>
#include <tenon/host/import/keras.hpp>
#include <tenon/host/import/npz.hpp>
#include <tenon/host/import/onnx.hpp>
#include <utility>
#include <vector>

// The files that commands are given.
namespace tenon::host {

[[nodiscard]] inline std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

[[nodiscard]] inline Graph load_model(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path);
  if (extension == ".h5" || extension == ".keras") return read_keras(path);
  if (extension == ".onnx") return read_onnx(path);
  throw Error{5043, "'" + path.string() + "': the extension of a model must be .h5, .keras or .onnx"};
}

/// A shape of more than `Shape::max_rank` dimensions, or with a dimension that is not positive, is TN1006.
[[nodiscard]] inline Shape shape_of(std::span<const std::size_t> dims, const std::string& what) {
  Shape shape;
  if (dims.size() > Shape::max_rank) throw Error{1006, what + " has more than 6 dimensions"};
  for (const std::size_t d : dims) {
    if (d == 0 || d > (std::size_t{1} << 24)) throw Error{1006, what + " has a dimension of " + std::to_string(d)};
    shape.push_back(static_cast<std::int32_t>(d));
  }
  return shape;
}

/// An array of samples: its first axis counts them.
[[nodiscard]] inline Samples samples_of(const Array& array, const std::string& what) {
  if (array.shape.empty() || array.shape[0] == 0) throw Error{5009, what + " holds no samples"};
  require_finite(array, what);
  Samples samples;
  samples.shape = shape_of(std::span(array.shape).subspan(1), what);
  samples.count = array.shape[0];
  if (array.dtype == "u1") {
    samples.data = array.to<std::uint8_t>(what);
  } else if (array.dtype == "i1") {
    samples.data = array.to<std::int8_t>(what);
  } else {
    samples.data = array.to<float>(what);
  }
  return samples;
}

/// All arrays of an .npz one behind the other, as QuantizeML reads samples.
[[nodiscard]] inline Samples read_samples(const std::filesystem::path& path) {
  Samples all;
  const NpzReader archive(path);
  for (std::size_t i = 0; i < archive.names().size(); ++i) {
    const std::string what = path.string() + ", array " + archive.names()[i];
    Samples part = samples_of(archive.read(i), what);
    if (all.count != 0 && part.shape != all.shape) {
      throw Error{1007, what + " holds samples of shape " + shape_text(part.shape) + ", the arrays before it of " +
                            shape_text(all.shape)};
    }
    if (all.count == 0) {
      all = std::move(part);
    } else {
      all.append(part);
    }
  }
  if (all.count == 0) throw Error{5009, path.string() + " holds no samples"};
  return all;
}

[[nodiscard]] inline Json read_json(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_bytes(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return parse_json(text, path.string());
}

}  // namespace tenon::host
