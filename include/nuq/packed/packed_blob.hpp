#ifndef NUQ_PACKED_PACKED_BLOB_HPP
#define NUQ_PACKED_PACKED_BLOB_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/detail/scale_levels.hpp"
#include "nuq/packed/float_coding.hpp"
#include "nuq/packed/format.hpp"
#include "nuq/packed/instruction_set.hpp"
#include "nuq/packed/layer_coding.hpp"
#include "nuq/packed/status.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A blob of a packed file: a view of the file's memory. All sizes have been checked.
struct PackedBlob {
  ElementType type = ElementType::float32;
  PackedShape shape;
  std::size_t count = 0;  ///< values, the product of the extents

  bool is_coded = false;          ///< levels in `coding`; otherwise the values themselves
  bool has_coded_floats = false;  ///< or, where this is true, their code (float_coding.hpp)
  LevelCoding coding = LevelCoding::raw;
  std::size_t scale_count = 0;  ///< of coded float32 blobs ≥ 1, otherwise 0
  ScaleLayout layout;

  ArrayView<const std::uint8_t> scales;  ///< 4 bytes each, little-endian
  ArrayView<const std::uint8_t> data;    ///< coded levels or floats, or the values little-endian
  ArrayView<const std::uint8_t> stored;  ///< both
  std::uint32_t checksum = 0;            ///< CRC-32 that `stored` should have

  /// Scale `index` < scale_count.
  NUQ_FUNCTION [[nodiscard]] float scale(std::size_t index) const noexcept {
    const std::uint32_t bits = detail::load_u32(scales.data() + 4 * index);
    float value = 0.0F;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
};

/// The int8 levels of a coded blob, or the values of an int8 blob, into `blob.count` places.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_levels(
    const PackedBlob& blob, ArrayView<std::int8_t> out, InstructionSet instructions = best_instruction_set()) noexcept {
  if (!blob.is_coded && blob.type != ElementType::int8) return DecodeStatus::wrong_type;
  if (out.size() != blob.count) return DecodeStatus::wrong_size;
  return decode_levels(blob.coding, blob.data, detail::coded_rows(blob.shape.extents, blob.shape.axes), out,
                       instructions);
}

/// The values of a float32 blob into `blob.count` places: those of coded levels are level · scale, one float product.
NUQ_FUNCTION [[nodiscard]] inline DecodeStatus decode_floats(
    const PackedBlob& blob, ArrayView<float> out, InstructionSet instructions = best_instruction_set()) noexcept {
  if (blob.type != ElementType::float32) return DecodeStatus::wrong_type;
  if (out.size() != blob.count) return DecodeStatus::wrong_size;
  if (blob.has_coded_floats) return decode_float_values(blob.data, out);
  if (!blob.is_coded) {
    for (std::size_t index = 0; index < out.size(); ++index) {
      const std::uint32_t bits = detail::load_u32(blob.data.data() + 4 * index);
      std::memcpy(&out[index], &bits, sizeof bits);
    }
    return DecodeStatus::ok;
  }
  const ArrayView<std::int8_t> levels = detail::levels_behind(out);
  const DecodeStatus status = decode_levels(blob, levels, instructions);
  if (status != DecodeStatus::ok) return status;
  const auto run = static_cast<std::size_t>(blob.layout.run);
  const auto period = static_cast<std::size_t>(blob.layout.period);
  const std::size_t runs = blob.count / run;
  const std::size_t runs_of_block = runs / (blob.scale_count / period);
  for (std::size_t index = 0; index < runs; ++index) {
    const float scale = blob.scale(index / runs_of_block * period + index % period);
    detail::scale_levels(levels.data() + index * run, scale, out.data() + index * run, run, instructions);
  }
  return DecodeStatus::ok;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_PACKED_BLOB_HPP
