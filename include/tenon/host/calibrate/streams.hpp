// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <tenon/host/calibrate/samples.hpp>
#include <tenon/host/error.hpp>
#include <tenon/host/graph/shapes.hpp>
#include <tenon/model/calibration.hpp>
#include <tenon/tensor/shape.hpp>

// How samples stand in time, for models that remember earlier ones: so many streams in parallel, each of so many steps.
namespace tenon::host {

using tenon::Streams;

namespace detail {

/// The same elements as samples of another shape.
inline void cut(Samples& samples, const Shape& shape) {
  samples.count = samples.element_count() / static_cast<std::size_t>(shape.size());
  samples.shape = shape;
}

inline bool frames_side_by_side(const Shape& sequence, const Shape& frame) {
  if (sequence.rank != frame.rank || frame.rank == 0 || sequence[0] % frame[0] != 0) return false;
  for (std::size_t i = 1; i < static_cast<std::size_t>(frame.rank); ++i) {
    if (sequence[i] != frame[i]) return false;
  }
  return true;
}

/// `shape` has one axis in front of those of `frame`.
inline bool is_list_of(const Shape& shape, const Shape& frame) {
  if (shape.rank != frame.rank + 1) return false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(frame.rank); ++i) {
    if (shape[i + 1] != frame[i]) return false;
  }
  return true;
}

}  // namespace detail

/// Inputs of shape (steps, batch, ...) become frames of `batch` streams; those of shape (batch, ...) are one step.
[[nodiscard]] inline Streams cut_steps(Samples& samples, const Shape& frame) {
  if (samples.shape == frame) return {samples.count, 1};
  if (!detail::is_list_of(samples.shape, frame)) {
    throw Error{1032, "the inputs have shape " + shape_text(samples.shape) + " behind the first axis; a model with " +
                          "a state takes (steps, batch, ...) with frames of shape " + shape_text(frame)};
  }
  const Streams streams{static_cast<std::size_t>(samples.shape[0]), samples.count};
  detail::cut(samples, frame);
  return streams;
}

/// Every sample is a sequence in time, and becomes a stream of frames: (steps, ...) of them, or longer along the first
/// axis of the frame.
[[nodiscard]] inline Streams cut_sequences(Samples& samples, const Shape& frame) {
  if (!detail::is_list_of(samples.shape, frame) && !detail::frames_side_by_side(samples.shape, frame)) {
    throw Error{1033, "the samples have shape " + shape_text(samples.shape) + ", the model takes frames of shape " +
                          shape_text(frame) + "; a sample must be a whole number of them along its first axis"};
  }
  const std::size_t sequences = samples.count;
  detail::cut(samples, frame);
  return {sequences, samples.count / sequences, false};
}

/// Frames of `batch` parallel clips: those of time n are the samples [n * batch, (n + 1) * batch).
[[nodiscard]] inline Streams parallel_clips(const Samples& samples, std::size_t batch) {
  batch = std::max<std::size_t>(batch, 1);
  if (samples.count % batch != 0) {
    throw Error{1034, std::to_string(samples.count) + " samples are no multiple of the batch size " +
                          std::to_string(batch) + ": a model with temporal convolutions is calibrated with the frames " +
                          "of that many parallel clips, time after time"};
  }
  return {batch, samples.count / batch};
}

}  // namespace tenon::host
