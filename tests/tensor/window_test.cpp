// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/tensor/window.hpp>

using namespace tenon;

namespace {

struct Case {
  std::int32_t input, kernel, stride, dilation;
  std::int32_t output, before;
};

}  // namespace

TEST_CASE("same padding puts the odd element behind, as TensorFlow does") {
  // Sizes and paddings worked out by hand from ceil(I / S) and max((O - 1) S + E - I, 0).
  const Case cases[] = {
      {8, 3, 1, 1, 8, 1},                       // one on each side
      {8, 3, 2, 1, 4, 0},                       // one, behind
      {9, 3, 2, 1, 5, 1}, {8, 2, 1, 1, 8, 0},   // even kernel: one, behind
      {8, 5, 3, 1, 3, 1},                       // three: one in front, two behind
      {7, 1, 3, 1, 3, 0},                       // stride larger than the kernel
      {5, 3, 1, 2, 5, 2},                       // dilated to five
      {1, 7, 1, 1, 1, 3}, {10, 2, 5, 1, 2, 0},  // nothing to pad
  };
  for (const Case& c : cases) {
    const auto axis = WindowAxis::of(c.input, c.kernel, c.stride, c.dilation, Padding::same);
    CHECK(axis.output == c.output);
    CHECK(axis.before == c.before);
  }
}

TEST_CASE("valid windows stay inside") {
  const Case cases[] = {{8, 3, 1, 1, 6, 0}, {8, 3, 2, 1, 3, 0}, {3, 3, 1, 1, 1, 0},
                        {2, 3, 1, 1, 0, 0}, {9, 3, 1, 3, 3, 0}, {7, 1, 3, 1, 3, 0}};
  for (const Case& c : cases) {
    const auto axis = WindowAxis::of(c.input, c.kernel, c.stride, c.dilation, Padding::valid);
    CHECK(axis.output == c.output);
    CHECK(axis.before == 0);
    if (axis.output > 0) {
      const std::int32_t reach = (axis.output - 1) * c.stride + (c.kernel - 1) * c.dilation + 1;
      CHECK(reach <= c.input);
      CHECK(reach + c.stride > c.input);
    }
  }
}

TEST_CASE("a transposed window gathers what the forward window would scatter") {
  for (const Padding padding : {Padding::valid, Padding::same}) {
    for (std::int32_t kernel = 1; kernel <= 5; ++kernel) {
      for (std::int32_t stride = 1; stride <= 4; ++stride) {
        for (std::int32_t input = 1; input <= 5; ++input) {
          const auto axis = WindowAxis::transposed(input, kernel, stride, 1, padding, -1);
          CHECK(axis.output ==
                input * stride +
                    (padding == Padding::valid && kernel > stride ? kernel - stride : 0));
          std::int32_t pairs = 0;
          for (std::int32_t o = 0; o < axis.output; ++o) {
            for (std::int32_t k = 0; k < kernel; ++k) {
              const std::int32_t i = axis.source(o, k);
              if (i < 0) continue;
              ++pairs;
              CHECK(i < input);
              CHECK(i * stride + k - axis.before == o);
            }
          }
          if (padding == Padding::valid) CHECK(pairs == input * kernel);
        }
      }
    }
  }
}

TEST_CASE("an output padding adds rows behind") {
  CHECK(WindowAxis::transposed(5, 3, 2, 1, Padding::valid, 1).output == 12);
  CHECK(WindowAxis::transposed(5, 3, 2, 1, Padding::same, 1).output == 10);
  CHECK(WindowAxis::transposed(5, 3, 2, 1, Padding::same, 0).output == 9);
}
