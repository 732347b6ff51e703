// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <tenon/host/graph/params.hpp>
#include <tenon/host/graph/shapes.hpp>

#include "support/graphs.hpp"

using namespace tenon;
using namespace tenon::host;
using test::layer;

namespace {

template <class Params>
Params params_as(const Layer& l) {
  return std::get<Params>(params_of(l));
}

int error_of(const Layer& l, const std::vector<Shape>& inputs) {
  try {
    (void)layer_output_shape(l, inputs);
  } catch (const Error& e) {
    return e.number;
  }
  return 0;
}

}  // namespace

TEST_CASE("an Activation of the toolkit has a table, one of Keras has not") {
  const auto gelu = layer("Custom>Activation", "a", {"x"}, {{"activation", "gelu"}});
  CHECK(params_as<ActivationParams>(gelu).activation == ActivationFunction::gelu);
  const auto leaky = params_as<ActivationParams>(
      layer("Custom>QuantizedActivation", "a", {"x"}, {{"activation", "leaky_relu"}, {"alpha", 0.25}}));
  CHECK(leaky.activation == ActivationFunction::leaky_relu);
  CHECK(leaky.alpha == 0.25F);
  CHECK(std::holds_alternative<UnsupportedParams>(params_of(layer("Activation", "a", {"x"}, {{"activation", "gelu"}}))));
  CHECK(std::holds_alternative<UnsupportedParams>(
      params_of(layer("Custom>Activation", "a", {"x"}, {{"activation", "tanh"}}))));
}

TEST_CASE("an attention knows its softmax by its old and its new name") {
  for (const char* name : {"shiftmax", "softmax2"}) {
    CHECK(params_as<AttentionParams>(layer("Custom>Attention", "a", {"q", "k", "v"}, {{"num_heads", 3}, {"softmax", name}}))
              .softmax == Softmax::shiftmax);
  }
  const auto plain = params_as<AttentionParams>(layer("Custom>Attention", "a", {"q", "k", "v"}, {{"num_heads", 3}}));
  CHECK(plain.softmax == Softmax::softmax);
  CHECK(plain.num_heads == 3);
  CHECK_THROWS_AS((void)params_of(layer("Custom>Attention", "a", {"q"}, {{"softmax", "other"}})), Error);
}

TEST_CASE("shapes of an attention: the query's, and a mask for each head") {
  const auto attention = layer("Custom>Attention", "a", {"q", "k", "v"}, {{"num_heads", 2}, {"softmax", "shiftmax"}});
  const std::vector<Shape> good{{3, 8}, {5, 8}, {5, 8}};
  CHECK(layer_output_shape(attention, good) == Shape{3, 8});
  CHECK(second_output_shape(attention, good) == Shape{2, 3, 5});
  CHECK(error_of(attention, {{3, 7}, {5, 7}, {5, 7}}) == 1001);   // two heads do not divide seven channels
  CHECK(error_of(attention, {{3, 8}, {5, 8}, {4, 8}}) == 1001);   // a value for each key
  CHECK(error_of(attention, {{3, 8}, {5, 6}, {5, 6}}) == 1001);   // the same channels
  CHECK(error_of(attention, {{3, 8}, {5, 8}}) == 1001);           // no value
  CHECK(error_of(attention, {{2, 3, 8}, {5, 8}, {5, 8}}) == 1001);  // not tokens
}

TEST_CASE("tokens to extract: one, a list, none that does not exist") {
  const auto one = layer("Custom>ExtractToken", "e", {"x"}, {{"token", 2}, {"axis", 1}});
  CHECK(layer_output_shape(one, {Shape{5, 4}}) == Shape(4));
  CHECK(error_of(one, {Shape{2, 4}}) == 1001);
  const auto list = layer("Custom>ExtractToken", "e", {"x"}, {{"token", {0, 2, 3}}, {"axis", -1}});
  CHECK(layer_output_shape(list, {Shape{5, 4}}) == Shape{5, 3});
  CHECK_THROWS_AS((void)params_of(layer("Custom>ExtractToken", "e", {"x"}, {{"token", 0}, {"axis", 0}})), Error);
  CHECK_THROWS_AS((void)params_of(layer("Custom>ExtractToken", "e", {"x"}, {{"token", -1}})), Error);
  CHECK_THROWS_AS((void)params_of(layer("Custom>ExtractToken", "e", {"x"})), Error);
  Json odd = Json::array();
  for (int i = 0; i < 40; ++i) odd.push_back(2 * i);
  CHECK_THROWS_AS((void)params_of(layer("Custom>ExtractToken", "e", {"x"}, {{"token", odd}})), Error);
}

TEST_CASE("a projection reshapes before and behind its weights") {
  const Json config{{"units", 6}, {"downshape", {4, 10}}, {"upshape", {-1, 3}}, {"subsample", 2}};
  const auto projection = layer("Custom>StatefulProjection", "p", {"x"}, config);
  CHECK(layer_output_shape(projection, {Shape{4, 5, 2}}) == Shape{4, 3});
  CHECK(error_of(projection, {Shape{4, 5, 3}}) == 1001);  // 60 elements are not (4, 10)
  Json three = config;
  three["subsample"] = 3;
  CHECK(error_of(layer("Custom>StatefulProjection", "p", {"x"}, three), {Shape{4, 5, 2}}) == 1001);
  Json up = config;
  up["upshape"] = {5, 3};
  CHECK(error_of(layer("Custom>StatefulProjection", "p", {"x"}, up), {Shape{4, 5, 2}}) == 1001);
  Json active = config;
  active["activation"] = "relu";
  CHECK(std::holds_alternative<UnsupportedParams>(params_of(layer("Custom>StatefulProjection", "p", {"x"}, active))));
}

TEST_CASE("temporal and recurrent layers ask for frames and for steps") {
  const auto conv = layer("Custom>BufferTempConv", "t", {"x"}, {{"filters", 6}, {"kernel_size", 3}});
  CHECK(layer_output_shape(conv, {Shape{4, 5, 2}}) == Shape{4, 5, 6});
  CHECK_FALSE(params_as<BufferTempConvParams>(conv).use_bias);  // unlike other convolutions
  CHECK(error_of(conv, {Shape{5, 2}}) == 1001);
  const auto recurrent = layer("Custom>StatefulRecurrent", "r", {"x"});
  CHECK(layer_output_shape(recurrent, {Shape{4, 3}}) == Shape{4, 3, 2});
  CHECK(error_of(recurrent, {Shape(3)}) == 1001);
}
