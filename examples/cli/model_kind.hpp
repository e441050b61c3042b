#ifndef NUQ_EXAMPLES_CLI_MODEL_KIND_HPP
#define NUQ_EXAMPLES_CLI_MODEL_KIND_HPP

#include <CLI/CLI.hpp>
#include <string>

#include "nuq/graph/load_graph.hpp"
#ifdef NUQ_TOOL_READS_ONNX
#include "nuq/onnx/front_end.hpp"
#include "nuq/onnx/model_file.hpp"
#endif

/// Tells by a model's content who reads it, and asks for no caffemodel where that is not Caffe's front end; all of them
/// live as long as `model`'s command.
inline void tell_kind_by_content(CLI::Option& model, CLI::Option* weights, nuq::ReadOptions& options) {
  model.each([weights, &options]([[maybe_unused]] const std::string& file) {
#ifdef NUQ_TOOL_READS_ONNX
    if (nuq::is_onnx_file(file)) options.front_end = nuq::onnx_front_end();
#endif
    if (weights != nullptr && options.front_end != nullptr) weights->required(false);
  });
}

/// --onnx-form; `options` live as long as `command`.
inline void add_onnx_form(CLI::App& command, nuq::ReadOptions& options) {
  command
      .add_option("--onnx-form", options.weight_form,
                  "how PREFIX_quantized_model.onnx has the weights: cast (int8, Cast, Mul), qdq (DequantizeLinear) or "
                  "palette (uint8, Gather, Mul)")
      ->type_name("FORM")
      ->check(CLI::IsMember({"cast", "qdq", "palette"}));
}

#endif  // NUQ_EXAMPLES_CLI_MODEL_KIND_HPP
