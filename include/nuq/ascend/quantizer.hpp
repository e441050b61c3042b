#ifndef NUQ_ASCEND_QUANTIZER_HPP
#define NUQ_ASCEND_QUANTIZER_HPP

#include "nuq/ascend/dictionary_rate.hpp"
#include "nuq/quantize/assign/rate_constrained_error_feedback.hpp"
#include "nuq/quantize/codebook/entropy_constrained.hpp"
#include "nuq/quantize/non_uniform_quantizer.hpp"
#include "nuq/quantize/scales/abs_max.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The quantizer for layers that the Ascend compressor will store: few levels, matched to the lengths of its code words
/// (3, 6, 9 and 12 bits), and error feedback with a price per bit of them. `at_price` sets the price, in units of the
/// layer's output error; at 0 it has the levels of least squared error.
///
/// For whoever counts the compressor's every byte: choosing levels takes up to half a second a layer and price, and at
/// the predicted harm of 32 plain levels real networks gained 0.1 to 3 % of the bytes by it. The tool's
/// `--target ascend` therefore keeps plain levels unless it is asked for `--codebook entropy-constrained`.
using AscendQuantizer = NonUniformQuantizer<AbsMaxQuantizer, EntropyConstrainedCodebook<AscendDictionaryRate>,
                                            RateConstrainedErrorFeedback<AscendDictionaryRate>>;

NUQ_NAMESPACE_END

#endif  // NUQ_ASCEND_QUANTIZER_HPP
