// SPDX-License-Identifier: Apache-2.0
// A vision transformer as a type, with the weights of examples/digits_vit. Attention names the
// layers that give query, key and value; a shiftmax in it needs shifts only. Quantized when the
// program starts, at 8 and at 4 bits, and tried on images that training never saw.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <tenon/device.hpp>
#include <vector>

#include "trained.hpp"

using namespace tenon;

constexpr std::int32_t token_width = 32;
constexpr DenseParams projection{.units = token_width};
constexpr ReLUParams relu8{.bounded = true, .max_value = 8};

// The names of a block: attention and an MLP, each behind a normalization and beside a path around
// it.
template <int Block>
struct tags {
  struct norm;
  struct query;
  struct key;
  struct value;
  struct attention;
  struct projected;
  struct attended;
  struct mlp_norm;
  struct mlp_in;
  struct mlp_relu;
  struct mlp_out;
  struct end;
};
using embedded = tags<0>;
using block1 = tags<1>;
using block2 = tags<2>;

struct Digits
    : Graph<
          Input<struct image, Shape{8, 8, 1}, std::uint8_t>,
          Rescaling<struct unit, RescalingParams{.scale = 1 / 128.0F}>,
          Conv2D<struct patches,
                 Conv2DParams{.filters = token_width, .kernel_size = {2, 2}, .strides = {2, 2}}>,
          Reshape<struct tokens, ReshapeParams{Shape{16, token_width}}>, ClassToken<struct first>,
          AddPositionEmbs<embedded::end>,

          LayerMadNormalization<block1::norm>, Dense<block1::query, projection, block1::norm>,
          Dense<block1::key, projection, block1::norm>,
          Dense<block1::value, projection, block1::norm>,
          Attention<block1::attention, AttentionParams{.num_heads = 4}, block1::query, block1::key,
                    block1::value>,
          Dense<block1::projected, projection>,
          Add<block1::attended, AddParams{}, block1::projected, embedded::end>,
          LayerMadNormalization<block1::mlp_norm>, Dense<block1::mlp_in, DenseParams{.units = 64}>,
          ReLU<block1::mlp_relu, relu8>, Dense<block1::mlp_out, projection>,
          Add<block1::end, AddParams{}, block1::attended, block1::mlp_out>,

          LayerMadNormalization<block2::norm>, Dense<block2::query, projection, block2::norm>,
          Dense<block2::key, projection, block2::norm>,
          Dense<block2::value, projection, block2::norm>,
          Attention<block2::attention, AttentionParams{.num_heads = 4}, block2::query, block2::key,
                    block2::value>,
          Dense<block2::projected, projection>,
          Add<block2::attended, AddParams{}, block2::projected, block1::end>,
          LayerMadNormalization<block2::mlp_norm>, Dense<block2::mlp_in, DenseParams{.units = 64}>,
          ReLU<block2::mlp_relu, relu8>, Dense<block2::mlp_out, projection>,
          Add<block2::end, AddParams{}, block2::attended, block2::mlp_out>,

          BatchNormalization<struct last_norm, BatchNormalizationParams{.epsilon = 1e-6F}>,
          ExtractToken<struct first_token, ExtractTokenParams::one(0)>,
          Dense<struct logits, DenseParams{.units = 10}>> {};

template <QuantizationParams Params>
void show(const std::filesystem::path& folder) {
  using Net = Quantized<Digits, Params>;
  const auto weights = trained::weights(folder);
  const auto samples = trained::array<std::uint8_t>(folder / "samples.npz", "samples");
  const auto images = trained::array<std::uint8_t>(folder / "test.npz", "inputs");
  const auto labels = trained::array<std::int32_t>(folder / "test.npz", "labels");

  const auto net = std::make_unique<Net>(weights, samples,
                                         CalibrationOptions{.num_samples = 256, .batch_size = 64});
  if (net->fault()) {
    std::printf("layer %zu: %s\n", net->fault().layer, text(net->fault().fault));
    return;
  }
  std::vector<std::int32_t> digits;
  for (std::size_t i = 0; i < images.size(); i += Net::input_size) {
    const auto image = std::span(images).subspan(i).template first<Net::input_size>();
    digits.push_back(trained::best(net->to_float((*net)(image))));
  }
  std::printf("%d-bit weights: %.1f %% of %zu images right, %zu bytes of weights, %zu of memory\n",
              Params.weight_bits, trained::percent_right(digits, labels), labels.size(),
              Net::weight_bytes, Net::arena_bytes);
}

int main(int count, char** arguments) {
  const std::filesystem::path folder = count > 1 ? arguments[1] : "examples/digits_vit";
  std::printf("%ld multiplications for an image\n", static_cast<long>(Digits::macs));
  show<QuantizationParams{}>(folder);
  show<QuantizationParams{.activation_bits = 4, .weight_bits = 4}>(folder);
}
