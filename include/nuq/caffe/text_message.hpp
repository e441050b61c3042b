#ifndef NUQ_CAFFE_TEXT_MESSAGE_HPP
#define NUQ_CAFFE_TEXT_MESSAGE_HPP

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <string>
#include <string_view>

#include "nuq/caffe/first_parse_error.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/byte_order_mark.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// What a second value of a singular field, or of another member of its oneof, means.
enum class SecondValue { is_an_error, replaces_the_first };

/// Parses a message in protobuf's text format; unknown fields are errors. Throws `E` malformed_file with
/// `file:line:column`.
template <class E, class Message>
[[nodiscard]] Message parse_text_message(std::string_view text, const std::string& file, SecondValue second_value) {
  text = without_byte_order_mark(text);
  if (text.size() > max_message_bytes) {
    fail(E(ErrorCode::unsupported_format, file + ": is larger than 2 GB, protobuf's limit"));
  }
  FirstParseError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  Message message;
  const bool parsed =
      second_value == SecondValue::is_an_error ? parser.Parse(&stream, &message) : parser.Merge(&stream, &message);
  if (!parsed) fail(E(ErrorCode::malformed_file, file + ":" + error.text()));
  return message;
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_TEXT_MESSAGE_HPP
