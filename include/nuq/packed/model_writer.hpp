#ifndef NUQ_PACKED_MODEL_WRITER_HPP
#define NUQ_PACKED_MODEL_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/packed/detail/byte_writer.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/packed/layer_encoder.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Levels of a float blob with their scales.
struct ScaledLevels {
  ArrayView<const std::int8_t> levels;
  ArrayView<const float> scales;  ///< at least one, each finite; stored as `stored_scales` says
  ScaleLayout layout;             ///< {0, 0}: one channel after the other, count / scales levels each
};

/// Builds a packed model file (format.hpp) in memory, layer by layer. Shapes have at most 8 axes.
class PackedModelWriter {
 public:
  /// `prototxt` is coded where that is smaller.
  NUQ_FUNCTION explicit PackedModelWriter(std::string prototxt, CodingChoice choice = {})
      : prototxt_(std::move(prototxt)), choice_(choice) {}

  /// Takes the memory at once for a file of this size.
  NUQ_FUNCTION void reserve(std::size_t bytes) { data_.reserve(bytes); }

  /// The blobs that are added from here on belong to this layer.
  NUQ_FUNCTION void add_layer(std::string_view name, std::string_view type);

  /// Stores the values of a blob: `bytes` holds them in little-endian order. Floats given as such are coded where that
  /// is smaller and quickly undone.
  /// @throws FormatError size_mismatch: bytes and shape contradict each other; invalid_argument: no layer yet, too many
  /// axes. Nothing is added then.
  NUQ_FUNCTION void add_values(ElementType type, const Shape& shape, ArrayView<const std::uint8_t> bytes);
  NUQ_FUNCTION void add_values(const Shape& shape, ArrayView<const float> values);
  NUQ_FUNCTION void add_values(const Shape& shape, ArrayView<const double> values);
  NUQ_FUNCTION void add_values(const Shape& shape, ArrayView<const std::int32_t> values);

  /// Codes a float blob of which each value is level · scale, in the coding that the writer's choice asks for.
  /// @throws FormatError as add_values; size_mismatch: scales that do not cover the levels; non_finite_value.
  NUQ_FUNCTION void add_levels(const Shape& shape, const ScaledLevels& values);

  /// Codes an int8 blob.
  NUQ_FUNCTION void add_levels(const Shape& shape, ArrayView<const std::int8_t> levels);

  /// Stores levels that the caller has coded (encode_levels of as_matrix(shape, levels)), on many threads say.
  NUQ_FUNCTION void add_coded_levels(const Shape& shape, const ScaledLevels& values, const CodedLevels& coded);
  NUQ_FUNCTION void add_coded_levels(const Shape& shape, ArrayView<const std::int8_t> levels, const CodedLevels& coded);

  /// The matrix that is coded: its rows are those of the first axis whose extent is not 1.
  NUQ_FUNCTION [[nodiscard]] static MatrixView<const std::int8_t> as_matrix(
      const Shape& shape, ArrayView<const std::int8_t> levels) noexcept;

  /// The whole file. To be called once, as the last thing.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::uint8_t> finish();

 private:
  struct Layer {
    std::string name;
    std::string type;
    std::uint64_t data_begin;
    detail::ByteVector blobs;
    std::uint64_t blob_count;
  };

  NUQ_FUNCTION [[noreturn]] void fail_blob(ErrorCode code, const std::string& problem) const;

  NUQ_FUNCTION void check_size(std::size_t got, std::size_t wanted, const char* what) const;

  struct BlobRecord {
    detail::ByteVector bytes;
    std::size_t count;  ///< values
  };

  NUQ_FUNCTION [[nodiscard]] BlobRecord new_record(ElementType type, unsigned storage, const Shape& shape) const;

  /// The last `data_bytes` bytes of the data are the blob's.
  NUQ_FUNCTION void add_record(BlobRecord& record, std::size_t data_bytes);

  template <class T>
  void add_numbers(ElementType type, const Shape& shape, ArrayView<const T> values) {
    BlobRecord record = new_record(type, 0, shape);
    check_size(values.size(), record.count, "values");
    detail::append_values(data_, values);
    add_record(record, sizeof(T) * values.size());
  }

  NUQ_FUNCTION void add_coded(ElementType type, const Shape& shape, const ScaledLevels& values,
                              const CodedLevels& coded);

  NUQ_FUNCTION void add_coded_floats(const Shape& shape, std::size_t count, ArrayView<const std::uint8_t> coded);

  NUQ_FUNCTION [[nodiscard]] static ScaleLayout layout_of(const ScaledLevels& values, std::size_t count) noexcept;

  NUQ_FUNCTION void check_scales(const ScaledLevels& values, std::size_t count) const;

  NUQ_FUNCTION static void append_coding(detail::ByteVector& record, const ScaledLevels& values, std::size_t count,
                                         std::size_t coded_bytes);

  NUQ_FUNCTION [[nodiscard]] detail::ByteVector text_section() const;

  NUQ_FUNCTION [[nodiscard]] detail::ByteVector directory() const;

  std::string prototxt_;
  CodingChoice choice_;
  std::vector<Layer> layers_;
  detail::ByteVector data_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(PACKED)

#include <map>

#include "nuq/core/finite.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/float_encoder.hpp"
#include "nuq/packed/text_encoder.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void PackedModelWriter::add_layer(std::string_view name, std::string_view type) {
  layers_.push_back({std::string(name), std::string(type), data_.size(), {}, 0});
}

NUQ_DEFINITION void PackedModelWriter::add_values(ElementType type, const Shape& shape,
                                                  ArrayView<const std::uint8_t> bytes) {
  BlobRecord record = new_record(type, 0, shape);
  check_size(bytes.size(), record.count * element_bytes(type), "bytes");
  detail::append_bytes(data_, bytes);
  add_record(record, bytes.size());
}

NUQ_DEFINITION void PackedModelWriter::add_values(const Shape& shape, ArrayView<const float> values) {
  if (values.size() <= choice_.max_adaptive) {
    const detail::ByteVector coded = encode_float_values(values);
    const double least = static_cast<double>(coded.size()) * (1.0 + choice_.tolerance);
    if (least < static_cast<double>(4 * values.size())) {
      add_coded_floats(shape, values.size(), coded);
      return;
    }
  }
  add_numbers(ElementType::float32, shape, values);
}

NUQ_DEFINITION void PackedModelWriter::add_values(const Shape& shape, ArrayView<const double> values) {
  add_numbers(ElementType::float64, shape, values);
}

NUQ_DEFINITION void PackedModelWriter::add_values(const Shape& shape, ArrayView<const std::int32_t> values) {
  add_numbers(ElementType::int32, shape, values);
}

NUQ_DEFINITION void PackedModelWriter::add_levels(const Shape& shape, const ScaledLevels& values) {
  add_coded_levels(shape, values, encode_levels(as_matrix(shape, values.levels), choice_));
}

NUQ_DEFINITION void PackedModelWriter::add_levels(const Shape& shape, ArrayView<const std::int8_t> levels) {
  add_coded_levels(shape, levels, encode_levels(as_matrix(shape, levels), choice_));
}

NUQ_DEFINITION void PackedModelWriter::add_coded_levels(const Shape& shape, const ScaledLevels& values,
                                                        const CodedLevels& coded) {
  add_coded(ElementType::float32, shape, values, coded);
}

NUQ_DEFINITION void PackedModelWriter::add_coded_levels(const Shape& shape, ArrayView<const std::int8_t> levels,
                                                        const CodedLevels& coded) {
  add_coded(ElementType::int8, shape, {levels, {}, {}}, coded);
}

NUQ_DEFINITION MatrixView<const std::int8_t> PackedModelWriter::as_matrix(
    const Shape& shape, ArrayView<const std::int8_t> levels) noexcept {
  const std::size_t rows = detail::coded_rows(shape, shape.size());
  return {levels.data(), rows, rows == 0 ? 0 : levels.size() / rows};
}

NUQ_DEFINITION std::vector<std::uint8_t> PackedModelWriter::finish() {
  const detail::ByteVector directory = this->directory();
  const detail::ByteVector text = text_section();
  const std::size_t size = detail::packed_header_bytes + text.size() + directory.size() + data_.size();
  detail::ByteVector file;
  file.reserve(size - data_.size());
  detail::append_bytes(file, {detail::packed_magic.data(), detail::packed_magic.size()});
  detail::append_number(file, detail::packed_version, 2);
  detail::append_number(file, 0, 2);
  detail::append_number(file, size, 8);
  detail::append_number(file, text.size(), 8);
  detail::append_number(file, crc32(text), 4);
  detail::append_number(file, layers_.size(), 4);
  detail::append_number(file, directory.size(), 8);
  detail::append_number(file, crc32(directory), 4);
  detail::append_number(file, crc32(file), 4);
  detail::append_bytes(file, text);
  detail::append_bytes(file, directory);
  data_.insert(data_.begin(), file.begin(), file.end());  // in place where `reserve` has left room
  return std::move(data_);
}

NUQ_DEFINITION void PackedModelWriter::fail_blob(ErrorCode code, const std::string& problem) const {
  const std::string where = layers_.empty() ? "packed file: "
                                            : "packed file: layer '" + layers_.back().name + "': blob " +
                                                  std::to_string(layers_.back().blob_count) + " ";
  detail::fail(FormatError(code, where + problem));
}

NUQ_DEFINITION void PackedModelWriter::check_size(std::size_t got, std::size_t wanted, const char* what) const {
  if (got == wanted) return;
  fail_blob(ErrorCode::size_mismatch,
            "has " + std::to_string(got) + " " + what + ", its shape needs " + std::to_string(wanted));
}

NUQ_DEFINITION PackedModelWriter::BlobRecord PackedModelWriter::new_record(ElementType type, unsigned storage,
                                                                           const Shape& shape) const {
  if (layers_.empty()) fail_blob(ErrorCode::invalid_argument, "a blob needs a layer: call add_layer first");
  if (shape.size() > PackedShape::max_axes || !is_valid_shape(shape)) {
    fail_blob(ErrorCode::invalid_argument, "has the shape " + to_string(shape) + ", wanted at most 8 axes");
  }
  BlobRecord record{{}, element_count(shape)};
  record.bytes = {static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(storage),
                  static_cast<std::uint8_t>(shape.size())};
  for (const std::int64_t extent : shape) detail::append_varint(record.bytes, static_cast<std::uint64_t>(extent));
  return record;
}

NUQ_DEFINITION void PackedModelWriter::add_record(BlobRecord& record, std::size_t data_bytes) {
  detail::append_number(record.bytes, crc32({data_.data() + (data_.size() - data_bytes), data_bytes}), 4);
  Layer& layer = layers_.back();
  detail::append_bytes(layer.blobs, record.bytes);
  ++layer.blob_count;
}

NUQ_DEFINITION void PackedModelWriter::add_coded(ElementType type, const Shape& shape, const ScaledLevels& values,
                                                 const CodedLevels& coded) {
  const unsigned storage = values.levels.empty() ? 0 : 1 + static_cast<unsigned>(coded.coding);
  BlobRecord record = new_record(type, storage, shape);
  check_size(values.levels.size(), record.count, "levels");
  if (record.count > 0 && type == ElementType::float32) check_scales(values, record.count);
  ScaledLevels stored = values;
  stored.scales = stored_scales(values.scales);
  if (stored.scales.size() < values.scales.size()) stored.layout = {};
  if (record.count > 0) {
    append_coding(record.bytes, stored, record.count, coded.bytes.size());
    detail::append_values(data_, stored.scales);
    detail::append_bytes(data_, coded.bytes);
  }
  add_record(record, record.count > 0 ? 4 * stored.scales.size() + coded.bytes.size() : 0);
}

NUQ_DEFINITION void PackedModelWriter::add_coded_floats(const Shape& shape, std::size_t count,
                                                        ArrayView<const std::uint8_t> coded) {
  BlobRecord record = new_record(ElementType::float32, detail::coded_float_storage, shape);
  check_size(count, record.count, "values");
  detail::append_varint(record.bytes, coded.size());
  detail::append_bytes(data_, coded);
  add_record(record, coded.size());
}

NUQ_DEFINITION ScaleLayout PackedModelWriter::layout_of(const ScaledLevels& values, std::size_t count) noexcept {
  const bool is_given = values.layout.run != 0 || values.layout.period != 0;
  return is_given ? values.layout : detail::row_layout(count, values.scales.size());
}

NUQ_DEFINITION void PackedModelWriter::check_scales(const ScaledLevels& values, std::size_t count) const {
  if (!detail::is_valid_layout(layout_of(values, count), values.scales.size(), count)) {
    fail_blob(ErrorCode::size_mismatch,
              "has " + std::to_string(values.scales.size()) + " scales for " + std::to_string(count) + " levels");
  }
  for (const float scale : values.scales) {
    if (!is_finite(scale)) fail_blob(ErrorCode::non_finite_value, "has a scale that is not finite");
  }
}

NUQ_DEFINITION void PackedModelWriter::append_coding(detail::ByteVector& record, const ScaledLevels& values,
                                                     std::size_t count, std::size_t coded_bytes) {
  const ScaleLayout layout = layout_of(values, count);
  const ScaleLayout by_row = detail::row_layout(count, values.scales.size());
  const bool is_by_row = layout.run == by_row.run && layout.period == by_row.period;
  detail::append_varint(record, values.scales.size());
  record.push_back(is_by_row ? 0 : 1);
  if (!is_by_row) {
    detail::append_varint(record, layout.run);
    detail::append_varint(record, layout.period);
  }
  detail::append_varint(record, coded_bytes);
}

NUQ_DEFINITION detail::ByteVector PackedModelWriter::text_section() const {
  detail::ByteVector section;
  detail::append_varint(section, prototxt_.size());
  if (prototxt_.size() <= max_coded_text) {
    const detail::ByteVector coded = encode_text(prototxt_);
    if (coded.size() < prototxt_.size()) {
      detail::append_bytes(section, coded);
      return section;
    }
  }
  section.insert(section.end(), prototxt_.begin(), prototxt_.end());
  return section;
}

NUQ_DEFINITION detail::ByteVector PackedModelWriter::directory() const {
  detail::ByteVector begins;
  detail::ByteVector records;
  std::map<std::string, std::size_t> first_of_type;  // its number, counted from 1
  for (std::size_t index = 0; index < layers_.size(); ++index) {
    const Layer& layer = layers_[index];
    const auto [first, is_new] = first_of_type.emplace(layer.type, index + 1);
    detail::append_number(begins, records.size(), 4);
    detail::append_text(records, layer.name);
    detail::append_varint(records, is_new ? 0 : first->second);
    if (is_new) detail::append_text(records, layer.type);
    detail::append_varint(records, layer.data_begin);
    detail::append_varint(records, layer.blob_count);
    detail::append_bytes(records, layer.blobs);
  }
  detail::append_bytes(begins, records);
  return begins;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(PACKED)

#endif  // NUQ_PACKED_MODEL_WRITER_HPP
