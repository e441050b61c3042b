#ifndef NUQ_GRAPH_FACTOR_RECORD_HPP
#define NUQ_GRAPH_FACTOR_RECORD_HPP

#include <string>
#include <vector>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

struct CalibratedActivation;
struct CalibratedShift;

/// Where the calibration layers of a network leave the factors that they find, by the name of the layer that these
/// belong to, and look up those of others. Each front end has one of its own, which its calibration layers hold.
class FactorRecord {
 public:
  FactorRecord() = default;
  FactorRecord(const FactorRecord&) = delete;
  FactorRecord& operator=(const FactorRecord&) = delete;
  virtual ~FactorRecord() = default;

  /// The int8 grid of the layer's input, and the input's shape. Replaces what was known.
  virtual void record_activation(const std::string& layer, const CalibratedActivation& activation) const = 0;
  /// By how much the layer's sums are shifted, one value per scale of its weights. Replaces what was known; where all
  /// channels are to share a scale, the scales of its weights become the largest of them.
  virtual void record_shift(const std::string& layer, const CalibratedShift& shift) const = 0;
  /// scale_d · scale_w, one per scale of the layer's weights. Throws RecordError missing_record where they are not
  /// known.
  [[nodiscard]] virtual std::vector<float> dequantization_scales(const std::string& layer) const = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_FACTOR_RECORD_HPP
