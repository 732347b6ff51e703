// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<edges, .*TN<4102>, .*KERNEL_SIZE>, .*Found<9>, .*OneOf<3, 4, 5, 7>
#include <tenon/akida/maps.hpp>

using namespace tenon;

struct Model
    : Sequential<
          Input<struct image, Shape{16, 16, 3}, std::uint8_t>,
          Conv2D<struct edges,
                 Conv2DParams{.filters = 8, .kernel_size = {9, 9}, .padding = Padding::same}>,
          ReLU<struct edges_relu, ReLUParams{.bounded = true, .max_value = 6}>,
          Conv2D<struct head, Conv2DParams{.filters = 4, .kernel_size = {1, 1}}>> {};

static_assert(akida::maps<Model, akida::v2>);
