#ifndef NUQ_PACKED_HPP
#define NUQ_PACKED_HPP

/// Reads packed model files (`.nuq`) from memory: the standard library alone, no allocation, no exceptions, no RTTI.
///
///   inline bool decode(const void* bytes, std::size_t size, std::vector<float>& values) {
///     nuq::PackedModelView model;
///     if (model.open(bytes, size) != nuq::DecodeStatus::ok) return false;
///     const nuq::PackedBlob weights = model.layer(model.find("conv1")).blob(0);
///     values.resize(weights.count);
///     return nuq::decode_floats(weights, values) == nuq::DecodeStatus::ok;
///   }
///
/// Layers may be decoded on several threads at once. Where exceptions are on, PackedModel does the same and throws.

#include "nuq/packed/model_view.hpp"
#include "nuq/packed/packed_model.hpp"
#include "nuq/version.hpp"

#endif  // NUQ_PACKED_HPP
