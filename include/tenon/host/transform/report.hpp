// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What a user should know about a sanitized model beyond the model itself.
namespace tenon::host {

enum class Finding {
  left_alone,        ///< a pattern that was met but cannot be handled: the layers stay as they are
  function_changed,  ///< the layer computes something else than before, as it does in QuantizeML
};

struct Remark {
  Finding finding;
  std::string transform;
  std::string layer;
  std::string text;
};

struct Report {
  std::vector<Remark> remarks;

  void left_alone(std::string_view transform, std::string_view layer, std::string text) {
    remarks.push_back(
        {Finding::left_alone, std::string(transform), std::string(layer), std::move(text)});
  }
  void function_changed(std::string_view transform, std::string_view layer, std::string text) {
    remarks.push_back(
        {Finding::function_changed, std::string(transform), std::string(layer), std::move(text)});
  }
};

}  // namespace tenon::host
