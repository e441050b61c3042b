#ifndef NUQ_WORKFLOW_AUTO_NUQ_RESULT_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_RESULT_HPP

#include "nuq/graph/quantization.hpp"
#include "nuq/report/report.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The outcome of `auto_nuq`.
struct AutoNuqResult {
  bool satisfied = false;
  SearchStatus status = SearchStatus::budget_too_small;
  NetworkQuantization quantization;  ///< of the answer; empty unless satisfied
  RunReport report;                  ///< what `<save_prefix>_report.json` holds
};

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_AUTO_NUQ_RESULT_HPP
