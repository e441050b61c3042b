#ifndef NUQ_AMCT_RECORD_FILE_HPP
#define NUQ_AMCT_RECORD_FILE_HPP

#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/io/result_files.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[noreturn]] void fail_record(ErrorCode code, const std::string& place, const std::string& problem);

}  // namespace detail

/// Checks what can be said of a record without its network (AMCT manual, record file): scales finite and positive,
/// offsets in range, lists of equal length, 2…256 levels of int8, each layer once. Throws RecordError naming file,
/// layer and value.
NUQ_FUNCTION void check_record(const schema::ScaleOffsetRecord& record, const std::string& file);

/// Reads the text of a record file. Throws RecordError: malformed_file with `file:line:column`, or as `check_record`.
NUQ_FUNCTION [[nodiscard]] schema::ScaleOffsetRecord parse_record(std::string_view text, const std::string& file);

/// `parse_record` of a file. Throws FormatError file_not_readable as well.
NUQ_FUNCTION [[nodiscard]] schema::ScaleOffsetRecord read_record(const std::string& file);

/// The text of a record file, in protobuf's text format; floats have up to 9 significant digits and read back the same.
NUQ_FUNCTION [[nodiscard]] std::string to_text(const schema::ScaleOffsetRecord& record);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(AMCT)

#include <google/protobuf/text_format.h>
#include <algorithm>
#include <cfloat>
#include <cstdint>
#include <set>

#include "nuq/caffe/text_message.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/core/support/number_text.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION void fail_record(ErrorCode code, const std::string& place, const std::string& problem) {
  fail(RecordError(code, place + ": " + problem));
}

NUQ_FUNCTION inline void check_scale(float scale, const std::string& place, const char* field) {
  const double value = static_cast<double>(scale);
  if (is_finite(scale) && value >= DBL_EPSILON && value <= 1.0 / DBL_EPSILON) return;
  fail_record(ErrorCode::scale_out_of_range, place,
              std::string(field) + ": got " + number_text(value) + ", wanted a finite number in [2.22e-16, 4.5e+15]");
}

/// All 0, or all in 1..16.
template <class ShiftBits>
[[nodiscard]] bool are_shift_bits(const ShiftBits& bits) {
  const auto is_zero = [](std::uint32_t bit) { return bit == 0; };
  const auto is_shift = [](std::uint32_t bit) { return bit >= 1 && bit <= 16; };
  return std::all_of(bits.begin(), bits.end(), is_zero) || std::all_of(bits.begin(), bits.end(), is_shift);
}

NUQ_FUNCTION inline void check_activation_factors(const schema::SingleLayerRecord& record, const std::string& place) {
  if (record.has_scale_d() != record.has_offset_d()) {
    fail_record(ErrorCode::missing_record, place, "has only one of scale_d and offset_d, wanted both or neither");
  }
  if (!record.has_scale_d()) return;
  check_scale(record.scale_d(), place, "scale_d");
  if (record.offset_d() < -128 || record.offset_d() > 127) {
    fail_record(ErrorCode::invalid_argument, place,
                "offset_d: got " + std::to_string(record.offset_d()) + ", wanted -128..127");
  }
}

NUQ_FUNCTION inline void check_weight_factors(const schema::SingleLayerRecord& record, const std::string& place) {
  const auto check_length = [&](int length, const std::string& field) {
    if (length == record.scale_w_size()) return;
    fail_record(
        ErrorCode::size_mismatch, place,
        field + " has " + std::to_string(length) + " values, scale_w has " + std::to_string(record.scale_w_size()));
  };
  for (const float scale : record.scale_w()) check_scale(scale, place, "scale_w");
  check_length(record.offset_w_size(), "offset_w");
  for (const std::int32_t offset : record.offset_w()) {
    if (offset != 0)
      fail_record(ErrorCode::invalid_argument, place, "offset_w: got " + std::to_string(offset) + ", wanted 0");
  }
  if (record.shift_bit_size() > 0) check_length(record.shift_bit_size(), "shift_bit");
  if (!are_shift_bits(record.shift_bit())) {
    fail_record(ErrorCode::invalid_argument, place, "shift_bit: got other values, wanted all 0 or all in 1..16");
  }
}

NUQ_FUNCTION inline void check_cluster(const schema::SingleLayerRecord& record, const std::string& place) {
  const int length = record.cluster_size();
  if (length != 0 && (length < 2 || length > 256)) {
    fail_record(ErrorCode::invalid_argument, place,
                "cluster has " + std::to_string(length) + " values, wanted 2..256 (the vendor's tools: 16 or 32)");
  }
  for (const std::int32_t level : record.cluster()) {
    if (level < -128 || level > 127) {
      fail_record(ErrorCode::invalid_argument, place, "cluster: got " + std::to_string(level) + ", wanted -128..127");
    }
  }
}

/// What sibling tools record of layers that are not quantized as this library does.
NUQ_FUNCTION inline void check_types(const schema::SingleLayerRecord& record, const std::string& place) {
  const auto check_type = [&place](const std::string& type, const std::string& field) {
    constexpr std::string_view int8 = "INT8";
    if (type == int8 || type.empty()) return;
    fail_record(ErrorCode::unsupported_format, place, field + ": got \"" + type + "\", wanted \"INT8\"");
  };
  check_type(record.dst_type(), "dst_type");
  check_type(record.act_type(), "act_type");
  check_type(record.wts_type(), "wts_type");
  for (const float factor : record.tensor_balance_factor()) {
    if (factor == 1.0F) continue;
    fail_record(ErrorCode::unsupported_format, place,
                "tensor_balance_factor: got " + number_text(static_cast<double>(factor)) + ", wanted none, or 1");
  }
}

}  // namespace detail

NUQ_DEFINITION void check_record(const schema::ScaleOffsetRecord& record, const std::string& file) {
  std::set<std::string> layers;
  for (const auto& entry : record.record()) {
    const std::string place = file + ": layer '" + entry.key() + "'";
    if (entry.key().empty())
      detail::fail_record(ErrorCode::malformed_file, file, "a record has no key, wanted a layer's name");
    if (!layers.insert(entry.key()).second) detail::fail_record(ErrorCode::duplicate_name, place, "is recorded twice");
    detail::check_activation_factors(entry.value(), place);
    detail::check_weight_factors(entry.value(), place);
    detail::check_cluster(entry.value(), place);
    detail::check_types(entry.value(), place);
  }
}

NUQ_DEFINITION schema::ScaleOffsetRecord parse_record(std::string_view text, const std::string& file) {
  schema::ScaleOffsetRecord record =
      detail::parse_text_message<RecordError, schema::ScaleOffsetRecord>(text, file, detail::SecondValue::is_an_error);
  check_record(record, file);
  return record;
}

NUQ_DEFINITION schema::ScaleOffsetRecord read_record(const std::string& file) {
  refuse_half_written(file);
  const MappedFile content(file);
  return parse_record(content.bytes(), file);
}

NUQ_DEFINITION std::string to_text(const schema::ScaleOffsetRecord& record) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(record, &text);
  return text;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(AMCT)

#endif  // NUQ_AMCT_RECORD_FILE_HPP
