#ifndef NUQ_EVALUATION_PROGRESS_HPP
#define NUQ_EVALUATION_PROGRESS_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "nuq/compiled.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/report/report.hpp"
#include "nuq/search/result.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// One evaluation of a search as its progress shows it.
struct EvaluationProgress {
  int number = 0;                            ///< 1 is the original
  int most = 0;                              ///< budget of evaluations
  std::string configuration;                 ///< in words; "original"
  std::uint64_t bytes = 0;                   ///< stored size of the weights; 0 for the original
  double elapsed = 0.0;                      ///< seconds since the run began
  std::optional<EvaluationOutcome> outcome;  ///< once finished
  bool known_before = false;                 ///< by the journal, or evaluated beside another
};

namespace detail {
template <class P>
using started_op = decltype(std::declval<P&>().started(std::size_t{}));
template <class P>
using layer_quantized_op =
    decltype(std::declval<P&>().layer_quantized(std::declval<const std::string&>(), std::size_t{}, std::size_t{}));
template <class P>
using evaluation_started_op =
    decltype(std::declval<P&>().evaluation_started(std::declval<const EvaluationProgress&>()));
template <class P>
using evaluation_finished_op =
    decltype(std::declval<P&>().evaluation_finished(std::declval<const EvaluationProgress&>()));
template <class P>
using evaluation_failed_op = decltype(std::declval<P&>().evaluation_failed(std::declval<const std::string&>()));
template <class P>
using warned_op = decltype(std::declval<P&>().warned(std::declval<const std::string&>()));
template <class P>
using improved_op = decltype(std::declval<P&>().improved(std::declval<const RunReport&>()));
template <class P>
using finished_op = decltype(std::declval<P&>().finished(std::declval<const RunReport&>()));
template <class P>
using stop_requested_op = decltype(std::declval<P&>().stop_requested());

/// "nuq: warning: MESSAGE", a line on standard error.
NUQ_FUNCTION void print_warning(const std::string& message);
}  // namespace detail

/// Watches nothing; warnings go to standard error.
struct NoProgress {};

/// What `auto_nuq` tells of itself while it runs, and asks: each member of a user's progress object is optional and
/// found at compile time.
///
///   struct MyProgress {
///     void started(std::size_t layers) { std::printf("%zu layers are quantized\n", layers); }
///     void layer_quantized(const std::string& layer, std::size_t done, std::size_t layers) {
///       std::printf("%s: %zu of %zu\n", layer.c_str(), done, layers);
///     }
///     void evaluation_started(const nuq::EvaluationProgress& evaluation) {
///       std::puts(evaluation.configuration.c_str());
///     }
///     void evaluation_finished(const nuq::EvaluationProgress& evaluation) { evaluations = evaluation.number; }
///     void evaluation_failed(const std::string& message) { std::puts(message.c_str()); }  // it is tried once more
///     void warned(const std::string& message) { std::puts(message.c_str()); }  // a result that may not be what it seems
///     void improved(const nuq::RunReport&) {}  // a smaller satisfied configuration is on the disk
///     void finished(const nuq::RunReport& report) { std::puts(nuq::result_table(report).c_str()); }
///     bool stop_requested() { return evaluations >= 5; }  // then the best so far is the result
///
///     int evaluations = 0;
///   };
///
/// Where `warned` is missing, warnings are lines on standard error. All calls come one at a time but those of
/// `stop_requested`, which any thread that evaluates may ask; `evaluation_failed` may come from another thread than the
/// one that called `auto_nuq`.
template <class Progress>
class ProgressCalls {
  template <template <class...> class Op>
  static constexpr bool has = detail::returns<void, Op, Progress>();

 public:
  static_assert(std::is_same_v<std::remove_const_t<Progress>, NoProgress> || has<detail::started_op> ||
                    has<detail::layer_quantized_op> || has<detail::evaluation_started_op> ||
                    has<detail::evaluation_finished_op> || has<detail::evaluation_failed_op> ||
                    has<detail::warned_op> || has<detail::improved_op> || has<detail::finished_op> ||
                    has<detail::stop_requested_op>,
                "[nuq] Progress must provide at least one of: started, layer_quantized, evaluation_started, "
                "evaluation_finished, evaluation_failed, warned, improved, finished, stop_requested");

  explicit ProgressCalls(Progress& progress) noexcept : progress_(progress) {}

  void started([[maybe_unused]] std::size_t layers) const {
    if constexpr (has<detail::started_op>) progress_.started(layers);
  }
  void layer_quantized([[maybe_unused]] const std::string& layer, [[maybe_unused]] std::size_t done,
                       [[maybe_unused]] std::size_t layers) const {
    if constexpr (has<detail::layer_quantized_op>) progress_.layer_quantized(layer, done, layers);
  }
  void evaluation_started([[maybe_unused]] const EvaluationProgress& evaluation) const {
    if constexpr (has<detail::evaluation_started_op>) progress_.evaluation_started(evaluation);
  }
  void evaluation_finished([[maybe_unused]] const EvaluationProgress& evaluation) const {
    if constexpr (has<detail::evaluation_finished_op>) progress_.evaluation_finished(evaluation);
  }
  void evaluation_failed([[maybe_unused]] const std::string& message) const {
    if constexpr (has<detail::evaluation_failed_op>) progress_.evaluation_failed(message);
  }
  void warned(const std::string& message) const {
    if constexpr (has<detail::warned_op>) {
      progress_.warned(message);
    } else {
      detail::print_warning(message);
    }
  }
  void improved([[maybe_unused]] const RunReport& report) const {
    if constexpr (has<detail::improved_op>) progress_.improved(report);
  }
  void finished([[maybe_unused]] const RunReport& report) const {
    if constexpr (has<detail::finished_op>) progress_.finished(report);
  }
  [[nodiscard]] bool stop_requested() const {
    if constexpr (detail::returns<bool, detail::stop_requested_op, Progress>()) {
      return static_cast<bool>(progress_.stop_requested());
    } else {
      return false;
    }
  }

 private:
  Progress& progress_;
};

/// Any progress object behind one type, with what it leaves out filled in. Refers to the object, which outlives it.
struct AnyProgress {
  std::function<void(std::size_t layers)> started;
  std::function<void(const std::string& layer, std::size_t done, std::size_t layers)> layer_quantized;
  std::function<void(const EvaluationProgress&)> evaluation_started;
  std::function<void(const EvaluationProgress&)> evaluation_finished;
  std::function<void(const std::string& message)> evaluation_failed;
  std::function<void(const std::string& message)> warned;
  std::function<void(const RunReport&)> improved;
  std::function<void(const RunReport&)> finished;
  std::function<bool()> stop_requested;
};

/// Refers to a progress object.
template <class Progress>
[[nodiscard]] AnyProgress any_progress(Progress& progress) {
  const ProgressCalls<Progress> calls(progress);
  AnyProgress any;
  any.started = [calls](std::size_t layers) { calls.started(layers); };
  any.layer_quantized = [calls](const std::string& layer, std::size_t done, std::size_t layers) {
    calls.layer_quantized(layer, done, layers);
  };
  any.evaluation_started = [calls](const EvaluationProgress& evaluation) { calls.evaluation_started(evaluation); };
  any.evaluation_finished = [calls](const EvaluationProgress& evaluation) { calls.evaluation_finished(evaluation); };
  any.evaluation_failed = [calls](const std::string& message) { calls.evaluation_failed(message); };
  any.warned = [calls](const std::string& message) { calls.warned(message); };
  any.improved = [calls](const RunReport& report) { calls.improved(report); };
  any.finished = [calls](const RunReport& report) { calls.finished(report); };
  any.stop_requested = [calls] { return calls.stop_requested(); };
  return any;
}

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <cstdio>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void print_warning(const std::string& message) {
  std::fprintf(stderr, "nuq: warning: %s\n", message.c_str());
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_PROGRESS_HPP
