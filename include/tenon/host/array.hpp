// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <tenon/host/error.hpp>

// A dense array as files hold it: an element type that is known only at run time, a shape, and the
// values in C order. Reading it as numbers of a chosen type is exact or an error, except that
// floats may round.
namespace tenon::host {

static_assert(std::endian::native == std::endian::little,
              "files are read and written as they lie in memory");

/// Element types, by NumPy's short names "b1" "i1" … "u8" "f4" "f8".
template <class T>
concept Element = std::same_as<T, bool> || std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, std::int8_t> || std::same_as<T, std::uint8_t> ||
    std::same_as<T, std::int16_t> || std::same_as<T, std::uint16_t> ||
    std::same_as<T, std::int32_t> || std::same_as<T, std::uint32_t> ||
    std::same_as<T, std::int64_t> || std::same_as<T, std::uint64_t>;

template <Element T>
[[nodiscard]] std::string dtype_of() {
  const char kind = std::same_as<T, bool>         ? 'b'
                    : std::is_floating_point_v<T> ? 'f'
                    : std::is_signed_v<T>         ? 'i'
                                                  : 'u';
  return {kind, static_cast<char>('0' + sizeof(T))};
}

/// Bytes of one element, 0 for a type that Tenon does not read.
[[nodiscard]] inline std::size_t element_bytes(std::string_view dtype) {
  for (const std::string_view known :
       {"b1", "i1", "u1", "i2", "u2", "i4", "u4", "f4", "i8", "u8", "f8"}) {
    if (dtype == known) return static_cast<std::size_t>(dtype[1] - '0');
  }
  return 0;
}

/// Product of all dimensions, or nothing where it (or the product of those that are not 0)
/// overflows.
[[nodiscard]] inline std::optional<std::size_t> element_count(std::span<const std::size_t> shape) {
  constexpr std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::size_t product = 1;
  bool empty = false;
  for (const std::size_t extent : shape) {
    if (extent == 0) {
      empty = true;
    } else if (extent > limit / product) {
      return std::nullopt;
    } else {
      product *= extent;
    }
  }
  return empty ? 0 : product;
}

/// "(3, 4)", as NumPy writes it.
[[nodiscard]] inline std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

namespace detail {

/// Whether `value` can become a `To`: integers must be in range, floats whole and in range.
template <Element To, Element From>
[[nodiscard]] bool fits(From value) {
  if constexpr (std::is_floating_point_v<To> || std::same_as<From, To> ||
                std::same_as<From, bool>) {
    return true;
  } else if constexpr (std::same_as<To, bool>) {
    return value == From{0} || value == From{1};
  } else if constexpr (std::is_floating_point_v<From>) {
    // The bounds are powers of two, so they are exact in a float; the upper one is not included.
    const From upper = std::ldexp(From{1}, std::numeric_limits<To>::digits);
    return value >= (std::is_signed_v<To> ? -upper : From{0}) && value < upper &&
           std::trunc(value) == value;
  } else {
    return std::in_range<To>(value);
  }
}

/// Calls `use` with a value of the type that `dtype` names; false for a name that is none of them.
template <class Use>
bool with_element(std::string_view dtype, Use&& use) {
  const auto try_type = [&]<Element T>(T type) {
    return dtype == dtype_of<T>() && (use(type), true);
  };
  return try_type(float{}) || try_type(std::int8_t{}) || try_type(std::uint8_t{}) ||
         try_type(std::int16_t{}) || try_type(std::uint16_t{}) || try_type(std::int32_t{}) ||
         try_type(std::uint32_t{}) || try_type(std::int64_t{}) || try_type(std::uint64_t{}) ||
         try_type(double{}) || try_type(bool{});
}

}  // namespace detail

struct Array {
  std::string dtype;
  std::vector<std::size_t> shape;  ///< empty for a scalar
  std::vector<std::byte> bytes;    ///< C order, little-endian, without gaps

  template <Element T>
  [[nodiscard]] static Array from(std::vector<std::size_t> shape, std::span<const T> values) {
    const auto raw = std::as_bytes(values);
    return {dtype_of<T>(), std::move(shape), {raw.begin(), raw.end()}};
  }

  [[nodiscard]] std::size_t size() const {
    const std::size_t width = element_bytes(dtype);
    return width == 0 ? 0 : bytes.size() / width;
  }

  /// The values as `To`. TN5006 names `what` where an integer does not fit or a float is not whole.
  template <Element To>
  requires(!std::same_as<To, bool>)
      [[nodiscard]] std::vector<To> to(std::string_view what = "an array") const {
    std::vector<To> values(size());
    each([&](std::size_t i, auto value) {
      if (!detail::fits<To>(value)) {
        throw Error{5006, std::string(what) + ": value " + std::to_string(value) + " at position " +
                              std::to_string(i) + " (" + dtype + ") is no " + dtype_of<To>()};
      }
      values[i] = static_cast<To>(value);
    });
    return values;
  }

  /// Position of the first NaN or infinity.
  [[nodiscard]] std::optional<std::size_t> first_not_finite() const {
    std::optional<std::size_t> found;
    if (dtype[0] == 'f') {
      each([&](std::size_t i, auto value) {
        if (!found && !std::isfinite(static_cast<double>(value))) found = i;
      });
    }
    return found;
  }

 private:
  template <class Use>
  void each(Use&& use) const {
    detail::with_element(dtype, [&]<Element From>(From) {
      for (std::size_t i = 0; i * sizeof(From) < bytes.size(); ++i) {
        if constexpr (std::same_as<From, bool>) {
          // Any byte may stand in a file; a C++ bool may not hold every byte.
          use(i, bytes[i] != std::byte{0});
        } else {
          From value;
          std::memcpy(&value, bytes.data() + i * sizeof(From), sizeof(From));
          use(i, value);
        }
      }
    });
  }
};

/// An array and the name it has in its file.
struct NamedArray {
  std::string name;
  Array array;
};

/// TN5007 where an array holds NaN or infinity: such samples would silently spoil a calibration.
inline void require_finite(const Array& array, std::string_view what) {
  if (const auto position = array.first_not_finite()) {
    throw Error{5007, std::string(what) + ": the value at position " + std::to_string(*position) +
                          " is NaN or infinite; remove such samples"};
  }
}

}  // namespace tenon::host
