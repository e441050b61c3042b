#ifndef NUQ_ONNX_EXTENT_HPP
#define NUQ_ONNX_EXTENT_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A number of a shape: known, or one that the network's inputs tell when it runs. Equal symbols stand for equal
/// numbers.
struct OnnxExtent {
  std::int64_t value = 0;
  std::size_t symbol = 0;  ///< 0: `value` is the number

  [[nodiscard]] bool is_known() const noexcept { return symbol == 0; }
  friend bool operator==(const OnnxExtent& a, const OnnxExtent& b) noexcept {
    return a.value == b.value && a.symbol == b.symbol;
  }
};

/// A shape as far as it is known before the network runs; nothing where not even the number of axes is.
using OnnxShape = std::optional<std::vector<OnnxExtent>>;

/// Whole numbers that shapes are made of: a vector, or one number.
struct OnnxNumbers {
  std::vector<OnnxExtent> values;
  bool is_scalar = false;
};

NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_EXTENT_HPP
