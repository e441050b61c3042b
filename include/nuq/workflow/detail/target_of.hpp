#ifndef NUQ_WORKFLOW_DETAIL_TARGET_OF_HPP
#define NUQ_WORKFLOW_DETAIL_TARGET_OF_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What sizes are measured by where the user does not say it; notes where that is not the usual.
NUQ_FUNCTION [[nodiscard]] Target target_of(QuantizationSettings& settings);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(WORKFLOW)

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Target target_of(QuantizationSettings& settings) {
  if (settings.for_ascend) {
    settings.notes.push_back(
        "target ascend: the configuration lets the vendor's compiler decide which layers take NUQ, so sizes count as "
        "they are under its weight compressor (an explicit target goes before)");
  }
  return usual_target(settings.for_ascend);
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(WORKFLOW)

#endif  // NUQ_WORKFLOW_DETAIL_TARGET_OF_HPP
