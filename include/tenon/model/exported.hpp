// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tenon/kernel/arch.hpp>
#include <tenon/layer/format.hpp>
#include <tenon/model/block_calls.hpp>
#include <tenon/model/stage.hpp>
#include <tenon/model/stage_memory.hpp>
#include <tenon/model/sum_proof.hpp>
#include <tenon/tensor/shape.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

// A quantized model as a list of stages, as `tenon export` writes it. Shapes, memory and multiplications are constants of the
// type; constants are in flash; an object is the arena of one inference, and the states of layers that have some.
namespace tenon {

namespace detail {

template <class Constants, class... All>
constexpr std::int32_t stage_position() noexcept {
  constexpr std::array<bool, sizeof...(All)> same{std::is_same_v<Constants, All>...};
  for (std::size_t i = 0; i < sizeof...(All); ++i) {
    if (same[i]) return static_cast<std::int32_t>(i);
  }
  return -1;
}

template <class... Constants, class Own, class... From>
constexpr std::array<std::int32_t, 3> stage_inputs(std::size_t i, Stage<Own, From...>) noexcept {
  static_assert(sizeof...(From) <= 3);
  static_assert(((stage_position<From, Constants...>() >= 0) && ...), "a stage reads a stage that is not in the model");
  if (i == 0) return {-1, -1, -1};
  if constexpr (sizeof...(From) == 0) return {static_cast<std::int32_t>(i - 1), -1, -1};
  std::array<std::int32_t, 3> inputs{-1, -1, -1};
  std::size_t k = 0;
  ((inputs[k++] = stage_position<From, Constants...>()), ...);
  return inputs;
}

/// The shape of input `k` as the layer sees it: that of the stage that made it, unless a reshape stands between.
template <class Constants, std::size_t N>
constexpr Shape seen_shape(const std::array<Shape, N>& shapes, const std::array<std::int32_t, 3>& inputs,
                           std::size_t k) noexcept {
  if (inputs[k] < 0) return Shape{};
  if constexpr (requires { Constants::input_shapes; }) return Constants::input_shapes[k];
  else return shapes[static_cast<std::size_t>(inputs[k])];
}

/// The shape of the first stage is its own; others follow from their inputs.
template <class Constants>
constexpr Shape stage_shape(const Shape& a, const Shape& b, const Shape& c) noexcept {
  if constexpr (requires { Constants::shape; }) {
    return Constants::shape;
  } else {
    const Shape own = [&] {
      if constexpr (requires { Constants::params.output_shape(a); }) return Constants::params.output_shape(a);
      else if constexpr (requires { Constants::params.output_shape(a, b); }) return Constants::params.output_shape(a, b);
      else return Constants::params.output_shape(a, b, c);
    }();
    if constexpr (PooledStage<Constants>) return Constants::Pool::params.output_shape(own);
    else return own;
  }
}

/// Weights that a stage keeps in flash.
template <class Constants>
constexpr std::size_t stage_weight_bytes() noexcept {
  if constexpr (BlockStage<Constants>) {
    if constexpr (requires { Constants::weights; }) return sizeof(Constants::weights) - 1;
    return 0;
  } else if constexpr (requires { Constants::weights; }) {
    return Constants::weights.size() * sizeof(Constants::weights[0]) +
           Constants::pointwise.size() * sizeof(Constants::pointwise[0]);
  } else {
    return 0;
  }
}

/// Packed constants of stage `I`, if the architecture has some. Different types, so that none of them needs memory where not.
template <std::size_t I, std::size_t Bytes>
struct Packed {
  alignas(64) std::byte bytes[Bytes];
};
template <std::size_t I>
struct Packed<I, 0> {
  static constexpr const std::byte* bytes = nullptr;
};

inline constexpr std::int64_t cache_line = 64;

[[nodiscard]] inline std::byte* next_cache_line(std::byte* p) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + (cache_line - address % cache_line) % cache_line;
}

template <std::size_t I, class Element, std::size_t Count>
struct StageState : LayerState<std::array<Element, Count>> {};
template <std::size_t I, class Element>
struct StageState<I, Element, 0> {};

}  // namespace detail

/// `Arch` chooses the kernels; the first of `Stages` is the input; `Outputs` are types with the member type `Source`, the
/// constants of the stage whose output they are, and the format of its integers (`value_bits`, `frac_bits`, `scales`).
template <class Arch, class Outputs, class... Stages>
class Exported;

template <class Arch, class... Outputs, class... Stages>
class Exported<Arch, std::tuple<Outputs...>, Stages...> {
  static constexpr std::size_t count = sizeof...(Stages);
  using Indices = std::make_index_sequence<count>;
  template <std::size_t I>
  using At = typename std::tuple_element_t<I, std::tuple<Stages...>>::Constants;
  template <class Constants>
  static constexpr auto position = static_cast<std::size_t>(detail::stage_position<Constants, typename Stages::Constants...>());

  static constexpr auto inputs = [] {
    std::size_t i = 0;
    return std::array{detail::stage_inputs<typename Stages::Constants...>(i++, Stages{})...};
  }();

 public:
  /// Shapes of the outputs of the stages.
  static constexpr std::array<Shape, count> shapes = [] {
    std::array<Shape, count> all{};
    std::size_t i = 0;
    (
        [&] {
          using Constants = typename Stages::Constants;
          const auto at = [&](std::size_t k) { return detail::seen_shape<Constants>(all, inputs[i], k); };
          all[i] = detail::stage_shape<Constants>(at(0), at(1), at(2));
          ++i;
        }(),
        ...);
    return all;
  }();

 private:
  template <std::size_t I, std::size_t K>
  static constexpr Shape input_of = detail::seen_shape<At<I>>(shapes, inputs[I], K);
  template <std::size_t I>
  static constexpr auto block = block_for<At<I>, input_of<I, 0>>;

  /// The largest magnitude that stage `I` puts out.
  template <std::size_t I>
  static constexpr std::int64_t largest_output() noexcept {
    if constexpr (requires { At<I>::block; } && !PooledStage<At<I>>) {
      constexpr const kernel::FinishTraits& f = At<I>::block.finish;
      return f.raw ? std::int64_t{1} << 31 : f.high > -f.low ? f.high : -f.low;
    } else if constexpr (PooledStage<At<I>>) {
      return std::int64_t{1} << At<I>::Pool::output.value_bits;
    } else if constexpr (requires { At<I>::largest_output; }) {
      return At<I>::largest_output;  // its quantizer limits it, or it passes elements on
    } else {
      return std::is_same_v<Element<I>, std::uint8_t> ? 255 : 128;
    }
  }
  template <std::size_t I>
  static constexpr bool proved() noexcept {
    if constexpr (I > 0 && BlockStage<At<I>> && !detail::is_provable<At<I>>) {
      return false;
    } else if constexpr (I > 0 && BlockStage<At<I>>) {
      using Constants = At<I>;
      constexpr std::int64_t found = largest_block_sum<Constants, input_of<I, 0>>;
      static_assert(check::proved<Constants, check::Claimed<Constants::largest_sum>, check::Found<found>>,
                    "TN2031: the sums of this stage can be larger than it says, or than 32 bits");
      constexpr std::int64_t enters = largest_output<static_cast<std::size_t>(inputs[I][0])>();
      static_assert(check::proved<Constants, check::Claimed<Constants::block.largest_input>, check::Found<enters>>,
                    "TN2032: the inputs of this stage can be larger than it says");
    }
    return true;
  }
  template <std::size_t I>
  static constexpr std::size_t packed_size() noexcept {
    if constexpr (I > 0 && BlockStage<At<I>>) return detail::block_packed_bytes<Arch, block<I>>();
    return 0;
  }
  static constexpr std::size_t packed_bytes = []<std::size_t... I>(std::index_sequence<I...>) {
    return (packed_size<I>() + ...);
  }(Indices{});
  /// Sums that a pooled stage keeps, and the rows that it makes at a time, as elements of int32; kernels have scratch behind.
  template <std::size_t I>
  static constexpr std::int64_t pool_elements() noexcept {
    if constexpr (PooledStage<At<I>>) {
      constexpr std::int64_t channels = shapes[I].channels();
      return (channels + channels * detail::rows_of(block<I>) + 1) / 2 * 2;
    }
    return 0;
  }
  template <std::size_t I>
  static constexpr std::int64_t scratch_size() noexcept {
    if constexpr (I == 0) {
      return 0;
    } else if constexpr (BlockStage<At<I>>) {
      constexpr auto bytes = static_cast<std::int64_t>(detail::block_scratch_bytes<Arch, block<I>>());
      // Kernels with packed constants use vectors and want whole cache lines.
      constexpr std::int64_t slack = bytes > 0 && packed_size<I>() > 0 ? detail::cache_line : 0;
      return bytes + slack + 4 * pool_elements<I>();
    } else {
      return 4 * detail::layer_scratch_elements<Arch, At<I>>(input_of<I, 0>, input_of<I, 1>);
    }
  }
  template <std::size_t I>
  static constexpr std::size_t state_size() noexcept {
    if constexpr (requires { At<I>::params.state_size(Shape{}); }) {
      return static_cast<std::size_t>(At<I>::params.state_size(input_of<I, 0>));
    }
    return 0;
  }
  template <std::size_t I>
  using Element = typename At<I>::Output;

  /// States keep inputs, or outputs if they are fed back.
  template <std::size_t I>
  static constexpr auto state_element() noexcept {
    if constexpr (requires { typename At<I>::State; }) return typename At<I>::State{};
    else return std::int8_t{};
  }

  template <std::size_t I>
  static constexpr bool in_place() noexcept {
    if constexpr (I == 0) {
      return false;
    } else {  // bytes may stand for anything; other types must be the same, or the compiler may move accesses
      constexpr auto first = static_cast<std::size_t>(inputs[I][0]);
      constexpr auto last = static_cast<std::size_t>(inputs[I][1] < 0 ? inputs[I][0] : inputs[I][1]);
      constexpr bool same = std::is_same_v<Element<I>, Element<first>> && std::is_same_v<Element<I>, Element<last>>;
      return detail::goes_in_place<At<I>> && (same || sizeof(Element<I>) == 1);
    }
  }

  static constexpr auto memory = []<std::size_t... I>(std::index_sequence<I...>) {
    detail::StageNeeds<count> needs;
    needs.bytes = {shapes[I].size() * static_cast<std::int64_t>(sizeof(Element<I>))...};
    needs.scratch = {scratch_size<I>()...};
    needs.inputs = inputs;
    needs.overwrites = {in_place<I>()...};
    ((needs.kept[position<typename Outputs::Source>] = true), ...);
    return detail::place_stages(needs);
  }(Indices{});

  template <std::size_t K>
  using OutputAt = std::tuple_element_t<K, std::tuple<Outputs...>>;
  template <std::size_t K>
  static constexpr std::size_t source_of = position<typename OutputAt<K>::Source>;

 public:
  using Architecture = Arch;
  using Input = Element<0>;
  using Output = Element<source_of<0>>;
  static constexpr Shape input_shape = shapes[0];
  static constexpr Shape output_shape = OutputAt<0>::shape;
  static constexpr auto input_size = static_cast<std::size_t>(input_shape.size());
  static constexpr auto output_size = static_cast<std::size_t>(output_shape.size());
  static constexpr std::size_t output_count = sizeof...(Outputs);

  /// Memory that an inference works on, and the least that any placement of its tensors needs.
  static constexpr auto arena_bytes = static_cast<std::size_t>(memory.bytes);
  static constexpr auto arena_bound = static_cast<std::size_t>(memory.bound);
  /// What layers remember from one call to the next.
  static constexpr std::size_t state_bytes = []<std::size_t... I>(std::index_sequence<I...>) {
    return ((state_size<I>() * sizeof(decltype(state_element<I>()))) + ... + std::size_t{0});
  }(Indices{});
  static constexpr bool stateful = state_bytes > 0;
  static constexpr std::size_t weight_bytes = (detail::stage_weight_bytes<typename Stages::Constants>() + ...);
  static constexpr std::int64_t macs = []<std::size_t... I>(std::index_sequence<I...>) {
    const auto of = []<std::size_t S>(std::integral_constant<std::size_t, S>) -> std::int64_t {
      if constexpr (requires { At<S>::params.macs(input_of<S, 0>); }) return At<S>::params.macs(input_of<S, 0>);
      else if constexpr (requires { At<S>::params.macs(input_of<S, 0>, input_of<S, 1>); })
        return At<S>::params.macs(input_of<S, 0>, input_of<S, 1>);
      else return 0;
    };
    return (of(std::integral_constant<std::size_t, I>{}) + ...);
  }(Indices{});
  /// No input makes a sum of larger magnitude in this stage.
  template <class Constants>
  static constexpr std::int64_t largest_sum = Constants::largest_sum;

  /// That no sum overflows, proved from the weights by the compiler that reads them; false where a layer has more weights than
  /// compilers evaluate.
  static constexpr bool sums_are_proved = []<std::size_t... I>(std::index_sequence<I...>) {
    return (proved<I>() && ...);
  }(Indices{});

  Exported() noexcept requires(packed_bytes == 0 && !stateful) = default;
  Exported() noexcept requires(packed_bytes > 0 || stateful) {
    pack(Indices{});
    reset();
  }

  /// The outputs of one inference; they stay until the next. A model with states takes the next step of its stream.
  std::span<const Output, output_size> operator()(std::span<const Input, input_size> input) noexcept {
    infer(input.data(), Indices{});
    return output<0>();
  }
  /// Output `K` of the last inference.
  template <std::size_t K>
  [[nodiscard]] auto output() const noexcept {
    constexpr std::size_t i = source_of<K>;
    return std::span<const Element<i>, static_cast<std::size_t>(shapes[i].size())>(
        reinterpret_cast<const Element<i>*>(arena_ + memory.offsets[i]), static_cast<std::size_t>(shapes[i].size()));
  }
  /// Forgets all earlier inputs.
  void reset() noexcept {
    if constexpr (stateful) reset_states(Indices{});
  }

  /// The number that integer `i` of output `K` stands for.
  template <std::size_t K = 0>
  [[nodiscard]] static constexpr float to_float(std::int64_t value, std::size_t i) noexcept {
    using Format = OutputAt<K>;
    const std::size_t channel = i % static_cast<std::size_t>(Format::shape.channels());
    const auto at = [&](const auto& v) { return v[std::size(v) == 1 ? 0 : channel]; };
    const float fixed = float32::scale_by_power_of_two(static_cast<float>(value), -at(Format::frac_bits));
    if constexpr (requires { Format::scales; }) return float32::multiply(fixed, at(Format::scales));
    else return fixed;
  }
  template <std::size_t K = 0>
  [[nodiscard]] auto floats() const noexcept {
    const auto integers = output<K>();
    std::array<float, decltype(integers)::extent> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = to_float<K>(integers[i], i);
    return all;
  }

 private:
  template <std::size_t... I>
  void pack(std::index_sequence<I...>) noexcept {
    (pack_stage<I>(), ...);
  }
  template <std::size_t I>
  void pack_stage() noexcept {
    if constexpr (packed_size<I>() > 0) {
      detail::pack_block<Arch, block<I>>(detail::block_data<At<I>>, std::get<I>(packed_).bytes);
    }
  }
  template <std::size_t... I>
  void reset_states(std::index_sequence<I...>) noexcept {
    const auto clear = [](auto& state) {
      if constexpr (requires { state.reset(); }) state.reset();
    };
    (clear(std::get<I>(states_)), ...);
  }

  template <std::size_t... I>
  void infer(const Input* input, std::index_sequence<I...>) noexcept {
    (run_stage<I>(input), ...);
  }

  template <std::size_t I>
  void run_stage(const Input* input) noexcept {
    if constexpr (I > 0) {
      using Constants = At<I>;
      const auto* x = tensor<0, I>(input);
      auto* y = reinterpret_cast<Element<I>*>(arena_ + memory.offsets[I]);
      std::byte* scratch = arena_ + memory.scratch_offsets[I];
      if constexpr (BlockStage<Constants>) {
        const auto* second = x;
        if constexpr (inputs[I][1] >= 0) second = tensor<1, I>(input);
        detail::BlockInputs in{detail::block_data<Constants>, std::get<I>(packed_).bytes, x, second, scratch};
        in.scratch += 4 * pool_elements<I>();
        if constexpr (packed_size<I>() > 0) in.scratch = detail::next_cache_line(in.scratch);
        if constexpr (PooledStage<Constants>) {
          run_pooled<I>(in, y, reinterpret_cast<std::int32_t*>(scratch));
        } else {
          detail::call_block<Arch, block<I>>(in, y);
        }
      } else {
        run_layer<I>(input, x, y, reinterpret_cast<std::int32_t*>(scratch));
      }
      // Memory changes its type from tensor to tensor, so no access may move across.
      asm volatile("" : : "r"(arena_) : "memory");
    }
  }

  /// Rows of sums, some at a time, each added to the sums of its channels.
  template <std::size_t I, class X, class Y>
  static void run_pooled(detail::BlockInputs<X> in, Y* y, std::int32_t* sums) noexcept {
    using Pool = typename At<I>::Pool;
    constexpr std::int64_t channels = shapes[I].channels();
    constexpr std::int64_t rows = detail::rows_of(block<I>);
    constexpr std::int64_t all = input_of<I, 0>.pixels();
    const std::int64_t* maximum = nullptr;
    if constexpr (requires { Pool::maximum; }) maximum = Pool::maximum;
    std::int32_t* made = sums + channels;
    for (std::int64_t c = 0; c < channels; ++c) sums[c] = 0;
    for (std::int64_t done = 0; done < all; done += rows) {
      detail::call_block<Arch, block<I>>(in, made);
      kernel::add_rows(Arch{}, rows, channels, Pool::has_relu, maximum, made, sums);
      in.x += rows * input_of<I, 0>.channels();
      in.second += rows * input_of<I, 0>.channels();
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      y[c] = static_cast<Y>(Pool::output(sums[c], static_cast<std::size_t>(c)));
    }
  }

  template <std::size_t I, class X, class Y>
  void run_layer(const Input* input, const X* x, Y* y, std::int32_t* scratch) noexcept {
    using Constants = At<I>;
    constexpr auto& params = Constants::params;
    constexpr Shape a = input_of<I, 0>;
    constexpr Constants constants{};
    (void)input;
    if constexpr (requires { std::get<I>(states_).head; }) {
      run(Arch{}, params, a, constants, x, y, scratch, std::get<I>(states_));
    } else if constexpr (inputs[I][2] >= 0) {
      run(Arch{}, params, a, input_of<I, 1>, constants, x, tensor<1, I>(input), tensor<2, I>(input), y, scratch);
    } else if constexpr (inputs[I][1] >= 0) {
      run(Arch{}, params, a, input_of<I, 1>, constants, x, tensor<1, I>(input), y);
    } else {
      run(Arch{}, params, a, constants, x, y, scratch);
    }
  }

  /// Input `K` of stage `I`.
  template <std::size_t K, std::size_t I>
  [[nodiscard]] auto* tensor(const Input* input) const noexcept {
    constexpr auto from = static_cast<std::size_t>(inputs[I][K]);
    if constexpr (from == 0) {
      return input;
    } else {
      return reinterpret_cast<const Element<from>*>(arena_ + memory.offsets[from]);
    }
  }

  template <std::size_t... I>
  static auto packed_types(std::index_sequence<I...>) -> std::tuple<detail::Packed<I, packed_size<I>()>...>;
  template <std::size_t... I>
  static auto state_types(std::index_sequence<I...>)
      -> std::tuple<detail::StageState<I, decltype(state_element<I>()), state_size<I>()>...>;

  [[no_unique_address]] decltype(packed_types(Indices{})) packed_;
  [[no_unique_address]] decltype(state_types(Indices{})) states_;
  alignas(64) std::byte arena_[arena_bytes > 0 ? arena_bytes : 1];
};

}  // namespace tenon
