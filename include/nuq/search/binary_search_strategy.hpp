#ifndef NUQ_SEARCH_BINARY_SEARCH_STRATEGY_HPP
#define NUQ_SEARCH_BINARY_SEARCH_STRATEGY_HPP

#include <cstddef>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Bisects the number of most sensitive layers that go back to float (AMCT manual, accuracy-based automatic
/// calibration): where that many pass it tries fewer, otherwise more. The answer passed, and one layer fewer was
/// refused; it is the least that passes if accuracy only grows with the number. ⌈log₂ layers⌉ evaluations.
struct BinarySearchStrategy {
  template <class Passes>
  [[nodiscard]] std::size_t layers_to_roll_back(std::size_t layers, Passes&& passes) const {
    std::size_t refused = 0;
    std::size_t passing = layers;
    while (passing - refused > 1) {
      const std::size_t middle = refused + (passing - refused) / 2;
      (passes(middle) ? passing : refused) = middle;
    }
    return passing;
  }
};

NUQ_NAMESPACE_END

#endif  // NUQ_SEARCH_BINARY_SEARCH_STRATEGY_HPP
