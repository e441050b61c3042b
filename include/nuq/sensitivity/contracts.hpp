#ifndef NUQ_SENSITIVITY_CONTRACTS_HPP
#define NUQ_SENSITIVITY_CONTRACTS_HPP

#include <utility>

#include "nuq/core/array_view.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class Policy>
using compare_op = decltype(std::declval<const Policy&>().compare(std::declval<ArrayView<const float>>(),
                                                                  std::declval<ArrayView<const float>>()));

}  // namespace detail

/// An `OutputSensitivity` says how much of a layer's output survives quantization. The layer with the smallest value is
/// the most sensitive one.
///
///   struct SameSigns {
///     double compare(nuq::ArrayView<const float> original, nuq::ArrayView<const float> quantized) const {
///       std::size_t same = 0;
///       for (std::size_t at = 0; at < original.size(); ++at) same += (original[at] < 0) == (quantized[at] < 0);
///       return static_cast<double>(same) / static_cast<double>(original.size());
///     }
///   };
///
/// The arrays are one batch of the layer's output, equally long, not empty; the result is finite. Shipped model:
/// CosineSimilaritySensitivity.
template <class Policy>
inline constexpr bool is_output_sensitivity_v = detail::returns<double, detail::compare_op, Policy>();

NUQ_NAMESPACE_END

#endif  // NUQ_SENSITIVITY_CONTRACTS_HPP
