// SPDX-License-Identifier: Apache-2.0
// expect: the Akida hardware refuses this layer
// expect: Refused<head, .*TN<4142>, .*CNP_AFTER_FNP>
// expect: CNP_AFTER_FNP>, .*Found<.*dense_layer>, .*Allowed<.*convolution>
#include "akida_model.hpp"

struct picture;
struct dense;
struct relu;
struct head;
struct output;

constexpr auto model() {
  return Sequence{}.input({1, 1, 32}).dense(32).relu().conv(8, {.kernel = 1}).dequantize();
}

static_assert(akida::maps<Described<model, picture, dense, relu, head, output>, akida::v2,
                          Device::any, akida::Toolchain::v2_19>);
