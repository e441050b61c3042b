#ifndef NUQ_GRAPH_OPS_ACTIVATIONS_HPP
#define NUQ_GRAPH_OPS_ACTIVATIONS_HPP

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/ops/axis.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/graph/ops/inputs.hpp"
#include "nuq/graph/ops/layer_context.hpp"
#include "nuq/graph/ops/operation_list.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// y = |x|.
struct AbsoluteValue {};

/// y = x, not below `min` and not above `max`.
struct Clip {
  std::optional<float> min{};
  std::optional<float> max{};
};

/// y = x for x ≥ 0, otherwise alpha·(eˣ − 1).
struct Elu {
  float alpha = 1.0F;
};

/// y = base^(shift + scale·x); the base −1 stands for e.
struct Exp {
  float base = -1.0F;
  float scale = 1.0F;
  float shift = 0.0F;
};

/// y = alpha·x + beta, not below 0 and not above 1.
struct HardSigmoid {
  float alpha = 0.2F;
  float beta = 0.5F;
};

/// y = log(shift + scale·x) to a base; −1 stands for e.
struct Log {
  float base = -1.0F;
  float scale = 1.0F;
  float shift = 0.0F;
};

/// y = x·tanh(ln(1 + eˣ)).
struct Mish {};

/// A function of one value that has no parameters.
enum class PointwiseFunction {
  hard_swish,  ///< x·min(max(x + 3, 0), 6) / 6
  erf,
  gelu,       ///< x/2·(1 + erf(x/√2)) (Hendrycks and Gimpel, 2016)
  gelu_tanh,  ///< its approximation, x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
  sine,
  cosine,
  floor,
  ceiling,
  round,  ///< halves to even numbers
  sign,
  softsign,  ///< x/(1 + |x|)
  tangent,
  arc_sine,
  arc_cosine,
  arc_tangent,
  hyperbolic_sine,
  hyperbolic_cosine,
  area_sine,
  area_cosine,
  area_tangent  ///< inverse of the hyperbolic tangent
};

/// y = f(x).
struct Pointwise {
  PointwiseFunction function = PointwiseFunction::hard_swish;
};

/// y = (shift + scale·x)^power.
struct Power {
  float power = 1.0F;
  float scale = 1.0F;
  float shift = 0.0F;
};

/// y = x for x ≥ 0, otherwise x·slope, with a trained slope for each channel or one for all. Blob: the slopes.
struct PRelu {
  bool shared = false;  ///< one slope for all channels
};

/// y = x for x ≥ 0, otherwise x·negative_slope.
struct Relu {
  float negative_slope = 0.0F;
};

/// y = min(max(x, 0), 6), plus x·negative_slope for x < 0.
struct Relu6 {
  float negative_slope = 0.0F;
};

/// y = 1 / (1 + e⁻ˣ).
struct Sigmoid {};

/// y = log(1 + eˣ).
struct Softplus {};

/// y = x / (1 + e^(−beta·x)).
struct Swish {
  float beta = 1.0F;
};

struct Tanh {};

/// y = 1 for x > threshold, otherwise 0.
struct Threshold {
  float threshold = 0.0F;
};

/// This family's part of `Operation`.
using Activations = OperationList<AbsoluteValue, Clip, Elu, Exp, HardSigmoid, Log, Mish, Pointwise, Power, PRelu, Relu,
                                  Relu6, Sigmoid, Softplus, Swish, Tanh, Threshold>;

}  // namespace ops

/// ln(base) of an exponential or logarithm, 1 for the base −1, which stands for e. Throws ModelError for any other base
/// that is not positive.
NUQ_FUNCTION [[nodiscard]] inline double log_of_base(const LayerContext& layer, float base) {
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

/// Throws what `log_of_base` throws.
NUQ_FUNCTION [[nodiscard]] inline ExpFactors exp_factors(const ops::Exp& exp, const LayerContext& layer) {
  const double log_base = log_of_base(layer, exp.base);
  return {static_cast<float>(log_base * static_cast<double>(exp.scale)),
          static_cast<float>(std::exp(log_base * static_cast<double>(exp.shift)))};
}

/// 1 / ln(base) of a logarithm. Throws ModelError for the base 1, too.
NUQ_FUNCTION [[nodiscard]] inline float log_factor(const ops::Log& log, const LayerContext& layer) {
  const double log_base = log_of_base(layer, log.base);
  if (log_base == 0.0) layer.fail(ErrorCode::invalid_argument, "base is 1, wanted another positive number");
  return static_cast<float>(1.0 / log_base);
}

/// The input of a PReLU around the axis along which its slopes change: the channels, or none with one shared slope.
NUQ_FUNCTION [[nodiscard]] inline AxisSplit prelu_split(const ops::PRelu& prelu, const LayerContext& layer,
                                                        const Shape& input) {
  AxisSplit split = channel_split(layer, input);
  if (prelu.shared) split = {split.outer * split.extent, 1, split.inner};
  check_blobs(layer, {{split.extent}});
  return split;
}

namespace ops {

NUQ_FUNCTION [[nodiscard]] inline std::optional<std::size_t> blob_count(const PRelu&, std::size_t) {
  return 1;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const AbsoluteValue&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

/// Both ends of the range must be given.
NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Clip& clip, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  if (!clip.min || !clip.max) {
    layer.fail(ErrorCode::invalid_argument, "clip_param lacks min or max, wanted both");
  }
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Elu&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Exp& exp, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(exp_factors(exp, layer));
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Log& log, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(log_factor(log, layer));
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const HardSigmoid&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Mish&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Pointwise&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Power&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const PRelu& prelu, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  static_cast<void>(prelu_split(prelu, layer, only_input(layer, inputs)));
  return inputs;
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Relu&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Relu6&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Sigmoid&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Softplus&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Swish&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Tanh&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

NUQ_FUNCTION [[nodiscard]] inline std::vector<Shape> output_shapes(const Threshold&, const LayerContext& layer,
                                                                   const std::vector<Shape>& inputs) {
  return shapes_of_input(layer, inputs);
}

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_ACTIVATIONS_HPP
