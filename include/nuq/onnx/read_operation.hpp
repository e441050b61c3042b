#ifndef NUQ_ONNX_READ_OPERATION_HPP
#define NUQ_ONNX_READ_OPERATION_HPP

#include <optional>

#include "nuq/compiled.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a node of ONNX's own operations computes: a mere translation of its attributes and constant inputs. `Unknown`
/// with an obstacle for an operation, a form or an attribute that the library does not know.
NUQ_FUNCTION [[nodiscard]] OnnxOperation read_onnx_operation(OnnxNodeReader& node);

/// The whole numbers that a node computes from shapes and constants; nothing for one that computes others.
NUQ_FUNCTION [[nodiscard]] std::optional<OnnxNumbers> read_onnx_numbers(OnnxNodeReader& node);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "nuq/core/array_view.hpp"
#include "nuq/onnx/detail/read_elementwise.hpp"
#include "nuq/onnx/detail/read_functions.hpp"
#include "nuq/onnx/detail/read_numbers.hpp"
#include "nuq/onnx/detail/read_quantization.hpp"
#include "nuq/onnx/detail/read_resize.hpp"
#include "nuq/onnx/detail/read_tensors.hpp"
#include "nuq/onnx/detail/read_weighted.hpp"
#include "nuq/onnx/detail/read_windows.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

struct OnnxReader {
  std::string_view type;
  OnnxOperation (*read)(OnnxNodeReader&);
};

/// Every operation that is understood.
NUQ_FUNCTION [[nodiscard]] inline ArrayView<const OnnxReader> onnx_readers() noexcept {
  static constexpr OnnxReader readers[] = {
      {"Abs", read_pointwise<ops::AbsoluteValue>},
      {"Acos", read_function<ops::PointwiseFunction::arc_cosine>},
      {"Acosh", read_function<ops::PointwiseFunction::area_cosine>},
      {"Add", read_onnx_add},
      {"And", read_comparison<holds_both>},
      {"ArgMax", read_place_search<true>},
      {"ArgMin", read_place_search<false>},
      {"Asin", read_function<ops::PointwiseFunction::arc_sine>},
      {"Asinh", read_function<ops::PointwiseFunction::area_sine>},
      {"Atan", read_function<ops::PointwiseFunction::arc_tangent>},
      {"Atanh", read_function<ops::PointwiseFunction::area_tangent>},
      {"AveragePool", read_average_pool},
      {"BatchNormalization", read_batch_normalization},
      {"Cast", read_onnx_cast},
      {"Ceil", read_function<ops::PointwiseFunction::ceiling>},
      {"Celu", read_celu},
      {"Clip", read_onnx_clip},
      {"Concat", read_onnx_concat},
      {"ConstantOfShape", read_of_shapes},
      {"Conv", read_conv},
      {"ConvTranspose", read_conv_transpose},
      {"Cos", read_function<ops::PointwiseFunction::cosine>},
      {"Cosh", read_function<ops::PointwiseFunction::hyperbolic_cosine>},
      {"CumSum", read_cum_sum},
      {"DepthToSpace", read_depth_to_space},
      {"DequantizeLinear", read_dequantize_linear},
      {"Div", read_onnx_div},
      {"Dropout", read_onnx_dropout},
      {"Elu", read_onnx_elu},
      {"Equal", read_equal},
      {"Erf", read_function<ops::PointwiseFunction::erf>},
      {"Exp", read_pointwise<ops::Exp>},
      {"Expand", read_expand},
      {"Flatten", read_onnx_flatten},
      {"Floor", read_function<ops::PointwiseFunction::floor>},
      {"GRU", read_recurrent<RecurrentCell::gru>},
      {"Gather", read_gather},
      {"GatherElements", read_gather_elements},
      {"Gelu", read_gelu},
      {"Gemm", read_gemm},
      {"GlobalAveragePool", read_global_average_pool},
      {"GlobalMaxPool", read_global_max_pool},
      {"Greater", read_comparison<is_greater>},
      {"GreaterOrEqual", read_comparison<is_not_less>},
      {"GroupNormalization", read_group_normalization},
      {"HardSigmoid", read_hard_sigmoid},
      {"HardSwish", read_function<ops::PointwiseFunction::hard_swish>},
      {"Hardmax", read_hardmax},
      {"Identity", read_pointwise<ops::Split>},
      {"InstanceNormalization", read_instance_normalization},
      {"IsInf", read_is_infinite},
      {"IsNaN", read_is_nan},
      {"LRN", read_onnx_lrn},
      {"LSTM", read_recurrent<RecurrentCell::lstm>},
      {"LayerNormalization", read_layer_normalization},
      {"LeakyRelu", read_leaky_relu},
      {"Less", read_comparison<is_less>},
      {"LessOrEqual", read_comparison<is_not_greater>},
      {"Log", read_pointwise<ops::Log>},
      {"LogSoftmax", read_soft<true>},
      {"LpNormalization", read_lp_normalization},
      {"MatMul", read_mat_mul},
      {"Max", read_onnx_max},
      {"MaxPool", read_max_pool},
      {"Mean", read_onnx_mean},
      {"Min", read_onnx_min},
      {"Mish", read_pointwise<ops::Mish>},
      {"Mod", read_mod},
      {"Mul", read_onnx_mul},
      {"Neg", read_neg},
      {"Not", read_not},
      {"Or", read_comparison<holds_either>},
      {"PRelu", read_onnx_prelu},
      {"Pad", read_onnx_pad},
      {"Pow", read_onnx_pow},
      {"QuantizeLinear", read_quantize_linear},
      {"RNN", read_recurrent<RecurrentCell::tanh>},
      {"Range", read_of_shapes},
      {"Reciprocal", read_reciprocal},
      {"ReduceL1", read_reduce<ops::ReduceMethod::sum_of_magnitudes>},
      {"ReduceL2", read_reduce<ops::ReduceMethod::norm>},
      {"ReduceMax", read_reduce<ops::ReduceMethod::maximum>},
      {"ReduceMean", read_reduce<ops::ReduceMethod::mean>},
      {"ReduceMin", read_reduce<ops::ReduceMethod::minimum>},
      {"ReduceProd", read_reduce<ops::ReduceMethod::product>},
      {"ReduceSum", read_reduce<ops::ReduceMethod::sum>},
      {"ReduceSumSquare", read_reduce<ops::ReduceMethod::sum_of_squares>},
      {"Relu", read_pointwise<ops::Relu>},
      {"Reshape", read_onnx_reshape},
      {"Resize", read_resize},
      {"Round", read_function<ops::PointwiseFunction::round>},
      {"Selu", read_selu},
      {"Shape", read_of_shapes},
      {"Shrink", read_shrink},
      {"Sigmoid", read_pointwise<ops::Sigmoid>},
      {"Sign", read_function<ops::PointwiseFunction::sign>},
      {"Sin", read_function<ops::PointwiseFunction::sine>},
      {"Sinh", read_function<ops::PointwiseFunction::hyperbolic_sine>},
      {"Size", read_of_shapes},
      {"Slice", read_onnx_slice},
      {"Softmax", read_onnx_softmax},
      {"Softplus", read_pointwise<ops::Softplus>},
      {"Softsign", read_function<ops::PointwiseFunction::softsign>},
      {"SpaceToDepth", read_space_to_depth},
      {"Split", read_onnx_split},
      {"Sqrt", read_sqrt},
      {"Squeeze", read_squeeze},
      {"Sub", read_onnx_sub},
      {"Sum", read_onnx_sum},
      {"Swish", read_swish},
      {"Tan", read_function<ops::PointwiseFunction::tangent>},
      {"Tanh", read_pointwise<ops::Tanh>},
      {"ThresholdedRelu", read_thresholded_relu},
      {"Tile", read_onnx_tile},
      {"TopK", read_top_k},
      {"Transpose", read_transpose},
      {"Trilu", read_trilu},
      {"Unsqueeze", read_unsqueeze},
      {"Upsample", read_onnx_upsample},
      {"Where", read_where},
      {"Xor", read_comparison<differs>},
  };
  return {readers, sizeof readers / sizeof readers[0]};
}

NUQ_FUNCTION [[nodiscard]] inline bool has_whole_numbers_of_many_bits(const OnnxNodeReader& node) {
  const int type = node.type_of(0);
  return type == onnx_schema::TensorProto::INT32 || type == onnx_schema::TensorProto::INT64;
}

/// Whether an operation counts with whole numbers as no floats do: a quotient drops its fraction, and numbers of a few
/// bits begin anew behind the largest.
NUQ_FUNCTION [[nodiscard]] inline bool counts_in_whole_numbers(const OnnxNodeReader& node) {
  using T = onnx_schema::TensorProto;
  OnnxConstant input;
  input.type = node.type_of(0);
  if (!input.is_integer() || input.type == T::BOOL) return false;
  const auto is_among = [&node](std::initializer_list<std::string_view> types) {
    return std::find(types.begin(), types.end(), node.type()) != types.end();
  };
  if (is_among({"Div", "Mean", "Pow", "ReduceMean", "ReduceL2", "AveragePool"})) return true;
  return !has_whole_numbers_of_many_bits(node) &&
         is_among({"Abs", "Add", "CumSum", "MatMul", "Mul", "Neg", "ReduceL1", "ReduceProd", "ReduceSum",
                   "ReduceSumSquare", "Sub", "Sum"});
}

}  // namespace detail

NUQ_DEFINITION OnnxOperation read_onnx_operation(OnnxNodeReader& node) {
  if (node.type() == "Div" && detail::has_whole_numbers_of_many_bits(node)) return detail::read_whole_quotient(node);
  if (detail::counts_in_whole_numbers(node)) {
    return detail::not_computed(
        node, "a " + node.type() + " of values of type " + onnx_type_name(node.type_of(0)) + " is not computed");
  }
  for (const detail::OnnxReader& reader : detail::onnx_readers()) {
    if (reader.type != node.type()) continue;
    OnnxOperation operation = reader.read(node);
    const std::string unread = node.unread();
    if (operation.obstacle.empty() && !unread.empty())
      operation.obstacle = "attribute '" + unread + "' is not understood";
    return operation;
  }
  return detail::not_computed(node, "operation '" + node.type() + "' is not known");
}

NUQ_DEFINITION std::optional<OnnxNumbers> read_onnx_numbers(OnnxNodeReader& node) {
  return detail::numbers_of(node);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_READ_OPERATION_HPP
