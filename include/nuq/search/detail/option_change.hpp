#ifndef NUQ_SEARCH_DETAIL_OPTION_CHANGE_HPP
#define NUQ_SEARCH_DETAIL_OPTION_CHANGE_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/search/result.hpp"
#include "nuq/search/space.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Predicted harm of a configuration beyond that of the base.
NUQ_FUNCTION [[nodiscard]] double added_harm(const SearchSpace& space, const Configuration& configuration);

/// A layer goes over to another of its options.
struct OptionChange {
  std::size_t layer = 0;
  int option = 0;
  double saved_bytes = 0.0;
  double harm = 0.0;  ///< added

  NUQ_FUNCTION [[nodiscard]] double price() const noexcept;
};

NUQ_FUNCTION [[nodiscard]] OptionChange option_change(const SearchSpace& space, std::size_t layer, int from, int to);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(SEARCH)

#include <limits>

#include "nuq/core/finite.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION double added_harm(const SearchSpace& space, const Configuration& configuration) {
  return space.total_harm(configuration) - space.total_harm(space.base());
}

NUQ_DEFINITION double OptionChange::price() const noexcept {
  const double harm_per_byte = harm / saved_bytes;
  return is_finite(harm_per_byte) ? harm_per_byte : (std::numeric_limits<double>::max)();
}

NUQ_DEFINITION OptionChange option_change(const SearchSpace& space, std::size_t layer, int from, int to) {
  const LayerOption& before = space.layers()[layer][static_cast<std::size_t>(from)];
  const LayerOption& after = space.layers()[layer][static_cast<std::size_t>(to)];
  return {layer, to, before.bytes - after.bytes, after.harm - before.harm};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(SEARCH)

#endif  // NUQ_SEARCH_DETAIL_OPTION_CHANGE_HPP
