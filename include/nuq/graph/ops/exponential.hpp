#ifndef NUQ_GRAPH_OPS_EXPONENTIAL_HPP
#define NUQ_GRAPH_OPS_EXPONENTIAL_HPP

#include <cmath>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_ref.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// ln(base) of an Exp or Log layer, 1 for the base −1, which stands for e. Throws ModelError for any other base that is
/// not positive.
[[nodiscard]] inline double log_of_base(const LayerRef& layer, float base) {
  if (base == -1.0F) return 1.0;
  if (base > 0.0F && is_finite(base)) return std::log(static_cast<double>(base));
  layer.fail(ErrorCode::invalid_argument,
             "base is " + detail::number_text(static_cast<double>(base)) + ", wanted a positive number, or -1 for e");
}

/// y = base^(shift + scale·x) = outer·e^(inner·x).
struct ExpFactors {
  float inner;
  float outer;
};

[[nodiscard]] inline ExpFactors exp_factors(const LayerRef& layer) {
  const schema::ExpParameter& parameter = layer.parameter().exp_param();
  const double log_base = log_of_base(layer, parameter.base());
  return {static_cast<float>(log_base * static_cast<double>(parameter.scale())),
          static_cast<float>(std::exp(log_base * static_cast<double>(parameter.shift())))};
}

/// 1 / ln(base) of a Log layer. Throws ModelError for the base 1, too.
[[nodiscard]] inline float log_factor(const LayerRef& layer) {
  const double log_base = log_of_base(layer, layer.parameter().log_param().base());
  if (log_base == 0.0) layer.fail(ErrorCode::invalid_argument, "base is 1, wanted another positive number");
  return static_cast<float>(1.0 / log_base);
}

[[nodiscard]] inline std::vector<Shape> exp_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(exp_factors(layer));
  return shapes_of_input(layer, inputs);
}

[[nodiscard]] inline std::vector<Shape> log_shapes(const LayerRef& layer, const std::vector<Shape>& inputs) {
  static_cast<void>(log_factor(layer));
  return shapes_of_input(layer, inputs);
}

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_EXPONENTIAL_HPP
