#ifndef NUQ_ADAPTERS_DETAIL_OPENCV_LAYER_HPP
#define NUQ_ADAPTERS_DETAIL_OPENCV_LAYER_HPP

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/dnn/layer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nuq/caffe/read_operation.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/engine/any_layer.hpp"
#include "nuq/engine/layer_call.hpp"
#include "nuq/engine/layer_catalogue.hpp"
#include "nuq/engine/workspace.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The type under which OpenCV's factory knows OpenCvLayer; no other library's.
inline constexpr char opencv_layer_type[] = "nuq.Layer";

/// True for the vendor's layers, which OpenCV does not have: OpenCvLayer computes them there. (IFMR, which has no
/// output, needs no computing.)
[[nodiscard]] inline bool is_computed_by_opencv_layer(const Node& node) noexcept {
  return is<ops::Quant>(node) || is<ops::DeQuant>(node) || is<ops::AntiQuant>(node) ||
         is<ops::ActivationObserver>(node);
}

/// One of these layers as a blob that OpenCV hands on to OpenCvLayer: whether it reads sums of levels, then the bytes
/// of its message, one number each.
[[nodiscard]] inline schema::BlobProto description_blob(const Node& node) {
  schema::LayerParameter layer;
  layer.set_name(node.name);
  layer.set_type(node.type);
  if (const auto* quant = node.operation.get_if<ops::Quant>()) {
    schema::QuantParameter& parameter = *layer.mutable_quant_param();
    parameter.set_scale(quant->reciprocal_scale);
    parameter.set_offset(std::string(quant->offset.begin(), quant->offset.end()));
    parameter.set_with_offset(quant->with_offset);
  }
  schema::BlobProto blob;
  blob.add_data(node.sum_scales.empty() ? 0.0F : 1.0F);
  for (const char byte : layer.SerializeAsString()) blob.add_data(static_cast<float>(static_cast<unsigned char>(byte)));
  blob.mutable_shape()->add_dim(blob.data_size());
  return blob;
}

[[nodiscard]] inline ArrayView<const float> values_of(const cv::Mat& matrix) {
  return {matrix.ptr<float>(), matrix.total()};
}

[[nodiscard]] inline Shape shape_of(const cv::Mat& matrix) {
  return {matrix.size.p, matrix.size.p + matrix.dims};
}

/// One of the library's own layers inside a network of OpenCV: of one input, with outputs of its shape. Its last blob
/// is the `description_blob`, those before are trained factors in a row.
class OpenCvLayer final : public cv::dnn::Layer {
 public:
  [[nodiscard]] static cv::Ptr<cv::dnn::Layer> create(cv::dnn::LayerParams& params) {
    return cv::makePtr<OpenCvLayer>(params);
  }

  /// Throws ModelError naming the layer where its parameters or blobs cannot be computed with.
  explicit OpenCvLayer(const cv::dnn::LayerParams& params)
      : Layer(params), node_(node_of(params)), layer_(*load_layer(node_)) {}

  void forward(cv::InputArrayOfArrays input_array, cv::OutputArrayOfArrays output_array,
               cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> input_matrices;
    std::vector<cv::Mat> output_matrices;
    input_array.getMatVector(input_matrices);
    output_array.getMatVector(output_matrices);
    std::vector<TensorView> inputs;
    std::vector<TensorSpan> outputs;
    for (const cv::Mat& matrix : input_matrices) inputs.push_back({shape_of(matrix), values_of(matrix)});
    for (cv::Mat& matrix : output_matrices)
      outputs.push_back({shape_of(matrix), {matrix.ptr<float>(), matrix.total()}});
    layer_.forward({node_, inputs, outputs, workspace_});
  }

 private:
  [[nodiscard]] static Node node_of(const cv::dnn::LayerParams& params) {
    const ArrayView<const float> description = values_of(params.blobs.back());
    std::string bytes;
    for (std::size_t index = 1; index < description.size(); ++index)
      bytes += static_cast<char>(static_cast<unsigned char>(description[index]));
    schema::LayerParameter layer;
    static_cast<void>(layer.ParseFromString(bytes));
    Node node;
    node.name = layer.name();
    node.type = layer.type();
    node.operation = read_operation(layer);
    for (std::size_t index = 0; index + 1 < params.blobs.size(); ++index) {
      const ArrayView<const float> values = values_of(params.blobs[index]);
      node.blobs.emplace_back(Shape{static_cast<std::int64_t>(values.size())},
                              std::vector<float>(values.begin(), values.end()));
    }
    if (description[0] != 0.0F) node.sum_scales = node.blobs.at(0).values;
    return node;
  }

  Node node_;
  AnyLayer layer_;
  Workspace workspace_{1};
};

/// Makes OpenCvLayer known to OpenCV, once in a process: OpenCV's factory of layers is global.
inline void register_opencv_layer() {
  static const bool registered = [] {
    cv::dnn::LayerFactory::registerLayer(opencv_layer_type, OpenCvLayer::create);
    return true;
  }();
  static_cast<void>(registered);
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_DETAIL_OPENCV_LAYER_HPP
