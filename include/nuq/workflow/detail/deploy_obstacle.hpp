#ifndef NUQ_WORKFLOW_DETAIL_DEPLOY_OBSTACLE_HPP
#define NUQ_WORKFLOW_DETAIL_DEPLOY_OBSTACLE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What keeps a calibrated layer out of a deploy model: a bias that leaves the int32 range at its scales. Empty where
/// nothing does.
NUQ_FUNCTION [[nodiscard]] std::string deploy_obstacle(const Node& node, const LayerQuantization& quantization);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

#include "nuq/graph/quantized_blobs.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION std::string deploy_obstacle(const Node& node, const LayerQuantization& quantization) {
  try {
    if (node.blobs.size() > 1) static_cast<void>(int32_bias(node, quantization));
  } catch (const ModelError& error) {
    return error.message();
  }
  return {};
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_DEPLOY_OBSTACLE_HPP
