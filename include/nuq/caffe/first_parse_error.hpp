#ifndef NUQ_CAFFE_FIRST_PARSE_ERROR_HPP
#define NUQ_CAFFE_FIRST_PARSE_ERROR_HPP

#include <google/protobuf/io/tokenizer.h>
#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr std::size_t max_message_bytes = (std::numeric_limits<int>::max)();  // protobuf's own limit

/// Keeps the text parser's first error as `line:column: message`, both counted from 1, and drops the warnings.
class FirstParseError final : public google::protobuf::io::ErrorCollector {
 public:
#if GOOGLE_PROTOBUF_VERSION >= 4022000
  void RecordError(int line, google::protobuf::io::ColumnNumber column, absl::string_view message) override {
    keep(line, column, std::string(message));
  }
  void RecordWarning(int, google::protobuf::io::ColumnNumber, absl::string_view) override {}
#else
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    keep(line, column, message);
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
#endif
  NUQ_FUNCTION [[nodiscard]] const std::string& text() const noexcept {
    return text_;
  }
  /// Whether an enumeration lacks a value.
  NUQ_FUNCTION [[nodiscard]] bool is_about_value() const noexcept {
    return text_.find("numeration value") != std::string::npos;
  }
  /// The `line:column: ` of it.
  NUQ_FUNCTION [[nodiscard]] std::string place() const {
    return text_.substr(0, text_.find(' ') + 1);
  }

 private:
  NUQ_FUNCTION void keep(int line, int column, std::string message) {
    if (!text_.empty()) return;
    std::replace(message.begin(), message.end(), '\n', ' ');
    text_ = (line < 0 ? "" : std::to_string(line + 1) + ":" + std::to_string(column + 1) + ":") + " " + message;
  }

  std::string text_;
};

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_FIRST_PARSE_ERROR_HPP
