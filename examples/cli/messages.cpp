#include "messages.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/core/support/wrapped_text.hpp"
#include "terminal.hpp"

namespace {

/// Where messages go besides standard error.
struct MessageLog {
  std::FILE* file = nullptr;
  bool is_verbose = false;
  std::mutex mutex;
};

MessageLog& message_log() {
  static MessageLog log;
  return log;
}

void print_line(const std::string& line) {
  if (::isatty(STDERR_FILENO) != 0) {
    const std::string lines = nuq::detail::wrapped_text(line, terminal_columns(STDERR_FILENO), 2);
    std::fprintf(stderr, "%s\n", lines.c_str());
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
}

/// Whole lines at once: what is in the log when the program is killed is all that it had to say.
void log_line(const std::string& line) {
  MessageLog& log = message_log();
  if (log.file == nullptr) return;
  const std::lock_guard<std::mutex> lock(log.mutex);
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  std::array<char, 32> time{};
  std::strftime(time.data(), time.size(), "%Y-%m-%d %H:%M:%S", &local);
  std::fprintf(log.file, "%s %s\n", time.data(), line.c_str());
  std::fflush(log.file);
}

/// A note taken apart: "FILE: layer 'conv1': …".
struct LayerNote {
  std::string before;               ///< "FILE: "
  std::vector<std::string> layers;  ///< with their quotes; none of a note that names no layer
  std::string after;                ///< ": …"
};

LayerNote parts_of(const std::string& note) {
  const std::string word = "layer '";
  const std::size_t begin = note.find(word);
  const std::size_t end = begin == std::string::npos ? begin : note.find("': ", begin + word.size());
  const bool is_at_place =
      begin == 0 || (begin != std::string::npos && begin > 1 && note.compare(begin - 2, 2, ": ") == 0);
  if (end == std::string::npos || !is_at_place) return {note, {}, ""};
  const std::size_t name = begin + word.size() - 1;
  return {note.substr(0, begin), {note.substr(name, end + 1 - name)}, note.substr(end + 1)};
}

std::string text_of(const LayerNote& note) {
  if (note.layers.empty()) return note.before;
  std::string text = note.before + (note.layers.size() == 1 ? "layer " : "layers ");
  for (std::size_t layer = 0; layer < note.layers.size(); ++layer)
    text += (layer == 0 ? "" : ", ") + note.layers[layer];
  return text + note.after;
}

}  // namespace

void say(const std::string& message) {
  const std::string line = nuq::detail::printable_message(message);
  print_line(line);
  log_line(line);
}

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : grouped_notes(warnings)) say("nuq: warning: " + warning);
}

std::vector<std::string> grouped_notes(const std::vector<std::string>& notes) {
  std::vector<LayerNote> groups;
  for (const std::string& note : notes) {
    LayerNote parts = parts_of(note);
    const auto is_alike = [&parts](const LayerNote& other) {
      return !parts.layers.empty() && !other.layers.empty() && other.before == parts.before &&
             other.after == parts.after;
    };
    const auto group = std::find_if(groups.begin(), groups.end(), is_alike);
    if (group == groups.end()) {
      groups.push_back(std::move(parts));
    } else {
      group->layers.push_back(parts.layers.front());
    }
  }
  std::vector<std::string> grouped;
  for (const LayerNote& group : groups) grouped.push_back(text_of(group));
  return grouped;
}

void report_progress(const std::string& text) {
  if (message_log().is_verbose) print_line(text);
  log_line(text);
}

void open_log(const std::string& file) {
  errno = 0;
  message_log().file = std::fopen(file.c_str(), "ae");
  if (message_log().file != nullptr) return;
  nuq::detail::fail(nuq::FormatError(nuq::ErrorCode::file_not_writable,
                                     "--log " + file + ": cannot write: " + std::generic_category().message(errno)));
}

void set_verbose() noexcept {
  message_log().is_verbose = true;
}
