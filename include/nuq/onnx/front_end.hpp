#ifndef NUQ_ONNX_FRONT_END_HPP
#define NUQ_ONNX_FRONT_END_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What `ReadOptions::front_end` names for .onnx models and packed files of them: `load_graph` then throws what
/// `read_onnx_model` and `build_onnx_graph` throw, and ConfigError for a form of weights that the model cannot have
/// (`onnx_weight_form`) and for a weights file, which such a model has not.
NUQ_FUNCTION [[nodiscard]] const FrontEnd* onnx_front_end() noexcept;

NUQ_NAMESPACE_END

#if NUQ_DEFINES(ONNX)

#include <memory>
#include <string>
#include <utility>

#include "nuq/core/error.hpp"
#include "nuq/onnx/build_graph.hpp"
#include "nuq/onnx/model_file.hpp"
#include "nuq/onnx/quantized_model.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline Graph load_onnx_graph(const std::string& model_file, const std::string& weights_file,
                                                        Parallel&, const ReadOptions& options) {
  if (!weights_file.empty() && weights_file != model_file) {
    fail(
        ConfigError(ErrorCode::invalid_argument,
                    model_file + ": is an .onnx model, which has its weights; wanted no weights file " + weights_file));
  }
  OnnxModel model = read_onnx_model(model_file, options.limits ? *options.limits : ResourceLimits::from_environment());
  model.options = options;
  static_cast<void>(onnx_weight_form(model));
  return build_onnx_graph(std::make_shared<const OnnxModel>(std::move(model)));
}

}  // namespace detail

NUQ_DEFINITION const FrontEnd* onnx_front_end() noexcept {
  static const FrontEnd front_end{
      [](const std::string& model_file, const std::string& weights_file, Parallel& parallel,
         const ReadOptions& options) { return detail::load_onnx_graph(model_file, weights_file, parallel, options); }};
  return &front_end;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(ONNX)

#endif  // NUQ_ONNX_FRONT_END_HPP
