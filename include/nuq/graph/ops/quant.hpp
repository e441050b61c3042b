#ifndef NUQ_GRAPH_OPS_QUANT_HPP
#define NUQ_GRAPH_OPS_QUANT_HPP

#include <cfloat>
#include <string>

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The int8 grid of a Quant layer. The file holds the *reciprocal* of the scale, and the offset as one signed byte
/// (AMCT manual, record format). Throws ModelError naming the layer and the value.
[[nodiscard]] inline ActivationScale quant_scale(const LayerRef& layer) {
  const schema::QuantParameter& parameter = layer.parameter().quant_param();
  const float reciprocal = parameter.scale();
  if (!is_finite(reciprocal) || static_cast<double>(reciprocal) <= DBL_EPSILON) {
    layer.fail(ErrorCode::scale_out_of_range, "quant_param.scale is " +
                                                  detail::number_text(static_cast<double>(reciprocal)) +
                                                  ", wanted a finite number above 2.2e-16");
  }
  if (parameter.offset().size() > 1) {
    layer.fail(ErrorCode::size_mismatch,
               "quant_param.offset has " + std::to_string(parameter.offset().size()) + " bytes, wanted 1");
  }
  ActivationScale scale;
  scale.scale = 1.0F / reciprocal;
  if (!parameter.offset().empty()) {
    const int byte = static_cast<unsigned char>(parameter.offset()[0]);
    scale.offset = byte < 128 ? byte : byte - 256;
  }
  scale.with_offset = parameter.with_offset();
  return scale;
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_QUANT_HPP
