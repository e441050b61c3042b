#ifndef NUQ_PACKED_PACKED_MODEL_HPP
#define NUQ_PACKED_PACKED_MODEL_HPP

#include "nuq/compiled.hpp"
#include "nuq/version.hpp"

#if NUQ_HAS_EXCEPTIONS

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/core/error.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/packed/model_view.hpp"

NUQ_NAMESPACE_BEGIN

/// PackedModelView with exceptions in place of statuses, and vectors in place of the caller's memory.
class PackedModel {
 public:
  /// Opens and verifies a file in memory, which must outlive this. `name` is for messages.
  /// @throws FormatError malformed_file, unsupported_format, resource_limit.
  NUQ_FUNCTION PackedModel(const void* data, std::size_t size, std::string name = "packed file")
      : name_(std::move(name)) {
    check(view_.open(data, size), "");
    check(view_.verify(), "");
    const std::uint64_t most = ResourceLimits::from_environment().most_expanded(size);
    if (view_.text().size > most) {
      throw FormatError(ErrorCode::resource_limit, name_ + ": its text is of " + std::to_string(view_.text().size) +
                                                       " bytes, the limit is " + std::to_string(most));
    }
    prototxt_.resize(view_.text().size);
    check(decode_text(view_.text(), {prototxt_.data(), prototxt_.size()}), "");
  }

  [[nodiscard]] const PackedModelView& view() const noexcept { return view_; }
  [[nodiscard]] const std::string& prototxt() const noexcept { return prototxt_; }

  /// @throws FormatError unknown_name.
  NUQ_FUNCTION [[nodiscard]] PackedLayer layer(std::string_view layer_name) const {
    const std::size_t index = view_.find(layer_name);
    if (index == view_.layer_count())
      throw FormatError(ErrorCode::unknown_name, name_ + ": has no layer '" + std::string(layer_name) + "'");
    return view_.layer(index);
  }

  /// The values of a float32 blob.
  /// @throws FormatError malformed_file, unknown_name.
  NUQ_FUNCTION [[nodiscard]] std::vector<float> floats(std::string_view layer_name, std::size_t index) const {
    const PackedBlob blob = this->blob(layer_name, index);
    std::vector<float> values(blob.count);
    check(decode_floats(blob, values), layer_name);
    return values;
  }

  /// The levels of a coded blob, or the values of an int8 blob.
  /// @throws FormatError malformed_file, unknown_name.
  NUQ_FUNCTION [[nodiscard]] std::vector<std::int8_t> levels(std::string_view layer_name, std::size_t index) const {
    const PackedBlob blob = this->blob(layer_name, index);
    std::vector<std::int8_t> values(blob.count);
    check(decode_levels(blob, values), layer_name);
    return values;
  }

 private:
  NUQ_FUNCTION [[nodiscard]] PackedBlob blob(std::string_view layer_name, std::size_t index) const {
    const PackedLayer found = layer(layer_name);
    if (index >= found.blob_count()) {
      throw FormatError(ErrorCode::unknown_name, name_ + ": layer '" + std::string(layer_name) + "': has no blob " +
                                                     std::to_string(index) + ", it has " +
                                                     std::to_string(found.blob_count()));
    }
    return found.blob(index);
  }

  NUQ_FUNCTION void check(DecodeStatus status, std::string_view layer_name) const {
    if (status == DecodeStatus::ok) return;
    const std::string where = layer_name.empty() ? name_ : name_ + ": layer '" + std::string(layer_name) + "'";
    throw FormatError(
        status == DecodeStatus::unsupported_version ? ErrorCode::unsupported_format : ErrorCode::malformed_file,
        where + ": " + status_text(status));
  }

  std::string name_;
  PackedModelView view_;
  std::string prototxt_;
};

NUQ_NAMESPACE_END

#endif  // NUQ_HAS_EXCEPTIONS
#endif  // NUQ_PACKED_PACKED_MODEL_HPP
