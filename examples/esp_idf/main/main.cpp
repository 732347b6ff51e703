// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <iterator>

#include "../../bare_metal/digits.hpp"
#include "../../bare_metal/images.hpp"

static digits::Model net;

extern "C" void app_main();

void app_main() {
  for (std::size_t i = 0; i < std::size(images); ++i) {
    const auto scores = net(images[i]);
    const bool same = std::ranges::equal(scores, expected_scores[i]);
    std::printf("image %d: %s\n", static_cast<int>(i), same ? "as on the host" : "wrong");
  }
}
