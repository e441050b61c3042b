#ifndef NUQ_PACKED_STORED_PARTS_HPP
#define NUQ_PACKED_STORED_PARTS_HPP

#include <cstddef>

#include "nuq/compiled.hpp"
#include "nuq/packed/byte_access.hpp"
#include "nuq/packed/layer_coding.hpp"
#include "nuq/packed/level_set.hpp"
#include "nuq/packed/packed_blob.hpp"
#include "nuq/packed/rans_coding.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What the stored bytes of a blob are spent on.
struct StoredParts {
  std::size_t indices = 0;  ///< which level each weight has
  std::size_t tables = 0;   ///< which levels there are, and how often
  std::size_t scales = 0;
  std::size_t values = 0;  ///< of a blob that is not coded in levels
};

namespace detail {

/// Bytes in front of the indices of coded levels; 0 where they are malformed.
NUQ_FUNCTION [[nodiscard]] inline std::size_t table_bytes(const PackedBlob& blob) noexcept {
  if (blob.coding == LevelCoding::raw) return 0;
  if (blob.coding == LevelCoding::rans) {
    RansLayer layer;
    if (read_parts(blob.data, coded_rows(blob.shape.extents, blob.shape.axes), layer) != DecodeStatus::ok) return 0;
    return blob.data.size() - layer.rare_states.size() - layer.rare_words.size() - layer.states.size() -
           layer.words.size();
  }
  ByteReader reader(blob.data);
  if (read_level_set(reader).size == 0) return 0;
  if (blob.coding == LevelCoding::adaptive) static_cast<void>(reader.varint());
  return reader.failed() ? 0 : blob.data.size() - reader.rest().size();
}

}  // namespace detail

/// How a blob is stored, in a word.
NUQ_FUNCTION [[nodiscard]] inline const char* coding_name(const PackedBlob& blob) noexcept {
  if (!blob.is_coded) return blob.has_coded_floats ? "floats" : "values";
  switch (blob.coding) {
    case LevelCoding::raw:
      return "int8";
    case LevelCoding::palette:
      return "palette";
    case LevelCoding::rans:
      return "rans";
    case LevelCoding::adaptive:
      return "adaptive";
  }
  return "unknown";
}

/// Of one blob.
NUQ_FUNCTION [[nodiscard]] inline StoredParts stored_parts(const PackedBlob& blob) noexcept {
  StoredParts parts;
  parts.scales = blob.scales.size();
  if (!blob.is_coded) {
    parts.values = blob.data.size();
    return parts;
  }
  parts.tables = detail::table_bytes(blob);
  parts.indices = blob.data.size() - parts.tables;
  return parts;
}

NUQ_NAMESPACE_END

#endif  // NUQ_PACKED_STORED_PARTS_HPP
