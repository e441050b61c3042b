#ifndef NUQ_PACKED_MODEL_VIEW_HPP
#define NUQ_PACKED_MODEL_VIEW_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/crc32.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/packed/packed_blob.hpp"
#include "nuq/packed/packed_text.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline std::string_view as_text(Bytes bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// False where the bytes are no shape.
NUQ_FUNCTION [[nodiscard]] inline bool read_shape(ByteReader& reader, PackedShape& shape) noexcept {
  shape.axes = reader.u8();
  if (shape.axes > PackedShape::max_axes) return false;
  for (std::size_t axis = 0; axis < shape.axes; ++axis) shape.extents[axis] = reader.varint();
  return !reader.failed();
}

/// What a blob's record says about coded levels, and how many bytes they have; false where it cannot be.
NUQ_FUNCTION [[nodiscard]] inline bool read_coding(ByteReader& reader, PackedBlob& blob,
                                                   std::uint64_t& coded_bytes) noexcept {
  const std::uint64_t scales = reader.varint();
  const std::uint8_t has_layout = reader.u8();
  blob.layout = row_layout(blob.count, scales);
  if (has_layout == 1) {
    blob.layout.run = reader.varint();
    blob.layout.period = reader.varint();
  }
  coded_bytes = reader.varint();
  if (reader.failed() || has_layout > 1 || blob.count == 0) return false;
  if (blob.type == ElementType::int8 ? scales != 0 || has_layout != 0
                                     : !is_valid_layout(blob.layout, scales, blob.count))
    return false;
  blob.scale_count = static_cast<std::size_t>(scales);
  return true;
}

/// Reads a blob's record and takes its data from `data`; false where either is malformed or too short.
NUQ_FUNCTION [[nodiscard]] inline bool read_blob(ByteReader& reader, ByteReader& data, PackedBlob& blob) noexcept {
  blob = {};
  const std::uint8_t type = reader.u8();
  const std::uint8_t storage = reader.u8();
  blob.type = static_cast<ElementType>(type);
  std::uint64_t count = 0;
  if (reader.failed() || element_bytes(blob.type) == 0 || storage > coded_float_storage) return false;
  if (!read_shape(reader, blob.shape) || !count_elements(blob.shape, count)) return false;
  blob.count = static_cast<std::size_t>(count);
  blob.has_coded_floats = storage == coded_float_storage;
  blob.is_coded = storage > 0 && !blob.has_coded_floats;
  std::uint64_t data_bytes = count * element_bytes(blob.type);
  if (blob.is_coded) {
    if (blob.type != ElementType::float32 && blob.type != ElementType::int8) return false;
    blob.coding = static_cast<LevelCoding>(storage - 1);
    if (!read_coding(reader, blob, data_bytes)) return false;
  }
  if (blob.has_coded_floats) {
    if (blob.type != ElementType::float32) return false;
    data_bytes = reader.varint();
  }
  blob.checksum = reader.u32();
  const std::size_t scale_bytes = 4 * blob.scale_count;
  if (data_bytes > data.rest().size() || scale_bytes > data.rest().size() - data_bytes) return false;
  blob.stored = data.bytes(scale_bytes + data_bytes);
  blob.scales = {blob.stored.data(), scale_bytes};
  blob.data = {blob.stored.data() + scale_bytes, static_cast<std::size_t>(data_bytes)};
  return !reader.failed();
}

/// What a layer's record says before its blobs.
struct LayerHead {
  std::string_view name;
  std::string_view type;
  std::uint64_t type_of = 0;  ///< n: the type is that of layer n − 1
  std::uint64_t data_begin = 0;
  std::uint64_t blob_count = 0;
};

/// False where the record is malformed.
NUQ_FUNCTION [[nodiscard]] inline bool read_layer_head(ByteReader& reader, unsigned version, LayerHead& head) noexcept {
  head.name = as_text(reader.bytes(reader.varint()));
  head.type_of = version == 1 ? 0 : reader.varint();
  if (head.type_of == 0) head.type = as_text(reader.bytes(reader.varint()));
  head.data_begin = reader.varint();
  head.blob_count = reader.varint();
  return !reader.failed();
}

/// Reads a text section; false where it cannot be one.
NUQ_FUNCTION [[nodiscard]] inline bool read_text(Bytes section, unsigned version, PackedText& text) noexcept {
  ByteReader reader(section);
  const std::uint64_t size = version == 1 ? section.size() : reader.varint();
  text.data = reader.rest();
  text.is_coded = size != text.data.size();
  text.size = static_cast<std::size_t>(size);
  return !reader.failed() && (!text.is_coded || (text.data.size() < size && size <= max_coded_text));
}

}  // namespace detail

/// A layer of a packed file: a view of the file's memory.
class PackedLayer {
 public:
  PackedLayer() = default;
  NUQ_FUNCTION PackedLayer(std::string_view name, std::string_view type, std::size_t blob_count, detail::Bytes records,
                           detail::Bytes data) noexcept
      : name_(name), type_(type), blob_count_(blob_count), records_(records), data_(data) {}

  [[nodiscard]] std::string_view name() const noexcept { return name_; }
  [[nodiscard]] std::string_view type() const noexcept { return type_; }
  [[nodiscard]] std::size_t blob_count() const noexcept { return blob_count_; }

  /// Blob `index`; an empty one from blob_count() on.
  NUQ_FUNCTION [[nodiscard]] PackedBlob blob(std::size_t index) const noexcept {
    PackedBlob found;
    visit_blobs([&](std::size_t place, const PackedBlob& blob) {
      if (place == index) found = blob;
      return place < index;
    });
    return found;
  }

  /// Calls visit(index, blob) for one blob after the other while it returns true.
  template <class Visitor>
  void visit_blobs(Visitor&& visit) const {
    detail::ByteReader records(records_);
    detail::ByteReader data(data_);
    PackedBlob blob;
    for (std::size_t index = 0; index < blob_count_; ++index) {
      if (!detail::read_blob(records, data, blob) || !visit(index, blob)) return;
    }
  }

 private:
  std::string_view name_;
  std::string_view type_;
  std::size_t blob_count_ = 0;
  detail::Bytes records_;
  detail::Bytes data_;  ///< from this layer's first blob to the end of the file
};

/// A packed model file in memory. Nothing is copied or allocated; the memory must outlive the view and all that comes
/// from it. Any number of threads may read at once. `open` checks all sizes and the checksums of header and directory;
/// `verify` checks those of text and blobs.
class PackedModelView {
 public:
  PackedModelView() = default;

  /// Views a file of `size` bytes at `data`. Anything but `ok` leaves the view empty.
  NUQ_FUNCTION [[nodiscard]] DecodeStatus open(const void* data, std::size_t size) noexcept {
    *this = {};
    PackedModelView opened;
    DecodeStatus status = opened.read_header({static_cast<const std::uint8_t*>(data), size});
    if (status == DecodeStatus::ok) status = opened.check_records();
    if (status == DecodeStatus::ok) *this = opened;
    return status;
  }

  /// The prototxt, for decode_text.
  [[nodiscard]] const PackedText& text() const noexcept { return text_; }
  [[nodiscard]] std::size_t layer_count() const noexcept { return layer_count_; }

  /// Layer `index`; an empty one from layer_count() on.
  NUQ_FUNCTION [[nodiscard]] PackedLayer layer(std::size_t index) const noexcept {
    PackedLayer layer;
    if (index >= layer_count_) return layer;
    detail::ByteReader reader = record(index);
    detail::LayerHead head;
    if (!detail::read_layer_head(reader, version_, head) || head.data_begin > data_.size()) return layer;
    if (head.type_of > 0) head.type = type_at(static_cast<std::size_t>(head.type_of - 1));
    const auto begin = static_cast<std::size_t>(head.data_begin);
    layer = {head.name,
             head.type,
             static_cast<std::size_t>(head.blob_count),
             reader.rest(),
             {data_.data() + begin, data_.size() - begin}};
    return layer;
  }

  /// The first layer of this name; layer_count() where there is none.
  NUQ_FUNCTION [[nodiscard]] std::size_t find(std::string_view name) const noexcept {
    std::size_t index = 0;
    while (index < layer_count_ && layer(index).name() != name) ++index;
    return index;
  }

  /// Compares all checksums. Where one differs and `damaged` is not null, that is the layer's index, layer_count() for
  /// the text.
  NUQ_FUNCTION [[nodiscard]] DecodeStatus verify(std::size_t* damaged = nullptr) const noexcept {
    std::size_t index = 0;
    while (index < layer_count_ && is_intact(layer(index))) ++index;
    if (index == layer_count_ && crc32(text_section_) == text_checksum_) return DecodeStatus::ok;
    if (damaged != nullptr) *damaged = index;
    return DecodeStatus::checksum_mismatch;
  }

 private:
  NUQ_FUNCTION [[nodiscard]] static bool is_intact(const PackedLayer& layer) noexcept {
    bool intact = true;
    layer.visit_blobs([&](std::size_t, const PackedBlob& blob) {
      intact = crc32(blob.stored) == blob.checksum;
      return intact;
    });
    return intact;
  }

  NUQ_FUNCTION [[nodiscard]] DecodeStatus read_header(detail::Bytes file) noexcept {
    if (file.size() < detail::packed_magic.size()) return DecodeStatus::truncated;
    if (!std::equal(detail::packed_magic.begin(), detail::packed_magic.end(), file.data()))
      return DecodeStatus::not_a_packed_file;
    if (file.size() < detail::packed_header_bytes) return DecodeStatus::truncated;
    const std::uint8_t* const header = file.data();
    version_ = detail::load_u16(header + 4);
    if (version_ == 0 || version_ > detail::packed_version || detail::load_u16(header + 6) != 0)
      return DecodeStatus::unsupported_version;
    if (crc32({header, 44}) != detail::load_u32(header + 44)) return DecodeStatus::checksum_mismatch;
    if (detail::load_u64(header + 8) != file.size()) return DecodeStatus::truncated;
    detail::ByteReader sections({header + detail::packed_header_bytes, file.size() - detail::packed_header_bytes});
    text_section_ = sections.bytes(detail::load_u64(header + 16));
    text_checksum_ = detail::load_u32(header + 24);
    layer_count_ = detail::load_u32(header + 28);
    const detail::Bytes directory = sections.bytes(detail::load_u64(header + 32));
    data_ = sections.rest();
    if (sections.failed() || layer_count_ > directory.size() / 4) return DecodeStatus::malformed;
    if (!detail::read_text(text_section_, version_, text_)) return DecodeStatus::malformed;
    if (crc32(directory) != detail::load_u32(header + 40)) return DecodeStatus::checksum_mismatch;
    begins_ = {directory.data(), 4 * layer_count_};
    records_ = {directory.data() + begins_.size(), directory.size() - begins_.size()};
    return DecodeStatus::ok;
  }

  /// Records and data must follow one another without gap or overlap.
  NUQ_FUNCTION [[nodiscard]] DecodeStatus check_records() const noexcept {
    detail::ByteReader reader(records_);
    detail::ByteReader data(data_);
    for (std::size_t index = 0; index < layer_count_; ++index) {
      if (record_begin(index) != records_.size() - reader.rest().size()) return DecodeStatus::malformed;
      detail::LayerHead head;
      if (!detail::read_layer_head(reader, version_, head) || !has_type(head, index)) return DecodeStatus::malformed;
      if (head.data_begin != data_.size() - data.rest().size()) return DecodeStatus::malformed;
      PackedBlob blob;
      for (std::uint64_t place = 0; place < head.blob_count; ++place) {
        if (!detail::read_blob(reader, data, blob)) return DecodeStatus::malformed;
      }
    }
    return reader.rest().empty() && data.rest().empty() ? DecodeStatus::ok : DecodeStatus::malformed;
  }

  /// Whether the type of layer `index` is its own, or that of a layer before which has one.
  NUQ_FUNCTION [[nodiscard]] bool has_type(const detail::LayerHead& head, std::size_t index) const noexcept {
    if (head.type_of == 0) return true;
    detail::ByteReader reader =
        head.type_of > index ? detail::ByteReader({}) : record(static_cast<std::size_t>(head.type_of - 1));
    detail::LayerHead other;
    return detail::read_layer_head(reader, version_, other) && other.type_of == 0;
  }

  NUQ_FUNCTION [[nodiscard]] std::string_view type_at(std::size_t index) const noexcept {
    detail::ByteReader reader = record(index);
    detail::LayerHead head;
    static_cast<void>(detail::read_layer_head(reader, version_, head));
    return head.type;
  }

  /// The record of a layer; all of those before have been checked.
  NUQ_FUNCTION [[nodiscard]] detail::ByteReader record(std::size_t index) const noexcept {
    const std::size_t begin = record_begin(index);
    return detail::ByteReader({records_.data() + begin, record_begin(index + 1) - begin});
  }

  NUQ_FUNCTION [[nodiscard]] std::size_t record_begin(std::size_t index) const noexcept {
    return index == layer_count_ ? records_.size() : detail::load_u32(begins_.data() + 4 * index);
  }

  unsigned version_ = detail::packed_version;
  detail::Bytes text_section_;
  PackedText text_;
  detail::Bytes begins_;  ///< 4 bytes a layer: where its record begins
  detail::Bytes records_;
  detail::Bytes data_;
  std::uint32_t text_checksum_ = 0;
  std::size_t layer_count_ = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_MODEL_VIEW_HPP
