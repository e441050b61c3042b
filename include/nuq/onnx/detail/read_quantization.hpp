#ifndef NUQ_ONNX_DETAIL_READ_QUANTIZATION_HPP
#define NUQ_ONNX_DETAIL_READ_QUANTIZATION_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/finite.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/detail/read_common.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// Scales and levels that stand for 0, inputs 1 and 2; the reason where they cannot be computed with.
NUQ_FUNCTION [[nodiscard]] inline std::string read_grid(OnnxNodeReader& node, int& type, ops::LinearLevels& levels) {
  levels.axis = node.integer("axis", 1);
  const std::optional<OnnxConstant> scale = node.constant(1);
  const std::optional<OnnxConstant> zero = node.constant(2);
  if (!scale || !scale->is_float() || (node.has_input(2) && !zero)) return "its scale and zero point are not constant";
  if (node.integer("block_size", 0) != 0 || scale->shape.size() > 1) return "scales of blocks are not computed";
  levels.scales = scale->floats;
  levels.zeros = zero ? zero->values() : std::vector<float>(levels.scales.size());
  const auto is_scale = [](float value) { return is_finite(value) && value > 0.0F; };
  if (levels.scales.empty() || !std::all_of(levels.scales.begin(), levels.scales.end(), is_scale))
    return "its scales '" + node.input(1) + "' are not all numbers above 0";
  if (levels.zeros.size() != levels.scales.size()) return "it has other numbers of scales and zero points";
  if (zero) type = zero->type;
  if (zero && !zero->is_integer()) return "levels of type " + onnx_type_name(type) + " are not computed";
  return {};
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_quantize_linear(OnnxNodeReader& node) {
  using T = onnx_schema::TensorProto;
  node.ignore("saturate");  // of other types
  int type = static_cast<int>(node.integer("output_dtype", T::UINT8));
  if (type == T::UNDEFINED) type = T::UINT8;
  ops::LinearLevels levels;
  levels.to_levels = true;
  if (std::string problem = read_grid(node, type, levels); !problem.empty())
    return not_computed(node, std::move(problem));
  const bool is_signed = type == T::INT8 || type == T::INT16;
  const bool is_wide = type == T::INT16 || type == T::UINT16;
  if (!is_signed && !is_wide && type != T::UINT8)
    return not_computed(node, "levels of type " + onnx_type_name(type) + " are not computed");
  const float count = is_wide ? 65536.0F : 256.0F;
  levels.lowest = is_signed ? -count / 2.0F : 0.0F;
  levels.highest = levels.lowest + count - 1.0F;
  return same_shape(node, std::move(levels));
}

NUQ_FUNCTION [[nodiscard]] inline OnnxOperation read_dequantize_linear(OnnxNodeReader& node) {
  int type = onnx_schema::TensorProto::UINT8;
  ops::LinearLevels levels;
  if (std::string problem = read_grid(node, type, levels); !problem.empty())
    return not_computed(node, std::move(problem));
  return same_shape(node, std::move(levels));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ONNX_DETAIL_READ_QUANTIZATION_HPP
