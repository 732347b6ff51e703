// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

#include <array>
#include <cstddef>
#include <tenon/akida/maps.hpp>
#include <type_traits>

using namespace tenon;

namespace {

template <std::size_t I>
struct tag;

/// A typed model as the rules see it: `Make` returns its layers.
template <auto Make>
struct Described {
  static constexpr auto akida_layers() {
    constexpr akida::Sequence model = Make();
    std::array<akida::Layer, model.count> layers{};
    for (std::size_t i = 0; i < layers.size(); ++i) layers[i] = model.layers[i];
    return layers;
  }
  template <std::size_t I>
  using name = tag<I>;
};

constexpr auto small = [] { return akida::image({16, 16, 3}, 8, {}, 4); };
constexpr auto kernel_of_9 = [] { return akida::image({16, 16, 3}, 8, {.kernel = 9}); };
constexpr auto wide = [] { return akida::around({1, 1, 2048}, 250, {.kernel = 1}); };

using Small = Described<small>;
using Wide = Described<wide>;
using Kernel9 = Described<kernel_of_9>;

}  // namespace

static_assert(akida::maps<Small, akida::v2>);
static_assert(akida::maps<Small, akida::v1>);
static_assert(akida::maps<Small, akida::v1, akida::Device::AKD1500>);
static_assert(akida::maps<Wide, akida::v2>);
static_assert(akida::maps<Wide, akida::v2, akida::Device::SixNodesIPv2>);
static_assert(akida::maps<Wide, akida::v2, akida::Device::FourNodesIPv2, akida::Toolchain::v2_19>);

TEST_CASE("a model can be asked without failing to compile") {
  constexpr const auto& verdict = akida::verdict<Kernel9, akida::v2>;
  CHECK(verdict.converts);
  CHECK_FALSE(verdict.maps());
  CHECK_FALSE(akida::verdict<Wide, akida::v2>.maps(akida::Device::TwoNodesIPv2));
}

TEST_CASE("a refusal is a type that names the layer, the category, the found and the allowed") {
  using First =
      akida::RefusalOf<Kernel9, akida::v2, akida::Device::any, akida::Toolchain::v2_14, 0>;
  using Expected =
      akida::Refused<tag<1>, akida::TN<4102>, akida::Because<akida::Category::KERNEL_SIZE>,
                     akida::Found<9>, akida::OneOf<3, 4, 5, 7>>;
  CHECK(std::is_same_v<First, Expected>);
}

TEST_CASE("only refusals of the asked device are told") {
  constexpr auto two = akida::Device::TwoNodesIPv2;
  constexpr auto six = akida::Device::SixNodesIPv2;
  using OnTwo = akida::RefusalOf<Wide, akida::v2, two, akida::Toolchain::v2_14, 0>;
  using OnSix = akida::RefusalOf<Wide, akida::v2, six, akida::Toolchain::v2_14, 0>;
  CHECK(std::is_same_v<OnTwo, akida::Refused<tag<1>, akida::TN<4160>,
                                             akida::Because<akida::Category::NOT_ENOUGH_NPS>,
                                             akida::Found<11>, akida::AtMost<8>>>);
  CHECK(std::is_same_v<OnSix, akida::detail::Nothing>);
}
