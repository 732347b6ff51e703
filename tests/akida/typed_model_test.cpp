// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <akida/sequence.hpp>

#include <tenon/akida/maps.hpp>
#include <tenon/model/quantized.hpp>
#include <type_traits>

using namespace tenon;

namespace {

constexpr Conv2DParams same(std::int32_t filters, std::int32_t kernel, std::int32_t stride = 1) {
  return {.filters = filters,
          .kernel_size = {kernel, kernel},
          .strides = {stride, stride},
          .padding = Padding::same};
}
constexpr ReLUParams relu6{.bounded = true, .max_value = 6};

struct second;

template <Conv2DParams Second>
using Model = Sequential<Input<struct image, Shape{16, 16, 1}, std::uint8_t>,
                         Conv2D<struct first, same(8, 3)>, ReLU<struct first_relu, relu6>,
                         Conv2D<second, Second>, ReLU<struct second_relu, relu6>,
                         Flatten<struct list>, Dense<struct digit, DenseParams{.units = 10}>>;
using Digits3 = Model<same(12, 3, 2)>;
using Digits5 = Model<same(12, 5, 2)>;

struct Residual
    : Graph<Input<struct start, Shape{8, 8, 4}, std::int8_t>, Conv2D<struct a, same(4, 3)>,
            ReLU<struct a_relu, relu6>, Conv2D<struct b, same(4, 3)>,
            Add<struct sum, AddParams{}, a_relu, b>, Conv2D<struct head, same(4, 1), sum>> {};

constexpr QuantizationParams four_bits{
    .activation_bits = 4, .per_tensor_activations = true, .weight_bits = 4};

/// The same layers, written by hand.
constexpr akida::Sequence digits(std::int32_t kernel) {
  akida::Sequence s =
      akida::Sequence{}.input({16, 16, 1}, DataType::uint8).conv(8).relu().per_axis();
  return s.conv(12, {.kernel = kernel, .stride = 2})
      .relu()
      .per_axis()
      .flatten()
      .dense(10)
      .dequantize();
}

}  // namespace

static_assert(akida::maps<Digits3, akida::v2>);
static_assert(akida::maps<Digits3, akida::v1>);  // as it would be quantized for v1
static_assert(akida::maps<Residual, akida::v2>);
static_assert(akida::maps<Quantized<Digits3, four_bits>, akida::v1>);
static_assert(
    akida::maps<Quantized<Digits3, QuantizationParams{}>, akida::v2, akida::Device::TwoNodesIPv2>);

TEST_CASE("a typed model is described as its layers written by hand") {
  constexpr akida::Sequence expected = digits(5);
  constexpr const auto& found = akida::layers_of<Digits5, akida::v2>;
  REQUIRE(found.size() == expected.count);
  for (std::size_t i = 0; i < expected.count; ++i) {
    const akida::Layer& x = expected.layers[i];
    const akida::Layer& y = found[i];
    CAPTURE(i);
    CHECK(x.kind == y.kind);
    CHECK(x.inbound == y.inbound);
    CHECK(x.inbound_count == y.inbound_count);
    CHECK(x.input == y.input);
    CHECK(x.output == y.output);
    CHECK(x.filters == y.filters);
    CHECK(x.weight_bits == y.weight_bits);
    CHECK(x.output_bits == y.output_bits);
    CHECK(x.per_axis == y.per_axis);
  }
  CHECK(found[0].data_type == DataType::uint8);
  CHECK(found[3].kernel == Size2D{5, 5});
  CHECK(found[3].strides == Size2D{2, 2});
  CHECK(found[3].padding == Padding::same);
  CHECK(found[4].bounded);
}

TEST_CASE("the refusal of a typed model names the tag of the layer") {
  using First =
      akida::RefusalOf<Digits5, akida::v2, akida::Device::any, akida::Toolchain::v2_14, 0>;
  CHECK(std::is_same_v<First, akida::Refused<second, akida::TN<4018>,
                                             akida::Because<akida::Category::STRIDE_KERNEL_COMBO>,
                                             akida::Found<5>, akida::OneOf<1, 3>>>);
}

TEST_CASE("a quantized type is judged by its own bits") {
  using Eight = Quantized<Digits3, QuantizationParams{}>;
  constexpr const auto& verdict = akida::verdict<Eight, akida::v1>;
  CHECK_FALSE(verdict.maps());
  CHECK(verdict.has(akida::Category::V1_PER_TENSOR));
  CHECK(verdict.has(akida::Category::WEIGHT_BITS));
}

TEST_CASE("a branch is refused by v1") {
  CHECK(akida::verdict<Residual, akida::v1>.has(akida::Category::GRAPH_NOT_SEQUENTIAL));
  using First =
      akida::RefusalOf<Residual, akida::v1, akida::Device::any, akida::Toolchain::v2_14, 0>;
  CHECK(std::is_same_v<First, akida::Refused<sum, akida::TN<4005>,
                                             akida::Because<akida::Category::GRAPH_NOT_SEQUENTIAL>,
                                             akida::Found<2>, akida::Allowed<1>>>);
}
