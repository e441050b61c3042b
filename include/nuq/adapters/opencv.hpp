#ifndef NUQ_ADAPTERS_OPENCV_HPP
#define NUQ_ADAPTERS_OPENCV_HPP

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nuq/adapters/detail/opencv_layer.hpp"
#include "nuq/adapters/detail/opencv_model.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Returns `action()`; an exception of OpenCV becomes a ModelError, with `place` in front of its message.
template <class Action>
decltype(auto) with_opencv_errors(const std::string& place, Action&& action) {
  try {
    return action();
  } catch (const cv::Exception& error) {
    std::string problem = error.err + " (" + error.func + ")";
    std::replace(problem.begin(), problem.end(), '\n', ' ');
    fail(ModelError(ErrorCode::unsupported_layer, place + ": OpenCV: " + problem));
  }
}

/// The network in OpenCV's hands, every layer computed by itself.
[[nodiscard]] inline cv::dnn::Net opencv_net(const OpenCvModel& model, const std::string& file) {
  register_opencv_layer();
  cv::dnn::Net net = with_opencv_errors(file, [&model] {
    return cv::dnn::readNetFromCaffe(model.text.data(), model.text.size(), model.weights.data(), model.weights.size());
  });
  for (const std::string& layer : model.layers) {  // made only when asked for, and then checked
    with_opencv_errors(file + ": layer '" + layer + "'",
                       [&] { static_cast<void>(net.getLayer(net.getLayerId(opencv_layer_name(layer)))); });
  }
  net.enableFusion(false);
  net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  return net;
}

}  // namespace detail

/// An Engine that computes with cv::dnn (OpenCV 4.6), on the processor and with OpenCV's own threads: calibration and
/// evaluation by the framework that an application runs, and an independent check of EigenEngine.
///
/// The network is the graph's own, nodes, connections and blobs: folded layers are gone, changed weights are those that
/// count. The layers' parameters are handed over as the prototxt has them. The vendor's layers Quant, DeQuant and
/// AntiQuant are computed as EigenEngine does, so that fake-quant models run; for that a layer type of the
/// library is registered in OpenCV's factory, which is global to the process, and stays there: do not unload a plugin
/// that has used this engine. Layers of types that OpenCV does not know are left out with all that depends on them.
/// Blobs of one axis have two in OpenCV, [n,1]. Not for use by several threads at once. A verb calibrates with it by
/// `CalibrationPolicies{[](std::size_t, const nuq::CustomLayers&) { return nuq::OpenCvEngine(); }}`.
class OpenCvEngine {
 public:
  /// Prepares a network; the graph is not needed afterwards. Throws ModelError naming the file: a deploy model
  /// (integers), fields, parameters and missing weights that OpenCV cannot compute with.
  void load(const Graph& graph) {
    refuse_integers(graph);
    const detail::OpenCvModel model = detail::opencv_model(graph);
    OpenCvEngine loaded;
    loaded.file_ = graph.model_file();
    loaded.net_ = detail::opencv_net(model, loaded.file_);
    loaded.read_inputs_ = model.inputs;
    for (const std::size_t input : graph.inputs) loaded.inputs_[graph.values[input].blob] = input;
    for (std::size_t value = 0; value < graph.values.size(); ++value) {
      loaded.values_.push_back({graph.values[value].shape, {}});
      loaded.final_values_[graph.values[value].blob] = value;
    }
    for (const Node& node : graph.nodes) loaded.add(node, model);
    *this = std::move(loaded);
  }

  /// Copies the values of an input blob, of any shape that the network can compute with. Throws ConfigError: no such
  /// input, a shape that does not belong to the values.
  void set_input(const std::string& blob, const TensorView& tensor) {
    const auto input = inputs_.find(blob);
    if (input == inputs_.end()) fail(ErrorCode::unknown_name, "no input is named '" + blob + "'");
    const bool positive = std::all_of(tensor.shape.begin(), tensor.shape.end(), [](std::int64_t extent) {
      return extent > 0 && extent <= (std::numeric_limits<int>::max)();
    });
    constexpr std::size_t max_axes = 32;  // of a cv::Mat
    const bool has_rank = !tensor.shape.empty() && tensor.shape.size() <= max_axes;
    if (!positive || !has_rank || !is_valid_shape(tensor.shape) ||
        element_count(tensor.shape) != tensor.values.size()) {
      fail(ErrorCode::size_mismatch, "input '" + blob + "' is set to shape " + to_string(tensor.shape) + " with " +
                                         std::to_string(tensor.values.size()) +
                                         " values, wanted 1 to 32 extents of at least 1 and a value for each element");
    }
    const std::vector<int> extents(tensor.shape.begin(), tensor.shape.end());
    cv::Mat matrix(extents, CV_32F);
    std::copy(tensor.values.begin(), tensor.values.end(), matrix.ptr<float>());
    values_[input->second] = {tensor.shape, matrix};
    has_run_ = false;
  }

  /// Computes all layers. Throws ConfigError for an input that has not been set, ModelError where OpenCV cannot compute
  /// them, for inputs of shapes that do not fit, say.
  void forward() {
    for (const std::string& blob : read_inputs_) {
      const cv::Mat& matrix = values_[inputs_.at(blob)].matrix;
      if (matrix.empty()) fail(ErrorCode::invalid_argument, "input '" + blob + "' has not been set");
      detail::with_opencv_errors(file_ + ": input '" + blob + "'", [&] { net_.setInput(matrix, blob); });
    }
    std::vector<std::vector<cv::Mat>> outputs;
    detail::with_opencv_errors(file_, [&] { net_.forward(outputs, computed_layers_); });
    for (std::size_t index = 0; index < outputs.size(); ++index) {
      const cv::Mat& output = outputs[index].front();
      values_[computed_values_[index]] = {detail::shape_of(output), output.isContinuous() ? output : output.clone()};
    }
    has_run_ = true;
  }

  /// Computes all layers, then calls observer(const Node&, ArrayView<const TensorView> inputs, ArrayView<const
  /// TensorView> outputs) for each node of the graph that is computed, in order, with what it has read and written.
  /// Nodes come without their blobs. Throws as `forward()`.
  template <class Observer>
  void forward(Observer&& observer) {
    forward();
    for (const Node& node : nodes_) {
      const std::vector<TensorView> inputs = views(node.inputs);
      const std::vector<TensorView> outputs = views(node.outputs);
      observer(node, ArrayView<const TensorView>(inputs), ArrayView<const TensorView>(outputs));
    }
  }

  /// The final value of a blob after `forward`; valid until the engine is used again. Throws ConfigError: no such blob,
  /// no forward yet; ModelError naming the layer that stands in the way of computing it.
  [[nodiscard]] TensorView output(const std::string& blob) const {
    const auto found = final_values_.find(blob);
    if (found == final_values_.end()) fail(ErrorCode::unknown_name, "no blob is named '" + blob + "'");
    const auto obstacle = obstacles_.find(found->second);
    if (obstacle != obstacles_.end()) {
      detail::fail(ModelError(ErrorCode::unsupported_layer,
                              file_ + ": blob '" + blob + "' cannot be computed: " + obstacle->second));
    }
    if (!has_run_) fail(ErrorCode::invalid_argument, "blob '" + blob + "' is asked for before forward");
    return view(found->second);
  }

 private:
  struct ComputedValue {
    Shape shape;  ///< as declared or as computed
    cv::Mat matrix;
  };

  [[noreturn]] void fail(ErrorCode code, const std::string& problem) const {
    detail::fail(ConfigError(code, file_ + ": " + problem));
  }

  static void refuse_integers(const Graph& graph) {
    for (const Node& node : graph.nodes) {
      if (!node.integer) continue;
      detail::fail_layer(ErrorCode::unsupported_format, graph.model_file(), node.name,
                         "computes with integers, as in a deploy model, wanted a float or fake-quant model for OpenCV");
    }
  }

  void add(const Node& node, const detail::OpenCvModel& model) {
    const auto obstacle = model.obstacles.find(node.name);
    if (obstacle != model.obstacles.end()) {
      for (const std::size_t output : node.outputs) obstacles_[output] = obstacle->second;
      return;
    }
    nodes_.push_back(without_blobs(node));
    if (node.inputs.empty()) return;  // a data layer: the user sets its outputs
    for (std::size_t index = 0; index < node.outputs.size(); ++index) {
      computed_layers_.push_back(detail::opencv_layer_name(node.name, static_cast<int>(index)));
      computed_values_.push_back(node.outputs[index]);
    }
  }

  [[nodiscard]] TensorView view(std::size_t value) const {
    const ComputedValue& computed = values_[value];
    return {computed.shape, computed.matrix.empty() ? ArrayView<const float>() : detail::values_of(computed.matrix)};
  }
  [[nodiscard]] std::vector<TensorView> views(const std::vector<std::size_t>& values) const {
    std::vector<TensorView> result;
    for (const std::size_t value : values) result.push_back(view(value));
    return result;
  }

  std::string file_;
  cv::dnn::Net net_;
  std::vector<Node> nodes_;                          // those that are computed, without blobs
  std::vector<ComputedValue> values_;                // of the graph
  std::map<std::string, std::size_t> inputs_;        // values by blob
  std::map<std::string, std::size_t> final_values_;  // by blob
  std::map<std::size_t, std::string> obstacles_;     // of the values that are not computed
  std::vector<std::string> read_inputs_;             // by the layers that OpenCV has
  std::vector<std::string> computed_layers_;         // what OpenCV is asked for
  std::vector<std::size_t> computed_values_;         // and which values these are
  bool has_run_ = false;
};

/// A network of OpenCV from a packed model file, or from the files of a model: weights to the bit, no temporary file.
/// `model_file` may hold what OpenCV reads of Caffe, no Quant layers of a fake-quant or deploy model. Throws what
/// `read_model` throws; ModelError with OpenCV's words.
[[nodiscard]] inline cv::dnn::Net read_opencv_net(const std::string& model_file, const std::string& weights_file = {}) {
  const Model model = read_model(model_file, weights_file);
  const std::string weights = model.weights.SerializeAsString();
  return detail::with_opencv_errors(model_file, [&] {
    return cv::dnn::readNetFromCaffe(model.text.data(), model.text.size(), weights.data(), weights.size());
  });
}

NUQ_NAMESPACE_END

#endif  // NUQ_ADAPTERS_OPENCV_HPP
