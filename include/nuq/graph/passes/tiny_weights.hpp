#ifndef NUQ_GRAPH_PASSES_TINY_WEIGHTS_HPP
#define NUQ_GRAPH_PASSES_TINY_WEIGHTS_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/quantized_weights.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Whether finite weights [out × in] would all become 0 though not all are: no row (or not the matrix) has a scale of
/// at least `min_scale`, and a smaller one is taken for 1 (core/scale.hpp). False where a weight is not finite.
NUQ_FUNCTION [[nodiscard]] bool would_vanish(MatrixView<const float> weights, Granularity granularity) noexcept;

/// Takes the layers whose weights would vanish out of the plan of a fused network, with a note and the reason in
/// `kept_in_float`; nothing where `tiny_values` is `become_zero`. Rows of such weights beside larger ones become 0, as
/// with the vendor's tools. Throws ConfigError nothing_to_do where no layer is left.
NUQ_FUNCTION void keep_tiny_weights_in_float(const Graph& graph, QuantizationSettings& settings);

namespace detail {

/// Why a layer stays in float whose "weights" or "inputs", at most `largest` in magnitude, would vanish.
NUQ_FUNCTION [[nodiscard]] std::string vanishing_reason(const char* what, float largest);

/// Takes a layer out of the plan, with a note that begins with `file`.
NUQ_FUNCTION void keep_in_float(QuantizationSettings& settings, const std::string& file, const std::string& layer,
                                const std::string& reason);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(GRAPH)

#include <cstddef>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/scale.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/graph/weight_matrix.hpp"
#include "nuq/quantize/scales/row_scales.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION bool would_vanish(MatrixView<const float> weights, Granularity granularity) noexcept {
  const ArrayView<const float> all(weights.data(), weights.size());
  const auto vanishes = [](ArrayView<const float> values) {
    const ValueRange range = range_with_zero(values);
    return max_abs_scale(range.min, range.max) < min_scale;
  };
  if (granularity == Granularity::per_tensor) {
    if (!vanishes(all)) return false;
  } else {
    for (std::size_t row = 0; row < weights.rows(); ++row) {
      if (!vanishes(weights.row(row))) return false;
    }
  }
  return largest_magnitude(all) > 0.0F && all_finite(all);
}

namespace detail {

NUQ_DEFINITION std::string vanishing_reason(const char* what, float largest) {
  return std::string("stays in float: its ") + what + " are at most " + number_text(static_cast<double>(largest)) +
         " in magnitude, and would all become 0 (\"tiny_values\":\"zero\" in the configuration asks for that)";
}

NUQ_DEFINITION void keep_in_float(QuantizationSettings& settings, const std::string& file, const std::string& layer,
                                  const std::string& reason) {
  settings.notes.push_back(file + ": layer '" + layer + "': " + reason);
  settings.kept_in_float.emplace(layer, reason);
  settings.plan.erase(layer);
}

}  // namespace detail

NUQ_DEFINITION void keep_tiny_weights_in_float(const Graph& graph, QuantizationSettings& settings) {
  if (settings.tiny_values == TinyValues::become_zero) return;
  for (const Node& node : graph.nodes) {
    const auto planned = settings.plan.find(node.name);
    if (planned == settings.plan.end() || !quantizes_weights(node)) continue;
    const WeightMatrix weights(node);
    if (!would_vanish(weights.view(), granularity_of(node, planned->second))) continue;
    detail::keep_in_float(
        settings, graph.weights_file(), node.name,
        detail::vanishing_reason("weights", largest_magnitude({weights.view().data(), weights.view().size()})));
  }
  if (settings.plan.empty() && !settings.kept_in_float.empty()) {
    detail::fail(ConfigError(ErrorCode::nothing_to_do,
                             graph.weights_file() + ": layer '" + settings.kept_in_float.begin()->first +
                                 "': " + settings.kept_in_float.begin()->second + ": no layer is left to quantize"));
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(GRAPH)

#endif  // NUQ_GRAPH_PASSES_TINY_WEIGHTS_HPP
