#ifndef NUQ_EVALUATION_JOURNAL_HPP
#define NUQ_EVALUATION_JOURNAL_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/locked_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// An evaluation whose result is known.
struct JournaledEvaluation {
  std::string subject;  ///< what was evaluated: a digest or word, at least one byte, without white space
  double metric;        ///< what the evaluator returned, finite
  double seconds;       ///< how long the evaluation took, not negative
};

/// An append-only record of the evaluations of a search: a killed run that is started again knows all results but that
/// of the evaluation in flight. One process at a time, one thread at a time.
///
/// Format: text, lines that end with '\n'. Every line ends with a space and the CRC-32 (`crc32`, 8 lower-case
/// hexadecimal digits) of all bytes of the line before those digits, so that it can be checked alone. Numbers are the
/// shortest decimal text that reads back as the same double (`std::to_chars`).
///
///     nuq-evaluation-journal VERSION KEY CRC      first line; version 1; the key may hold spaces
///     SUBJECT METRIC SECONDS CRC                  one line per evaluation, in order of time
///
/// A last line without line break or with a wrong checksum is what a kill leaves, and is dropped; so is a first line
/// that breaks off. Any other damage is an error, and the file stays as it is.
class EvaluationJournal {
 public:
  /// Opens the journal of the run that `key` names, any text without line breaks; creates it, and its folder, if there
  /// is none. It stays locked against other runs as long as the object lives; a process made by `fork` that runs no
  /// other program shares the lock. Throws
  ///   - ConfigError invalid_argument: a line break in the key; the journal of another run that is still alive,
  ///   - ConfigError configuration_mismatch: the journal of another key,
  ///   - FormatError malformed_file (not a journal, or a damaged one: names the line), unsupported_format (another
  ///     version), file_not_readable, file_not_writable.
  NUQ_FUNCTION EvaluationJournal(const std::string& path, const std::string& key);

  /// All evaluations, the oldest first.
  [[nodiscard]] const std::vector<JournaledEvaluation>& evaluations() const noexcept { return evaluations_; }

  /// Records an evaluation, which is on the disk when it returns. Throws EvaluationError evaluation_failed (the metric
  /// is no finite number), ConfigError invalid_argument (subject or seconds outside `JournaledEvaluation`'s ranges),
  /// FormatError file_not_writable; the journal then holds what it held before, and `append` may be tried again.
  NUQ_FUNCTION void append(const std::string& subject, double metric, double seconds);

 private:
  NUQ_FUNCTION [[nodiscard]] static std::string header_of(const std::string& key);

  NUQ_FUNCTION [[nodiscard]] static detail::LockedFile open(const std::string& path, const std::string& key);

  /// Takes over the entries from byte `begin` on; drops a torn last line, in the file too.
  NUQ_FUNCTION void read_entries(std::string_view content, std::size_t begin);

  detail::LockedFile file_;
  std::vector<JournaledEvaluation> evaluations_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "nuq/core/finite.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/packed/crc32.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] inline void fail_by_journal_line(const std::string& path, std::size_t number,
                                                           const std::string& what) {
  fail(FormatError(ErrorCode::malformed_file,
                   path + ": line " + std::to_string(number) + ": " + what + "; remove the journal or name another"));
}

inline constexpr std::string_view journal_format_name = "nuq-evaluation-journal ";

inline constexpr std::string_view journal_version = "1";

/// CRC-32 in 8 lower-case hexadecimal digits.
NUQ_FUNCTION [[nodiscard]] inline std::string journal_checksum(std::string_view bytes) {
  const std::uint32_t crc = crc32({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) text += digits[(crc >> shift) & 0xFU];
  return text;
}

/// A whole line: the text, a space, the checksum of both, a line break.
NUQ_FUNCTION [[nodiscard]] inline std::string journal_line(std::string text) {
  text += ' ';
  return text + journal_checksum(text) + '\n';
}

/// The text of a line given without its line break; nothing if the checksum does not fit.
NUQ_FUNCTION [[nodiscard]] inline std::optional<std::string_view> text_of_journal_line(std::string_view line) {
  constexpr std::size_t digits = 8;
  if (line.size() <= digits) return std::nullopt;
  const std::string_view checked = line.substr(0, line.size() - digits);
  if (checked.back() != ' ' || line.substr(checked.size()) != journal_checksum(checked)) return std::nullopt;
  return checked.substr(0, checked.size() - 1);
}

/// The shortest decimal text that reads back as the same double, whatever the locale.
NUQ_FUNCTION [[nodiscard]] inline std::string exact_number_text(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// The finite number that is the whole text; nothing if there is none.
NUQ_FUNCTION [[nodiscard]] inline std::optional<double> finite_number_in(std::string_view text) {
  double value = 0.0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result result = std::from_chars(text.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end || !is_finite(value)) return std::nullopt;
  return value;
}

/// At least one byte, and neither white space nor control characters.
NUQ_FUNCTION [[nodiscard]] inline bool is_journal_subject(std::string_view subject) noexcept {
  const auto is_visible = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7F;
  };
  return !subject.empty() && std::all_of(subject.begin(), subject.end(), is_visible);
}

NUQ_FUNCTION [[nodiscard]] inline bool is_duration(double seconds) noexcept {
  return is_finite(seconds) && seconds >= 0.0;
}

NUQ_FUNCTION [[nodiscard]] inline std::string journal_entry_line(const JournaledEvaluation& evaluation) {
  return journal_line(evaluation.subject + ' ' + exact_number_text(evaluation.metric) + ' ' +
                      exact_number_text(evaluation.seconds));
}

/// The evaluation that a line's text tells; nothing if it tells something else.
NUQ_FUNCTION [[nodiscard]] inline std::optional<JournaledEvaluation> journaled_evaluation_in(std::string_view text) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == last) return std::nullopt;
  const std::string_view subject = text.substr(0, first);
  const std::optional<double> metric = finite_number_in(text.substr(first + 1, last - first - 1));
  const std::optional<double> seconds = finite_number_in(text.substr(last + 1));
  if (!is_journal_subject(subject) || !metric || !seconds || !is_duration(*seconds)) return std::nullopt;
  return JournaledEvaluation{std::string(subject), *metric, *seconds};
}

/// True for what a kill can leave of an entry's line. Two lines whose line break was damaged hold more spaces.
NUQ_FUNCTION [[nodiscard]] inline bool may_be_torn_entry(std::string_view line) noexcept {
  constexpr std::ptrdiff_t spaces_of_an_entry = 3;
  return std::count(line.begin(), line.end(), ' ') <= spaces_of_an_entry;
}

/// Returns if the first line of a file is `header`; throws what else it is.
NUQ_FUNCTION inline void check_journal_header(std::string_view content, std::string_view header,
                                              const std::string& path) {
  if (content.substr(0, header.size()) == header) return;
  const std::size_t end = content.find('\n');
  if (content.substr(0, journal_format_name.size()) != journal_format_name) {
    fail(FormatError(ErrorCode::malformed_file, path + ": is not a journal of evaluations; name another file"));
  }
  const std::optional<std::string_view> text = text_of_journal_line(content.substr(0, end));
  if (end == std::string_view::npos || !text) fail_by_journal_line(path, 1, "damaged");
  const std::string_view fields = text->substr(journal_format_name.size());
  const std::string_view version = fields.substr(0, fields.find(' '));
  if (version != journal_version) {
    fail(FormatError(ErrorCode::unsupported_format, path + ": a journal of version " + std::string(version) +
                                                        ", can read " + std::string(journal_version)));
  }
  fail(ConfigError(ErrorCode::configuration_mismatch,
                   path + ": belongs to another run (model, configuration or evaluator differ); remove it or name "
                          "another journal"));
}

}  // namespace detail

NUQ_DEFINITION EvaluationJournal::EvaluationJournal(const std::string& path, const std::string& key)
    : file_(open(path, key)) {
  const std::string header = header_of(key);
  const std::string content = file_.read();
  const bool is_new = content.size() < header.size() && header.compare(0, content.size(), content) == 0;
  if (is_new) {
    file_.truncate(0);
    file_.append(header);
    static_cast<void>(detail::flush_to_disk(detail::folder_of(path)));  // some network file systems cannot
  } else {
    detail::check_journal_header(content, header, path);
    read_entries(content, header.size());
  }
}

NUQ_DEFINITION void EvaluationJournal::append(const std::string& subject, double metric, double seconds) {
  const std::string place = file_.path() + ": evaluation of '" + subject + "': ";
  if (!detail::is_journal_subject(subject)) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, place + "a subject is a word without white space"));
  }
  if (!is_finite(metric)) {
    detail::fail(EvaluationError(ErrorCode::evaluation_failed, place + "the metric is no finite number"));
  }
  if (!detail::is_duration(seconds)) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, place + "its seconds must be finite and not negative"));
  }
  JournaledEvaluation evaluation{subject, metric, seconds};
  file_.append(detail::journal_entry_line(evaluation));
  evaluations_.push_back(std::move(evaluation));
}

NUQ_DEFINITION std::string EvaluationJournal::header_of(const std::string& key) {
  return detail::journal_line(std::string(detail::journal_format_name).append(detail::journal_version) + ' ' + key);
}

NUQ_DEFINITION detail::LockedFile EvaluationJournal::open(const std::string& path, const std::string& key) {
  if (key.find_first_of("\r\n") != std::string::npos) {
    detail::fail(ConfigError(ErrorCode::invalid_argument, path + ": a journal's key is text without line breaks"));
  }
  return detail::LockedFile(path);
}

NUQ_DEFINITION void EvaluationJournal::read_entries(std::string_view content, std::size_t begin) {
  std::size_t number = 2;
  for (; begin < content.size(); ++number) {
    const std::size_t end = content.find('\n', begin);
    const bool is_last = end == std::string_view::npos || end + 1 == content.size();
    const std::string_view line = content.substr(begin, end - begin);
    const auto text = end == std::string_view::npos ? std::nullopt : detail::text_of_journal_line(line);
    if (!text && is_last && detail::may_be_torn_entry(line)) return file_.truncate(begin);
    if (!text) detail::fail_by_journal_line(file_.path(), number, "damaged");
    std::optional<JournaledEvaluation> evaluation = detail::journaled_evaluation_in(*text);
    if (!evaluation) detail::fail_by_journal_line(file_.path(), number, "not an evaluation");
    evaluations_.push_back(std::move(*evaluation));
    begin = end + 1;
  }
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_JOURNAL_HPP
