#ifndef NUQ_QUANTIZE_RATE_QUANTIZER_HPP
#define NUQ_QUANTIZE_RATE_QUANTIZER_HPP

#include <memory>

#include "nuq/compiled.hpp"
#include "nuq/quantize/any_layer_quantizer.hpp"
#include "nuq/quantize/assign/rate_constrained_error_feedback.hpp"
#include "nuq/quantize/codebook/consecutive.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/rate/entropy_rate.hpp"
#include "nuq/quantize/scales/rate_step.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The quantizer for layers that pay for the entropy of their indices, not for the number of their levels: one step per
/// layer, all integers as levels, error feedback with a price per bit. `at_price` sets the price, in units of the
/// layer's output error.
using RateQuantizer =
    NonUniformQuantizer<RateStepQuantizer, ConsecutiveLevels, RateConstrainedErrorFeedback<EntropyRate>>;

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(QUANTIZE) template void AnyLayerQuantizer::hold(const std::shared_ptr<const RateQuantizer>&);
#endif

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_RATE_QUANTIZER_HPP
