#ifndef NUQ_ENGINE_LAYERS_ACTIVATIONS_HPP
#define NUQ_ENGINE_LAYERS_ACTIVATIONS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/engine/detail/pointwise.hpp"
#include "nuq/engine/detail/require_factors.hpp"
#include "nuq/engine/kernels/value_loop.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/graph/ops/activations.hpp"
#include "nuq/graph/ops/blobs.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// y = |x|.
class AbsValLayer {
 public:
  static constexpr bool in_place = true;

  explicit AbsValLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return std::fabs(x); });
  }
};
AbsValLayer layer_of(const ops::AbsoluteValue&);

/// y = log(1 + eˣ), the binomial normal log likelihood.
class BnllLayer {
 public:
  static constexpr bool in_place = true;

  explicit BnllLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return (std::max)(x, 0.0F) + std::log1p(std::exp(-std::fabs(x))); });
  }
};
BnllLayer layer_of(const ops::Softplus&);

/// y = x, not below min and not above max; min for a NaN, as Caffe has it.
class ClipLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ClipLayer(const LayerRef& layer)
      : min_(layer.operation<ops::Clip>().min.value_or(0.0F)), max_(layer.operation<ops::Clip>().max.value_or(0.0F)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [min = min_, max = max_](float x) { return (std::max)(min, (std::min)(x, max)); });
  }

 private:
  float min_;
  float max_;
};
ClipLayer layer_of(const ops::Clip&);

/// y = x for x ≥ 0, otherwise alpha·(eˣ − 1) (Clevert, Unterthiner and Hochreiter, 2015).
class EluLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit EluLayer(const LayerRef& layer) : alpha_(layer.operation<ops::Elu>().alpha) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [alpha = alpha_](float x) { return x < 0.0F ? alpha * std::expm1(x) : x; });
  }

 private:
  float alpha_;
};
EluLayer layer_of(const ops::Elu&);

/// y = base^(shift + scale·x).
class ExpLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ExpLayer(const LayerRef& layer) : factors_(exp_factors(layer.operation<ops::Exp>(), layer)) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [factors = factors_](float x) { return factors.outer * std::exp(factors.inner * x); });
  }

 private:
  ExpFactors factors_;
};
ExpLayer layer_of(const ops::Exp&);

/// y = alpha·x + beta, not below 0 and not above 1.
class HardSigmoidLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit HardSigmoidLayer(const LayerRef& layer) : operation_(layer.operation<ops::HardSigmoid>()) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call,
                   [op = operation_](float x) { return (std::max)(0.0F, (std::min)(op.alpha * x + op.beta, 1.0F)); });
  }

 private:
  ops::HardSigmoid operation_;
};
HardSigmoidLayer layer_of(const ops::HardSigmoid&);

/// A function of one value.
class PointwiseLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit PointwiseLayer(const LayerRef& layer) : function_(layer.operation<ops::Pointwise>().function) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    switch (function_) {
      case ops::PointwiseFunction::hard_swish:
        return for_each_value(call, [](float x) { return x * (std::max)(0.0F, (std::min)(x + 3.0F, 6.0F)) / 6.0F; });
      case ops::PointwiseFunction::erf:
        return for_each_value(call, [](float x) { return std::erf(x); });
      case ops::PointwiseFunction::gelu:
        return for_each_value(call, [](float x) { return 0.5F * x * (1.0F + std::erf(x * 0.70710678F)); });
      case ops::PointwiseFunction::gelu_tanh:
        return for_each_value(
            call, [](float x) { return 0.5F * x * (1.0F + std::tanh(0.79788456F * (x + 0.044715F * x * x * x))); });
      case ops::PointwiseFunction::sine:
        return for_each_value(call, [](float x) { return std::sin(x); });
      case ops::PointwiseFunction::cosine:
        return for_each_value(call, [](float x) { return std::cos(x); });
      case ops::PointwiseFunction::floor:
        return for_each_value(call, [](float x) { return std::floor(x); });
      case ops::PointwiseFunction::ceiling:
        return for_each_value(call, [](float x) { return std::ceil(x); });
      case ops::PointwiseFunction::round:
        return for_each_value(call, [](float x) { return std::nearbyint(x); });
      case ops::PointwiseFunction::sign:
        return for_each_value(call, [](float x) { return x > 0.0F ? 1.0F : (x < 0.0F ? -1.0F : x); });
      case ops::PointwiseFunction::softsign:
        return for_each_value(call, [](float x) { return x / (1.0F + std::fabs(x)); });
      case ops::PointwiseFunction::tangent:
        return for_each_value(call, [](float x) { return std::tan(x); });
      case ops::PointwiseFunction::arc_sine:
        return for_each_value(call, [](float x) { return std::asin(x); });
      case ops::PointwiseFunction::arc_cosine:
        return for_each_value(call, [](float x) { return std::acos(x); });
      case ops::PointwiseFunction::arc_tangent:
        return for_each_value(call, [](float x) { return std::atan(x); });
      case ops::PointwiseFunction::hyperbolic_sine:
        return for_each_value(call, [](float x) { return std::sinh(x); });
      case ops::PointwiseFunction::hyperbolic_cosine:
        return for_each_value(call, [](float x) { return std::cosh(x); });
      case ops::PointwiseFunction::area_sine:
        return for_each_value(call, [](float x) { return std::asinh(x); });
      case ops::PointwiseFunction::area_cosine:
        return for_each_value(call, [](float x) { return std::acosh(x); });
      case ops::PointwiseFunction::area_tangent:
        return for_each_value(call, [](float x) { return std::atanh(x); });
    }
  }

 private:
  ops::PointwiseFunction function_;
};
PointwiseLayer layer_of(const ops::Pointwise&);

/// y = log(shift + scale·x) to the layer's base; not a number where shift + scale·x is negative.
class LogLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit LogLayer(const LayerRef& layer)
      : factor_(log_factor(layer.operation<ops::Log>(), layer)),
        scale_(layer.operation<ops::Log>().scale),
        shift_(layer.operation<ops::Log>().shift) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [factor = factor_, scale = scale_, shift = shift_](float x) {
      return factor * std::log(shift + scale * x);
    });
  }

 private:
  float factor_;
  float scale_;
  float shift_;
};
LogLayer layer_of(const ops::Log&);

/// y = x·tanh(ln(1 + eˣ)) (Misra, 2019). With e = eˣ the tangent is e·(e + 2) / (e·(e + 2) + 2), which is 1 in float
/// above 20, long before e overflows.
class MishLayer {
 public:
  static constexpr bool in_place = true;

  explicit MishLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) {
      if (x > 20.0F) return x;
      const float e = std::exp(x);
      const float n = e * (e + 2.0F);
      return x * (n / (n + 2.0F));
    });
  }
};

/// y = (shift + scale·x)^power.
class PowerLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit PowerLayer(const LayerRef& layer)
      : power_(layer.operation<ops::Power>().power),
        scale_(layer.operation<ops::Power>().scale),
        shift_(layer.operation<ops::Power>().shift) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const auto base = [scale = scale_, shift = shift_](float x) { return shift + scale * x; };
    if (power_ == 1.0F) {  // the usual value: mere scaling
      for_each_value(call, base);
    } else {
      for_each_value(call, [base, power = power_](float x) { return std::pow(base(x), power); });
    }
  }

 private:
  float power_;
  float scale_;
  float shift_;
};
MishLayer layer_of(const ops::Mish&);
PowerLayer layer_of(const ops::Power&);

/// y = x for x ≥ 0, otherwise x·slope, with a trained slope for each channel or one for all (He et al., 2015).
class PreluLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit PreluLayer(const LayerRef& layer) : operation_(layer.operation<ops::PRelu>()) {
    require_blobs(layer, 1);
    slopes_ = layer.node.blobs[0].values;
  }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    const AxisSplit split = prelu_split(operation_, call.layer, call.inputs[0].shape);
    require_factors(call, slopes_.size(), split.extent);
    const float* const input = call.inputs[0].values.data();
    float* const output = call.outputs[0].values.data();
    call.workspace.for_each_range(split.outer * split.extent, split.inner, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t line = begin; line < end; ++line) {
        const float slope = slopes_[static_cast<std::size_t>(line % split.extent)];
        for_each_index(line * split.inner, (line + 1) * split.inner, [=](std::int64_t at) {
          output[at] = (std::max)(input[at], 0.0F) + slope * (std::min)(input[at], 0.0F);
        });
      }
    });
  }

 private:
  ops::PRelu operation_;
  std::vector<float> slopes_;
};
PreluLayer layer_of(const ops::PRelu&);

/// y = x for x ≥ 0, otherwise x·negative_slope.
class ReluLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ReluLayer(const LayerRef& layer)
      : negative_slope_(layer.operation<ops::Relu>().negative_slope) {}

  [[nodiscard]] float negative_slope() const noexcept { return negative_slope_; }

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call,
                   [slope = negative_slope_](float x) { return (std::max)(x, 0.0F) + slope * (std::min)(x, 0.0F); });
  }

 private:
  float negative_slope_;
};
ReluLayer layer_of(const ops::Relu&);

/// y = min(max(x, 0), 6), plus x·negative_slope for x < 0.
class Relu6Layer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit Relu6Layer(const LayerRef& layer)
      : negative_slope_(layer.operation<ops::Relu6>().negative_slope) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [slope = negative_slope_](float x) {
      return (std::min)((std::max)(x, 0.0F), 6.0F) + slope * (std::min)(x, 0.0F);
    });
  }

 private:
  float negative_slope_;
};
Relu6Layer layer_of(const ops::Relu6&);

/// y = 1 / (1 + e⁻ˣ).
class SigmoidLayer {
 public:
  static constexpr bool in_place = true;

  explicit SigmoidLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return 1.0F / (1.0F + std::exp(-x)); });
  }
};
SigmoidLayer layer_of(const ops::Sigmoid&);

/// y = x / (1 + e^(−beta·x)) (Ramachandran, Zoph and Le, 2017).
class SwishLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit SwishLayer(const LayerRef& layer) : beta_(layer.operation<ops::Swish>().beta) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [beta = beta_](float x) { return x / (1.0F + std::exp(-beta * x)); });
  }

 private:
  float beta_;
};
SwishLayer layer_of(const ops::Swish&);

class TanhLayer {
 public:
  static constexpr bool in_place = true;

  explicit TanhLayer(const LayerRef&) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [](float x) { return std::tanh(x); });
  }
};
TanhLayer layer_of(const ops::Tanh&);

/// y = 1 for x > threshold, otherwise 0.
class ThresholdLayer {
 public:
  static constexpr bool in_place = true;

  NUQ_FUNCTION explicit ThresholdLayer(const LayerRef& layer)
      : threshold_(layer.operation<ops::Threshold>().threshold) {}

  NUQ_FUNCTION void forward(const LayerCall& call) const {
    for_each_value(call, [threshold = threshold_](float x) { return x > threshold ? 1.0F : 0.0F; });
  }

 private:
  float threshold_;
};
ThresholdLayer layer_of(const ops::Threshold&);

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ENGINE_LAYERS_ACTIVATIONS_HPP
