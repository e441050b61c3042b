#ifndef NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP
#define NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP

#include <unistd.h>

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
#include "signal_watch.hpp"

/// Shows a search on standard error: a bar with elapsed and estimated time on a terminal, lines elsewhere.
class AutoProgress {
 public:
  explicit AutoProgress(bool quiet) : quiet_(quiet), on_terminal_(!quiet && ::isatty(STDERR_FILENO) != 0) {}
  AutoProgress(const AutoProgress&) = delete;
  AutoProgress& operator=(const AutoProgress&) = delete;
  ~AutoProgress() { clear_bar(); }

  void started(std::size_t layers) {
    quantizing_since_ = Clock::now();
    line("quantizing " + std::to_string(layers) + " layers in every way that the search may choose");
  }

  void layer_quantized(const std::string& layer, std::size_t done, std::size_t layers) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - quantizing_since_).count();
    const double left = elapsed * static_cast<double>(layers - done) / static_cast<double>(done);
    bar("quantized", done, layers, elapsed, left, layer);
  }

  void evaluation_started(const nuq::EvaluationProgress& evaluation) {
    const int done = evaluation.number - 1;
    const double left = done == 0 ? -1.0 : evaluations_seconds_ / done * (evaluation.most - done);
    evaluation_since_ = evaluation.elapsed;
    bar("evaluated", static_cast<std::size_t>(done), static_cast<std::size_t>(evaluation.most), evaluation.elapsed,
        left, "");
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
    clear_bar();
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

  static std::string clock_text(double seconds) {
    char text[32];
    const auto whole = static_cast<long long>(seconds + 0.5);
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
    return text;
  }

  void line(const std::string& text) {
    if (quiet_) return;
    clear_bar();
    std::fprintf(stderr, "%s\n", nuq::detail::printable_message(text).c_str());
  }

  /// `left` < 0: not known.
  void bar(const char* what, std::size_t done, std::size_t all, double elapsed, double left, const std::string& note) {
    if (!on_terminal_) return;
    constexpr std::size_t width = 30;
    const std::size_t filled = all == 0 ? width : width * done / all;
    const std::string times =
        clock_text(elapsed) + " elapsed" + (left < 0.0 ? "" : ", at most " + clock_text(left) + " left");
    std::fprintf(stderr, "\r\033[K[%s%s] %s %zu of %zu, %s %s", std::string(filled, '#').c_str(),
                 std::string(width - filled, '.').c_str(), what, done, all, times.c_str(),
                 nuq::detail::printable_text(note, 30).c_str());
    std::fflush(stderr);
    bar_shown_ = true;
  }

  void clear_bar() {
    if (bar_shown_) std::fprintf(stderr, "\r\033[K");
    bar_shown_ = false;
  }

  bool quiet_;
  bool on_terminal_;
  bool bar_shown_ = false;
  std::vector<std::string> warnings_;
  std::atomic<bool> stop_announced_{false};
  Clock::time_point quantizing_since_ = Clock::now();
  double evaluation_since_ = 0.0;
  double evaluations_seconds_ = 0.0;
};

#endif  // NUQ_EXAMPLES_CLI_AUTO_PROGRESS_HPP
