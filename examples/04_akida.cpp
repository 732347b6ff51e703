// SPDX-License-Identifier: Apache-2.0
// Whether a model maps onto Akida hardware is known when it is written. The first model is accepted
// by a static_assert; the second one is asked without failing, and says which layer stands in the
// way, what was found and what it takes.
#include <cstdint>
#include <cstdio>
#include <tenon/akida/maps.hpp>
#include <tenon/device.hpp>

using namespace tenon;

constexpr Conv2DParams halving(std::int32_t filters, std::int32_t kernel) {
  return {.filters = filters,
          .kernel_size = {kernel, kernel},
          .strides = {2, 2},
          .padding = Padding::same};
}
constexpr ReLUParams relu6{.bounded = true, .max_value = 6};

template <Conv2DParams Parts>
using Faces = Sequential<Input<struct image, Shape{24, 24, 1}, std::uint8_t>,
                         Conv2D<struct edges, halving(16, 3)>, ReLU<struct edges_relu, relu6>,
                         Conv2D<struct parts, Parts>, ReLU<struct parts_relu, relu6>,
                         Flatten<struct list>, Dense<struct face, DenseParams{.units = 2}>>;

using Small = Faces<halving(24, 3)>;
using Large = Faces<halving(24, 5)>;

static_assert(akida::maps<Small, akida::v2>);
static_assert(akida::maps<Small, akida::v2, akida::Device::TwoNodesIPv2>);

// `static_assert(akida::maps<Large, akida::v2>)` would not compile: Refused<parts, TN<4018>, …>.
constexpr const auto& verdict = akida::verdict<Large, akida::v2>;
static_assert(!verdict.maps());

int main() {
  constexpr const auto& small = akida::verdict<Small, akida::v2>;
  for (std::size_t d = 0; d < small.device_count; ++d) {
    std::printf("kernel 3 on %s: %s, %d processors busy at once\n",
                akida::facts_of(small.devices[d].device).name,
                small.devices[d].maps ? "maps" : "does not map", small.devices[d].processors);
  }
  for (const akida::Refusal& refusal : verdict.all_refusals()) {
    std::printf("kernel 5: TN%d in layer %d: found %d, allowed", static_cast<int>(refusal.category),
                refusal.layer, refusal.found.items[0]);
    for (std::size_t i = 0; i < refusal.allowed.count; ++i) {
      std::printf(" %d", refusal.allowed.items[i]);
    }
    std::printf("\n");
  }
}
