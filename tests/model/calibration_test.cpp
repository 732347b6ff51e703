// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <tenon/model/calibration.hpp>
#include <tenon/model/graph.hpp>
#include <vector>

using namespace tenon;

TEST_CASE("batches follow the rules of the reference") {
  struct Case {
    std::int64_t samples;
    CalibrationOptions options;
    std::int64_t size, count;
  };
  const Case cases[] = {
      {8, {}, 1, 8},                                   // defaults: one sample a batch
      {2048, {}, 2, 1024},                             // more samples than batches
      {1500, {}, 2, 750},                              // the last batches run dry
      {8, {.num_samples = 8, .batch_size = 3}, 3, 3},  // 3 + 3 + 2
      {8, {.num_samples = 4, .batch_size = 2}, 2, 2},  // the first four only
      {8, {.num_samples = 4}, 2, 4},                   // four batches of two
      {16, {.num_samples = 16, .batch_size = 8}, 8, 2},
      {5, {.num_samples = 100, .batch_size = 32}, 32, 1},  // one batch of five
      {0, {}, 1, 0},
  };
  for (const Case& c : cases) {
    const Batches batches = batches_of(c.samples, c.options);
    CHECK(batches.size == c.size);
    CHECK(batches.count == c.count);
  }
  CHECK(batches_of(8, {.num_samples = 8, .batch_size = 3}).end(2, 8) == 8);
}

TEST_CASE("the first batch sets the range, the next ones move it by a tenth") {
  std::array<float, 2> range{1, 1};
  observe(range, std::array<float, 2>{10, 4});
  CHECK(range == std::array<float, 2>{10, 4});
  observe(range, std::array<float, 2>{20, 2});
  CHECK(range[0] == doctest::Approx(11.0));
  CHECK(range[1] == doctest::Approx(3.8));
}

TEST_CASE("ranges that are all exactly one count as unset") {
  std::array<float, 2> range{1, 1};
  observe(range, std::array<float, 2>{1, 1});
  observe(range, std::array<float, 2>{5, 6});
  CHECK(range == std::array<float, 2>{5, 6});
  std::array<float, 2> one_of_them{1, 2};
  observe(one_of_them, std::array<float, 2>{11, 2});
  CHECK(one_of_them[0] == doctest::Approx(2.0));
}

TEST_CASE("a maximum is one for all elements, or one for each channel") {
  const std::array<float, 6> values{1, -2, 3, -4, 5, -6};
  std::array<float, 1> one{};
  widen(one, values);
  CHECK(one[0] == 6.0F);
  std::array<float, 2> each{};
  widen(each, values);
  CHECK(each == std::array<float, 2>{5, 6});
}

TEST_CASE("an equalized range stands just below a power of two") {
  std::array<float, 4> range{5.0F, 4.0F, 0.0F, 0.3F};
  std::array<float, 4> rate{};
  CHECK(equalize_range(range, 8, rate));
  CHECK(range == std::array<float, 4>{3.984375F, 3.984375F, 0.0F, 0.2490234375F});
  CHECK(rate[0] == 3.984375F / 5.0F);
  CHECK(rate[1] == 0.99609375F);
  CHECK(rate[2] == 1.0F);
  CHECK(rate[3] == 0.2490234375F / 0.3F);
  std::array<float, 2> dead{0, 0};
  std::array<float, 2> kept{7, 7};
  CHECK_FALSE(equalize_range(dead, 8, kept));
  CHECK(kept == std::array<float, 2>{1, 1});
}

TEST_CASE("a kernel is divided along its input channels") {
  // (2, 3): two channels, three units.
  std::vector<float> kernel{2, 4, 6, 8, 10, 12};
  divide_kernel(kernel, 3, std::array<float, 2>{0.5F, 1.0F});
  CHECK(kernel == std::vector<float>{4, 8, 12, 8, 10, 12});
  // Two positions of two channels were flattened in front of one unit.
  std::vector<float> flattened{1, 1, 1, 1};
  divide_kernel(flattened, 1, std::array<float, 2>{0.5F, 0.25F});
  CHECK(flattened == std::vector<float>{2, 4, 2, 4});
  divide_kernel(flattened, 1, std::array<float, 1>{2});
  CHECK(flattened == std::vector<float>{1, 2, 1, 2});
}

namespace {

template <class Model>
std::size_t target(std::size_t layer, bool per_axis) {
  const auto layers = Model::descriptions();
  return equalization_target(layers, layer, per_axis);
}
constexpr Conv2DParams conv{.filters = 4};

}  // namespace

TEST_CASE(
    "the target of an equalization is the next kernel behind layers that keep channels apart") {
  using Passing =
      Sequential<Input<struct a0, Shape{4, 4, 4}, std::uint8_t>, Conv2D<struct a1, conv>,
                 ReLU<struct a2>, MaxPooling2D<struct a3>, Dropout<struct a4>, Flatten<struct a5>,
                 Dense<struct a6, DenseParams{}>>;
  CHECK(target<Passing>(2, true) == 6);
  CHECK(target<Passing>(2, false) == 6);
  CHECK(target<Passing>(1, true) == no_layer);  // a ReLU is in the way
  CHECK(target<Passing>(6, true) == no_layer);  // the end

  using TwoReshapes =
      Sequential<Input<struct b0, Shape{4, 4, 4}, std::uint8_t>, Conv2D<struct b1, conv>,
                 Reshape<struct b2, ReshapeParams{Shape{16, 4}}>, Flatten<struct b3>,
                 Dense<struct b4, DenseParams{}>>;
  CHECK(target<TwoReshapes>(1, true) == no_layer);
  CHECK(target<TwoReshapes>(1, false) == 4);

  using Branches = Graph<Input<struct c0, Shape{4, 4, 4}, std::uint8_t>, Conv2D<struct c1, conv>,
                         Conv2D<struct c2, conv>, Conv2D<struct c3, conv, c1>,
                         Add<struct c4, AddParams{}, c2, c3>>;
  CHECK(target<Branches>(1, false) == no_layer);  // two consumers
  CHECK(target<Branches>(2, false) == no_layer);  // an Add
}

TEST_CASE("rates of all channels fit no grouped kernel") {
  CHECK(takes_rates(Conv2DParams{.filters = 4, .groups = 2}, false));
  CHECK_FALSE(takes_rates(Conv2DParams{.filters = 4, .groups = 2}, true));
  CHECK(takes_rates(DepthwiseConv2DParams{}, true));
}
