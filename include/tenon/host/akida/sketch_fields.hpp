// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <tenon/host/akida/named_model.hpp>
#include <tenon/host/error.hpp>
#include <tenon/tensor/shape.hpp>
#include <tenon/tensor/window.hpp>

// Reads the fields of one layer of a sketch. Every error names the layer, the field, what it holds
// and what it should hold.
namespace tenon::host::mapping {

class SketchFields {
 public:
  /// No dimension or count of a model is larger, and no kernel or stride.
  static constexpr std::int64_t largest = 1 << 24;
  static constexpr std::int64_t largest_window = 4096;

  SketchFields(const nlohmann::json& object, std::string name)
      : object_(object), name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  /// The field, or nullptr if it is absent or null.
  [[nodiscard]] const nlohmann::json* find(const char* field) const {
    const auto at = object_.find(field);
    return at == object_.end() || at->is_null() ? nullptr : &*at;
  }
  [[nodiscard]] const nlohmann::json& need(const char* field, const char* kind) const {
    const nlohmann::json* value = find(field);
    if (value == nullptr) {
      throw Error{5061, "layer " + name_ + " has no field \"" + field + "\"; add " + kind};
    }
    return *value;
  }
  [[noreturn]] void refuse(const char* field, const nlohmann::json& found,
                           const std::string& wanted) const {
    std::string text = found.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    if (text.size() > 60) text = text.substr(0, 57) + "...";
    throw Error{5062,
                "layer " + name_ + ", field \"" + field + "\": " + text + " is not " + wanted};
  }

  [[nodiscard]] std::int32_t integer(const char* field, std::int64_t low, std::int64_t high) const {
    return checked(field, need(field, "a whole number"), low, high);
  }
  [[nodiscard]] std::int32_t integer_or(const char* field, std::int64_t low, std::int64_t high,
                                        std::int32_t otherwise) const {
    const nlohmann::json* value = find(field);
    return value == nullptr ? otherwise : checked(field, *value, low, high);
  }
  [[nodiscard]] std::string text(const char* field) const {
    const nlohmann::json& value = need(field, "a text");
    if (!value.is_string()) refuse(field, value, "a text");
    return value.get<std::string>();
  }
  /// One number for both, or [height, width].
  [[nodiscard]] Size2D size(const char* field) const {
    return size_from(field, need(field, "[height, width]"));
  }
  [[nodiscard]] Size2D size_or(const char* field, Size2D otherwise) const {
    const nlohmann::json* value = find(field);
    return value == nullptr ? otherwise : size_from(field, *value);
  }
  [[nodiscard]] Padding padding_or(Padding otherwise) const {
    const nlohmann::json* value = find("padding");
    if (value == nullptr || *value == "valid") return value == nullptr ? otherwise : Padding::valid;
    if (*value != "same") refuse("padding", *value, "\"same\" or \"valid\"");
    return Padding::same;
  }
  /// A shape without the batch; of several (a merge, a model with several outputs) the first.
  [[nodiscard]] Shape shape(const char* field) const {
    const nlohmann::json* value = &need(field, "a shape such as [32, 32, 3]");
    if (value->is_array() && !value->empty() && value->front().is_array()) value = &value->front();
    if (!value->is_array() || value->empty() || value->size() > Shape::max_rank) {
      refuse(field, *value, "a shape of 1 to 5 dimensions");
    }
    Shape shape;
    for (const nlohmann::json& dim : *value) shape.push_back(checked(field, dim, 1, largest));
    if (!is_countable(shape)) refuse(field, *value, "a shape of less than 2^31 elements");
    return shape;
  }

 private:
  [[nodiscard]] std::int32_t checked(const char* field, const nlohmann::json& value,
                                     std::int64_t low, std::int64_t high) const {
    const std::string wanted =
        "a whole number from " + std::to_string(low) + " to " + std::to_string(high);
    if (!value.is_number_integer()) refuse(field, value, wanted);
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(high)) {
      refuse(field, value, wanted);
    }
    const std::int64_t x = value.get<std::int64_t>();
    if (x < low || x > high) refuse(field, value, wanted);
    return static_cast<std::int32_t>(x);
  }
  [[nodiscard]] Size2D size_from(const char* field, const nlohmann::json& value) const {
    if (value.is_array() && value.size() == 2) {
      return {checked(field, value[0], 1, largest_window),
              checked(field, value[1], 1, largest_window)};
    }
    if (!value.is_number_integer()) refuse(field, value, "a whole number or [height, width]");
    const std::int32_t both = checked(field, value, 1, largest_window);
    return {both, both};
  }

  const nlohmann::json& object_;
  std::string name_;
};

}  // namespace tenon::host::mapping
