// SPDX-License-Identifier: Apache-2.0
// A network in flash: `digits.hpp` is what `tenon export` wrote. Needs neither heap nor operating
// system; the exit status is the number of images whose scores are not, bit for bit, those of
// `tenon run`.
#include "digits.hpp"

#include <algorithm>
#include <iterator>

#include "images.hpp"

// What this board can spare. The compiler says so if a new model takes more.
static_assert(digits::Model::weight_bytes <= 16 * 1024);
static_assert(sizeof(digits::Model) <= 8 * 1024);

static digits::Model net;  // the memory of one inference

int main() {
  int wrong = 0;
  for (std::size_t i = 0; i < std::size(images); ++i) {
    const auto scores = net(images[i]);
    wrong += std::ranges::equal(scores, expected_scores[i]) ? 0 : 1;
  }
  return wrong;
}
