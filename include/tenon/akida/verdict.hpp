// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/akida/category.hpp>
#include <tenon/akida/device.hpp>
#include <tenon/akida/pattern.hpp>
#include <tenon/akida/value.hpp>

// What the evaluation answers: a constant with every refusal, what each block becomes and where it
// runs.
namespace tenon::akida {

/// One broken rule.
struct Refusal {
  Category category = Category::NONE;
  Stage stage = Stage::convert;
  std::uint8_t devices = 0;  ///< bit d: the d-th device of the verdict
  std::int16_t layer = -1;   ///< position in the description; -1 for the model as a whole
  Value found{};
  Value allowed{};
};

/// What runs a block.
enum class Unit : std::uint8_t {
  software,        ///< the host
  image_input,     ///< HRC, the unit that reads the image
  convolution,     ///< CNP
  internal_dense,  ///< FNP3
  external_dense,  ///< FNP2, weights in external memory
  temporal,        ///< TNP
  skip,            ///< merged on the way to the next processors
};

struct PlacedBlock {
  std::int16_t first = 0;  ///< walked back from `last` along the first inbound layers
  std::int16_t last = 0;
  std::int16_t operation = 0;  ///< the layer that names the hardware layer
  Node node = Node::none;
  Unit unit = Unit::software;
};

/// What one block takes on one device.
struct Usage {
  std::int16_t processors = 0;
  std::int16_t filters_per_processor = 0;  ///< 0 where filters are not split
  std::int32_t weight_words = 0;           ///< of one processor (CNP), or bytes (FNP)
  std::int32_t input_bytes = 0;            ///< of one processor
};

template <std::size_t Layers>
struct DeviceVerdict {
  Device device = Device::AKD1000;
  bool maps = false;
  std::int32_t processors =
      0;  ///< most that are busy at once: all layers of the only pass, or of two neighbours
  std::array<Usage, Layers> usage{};  ///< by block
};

template <std::size_t Layers>
struct Verdict {
  static constexpr std::size_t max_refusals = 2 * Layers + 16;

  Version version = Version::v1;
  Toolchain toolchain = Toolchain::v2_14;
  bool converts = false;
  std::size_t block_count = 0;
  std::array<PlacedBlock, Layers> blocks{};
  std::size_t refusal_count = 0;
  std::array<Refusal, max_refusals> refusals{};
  bool more_refusals = false;  ///< than fit here
  std::size_t device_count = 0;
  std::array<DeviceVerdict<Layers>, max_devices> devices{};

  /// On any device of the version.
  [[nodiscard]] constexpr bool maps() const noexcept {
    for (std::size_t d = 0; d < device_count; ++d) {
      if (devices[d].maps) return true;
    }
    return false;
  }
  [[nodiscard]] constexpr bool maps(Device device) const noexcept {
    for (std::size_t d = 0; d < device_count; ++d) {
      if (devices[d].device == device) return devices[d].maps;
    }
    return false;
  }
  [[nodiscard]] constexpr bool has(Category category) const noexcept {
    for (std::size_t i = 0; i < refusal_count; ++i) {
      if (refusals[i].category == category) return true;
    }
    return false;
  }
  [[nodiscard]] constexpr std::span<const Refusal> all_refusals() const noexcept {
    return {refusals.data(), refusal_count};
  }
  [[nodiscard]] constexpr std::span<const PlacedBlock> all_blocks() const noexcept {
    return {blocks.data(), block_count};
  }
};

/// Where the rules put their refusals. The same reason on several devices is one refusal; what
/// conversion refused is not said again by the mapper.
class Refusals {
 public:
  std::uint8_t devices = 0xff;  ///< of what is refused from now on
  Stage stage = Stage::convert;
  bool overflow = false;

  constexpr explicit Refusals(std::span<Refusal> places) noexcept : places_(places) {}

  [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }

  /// Devices on which something is refused.
  [[nodiscard]] constexpr std::uint8_t refused_devices() const noexcept { return refused_; }

  constexpr void refuse(Category category, std::int32_t layer, Value found,
                        Value allowed) noexcept {
    refused_ = static_cast<std::uint8_t>(refused_ | devices);
    for (std::size_t i = 0; i < count_; ++i) {
      Refusal& old = places_[i];
      if (old.layer != layer) continue;
      if (old.stage != stage && repeats(old.category, category)) return;
      if (old.category == category && old.found == found && old.allowed == allowed) {
        old.devices = static_cast<std::uint8_t>(old.devices | devices);
        return;
      }
    }
    if (count_ == places_.size()) {
      overflow = true;
      return;
    }
    places_[count_++] = {category, stage,  devices, static_cast<std::int16_t>(layer),
                         found,    allowed};
  }
  /// Refuses a number that `allowed` does not contain.
  constexpr void expect(Category category, std::int32_t layer, std::int64_t found,
                        const Value& allowed) noexcept {
    if (!allowed.allows(found)) refuse(category, layer, number(found), allowed);
  }
  /// The same with an upper bound; 0 is none.
  constexpr void limit(Category category, std::int32_t layer, std::int64_t found,
                       std::int32_t most) noexcept {
    if (most > 0 && found > most) refuse(category, layer, number(found), at_most(most));
  }

 private:
  std::span<Refusal> places_;
  std::size_t count_ = 0;
  std::uint8_t refused_ = 0;
};

}  // namespace tenon::akida
