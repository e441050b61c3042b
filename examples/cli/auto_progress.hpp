#ifndef NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP
#define NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "command.hpp"
#include "nuq/evaluation/progress.hpp"
#include "nuq/report/report.hpp"
#include "progress_bar.hpp"
#include "signal_watch.hpp"

/// Shows a search on standard error: lines, and on a terminal a bar with rate and estimated time.
class AutoProgress {
 public:
  explicit AutoProgress(bool quiet) : quiet_(quiet), bar_(quiet) {}

  void started(std::size_t layers) {
    quantizing_since_ = Clock::now();
    line("quantizing " + std::to_string(layers) + " layers in every way that the search may choose");
  }

  void layer_quantized(const std::string& layer, std::size_t done, std::size_t layers) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - quantizing_since_).count();
    const double left = elapsed * static_cast<double>(layers - done) / static_cast<double>(done);
    bar_.show({"quantized", done, layers, elapsed, left, layer});
  }

  void evaluation_started(const nuq::EvaluationProgress& evaluation) {
    const int done = evaluation.number - 1;
    const double left = done == 0 ? -1.0 : evaluations_seconds_ / done * (evaluation.most - done);
    evaluation_since_ = evaluation.elapsed;
    bar_.show({"evaluated", static_cast<std::size_t>(done), static_cast<std::size_t>(evaluation.most),
               evaluations_seconds_, left, ""});
  }

  void evaluation_finished(const nuq::EvaluationProgress& evaluation) {
    if (!evaluation.known_before) evaluations_seconds_ += evaluation.elapsed - evaluation_since_;
    char text[160];
    std::snprintf(text, sizeof text, "evaluation %d of at most %d: metric %.6g", evaluation.number, evaluation.most,
                  evaluation.outcome ? evaluation.outcome->metric : 0.0);
    std::string result = text;
    if (evaluation.outcome && evaluation.outcome->error && evaluation.bytes > 0) {
      std::snprintf(text, sizeof text, " +- %.2g", *evaluation.outcome->error);
      result += text;
    }
    if (evaluation.bytes > 0) {
      result += ", " + std::to_string(evaluation.bytes) + " bytes, " +
                (evaluation.outcome && evaluation.outcome->satisfied ? "passes" : "refused");
    }
    if (evaluation.known_before) result += ", known before";
    line(result);
  }

  void evaluation_failed(const std::string& message) { line("evaluation failed, trying again: " + message); }

  /// Also where the tool is to be quiet.
  void warned(const std::string& message) {
    bar_.clear();
    print_warnings({message});
    warnings_.push_back(message);
  }

  /// Whether a warning of the report has been shown.
  [[nodiscard]] bool has_warned(const std::string& message) const {
    return std::find(warnings_.begin(), warnings_.end(), message) != warnings_.end();
  }

  [[nodiscard]] bool stop_requested() {
    if (GracefulStop::requested() && !stop_announced_.exchange(true)) {
      line("stopping; the same again ends at once");
    }
    return GracefulStop::requested();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void line(const std::string& text) {
    if (quiet_) return;
    bar_.clear();
    say(text);
  }

  bool quiet_;
  ProgressBar bar_;
  std::vector<std::string> warnings_;
  std::atomic<bool> stop_announced_{false};
  Clock::time_point quantizing_since_ = Clock::now();
  double evaluation_since_ = 0.0;
  double evaluations_seconds_ = 0.0;
};

#endif  // NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP
