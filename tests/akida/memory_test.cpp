// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <array>
#include <tenon/akida/memory.hpp>
#include <tenon/akida/rules_v1.hpp>
#include <tenon/akida/rules_v2.hpp>

using namespace tenon::akida;

namespace {
struct Limit {
  std::int32_t kernel, bits, channels;
};
}  // namespace

TEST_CASE("v2 weights: the measured channel limits fit and one more channel does not") {
  for (const Limit l : {Limit{3, 8, 682}, Limit{5, 8, 204}, Limit{7, 8, 73}, Limit{3, 4, 1365},
                        Limit{5, 4, 512}, Limit{7, 4, 195}}) {
    const WeightWords* words = words_of(memory_v2, l.kernel, l.bits);
    REQUIRE(words != nullptr);
    CHECK(filters_that_fit(memory_v2, *words, l.channels) >= 8);
    CHECK(filters_that_fit(memory_v2, *words, l.channels + 1) == 0);
    CHECK(channels_that_fit(memory_v2, *words) == l.channels);
  }
}

TEST_CASE("v2 weights: a 1x1 kernel always fits, in groups of 24 filters") {
  CHECK(filters_that_fit(memory_v2, *words_of(memory_v2, 1, 8), 2048) == 24);
  CHECK(filters_that_fit(memory_v2, *words_of(memory_v2, 1, 4), 2048) == 48);
}

TEST_CASE("v1 weights: the measured channel limits fit and one more channel does not") {
  for (const Limit l : {Limit{1, 1, 896}, Limit{1, 2, 896}, Limit{1, 4, 448}, Limit{3, 1, 896},
                        Limit{3, 2, 896}, Limit{3, 4, 448}, Limit{5, 1, 896}, Limit{5, 2, 896},
                        Limit{5, 4, 448}, Limit{7, 1, 896}, Limit{7, 2, 448}, Limit{7, 4, 149}}) {
    const WeightWords* words = words_of(memory_v1, l.kernel, l.bits);
    REQUIRE(words != nullptr);
    CHECK(filters_that_fit(memory_v1, *words, l.channels) >= 8);
    CHECK(filters_that_fit(memory_v1, *words, l.channels + 1) == 0);
  }
}

TEST_CASE(
    "the filters that fit take no more words than there are, and one group more takes too many") {
  // A law that does not repeat the division: more channels, every row of both tables.
  for (const MemoryRules* memory : {&memory_v1, &memory_v2}) {
    for (const WeightWords& words : memory->words) {
      if (words.kernel == 0) continue;
      for (const std::int64_t channels : {1, 2, 3, 7, 64, 100, 149, 448}) {
        const std::int64_t filters = filters_that_fit(*memory, words, channels);
        if (filters > 0) {
          CHECK(channels * words_per_channel(words, filters) <= memory->weight_words);
        }
        CHECK(channels * words_per_channel(words, filters + 1) > memory->weight_words);
      }
    }
  }
}

TEST_CASE("the widest part counts the halo on inner sides only") {
  CHECK(widest_part(10, 10, 3) == 10);  // one part has no neighbours
  CHECK(widest_part(10, 5, 1) == 6);    // two parts have one each
  CHECK(widest_part(12, 4, 1) == 6);    // the middle one of three has two
  CHECK(widest_part(9, 1, 3) == 7);     // parts narrower than the halo
  CHECK(widest_part(2, 1, 3) == 2);
}

TEST_CASE("v2 cuts columns of 64, v1 of 32, rows of 256") {
  CHECK(cut_input(memory_v2, {64, 256, 2}, 3, 8, false).parts == 1);
  CHECK(cut_input(memory_v2, {65, 8, 2}, 3, 8, false).parts == 2);
  CHECK(cut_input(memory_v1, {32, 256, 2}, 3, 4, false).parts == 1);
  CHECK(cut_input(memory_v1, {33, 8, 2}, 3, 4, false).parts == 2);
  CHECK(cut_input(memory_v2, {8, 257, 2}, 3, 8, false).parts == 2);
}

TEST_CASE("an input is cut into the fewest parts that fit its memory") {
  // 32 x 32 x 64 bytes fill the memory of v2 exactly.
  CHECK(cut_input(memory_v2, {32, 32, 64}, 3, 8, false).parts == 1);
  CHECK(cut_input(memory_v2, {32, 32, 65}, 3, 8, false).parts == 2);
  CHECK(cut_input(memory_v2, {32, 32, 128}, 1, 8, false).parts == 2);
  // With a halo two parts no longer do.
  CHECK(cut_input(memory_v2, {32, 32, 128}, 3, 8, false).parts == 3);
}

TEST_CASE("what is averaged is not cut, and what never fits has no parts") {
  CHECK(cut_input(memory_v2, {12, 12, 455}, 3, 8, true).parts == 1);
  CHECK(cut_input(memory_v2, {12, 12, 456}, 3, 8, true).parts == 0);
  CHECK(cut_input(memory_v2, {1, 1, 65536}, 1, 8, false).parts == 0);
}
static_assert(cut_input(memory_v2, {32, 32, 64}, 3, 8, false).part_bytes == 65536);
