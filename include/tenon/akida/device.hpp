// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// The devices and their processors, as data.
namespace tenon::akida {

/// The two generations of the Akida IP.
enum class Version : std::uint8_t { v1, v2 };
inline constexpr Version v1 = Version::v1;
inline constexpr Version v2 = Version::v2;

/// The tool chain whose rules are applied.
enum class Toolchain : std::uint8_t { v2_14, v2_19 };

enum class Device : std::uint8_t {
  AKD1000,
  AKD1500,
  TwoNodesIPv1,
  TwoNodesIPv2,
  FourNodesIPv2,
  SixNodesIPv2,
  TwelveNodesIPv2,
  any,  ///< in questions: whichever device of the version
};

// Which dense layers may follow each other. In a chain, S fits an internal FNP3 and L needs the
// external memory of an FNP2. The mapper's search has no simple closed form, so short chains are a
// list.
struct DenseChainRules {
  static constexpr std::int32_t any = 0x7fff;
  std::int32_t max_layers = any;
  std::int32_t max_large = any;           ///< L in one chain
  std::int32_t listed_up_to = 0;          ///< longest chain that `refused` decides
  std::int32_t max_large_beyond = any;    ///< L in chains that are longer than listed
  std::array<const char*, 10> refused{};  ///< unused places are null
};

struct DeviceFacts {
  Device device;
  const char* name;
  Version version;
  Toolchain since;          ///< the first tool chain that knows the device
  std::int32_t processors;  ///< convolutional (CNP)
  bool temporal;            ///< has processors for temporal convolutions
  bool single_pass;         ///< the whole model must fit at once
  std::int32_t filters_per_processor;
  std::int32_t pool_max;          ///< v1: largest pool after a convolution
  bool dense_after_pool;          ///< v1
  std::int32_t dense_inputs_max;  ///< v1
  DenseChainRules dense;
};

inline constexpr DenseChainRules two_nodes_dense{
    .max_layers = 3,
    .listed_up_to = 3,
    .refused = {"LL", "LLS", "LLL", "SLL", "LSS", "LSL"},
};
inline constexpr DenseChainRules many_nodes_dense{
    .listed_up_to = 4,
    .max_large_beyond = 1,
    .refused = {"LL", "LLS", "LLL", "SSLL", "SLLL", "LSLL", "LLSS", "LLSL", "LLLS", "LLLL"},
};

inline constexpr std::array<DeviceFacts, 7> devices{{
    {Device::AKD1000,
     "AKD1000",
     v1,
     Toolchain::v2_14,
     78,
     false,
     true,
     504,
     2,
     false,
     57334,
     {.max_layers = 22, .max_large = 4}},
    {Device::AKD1500,
     "AKD1500",
     v1,
     Toolchain::v2_14,
     32,
     false,
     false,
     512,
     3,
     true,
     81920,
     {.max_large = 1}},
    {Device::TwoNodesIPv1, "TwoNodesIPv1", v1, Toolchain::v2_14, 8, false, false, 512, 3, true,
     81920, two_nodes_dense},
    {Device::TwoNodesIPv2, "TwoNodesIPv2", v2, Toolchain::v2_14, 8, false, false, 512, 2, false,
     2048, two_nodes_dense},
    {Device::FourNodesIPv2, "FourNodesIPv2", v2, Toolchain::v2_19, 16, true, false, 512, 2, false,
     2048, many_nodes_dense},
    {Device::SixNodesIPv2, "SixNodesIPv2", v2, Toolchain::v2_14, 24, true, false, 512, 2, false,
     2048, many_nodes_dense},
    {Device::TwelveNodesIPv2, "TwelveNodesIPv2", v2, Toolchain::v2_19, 48, true, false, 512, 2,
     false, 2048, many_nodes_dense},
}};

/// Most devices that one version has.
inline constexpr std::size_t max_devices = 4;

[[nodiscard]] constexpr const DeviceFacts& facts_of(Device device) noexcept {
  return devices[static_cast<std::size_t>(device)];
}
[[nodiscard]] constexpr bool is_known(const DeviceFacts& facts, Version version,
                                      Toolchain toolchain) noexcept {
  return facts.version == version && facts.since <= toolchain;
}

}  // namespace tenon::akida
