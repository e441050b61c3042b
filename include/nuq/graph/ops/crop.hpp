#ifndef NUQ_GRAPH_OPS_CROP_HPP
#define NUQ_GRAPH_OPS_CROP_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/layer_ref.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Where a Crop begins along every axis of its first input, whose axes it has: 0 before `axis`, from there on the one
/// offset for all axes, or one for each. Throws ModelError naming the layer and the value.
[[nodiscard]] inline std::vector<std::int64_t> crop_offsets(const LayerRef& layer, std::size_t rank) {
  const schema::CropParameter& parameter = layer.parameter().crop_param();
  const std::size_t axis = canonical_axis(layer, parameter.axis(), rank);
  const std::size_t given = static_cast<std::size_t>(parameter.offset_size());
  if (given > 1 && given != rank - axis) {
    layer.fail(ErrorCode::size_mismatch, "offset has " + std::to_string(given) + " values, wanted 1 or " +
                                             std::to_string(rank - axis) + ", one for each axis from axis " +
                                             std::to_string(axis) + " on");
  }
  std::vector<std::int64_t> offsets(rank, 0);
  for (std::size_t at = axis; at < rank && given > 0; ++at) {
    offsets[at] = parameter.offset(given == 1 ? 0 : static_cast<int>(at - axis));
  }
  return offsets;
}

/// The first input's extents before `axis`, the second one's from there on.
[[nodiscard]] inline std::vector<Shape> crop_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  require_inputs(layer, inputs, 2, 2);
  Shape output = inputs[0];
  const std::vector<std::int64_t> offsets = crop_offsets(layer, output.size());
  const std::size_t axis = canonical_axis(layer, layer.parameter().crop_param().axis(), output.size());
  for (std::size_t at = axis; at < output.size(); ++at) {
    if (at >= inputs[1].size() || offsets[at] + inputs[1][at] > output[at]) {
      layer.fail(ErrorCode::size_mismatch, "along axis " + std::to_string(at) + " an extent of the second input, " +
                                               to_string(inputs[1]) + ", from offset " + std::to_string(offsets[at]) +
                                               " on does not lie within the first, " + to_string(inputs[0]));
    }
    output[at] = inputs[1][at];
  }
  return {output};
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_CROP_HPP
