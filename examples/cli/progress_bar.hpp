#ifndef NUQ_EXAMPLES_CLI_PROGRESS_BAR_HPP
#define NUQ_EXAMPLES_CLI_PROGRESS_BAR_HPP

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <utility>

#include "messages.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "terminal.hpp"

/// "1:05" of seconds; hours where there are any.
inline std::string clock_text(double seconds) {
  char text[64];
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole < 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  }
  return text;
}

/// What is being done, and how far that is.
struct Progress {
  std::string what;  ///< "quantized"
  std::size_t done = 0;
  std::size_t all = 0;
  double elapsed = 0.0;  ///< seconds
  double left = -1.0;    ///< seconds that it may take at most; < 0: not known
  std::string note;      ///< what has just been done
};

/// Between 0 and 1.
inline double part_done(const Progress& progress) noexcept {
  return progress.all == 0 ? 1.0 : static_cast<double>(progress.done) / static_cast<double>(progress.all);
}

/// " 40% "
inline std::string percent_text(const Progress& progress) {
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3d%% ", static_cast<int>(100.0 * part_done(progress)));
  return percent;
}

/// Counts, rate and remaining time.
inline std::string counts_text(const Progress& progress) {
  std::string text = progress.what + " " + std::to_string(progress.done) + " of " + std::to_string(progress.all) + ", ";
  if (progress.done > 0 && progress.elapsed > 0.0) {
    const double rate = static_cast<double>(progress.done) / progress.elapsed;
    char rate_text[48];
    std::snprintf(rate_text, sizeof rate_text, rate >= 1.0 ? "%.3g/s, " : "%.3g s each, ",
                  rate >= 1.0 ? rate : 1.0 / rate);
    text += rate_text;
  }
  return text + (progress.left < 0.0 ? clock_text(progress.elapsed) + " so far" : clock_text(progress.left) + " left");
}

/// One line of progress in so many columns: percentage, bar, counts, and the note where there is room.
inline std::string progress_text(const Progress& progress, std::size_t columns) {
  constexpr std::size_t least_bar = 8;
  constexpr std::size_t most_bar = 24;
  const std::string percent = percent_text(progress);
  const std::string counts = counts_text(progress);
  const std::size_t taken = percent.size() + counts.size() + 3;
  std::string bar;
  if (taken + least_bar <= columns) {
    const std::size_t width = (std::min)(most_bar, columns - taken);
    const auto filled = static_cast<std::size_t>(part_done(progress) * static_cast<double>(width));
    bar = "[" + std::string(filled, '#') + std::string(width - filled, '.') + "] ";
  }
  std::string line = percent + bar + counts;
  const std::string note = nuq::detail::printable_text(progress.note, 30);
  // Characters that are two columns wide have three bytes or more, and so the bytes are enough.
  if (!note.empty() && line.size() + 2 + note.size() <= columns) line += ", " + note;
  return line.substr(0, columns);
}

/// The line of progress at the bottom of the terminal on standard error; nothing where that is none. Lines that go
/// there in the meantime go through `clear` first. May be used by several threads.
class ProgressBar {
 public:
  explicit ProgressBar(bool quiet) : is_shown_(!quiet && ::isatty(STDERR_FILENO) != 0) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  void show(const Progress& progress) {
    const std::lock_guard<std::mutex> lock(mutex_);
    report(progress);
    if (!is_shown_) return;
    // The last column stays free: a full line would make the terminal go on to the next.
    std::fprintf(stderr, "\r\033[K%s", progress_text(progress, terminal_columns(STDERR_FILENO) - 1).c_str());
    std::fflush(stderr);
    is_on_terminal_ = true;
  }

  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    wipe();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void wipe() {
    if (is_on_terminal_) std::fprintf(stderr, "\r\033[K");
    is_on_terminal_ = false;
  }

  /// The end of the work, and now and then how far it is.
  void report(const Progress& progress) {
    const Clock::time_point now = Clock::now();
    if (progress.done < progress.all && now - last_reported_ < std::chrono::seconds(5)) return;
    last_reported_ = now;
    wipe();
    report_progress(percent_text(progress) + counts_text(progress));
  }

  bool is_shown_;
  bool is_on_terminal_ = false;
  Clock::time_point last_reported_ = Clock::now();
  std::mutex mutex_;
};

/// Counts one kind of work in a progress bar: so many pieces, and the same again if there are more.
class CountedWork {
 public:
  CountedWork(ProgressBar& bar, std::string what, std::size_t pieces)
      : bar_(bar), what_(std::move(what)), pieces_(pieces) {}

  /// One more piece is done. May come from any thread.
  void step(const std::string& note = "") {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (done_ == pieces_) begin_next_pass();
    ++done_;
    const Clock::time_point now = Clock::now();
    if (now - last_shown_ < std::chrono::milliseconds(50) && done_ < pieces_) return;
    last_shown_ = now;
    const double elapsed = std::chrono::duration<double>(now - begin_).count();
    const double left = elapsed * static_cast<double>(pieces_ - done_) / static_cast<double>(done_);
    const std::string pass = passes_ == 0 ? "" : "pass " + std::to_string(passes_ + 1) + ": ";
    bar_.show({pass + what_, done_, pieces_, elapsed, left, note});
  }

 private:
  using Clock = std::chrono::steady_clock;

  void begin_next_pass() {
    ++passes_;
    done_ = 0;
    begin_ = Clock::now();
  }

  ProgressBar& bar_;
  std::string what_;
  std::size_t pieces_;
  std::size_t done_ = 0;
  std::size_t passes_ = 0;
  Clock::time_point begin_ = Clock::now();
  Clock::time_point last_shown_{};
  std::mutex mutex_;
};

#endif  // NUQ_EXAMPLES_CLI_PROGRESS_BAR_HPP
