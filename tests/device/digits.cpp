// SPDX-License-Identifier: Apache-2.0
// The exported digits of examples/bare_metal on every board. The exit status is the number of
// scores that differ.
#include "../../examples/bare_metal/digits.hpp"

#include <iterator>

#include "../../examples/bare_metal/images.hpp"

static digits::Model net;

extern "C" int application();

int application() {
  int wrong = 0;
  for (std::size_t i = 0; i < std::size(images); ++i) {
    const auto scores = net(images[i]);
    for (std::size_t k = 0; k < scores.size(); ++k)
      wrong += scores[k] == expected_scores[i][k] ? 0 : 1;
  }
  return wrong;
}
