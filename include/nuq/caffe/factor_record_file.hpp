#ifndef NUQ_CAFFE_FACTOR_RECORD_FILE_HPP
#define NUQ_CAFFE_FACTOR_RECORD_FILE_HPP

#include <memory>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/factor_record.hpp"
#include "nuq/proto_names.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Sets channels, height and width of a calibrated input [N, C] or [N, C, H, W]; nothing for other shapes.
NUQ_FUNCTION void record_input_shape(const Shape& shape, schema::SingleLayerRecord& record);

/// The record file that the calibration layers of a prototxt name (`record_file_path`): as the vendor's Caffe does,
/// they read it, set what they found, and write it again, each for itself. A file that is not there counts as empty.
/// Null without a path. What it does throws RecordError malformed_file with `file:line:column`, FormatError where the
/// file cannot be read or written.
NUQ_FUNCTION [[nodiscard]] std::shared_ptr<const FactorRecord> factor_record_file(const std::string& path);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/text_format.h>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <utility>
#include <vector>

#include "nuq/activation/shift_search.hpp"
#include "nuq/caffe/text_message.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/io/mapped_file.hpp"
#include "nuq/proto_schema.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void record_input_shape(const Shape& shape, schema::SingleLayerRecord& record) {
  if (shape.size() < 2) return;
  const auto extent = [&shape](std::size_t axis) {
    return axis < shape.size() ? static_cast<std::uint32_t>(shape[axis]) : 1U;
  };
  record.set_channels(extent(1));
  record.set_height(extent(2));
  record.set_width(extent(3));
}

namespace detail {

NUQ_FUNCTION class FactorRecordFile final : public FactorRecord {
 public:
  explicit FactorRecordFile(std::string path) : path_(std::move(path)) {}

  void record_activation(const std::string& layer, const CalibratedActivation& activation) const override {
    update(layer, [&activation](schema::SingleLayerRecord& record) {
      record.set_scale_d(activation.scale.scale);
      record.set_offset_d(activation.scale.offset);
      record_input_shape(activation.input_shape, record);
    });
  }

  void record_shift(const std::string& layer, const CalibratedShift& shift) const override {
    update(layer, [&shift](schema::SingleLayerRecord& record) {
      record.clear_shift_bit();
      for (const int bits : shift.shift_bit) record.add_shift_bit(static_cast<std::uint32_t>(bits));
      if (!shift.shares_scale || record.scale_w_size() == 0) return;
      auto& scales = *record.mutable_scale_w();
      std::fill(scales.begin(), scales.end(), *std::max_element(scales.begin(), scales.end()));
    });
  }

  [[nodiscard]] std::vector<float> dequantization_scales(const std::string& layer) const override {
    schema::ScaleOffsetRecord content = read();
    const schema::SingleLayerRecord& record = *entry_of(content, layer);
    if (!record.has_scale_d() || record.scale_w_size() == 0) {
      fail(RecordError(ErrorCode::missing_record, path_ + ": layer '" + layer + "': cannot find scale_d and scale_w"));
    }
    std::vector<float> scales(record.scale_w().begin(), record.scale_w().end());
    for (float& scale : scales) scale *= record.scale_d();
    return scales;
  }

 private:
  [[nodiscard]] schema::ScaleOffsetRecord read() const {
    if (!std::filesystem::exists(path_)) return {};
    const MappedFile content(path_);
    return parse_text_message<RecordError, schema::ScaleOffsetRecord>(content.bytes(), path_, SecondValue::is_an_error);
  }

  /// The layer's entry, added where there is none.
  [[nodiscard]] static schema::SingleLayerRecord* entry_of(schema::ScaleOffsetRecord& content,
                                                           const std::string& layer) {
    for (auto& entry : *content.mutable_record()) {
      if (entry.key() == layer) return entry.mutable_value();
    }
    auto& entry = *content.add_record();
    entry.set_key(layer);
    return entry.mutable_value();
  }

  template <class Change>
  void update(const std::string& layer, const Change& change) const {
    schema::ScaleOffsetRecord content = read();
    change(*entry_of(content, layer));
    std::string text;
    google::protobuf::TextFormat::PrintToString(content, &text);
    write_file_atomically(path_, text);
  }

  std::string path_;
};

}  // namespace detail

NUQ_DEFINITION std::shared_ptr<const FactorRecord> factor_record_file(const std::string& path) {
  if (path.empty()) return nullptr;
  return std::make_shared<const detail::NUQ_CLASS(FactorRecordFile)>(path);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_FACTOR_RECORD_FILE_HPP
