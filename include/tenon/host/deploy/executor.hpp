// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <tenon/host/deploy/deploy.hpp>
#include <tenon/host/deploy/split_block.hpp>
#include <tenon/host/interpret/compiled_for.hpp>
#include <tenon/host/interpret/program.hpp>
#include <tenon/host/thread_team.hpp>
#include <tenon/kernel/blocks.hpp>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

// A quantized program at the speed of its blocks: the same stages and kernels as in an exported model, with shapes known only at
// run time. Stages that are no blocks run as the program runs them. The results are those of the program, which computes every
// layer by itself and so can show them all. Large blocks can be computed by several threads.
namespace tenon::host {

namespace detail {

/// Memory for vectors: aligned to a cache line.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size)
      : data_(size == 0 ? nullptr : static_cast<std::byte*>(::operator new(size, alignment))) {}
  [[nodiscard]] std::byte* data() const { return data_.get(); }
  template <class T>
  [[nodiscard]] T* as() const {
    return reinterpret_cast<T*>(data_.get());
  }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(std::byte* p) const { ::operator delete(p, alignment); }
  };
  std::unique_ptr<std::byte, Free> data_;
};

[[nodiscard]] inline std::optional<AnyBlock> block_of(const DeployedStage& stage) {
  if (!stage.block) return std::nullopt;
  const BlockTraits& traits = stage.block->traits;
  const Shape& input = stage.input_shapes[0];
  return std::visit(
      [&](const auto& p) -> std::optional<AnyBlock> {
        if constexpr (std::is_same_v<std::decay_t<decltype(p)>, Conv2DParams>) {
          if (tenon::detail::is_pointwise(p)) {
            return tenon::detail::some_rows(tenon::detail::pointwise_block_of(p, input, traits), stage.pool.has_value());
          }
        }
        if constexpr (requires { tenon::detail::block_of(p, input, traits); }) {
          return tenon::detail::some_rows(
              tenon::detail::with_sums(tenon::detail::block_of(p, input, traits), stage.largest_sum), stage.pool.has_value());
        } else {
          return std::nullopt;
        }
      },
      stage.params);
}

/// Calls `use(pointer)` with the elements as their type; floats never come.
template <class Use>
void with_elements(DataType type, std::byte* data, const Use& use) {
  switch (type) {
    case DataType::uint8: return use(reinterpret_cast<std::uint8_t*>(data));
    case DataType::int8: return use(reinterpret_cast<std::int8_t*>(data));
    case DataType::uint16: return use(reinterpret_cast<std::uint16_t*>(data));
    case DataType::int16: return use(reinterpret_cast<std::int16_t*>(data));
    case DataType::int64: return use(reinterpret_cast<std::int64_t*>(data));
    default: return use(reinterpret_cast<std::int32_t*>(data));
  }
}

}  // namespace detail

class Executor {
 public:
  /// What one inference works on, besides the workspace of the program.
  struct Memory {
    std::vector<detail::AlignedBytes> outputs;  ///< of the stages
    std::vector<detail::AlignedBytes> scratch;  ///< of each thread
    std::vector<std::int32_t> rows;             ///< sums and rows of a pooled stage
    std::unique_ptr<ThreadTeam> team;           ///< without one, there is a single thread
  };

  /// Keeps a reference to the program. `threads` compute one inference.
  explicit Executor(const Program& program, std::size_t threads = 1)
      : program_(program), threads_(threads), deployment_(deploy(program)) {
    for (const DeployedStage& s : deployment_.stages) stages_.push_back(prepare(s));
  }

  /// Whether the stages compute what the program computes: all but few quantized models.
  [[nodiscard]] static bool serves(const Program& program) {
    if (!program.quantized()) return false;
    for (const Step& step : program.steps()) {
      if (!step.half_steps.empty()) return false;  // the hardware's integers are the program's own
    }
    return true;
  }

  [[nodiscard]] Memory memory() const {
    Memory m;
    for (const DeployedStage& s : deployment_.stages) {
      m.outputs.emplace_back(static_cast<std::size_t>(s.shape.size() * tenon::detail::size_of(s.type)));
    }
    for (std::size_t i = 0; i < threads_; ++i) m.scratch.emplace_back(scratch_bytes_ + 64);
    m.rows.resize(row_elements_);
    if (threads_ > 1) m.team = std::make_unique<ThreadTeam>(threads_);
    return m;
  }

  /// One sample, as Program::run; afterwards the outputs of the program stand in the workspace, other values do not.
  void run(std::span<const float> sample, Memory& m, Workspace& workspace) const {
    const DeployedStage& input = deployment_.stages.front();
    detail::with_elements(input.type, m.outputs.front().data(), [&](auto* x) {
      for (std::size_t i = 0; i < sample.size(); ++i) x[i] = static_cast<std::decay_t<decltype(*x)>>(sample[i]);
    });
    for (std::size_t i = 1; i < stages_.size(); ++i) {
      if (!stages_[i].parts.empty()) run_block(i, m);
      else run_layer(i, m, workspace);
    }
    for (const DeployedOutput& o : deployment_.outputs) to_workspace(o.stage, o.value, m, workspace);
    for (std::size_t i = 0; i < program_.steps().size(); ++i) {
      const Mode mode = program_.steps()[i].mode;
      if (mode == Mode::dequantize || mode == Mode::floating) program_.run_step(i, workspace);
    }
  }

 private:
  struct Part : BlockPart {
    detail::AlignedBytes packed{};  ///< constants as the architecture wants them
  };

  struct Prepared {
    std::vector<Part> parts;           ///< of a block; of other layers none
    std::vector<std::int8_t> weights;  ///< as they are
    std::vector<std::int8_t> padding;  ///< of the element type of the input
  };

  [[nodiscard]] Prepared prepare(const DeployedStage& s) {
    Prepared p;
    const std::optional<AnyBlock> whole = detail::block_of(s);
    if (!whole) return p;
    for (BlockPart& part : split(*whole, s.pool ? 1 : threads_)) p.parts.push_back({std::move(part)});
    const BlockConstants& b = *s.block;
    for (const std::int32_t v : b.padding) p.padding.push_back(static_cast<std::int8_t>(v));
    p.weights = stored_weights(b);
    for (Part& part : p.parts) {
      with_arch(arch_, [&](auto arch) {
        std::visit([&](const auto& block) { prepare_part(arch, block, s, p.weights, part); }, part.block);
      });
    }
    return p;
  }

  template <class Arch, class Block>
  void prepare_part(Arch arch, const Block& block, const DeployedStage& s, const std::vector<std::int8_t>& weights, Part& part) {
    if constexpr (requires { packed_bytes(arch, block); }) {
      part.packed = detail::AlignedBytes(packed_bytes(arch, block) + 64);
      pack_block(arch, block, *s.block, weights.data(), part.packed.data());
    }
    if constexpr (requires { scratch_bytes(arch, block); }) {
      scratch_bytes_ = std::max(scratch_bytes_, scratch_bytes(arch, block));
    }
    if (s.pool) {
      const auto rows = static_cast<std::size_t>(tenon::detail::rows_of(block));
      row_elements_ = std::max(row_elements_, (rows + 1) * static_cast<std::size_t>(s.shape.channels()));
    }
  }

  template <class Arch, class Block>
  static void pack_block(Arch arch, const Block& block, const BlockConstants& b, const std::int8_t* weights, std::byte* packed) {
    if constexpr (std::is_same_v<Block, kernel::ConvBlock> || std::is_same_v<Block, kernel::DenseBlock>) {
      pack(arch, block, weights, b.shifts.empty() ? nullptr : b.shifts.data(), b.finish.data(), packed);
    } else if constexpr (std::is_same_v<Block, kernel::AddBlock>) {
      pack(arch, block, b.add_shifts.data(), b.finish.data(), packed);
    } else {
      pack(arch, block, weights, b.finish.data(), packed);
    }
  }

  void run_block(std::size_t i, Memory& m) const {
    const DeployedStage& s = deployment_.stages[i];
    const bool is_unsigned = deployment_.stages[s.inputs[0]].type == DataType::uint8;
    if (is_unsigned) run_typed<std::uint8_t>(i, m);
    else run_typed<std::int8_t>(i, m);
  }

  template <class X>
  void run_typed(std::size_t i, Memory& m) const {
    const DeployedStage& s = deployment_.stages[i];
    const X* x = m.outputs[s.inputs[0]].as<X>();
    const X* second = s.inputs.size() > 1 ? m.outputs[s.inputs[1]].as<X>() : x;
    if (s.pool) {
      detail::with_elements(s.type, m.outputs[i].data(), [&](auto* y) { run_pooled(i, x, second, y, m); });
    } else if (s.block->traits.finish.raw) {
      call(i, x, second, m.outputs[i].as<std::int32_t>(), m);
    } else {
      call(i, x, second, m.outputs[i].as<std::int8_t>(), m);
    }
  }

  template <class X, class Y>
  void run_pooled(std::size_t i, const X* x, const X* second, Y* y, Memory& m) const {
    const DeployedStage& s = deployment_.stages[i];
    const std::int64_t channels = s.shape.channels();
    const std::int64_t rows =
        std::visit([](const auto& block) { return tenon::detail::rows_of(block); }, stages_[i].parts.front().block);
    const std::int64_t step = rows * s.input_shapes[0].channels();
    const std::int64_t* maximum = s.pool->relu.maximum.empty() ? nullptr : s.pool->relu.maximum.data();
    std::int32_t* sums = m.rows.data();
    std::int32_t* made = sums + channels;
    std::fill_n(sums, channels, 0);
    for (std::int64_t done = 0; done < s.input_shapes[0].pixels(); done += rows, x += step, second += step) {
      call(i, x, second, made, m);
      with_layer_arch([&](auto arch) {
        compiled_for(arch, [&] { kernel::add_rows(arch, rows, channels, s.pool->has_relu, maximum, made, sums); });
      });
    }
    for (std::int64_t c = 0; c < channels; ++c) {
      y[c] = static_cast<Y>(s.pool->relu.has_output ? s.pool->relu.output(sums[c], static_cast<std::size_t>(c)) : sums[c]);
    }
  }

  template <class X, class Y>
  void call(std::size_t i, const X* x, const X* second, Y* y, Memory& m) const {
    const Prepared& p = stages_[i];
    const BlockConstants& b = *deployment_.stages[i].block;
    const auto compute = [&](std::size_t k) {
      const Part& part = p.parts[k];
      const Operands<X, Y> operands{x + part.input, second + part.input, y + part.output, m.scratch[k].data()};
      with_arch(arch_, [&](auto arch) {
        std::visit([&](const auto& block) { call_kernel(arch, block, p, b, part.packed.data(), operands); }, part.block);
      });
    };
    if (m.team) m.team->run(p.parts.size(), compute);
    else compute(0);
  }

  template <class X, class Y>
  struct Operands {
    const X* x;
    const X* second;
    Y* y;
    std::byte* scratch;
  };

  template <class Arch, class Block, class X, class Y>
  static void call_kernel(Arch arch, const Block& block, const Prepared& p, const BlockConstants& b, const std::byte* packed,
                          const Operands<X, Y>& operands) {
    const auto& [x, second, y, scratch] = operands;
    constexpr bool packs = requires { packed_bytes(arch, block); };
    const X* padding = p.padding.empty() ? nullptr : reinterpret_cast<const X*>(p.padding.data());
    const std::uint8_t* shifts = b.shifts.empty() ? nullptr : b.shifts.data();
    if constexpr (std::is_same_v<Block, kernel::ConvBlock>) {
      if constexpr (packs) kernel::conv2d_block(arch, block, x, padding, packed, y, scratch);
      else kernel::conv2d_block(arch, block, x, padding, shifts, p.weights.data(), b.finish.data(), y);
    } else if constexpr (std::is_same_v<Block, kernel::DenseBlock>) {
      if constexpr (packs) kernel::dense_block(arch, block, x, packed, y, scratch);
      else kernel::dense_block(arch, block, x, shifts, p.weights.data(), b.finish.data(), y);
    } else if constexpr (std::is_same_v<Block, kernel::DepthwiseBlock>) {
      if constexpr (packs) kernel::depthwise_conv2d_block(arch, block, x, packed, y, scratch);
      else kernel::depthwise_conv2d_block(arch, block, x, p.weights.data(), b.finish.data(), y);
    } else if constexpr (std::is_same_v<Block, kernel::AddBlock>) {
      if constexpr (packs) kernel::add_block(arch, block, x, second, packed, y);
      else kernel::add_block(arch, block, x, second, b.add_shifts.data(), b.finish.data(), y);
    } else {
      kernel::global_average_pool_block(arch, block, x, b.finish.data(), y);
    }
  }

  /// A stage that is no block, with the values of the program.
  void run_layer(std::size_t i, Memory& m, Workspace& workspace) const {
    const DeployedStage& s = deployment_.stages[i];
    const Step& step = program_.steps()[s.step];
    for (std::size_t k = 0; k < s.inputs.size(); ++k) to_workspace(s.inputs[k], step.inputs[k], m, workspace);
    program_.run_step(s.step, workspace);
    detail::with_elements(s.type, m.outputs[i].data(), [&](auto* y) {
      with_integers(workspace.values[s.step], program_.values()[s.step].storage, [&](const auto* x) {
        if (s.relu_step == 0) {
          for (std::int64_t k = 0; k < s.shape.size(); ++k) y[k] = static_cast<std::decay_t<decltype(*y)>>(x[k]);
        } else {
          const Step& relu = program_.steps()[s.relu_step];
          tenon::run(arch::native{}, std::get<ReLUParams>(relu.params), s.shape, relu.constants, x, y, nullptr);
        }
      });
    });
  }

  void to_workspace(std::size_t stage, std::size_t value, const Memory& m, Workspace& workspace) const {
    const DeployedStage& s = deployment_.stages[stage];
    with_integers(workspace.values[value], program_.values()[value].storage, [&](auto* y) {
      detail::with_elements(s.type, m.outputs[stage].data(), [&](const auto* x) {
        for (std::int64_t k = 0; k < s.shape.size(); ++k) y[k] = static_cast<std::decay_t<decltype(*y)>>(x[k]);
      });
    });
  }

  const Program& program_;
  std::size_t threads_;
  std::size_t arch_ = best_arch();  ///< constants are packed for it
  Deployment deployment_;
  std::vector<Prepared> stages_;
  std::size_t scratch_bytes_ = 0;
  std::size_t row_elements_ = 0;
};

}  // namespace tenon::host
