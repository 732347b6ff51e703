// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <tenon/akida/verdict.hpp>
#include <tenon/host/akida/edit.hpp>
#include <tenon/host/akida/sketch.hpp>
#include <utility>
#include <vector>

// Changes that may cure a refusal, the gentlest first. Whether one does is for the rules to say.
namespace tenon::host::mapping {

/// A changed model, and the change in words.
struct Cure {
  std::string change;
  std::int16_t layer = -1;  ///< -1 when it concerns the whole model
  NamedModel model;
};

/// Collects the changes that are offered for one refusal.
class Cures {
 public:
  Cures(const NamedModel& model, const akida::Refusal& refusal, akida::Version version)
      : model_(model), refusal_(refusal), at_(refusal.layer), version_(version) {}

  using Layer = akida::Layer;

  [[nodiscard]] std::vector<Cure> take() { return std::move(cures_); }
  [[nodiscard]] const NamedModel& model() const { return model_; }
  [[nodiscard]] const akida::Refusal& refusal() const { return refusal_; }
  [[nodiscard]] akida::Version version() const { return version_; }
  /// The refused layer, its position, and any other.
  [[nodiscard]] const Layer& layer() const { return layer(at_); }
  [[nodiscard]] std::int16_t at() const { return at_; }
  [[nodiscard]] const Layer& layer(std::int16_t i) const {
    return model_.layers[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] const std::string& name(std::int16_t i) const {
    return model_.names[static_cast<std::size_t>(i)];
  }

  /// Offers the model that `change` makes, unless its shapes no longer fit.
  template <class Change>
  void offer(std::string text, std::int16_t where, Change change) {
    Cure cure{std::move(text), where, model_};
    if (change(cure.model) && infer_shapes(cure.model)) cures_.push_back(std::move(cure));
  }
  template <class Change>
  void offer_layer(std::string text, std::int16_t where, Change change) {
    if (where < 0) return;
    offer(std::move(text), where, [&](NamedModel& model) {
      change(model.layers[static_cast<std::size_t>(where)]);
      return true;
    });
  }

  /// The pool behind the layer, or the layer itself.
  [[nodiscard]] std::int16_t pool() const {
    for (std::int16_t i = at_;;) {
      if (layer(i).kind == LayerKind::max_pooling2d) return i;
      const std::int16_t next = reader_of(i);
      if (next < 0) return -1;
      i = next;
    }
  }
  [[nodiscard]] std::int16_t reader_of(std::int16_t at) const {
    for (std::size_t i = static_cast<std::size_t>(at) + 1; i < model_.layers.size(); ++i) {
      const Layer& reader = model_.layers[i];
      const auto end = reader.inbound.begin() + reader.inbound_count;
      if (std::find(reader.inbound.begin(), end, at) != end) return static_cast<std::int16_t>(i);
    }
    return -1;
  }
  /// The last layer of the block that begins at `at`: the one whose output is quantized.
  [[nodiscard]] std::int16_t tail_of(std::int16_t at) const {
    while (!layer(at).quantizes_output()) {
      const std::int16_t next = reader_of(at);
      if (next < 0 || layer(next).kind == LayerKind::dequantizer) break;
      at = next;
    }
    return at;
  }
  /// The layer whose filters are the input channels of the refused one.
  [[nodiscard]] std::int16_t channel_source() const {
    for (std::int16_t i = at_; layer().inbound_count == 1;) {
      const Layer& each = layer(i);
      if (each.inbound_count != 1) break;
      i = each.inbound[0];
      const LayerKind kind = layer(i).kind;
      if (kind == LayerKind::conv2d || kind == LayerKind::separable_conv2d ||
          kind == LayerKind::conv2d_transpose || kind == LayerKind::dense) {
        return i;
      }
    }
    return -1;
  }
  /// The layer whose quantized output the block of `at` reads.
  [[nodiscard]] std::int16_t tail_before(std::int16_t at) const {
    do {
      const Layer& each = layer(at);
      if (each.inbound_count == 0) return -1;
      at = each.inbound[0];
    } while (!layer(at).quantizes_output() && !layer(at).is_merge());
    return at;
  }

 private:
  const NamedModel& model_;
  const akida::Refusal& refusal_;
  std::int16_t at_;
  akida::Version version_;
  std::vector<Cure> cures_;
};

}  // namespace tenon::host::mapping
