// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>
#include <tenon/host/graph/graph.hpp>

// Entries of a layer's Keras configuration as C++ values. An absent or null entry gives the
// fallback; an entry of another kind is TN5031 with the layer, the key and what stands there.
namespace tenon::host {

[[noreturn]] inline void refuse_entry(const Layer& layer, std::string_view key,
                                      std::string_view wanted) {
  std::string found = layer.config.at(std::string(key)).dump();
  if (found.size() > 60) found = found.substr(0, 57) + "...";
  throw Error{5031, "layer '" + layer.name + "' (" + layer.class_name + "): '" + std::string(key) +
                        "' is " + found + ", it should be " + std::string(wanted)};
}

/// The entry, or nullptr where it is absent or null.
[[nodiscard]] inline const Json* entry(const Layer& layer, std::string_view key) {
  if (!layer.config.is_object()) return nullptr;
  const auto found = layer.config.find(key);
  return found == layer.config.end() || found->is_null() ? nullptr : &*found;
}

[[nodiscard]] inline std::string text_entry(const Layer& layer, std::string_view key,
                                            std::string fallback) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return fallback;
  if (!found->is_string()) refuse_entry(layer, key, "a string");
  return found->get<std::string>();
}

[[nodiscard]] inline bool flag_entry(const Layer& layer, std::string_view key, bool fallback) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return fallback;
  // Old files hold 0 and 1.
  if (*found == 0 || *found == 1) return *found == 1;
  if (!found->is_boolean()) refuse_entry(layer, key, "true or false");
  return found->get<bool>();
}

/// An integer of 32 bits: no size, stride or axis of a layer is larger.
[[nodiscard]] inline std::optional<std::int64_t> small_integer(const Json& value) {
  constexpr std::int64_t limit = std::int64_t{1} << 31;
  if (value.is_number_unsigned()) {
    const auto n = value.get<std::uint64_t>();
    if (n < static_cast<std::uint64_t>(limit)) return static_cast<std::int64_t>(n);
  } else if (value.is_number_integer()) {
    const auto n = value.get<std::int64_t>();
    if (n > -limit && n < limit) return n;
  }
  return std::nullopt;
}

[[nodiscard]] inline std::int64_t integer_entry(const Layer& layer, std::string_view key,
                                                std::int64_t fallback) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return fallback;
  const auto value = small_integer(*found);
  if (!value) refuse_entry(layer, key, "an integer");
  return *value;
}

/// A size or a number of things.
[[nodiscard]] inline std::int32_t count_entry(const Layer& layer, std::string_view key,
                                              std::int64_t fallback) {
  const std::int64_t count = integer_entry(layer, key, fallback);
  if (count < 1 || count > 1 << 24) refuse_entry(layer, key, "a positive integer");
  return static_cast<std::int32_t>(count);
}

/// A pair such as a kernel size: [3, 3], or 3 for both.
[[nodiscard]] inline std::array<std::int64_t, 2> pair_entry(const Layer& layer,
                                                            std::string_view key,
                                                            std::array<std::int64_t, 2> fallback) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return fallback;
  if (const auto both = small_integer(*found)) return {*both, *both};
  if (!found->is_array() || found->size() != 2)
    refuse_entry(layer, key, "an integer or two of them");
  const auto first = small_integer((*found)[0]);
  const auto second = small_integer((*found)[1]);
  if (!first || !second) refuse_entry(layer, key, "an integer or two of them");
  return {*first, *second};
}

/// A number or a list of numbers, also wrapped as NumPy values were: {"class_name": "__numpy__",
/// "value": …}.
struct Numbers {
  std::vector<double> values;
  bool is_list = false;
};

[[nodiscard]] inline std::optional<Numbers> numbers_of(const Json& value) {
  if (value.is_number()) return Numbers{{value.get<double>()}, false};
  if (value.is_object()) {
    if (const auto inner = value.find("value"); inner != value.end()) return numbers_of(*inner);
    if (const auto inner = value.find("config"); inner != value.end()) return numbers_of(*inner);
    return std::nullopt;
  }
  if (!value.is_array()) return std::nullopt;
  Numbers list{{}, true};
  for (const Json& item : value) {
    if (!item.is_number()) return std::nullopt;
    list.values.push_back(item.get<double>());
  }
  return list;
}

[[nodiscard]] inline Numbers numbers_entry(const Layer& layer, std::string_view key,
                                           double fallback) {
  const Json* found = entry(layer, key);
  if (found == nullptr) return {{fallback}, false};
  auto numbers = numbers_of(*found);
  if (!numbers || numbers->values.empty())
    refuse_entry(layer, key, "a number or a list of numbers");
  return std::move(*numbers);
}

[[nodiscard]] inline double number_entry(const Layer& layer, std::string_view key,
                                         double fallback) {
  const Numbers numbers = numbers_entry(layer, key, fallback);
  if (numbers.values.size() != 1) refuse_entry(layer, key, "one number");
  return numbers.values.front();
}

/// What every Keras layer configuration begins with, for a layer that takes the place of `old`.
[[nodiscard]] inline Json base_config(const Layer& old) {
  const Json* trainable = entry(old, "trainable");
  const Json* dtype = entry(old, "dtype");
  return Json{{"name", old.name},
              {"trainable", trainable == nullptr ? Json(true) : *trainable},
              {"dtype", dtype == nullptr ? Json("float32") : *dtype}};
}

}  // namespace tenon::host
