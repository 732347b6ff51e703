// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <numeric>

#include <tenon/host/calibrate/calibrate.hpp>
#include <tenon/host/calibrate/streams.hpp>

#include "support/graphs.hpp"

using namespace tenon;
using namespace tenon::host;

namespace {

Samples counting_samples(Shape shape, std::size_t count) {
  std::vector<float> values(static_cast<std::size_t>(shape.size()) * count);
  std::iota(values.begin(), values.end(), 0.0F);
  return {std::move(values), shape, count};
}

template <class Call>
int error_of(const Call& call) {
  try {
    (void)call();
  } catch (const Error& e) {
    return e.number;
  }
  return 0;
}

/// Frames of one pixel through y(t) = x(t) + 10 x(t - 1), and a recurrence s <- s / 2 + x.
Graph temporal_net() {
  return test::graph_of({test::input("x", {1, 1, 1}),
                         test::layer("Custom>BufferTempConv", "btc", {"x"}, {{"filters", 1}, {"kernel_size", 2}},
                                     {{"btc/kernel:0", {1, 1, 2, 1}, {10, 1}}})});
}
Graph recurrent_net(int steps) {
  return test::graph_of({test::input("x", {steps, 1}),
                         test::layer("Custom>StatefulRecurrent", "r", {"x"}, Json::object(),
                                     {test::values("r/A_real", {0.5F}), test::values("r/A_imag", {0})})});
}

Ranges calibrated(Graph graph, const std::string& layer, Samples samples, const CalibrationOptions& options) {
  const Program program(std::move(graph));
  const CalibrationOrder order = calibration_order(program, samples, options);
  return calibrate(program, {{layer, 1}}, samples, order, {});
}

float averaged(std::vector<float> maxima) {
  std::vector<float> range{1.0F};
  for (const float m : maxima) observe(range, std::vector<float>{m});
  return range[0];
}

}  // namespace

TEST_CASE("inputs (steps, batch, ...) are frames of as many streams as the batch") {
  Samples samples = counting_samples(Shape{2, 3}, 4);  // four steps of two streams with frames of three
  const Streams streams = cut_steps(samples, Shape(3));
  CHECK(streams.count == 2);
  CHECK(streams.steps == 4);
  CHECK(samples.count == 8);
  CHECK(samples[streams.at(1, 2)][0] == 15);  // step 2, stream 1
}

TEST_CASE("inputs of the shape of a frame are one step of many streams") {
  Samples samples = counting_samples(Shape{2, 3}, 4);
  const Streams streams = cut_steps(samples, Shape{2, 3});
  CHECK(streams.count == 4);
  CHECK(streams.steps == 1);
  CHECK(error_of([&] { return cut_steps(samples, Shape{3, 2}); }) == 1032);
}

TEST_CASE("a sample longer than the input of a model is a sequence of inputs") {
  Samples samples = counting_samples(Shape{6, 2}, 3);
  const Streams streams = cut_sequences(samples, Shape{2, 2});
  CHECK(streams.count == 3);
  CHECK(streams.steps == 3);
  CHECK(samples[streams.at(1, 2)][0] == 20);  // sample 1, its steps 4 and 5
  Samples listed = counting_samples(Shape{5, 1, 2}, 3);
  CHECK(cut_sequences(listed, Shape{1, 2}).steps == 5);
  Samples uneven = counting_samples(Shape{5, 2}, 3);
  CHECK(error_of([&] { return cut_sequences(uneven, Shape{2, 2}); }) == 1033);
}

TEST_CASE("frames of parallel clips are a multiple of the batch size") {
  const Samples samples = counting_samples(Shape(1), 6);
  const Streams streams = parallel_clips(samples, 2);
  CHECK(streams.count == 2);
  CHECK(streams.at(1, 2) == 5);
  CHECK(error_of([&] { return parallel_clips(samples, 4); }) == 1034);
}

TEST_CASE("a temporal convolution is calibrated with the frames of parallel clips, its memory going on") {
  // Two clips: 1, 3, 5 and 2, 4, 6. The outputs at the three times are (1, 2), (13, 24), (35, 46).
  const Samples samples{std::vector<float>{1, 2, 3, 4, 5, 6}, Shape{1, 1, 1}, 6};
  CHECK(calibrated(temporal_net(), "btc", samples, {1024, 2, 1}).at("btc")[0] == averaged({2, 24, 46}));
  // A second epoch begins with the memory of the first: (51, 62).
  CHECK(calibrated(temporal_net(), "btc", samples, {1024, 2, 2}).at("btc")[0] ==
        averaged({2, 24, 46, 62, 24, 46}));
}

TEST_CASE("a recurrent model is calibrated with samples, longer than its input too") {
  // Inputs 4, 4, 4, 4 give states 4, 6, 7, 7.5; the second sample is 1, 1, 1, 1.
  const Samples samples{std::vector<float>{4, 4, 4, 4, 1, 1, 1, 1}, Shape{4, 1}, 2};
  CHECK(calibrated(recurrent_net(4), "r", samples, {}).at("r")[0] == averaged({7.5F}));
  CHECK(calibrated(recurrent_net(2), "r", samples, {}).at("r")[0] == averaged({6, 7.5F}));
  CHECK(calibrated(recurrent_net(1), "r", samples, {}).at("r")[0] == averaged({4, 6, 7, 7.5F}));
}

TEST_CASE("without a state, batches are slices of the samples") {
  const CalibrationOrder order = independent_order(5, {5, 2, 2});
  CHECK(order.streams.count == 5);
  CHECK(order.batches == std::vector<std::vector<std::size_t>>{{0, 1}, {2, 3}, {4}, {0, 1}, {2, 3}, {4}});
}
