#ifndef NUQ_WORKFLOW_AUTO_NUQ_CHECK_SEARCH_OPTIONS_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_CHECK_SEARCH_OPTIONS_HPP

#include <map>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/version.hpp"
#include "nuq/workflow/auto_nuq/options.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Refuses options of `auto_nuq` that do not fit the network or the quantizer: ConfigError.
NUQ_FUNCTION void check_search_options(const Graph& graph, const QuantizationPlan& plan,
                                       const AnyLayerQuantizer& quantizer, const AutoNuqOptions& options);

/// The pin of a layer, or of one that shares its weights; the end of `options.pins` for none.
NUQ_FUNCTION [[nodiscard]] std::map<std::string, int>::const_iterator pin_of(const Graph& graph, const Node& node,
                                                                             const AutoNuqOptions& options);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/graph/shared_weights.hpp"
#include "nuq/graph/weight_matrix.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::map<std::string, int>::const_iterator pin_of(const Graph& graph, const Node& node,
                                                                 const AutoNuqOptions& options) {
  for (const Node* const use : nodes_of_same_weights(graph, node)) {
    const auto pin = options.pins.find(use->name);
    if (pin != options.pins.end()) return pin;
  }
  return options.pins.end();
}

NUQ_DEFINITION void check_search_options(const Graph& graph, const QuantizationPlan& plan,
                                         const AnyLayerQuantizer& quantizer, const AutoNuqOptions& options) {
  if (quantizer.is_priced() && !options.levels.empty()) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "levels: the quantizer has a price per bit, wanted no list or a quantizer without a price"));
  }
  if (options.max_evaluations < 1) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "max_evaluations " + std::to_string(options.max_evaluations) + ": wanted 1 or more"));
  }
  if (!(options.max_seconds >= 0.0)) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "max_seconds " + number_text(options.max_seconds) + ": wanted 0 or more"));
  }
  const bool is_plain = options.confidence <= 0.0 && options.confidence >= 0.0;
  if (!is_plain && !(options.confidence >= 0.5 && options.confidence <= 0.999)) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "confidence " + number_text(options.confidence) + ": wanted 0.5 to 0.999, or 0 for none"));
  }
  for (const int count : options.levels) {
    if (count < 2 || count > 256)
      fail(ConfigError(ErrorCode::invalid_argument, "levels " + std::to_string(count) + ": wanted 2 to 256"));
  }
  const auto has_levels = [&graph, &plan](const std::string& layer) {
    return plan.count(layer) > 0 && quantizes_weights(*graph.find(layer));
  };
  for (const auto& [layer, levels] : options.pins) {
    if (has_levels(layer) && levels >= 2 && levels <= 256 &&
        pin_of(graph, *graph.find(layer), options)->second == levels) {
      continue;
    }
    fail(ConfigError(ErrorCode::invalid_argument,
                     "pin '" + layer + "'=" + std::to_string(levels) +
                         ": wanted a layer whose weights the configuration quantizes and 2 to 256 levels, the same for "
                         "layers that share their weights"));
  }
  std::map<std::string, int> uses;
  for (const std::vector<std::string>& group : options.groups) {
    for (const std::string& layer : group) {
      if (has_levels(layer) && ++uses[layer] == 1) continue;
      fail(ConfigError(
          ErrorCode::invalid_argument,
          "group with '" + layer + "': wanted layers whose weights the configuration quantizes, each in one group"));
    }
  }
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_AUTO_NUQ_CHECK_SEARCH_OPTIONS_HPP
