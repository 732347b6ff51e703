// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <unistd.h>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <tenon/host/emit/hdf5.hpp>
#include <tenon/host/import/bytes.hpp>
#include <tenon/host/import/hdf5.hpp>
#include <utility>
#include <vector>

// Keras files that tests write group by group, from texts and numbers that stand in the test.
namespace tenon::test {

/// A path in the temporary folder whose file disappears with it.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("tenon-" + std::to_string(::getpid()) + "-" + name)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct StoredWeight {
  std::string layer;  ///< the group
  std::string name;
  std::vector<std::size_t> shape;
  std::vector<float> data;
};

/// The bytes of an .h5 model with this configuration and these weights.
inline std::vector<std::byte> keras_file(const std::string& config,
                                         const std::vector<StoredWeight>& weights = {}) {
  const TemporaryFile file("model.h5");
  host::Hdf5Writer writer(file.path());
  writer.attribute("", "model_config", config);
  writer.group("model_weights");
  std::vector<std::string> layers;
  for (const StoredWeight& w : weights) {
    if (layers.empty() || layers.back() != w.layer) layers.push_back(w.layer);
  }
  writer.string_list("model_weights", "layer_names", layers);
  for (const std::string& layer : layers) {
    std::vector<std::string> names;
    for (const StoredWeight& w : weights) {
      if (w.layer == layer) names.push_back(w.name);
    }
    writer.group("model_weights/" + layer);
    writer.string_list("model_weights/" + layer, "weight_names", names);
  }
  for (const StoredWeight& w : weights) {
    writer.dataset<float>("model_weights/" + w.layer + "/" + w.name, w.shape,
                          std::span<const float>(w.data));
  }
  writer.finish();
  return host::read_bytes(file.path());
}

}  // namespace tenon::test
