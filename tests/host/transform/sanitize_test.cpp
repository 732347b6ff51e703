// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <tenon/host/transform/sanitize.hpp>

#include "support/graphs.hpp"

namespace {

using namespace tenon::test;
using tenon::host::Report;

Layer named_batch_norm(const std::string& name, const std::string& from) {
  return layer("BatchNormalization", name, {from}, {{"axis", {3}}, {"epsilon", 0.0}},
               {values(name + "/gamma", {2, 2}), values(name + "/beta", {1, 1}),
                values(name + "/moving_mean", {0, 0}), values(name + "/moving_variance", {1, 1})});
}

TEST_CASE("each transform sees the result of the one before: split, swapped, folded") {
  const Graph before = graph_of(
      {input("in", {4, 4, 2}), conv("c", "in", 2, 2),
       layer("MaxPooling2D", "mp", {"c"},
             {{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "valid"}}),
       named_batch_norm("bn", "mp"), layer("Activation", "a", {"bn"}, {{"activation", "relu"}}),
       layer("Flatten", "f1", {"a"}), layer("Flatten", "f2", {"f1"}),
       layer("Dense", "d", {"f2"}, {{"units", 1}, {"activation", "softmax"}, {"use_bias", false}},
             {counting("d/kernel", {8, 1})})});
  CHECK(text(tenon::host::sanitize(before)) == R"(
in: InputLayer
c: Conv2D(in) filters=2 kernel_size=[1,1] use_bias=true c/kernel:0(1,1,2,2)=2,4,6,8 c/bias:0(2)=1,1
mp: MaxPooling2D(c) pool_size=[2,2] strides=[2,2] padding="valid"
a: ReLU(mp) max_value=null negative_slope=0.0 threshold=0.0
f2: Flatten(a)
d: Dense(f2) units=1 activation="linear" use_bias=false d/kernel:0(8,1)=1,2,3,4,5,6,7,8
d_activ: Activation(d) activation="softmax"
-> d_activ
)");
}

TEST_CASE("what is sanitized stays as it is") {
  const Graph before =
      graph_of({input("in", {4, 4, 3}),
                conv("c", "in", 3, 2, {{"kernel_size", {3, 3}}, {"padding", "same"}}),
                named_batch_norm("bn", "c"), layer("ReLU", "r", {"bn"}), conv("e", "r", 2, 2),
                layer("Add", "add", {"r", "e"}), layer("ReLU", "q", {"add"})});
  const Graph once = tenon::host::sanitize(before);
  CHECK(once.layers.size() > 4);
  CHECK(text(tenon::host::sanitize(once)) == text(once));
}

TEST_CASE(
    "average pooling over the whole map is replaced, unless QuantizeML's own result is asked for") {
  Report report;
  const Graph before =
      graph_of({input("in", {4, 4, 2}),
                layer("AveragePooling2D", "ap", {"in"},
                      {{"pool_size", {4, 4}}, {"strides", {4, 4}}, {"padding", "valid"}})});
  CHECK(tenon::host::sanitize(before, report).layers[1].class_name == "GlobalAveragePooling2D");
  CHECK(tenon::host::sanitize(before, report, tenon::host::Flavour::quantizeml)
            .layers[1]
            .class_name == "AveragePooling2D");
}

TEST_CASE("a model of one layer, and one without layers to change, pass") {
  CHECK(text(tenon::host::sanitize(graph_of({input("in", {4})}))) == "\nin: InputLayer\n-> in\n");
}

}  // namespace
