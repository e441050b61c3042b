#ifndef NUQ_QUANTIZE_NUQ_PARAMETERS_HPP
#define NUQ_QUANTIZE_NUQ_PARAMETERS_HPP

#include "nuq/quantize/bias_correction.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// How one layer is restricted to few levels; the first two are the vendor's `nuq_quantize`, with its defaults.
struct NuqParameters {
  int num_steps = 32;        ///< levels kept, 1…256; 256 is plain int8
  int num_of_iteration = 1;  ///< 0…5, effort of selectors that take it
  int max_rounds =
      2;  ///< re-fits of the scales at most; 0 keeps the scales of the weight quantizer, as the vendor does
  BiasCorrection bias_correction = BiasCorrection::automatic;
};

NUQ_NAMESPACE_END

#endif  // NUQ_QUANTIZE_NUQ_PARAMETERS_HPP
