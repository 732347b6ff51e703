// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <random>
#include <tenon/host/deploy/split_block.hpp>
#include <tenon/host/thread_team.hpp>
#include <tenon/kernel/reference/add_block.hpp>
#include <tenon/kernel/reference/conv2d_block.hpp>
#include <tenon/kernel/reference/dense_block.hpp>
#include <tenon/kernel/reference/depthwise_conv2d_block.hpp>
#include <vector>

using namespace tenon;
using namespace tenon::host;
using kernel::AddBlock;
using kernel::ConvBlock;
using kernel::DenseBlock;
using kernel::DepthwiseBlock;

namespace {

std::vector<std::int8_t> random_bytes(std::mt19937& random, std::int64_t count) {
  std::uniform_int_distribution<int> draw(-128, 127);
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(count));
  for (auto& b : bytes) b = static_cast<std::int8_t>(draw(random));
  return bytes;
}

struct Data {
  std::vector<std::int8_t> x, second, weights, padding;
  std::vector<kernel::ChannelFinish> finish;
  std::vector<kernel::AddShifts> add_shifts;
};

/// The reference kernel on a block or on a part of it.
void compute(const AnyBlock& any, const Data& d, std::int64_t input, std::int32_t* y) {
  constexpr arch::reference reference;
  const std::int8_t* x = d.x.data() + input;
  const auto* weights = reinterpret_cast<const signed char*>(d.weights.data());
  if (const auto* b = std::get_if<ConvBlock>(&any)) {
    kernel::conv2d_block(reference, *b, x, d.padding.data(), nullptr, weights, d.finish.data(), y);
  } else if (const auto* depthwise = std::get_if<DepthwiseBlock>(&any)) {
    kernel::depthwise_conv2d_block(reference, *depthwise, x, weights, d.finish.data(), y);
  } else if (const auto* dense = std::get_if<DenseBlock>(&any)) {
    kernel::dense_block(reference, *dense, x, nullptr, weights, d.finish.data(), y);
  } else if (const auto* add = std::get_if<AddBlock>(&any)) {
    kernel::add_block(reference, *add, x, d.second.data() + input, d.add_shifts.data(), d.finish.data(), y);
  }
}

void check_parts(const AnyBlock& whole, std::int64_t inputs, std::int64_t outputs, std::int64_t weights, std::int32_t channels) {
  std::mt19937 random(7);
  Data d{random_bytes(random, inputs), random_bytes(random, inputs), random_bytes(random, weights),
         random_bytes(random, channels), {}, {}};
  d.finish.resize(64);
  d.add_shifts.resize(64);
  std::vector<std::int32_t> expected(static_cast<std::size_t>(outputs));
  compute(whole, d, 0, expected.data());
  for (const std::size_t most : {1U, 2U, 3U, 7U, 100U}) {
    const std::vector<BlockPart> parts = split(whole, most, 1);
    CHECK(parts.size() <= most);
    CHECK((most == 1 || parts.size() > 1));
    std::vector<std::int32_t> found(expected.size(), 1 << 30);
    for (const BlockPart& part : parts) compute(part.block, d, part.input, found.data() + part.output);
    CHECK(found == expected);
  }
}

constexpr kernel::FinishTraits raw{.raw = true};

}  // namespace

TEST_CASE("the parts of a convolution are the convolution") {
  for (const auto& [input, kernel, stride, dilation] :
       {std::array{9, 3, 1, 1}, std::array{9, 3, 2, 1}, std::array{8, 5, 3, 1}, std::array{12, 3, 1, 3}, std::array{4, 7, 1, 1}}) {
    for (const Padding padding : {Padding::same, Padding::valid}) {
      if (padding == Padding::valid && (kernel - 1) * dilation >= input) continue;
      CAPTURE(input);
      CAPTURE(kernel);
      const Window2D window = Window2D::of(Shape{input, 5, 4}, {kernel, 3}, {stride, 1}, {dilation, 1}, padding);
      ConvBlock conv{.window = window, .channels = 4, .filters = 6, .has_padding_value = true, .finish = raw};
      const std::int64_t pixels = std::int64_t{window.y.output} * window.x.output;
      if (window.y.output < 2) continue;
      check_parts(conv, input * 5 * 4, pixels * 6, conv.row_weights() * 6, 4);
      check_parts(DepthwiseBlock{.window = window, .channels = 4, .finish = raw}, input * 5 * 4, pixels * 4, window.taps() * 4, 4);
    }
  }
}

TEST_CASE("the parts of products and sums are the products and sums") {
  check_parts(DenseBlock{.rows = 11, .inputs = 5, .units = 3, .finish = raw}, 55, 33, 15, 5);
  check_parts(AddBlock{.pixels = 10, .channels = 3, .finish = raw}, 30, 30, 1, 3);
}

TEST_CASE("small blocks stay whole") {
  const DenseBlock dense{.rows = 10, .inputs = 10, .units = 10};
  CHECK(split(dense, 4, 1000).size() == 1);
  CHECK(split(dense, 4, 500).size() == 2);
  CHECK(split(kernel::PoolBlock{.pixels = 100, .channels = 100}, 4, 1).size() == 1);
}

TEST_CASE("a team computes every piece of every turn once") {
  for (const std::size_t size : {1U, 2U, 5U}) {
    ThreadTeam team(size);
    std::vector<std::atomic<int>> done(size);
    for (int turn = 1; turn <= 2000; ++turn) {
      const std::size_t pieces = static_cast<std::size_t>(turn) % size + 1;
      for (auto& d : done) d = 0;
      team.run(pieces, [&](std::size_t i) { ++done[i]; });
      for (std::size_t i = 0; i < size; ++i) REQUIRE(done[i] == (i < pieces ? 1 : 0));
    }
  }
}
