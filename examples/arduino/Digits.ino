// SPDX-License-Identifier: Apache-2.0
#include <tenon.h>

#include <algorithm>
#include <iterator>

#include "digits.hpp"
#include "images.hpp"

static digits::Model net;

void setup();
void loop();

void setup() {
  Serial.begin(115200);
  for (std::size_t i = 0; i < std::size(images); ++i) {
    const auto scores = net(images[i]);
    Serial.println(std::ranges::equal(scores, expected_scores[i]) ? "as on the host" : "wrong");
  }
}

void loop() {}
