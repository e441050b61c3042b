#ifndef NUQ_ONNX_HPP
#define NUQ_ONNX_HPP

// The ONNX front end, beside nuq.hpp: target nuq::onnx. Networks come from .onnx files where ReadOptions::front_end is
// onnx_front_end().

#include "nuq/onnx/build_graph.hpp"
#include "nuq/onnx/check_model.hpp"
#include "nuq/onnx/constant.hpp"
#include "nuq/onnx/extent.hpp"
#include "nuq/onnx/fold_constants.hpp"
#include "nuq/onnx/fold_node.hpp"
#include "nuq/onnx/front_end.hpp"
#include "nuq/onnx/layer_inputs.hpp"
#include "nuq/onnx/model.hpp"
#include "nuq/onnx/model_editor.hpp"
#include "nuq/onnx/model_file.hpp"
#include "nuq/onnx/node_reader.hpp"
#include "nuq/onnx/onnx_source.hpp"
#include "nuq/onnx/packed_model_file.hpp"
#include "nuq/onnx/quantized_model.hpp"
#include "nuq/onnx/read_operation.hpp"
#include "nuq/onnx/scope.hpp"
#include "nuq/onnx/stored_levels.hpp"

#endif  // NUQ_ONNX_HPP
