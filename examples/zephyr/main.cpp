// SPDX-License-Identifier: Apache-2.0
#include <zephyr/sys/printk.h>

#include <algorithm>
#include <iterator>

#include "../bare_metal/digits.hpp"
#include "../bare_metal/images.hpp"

static digits::Model net;

int main() {
  for (std::size_t i = 0; i < std::size(images); ++i) {
    const auto scores = net(images[i]);
    const bool same = std::ranges::equal(scores, expected_scores[i]);
    printk("image %d: %s\n", static_cast<int>(i), same ? "as on the host" : "wrong");
  }
  return 0;
}
