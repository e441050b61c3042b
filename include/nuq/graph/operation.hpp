#ifndef NUQ_GRAPH_OPERATION_HPP
#define NUQ_GRAPH_OPERATION_HPP

#include <variant>

#include "nuq/graph/ops/activations.hpp"
#include "nuq/graph/ops/affine.hpp"
#include "nuq/graph/ops/basic.hpp"
#include "nuq/graph/ops/convolution.hpp"
#include "nuq/graph/ops/detection.hpp"
#include "nuq/graph/ops/elementwise.hpp"
#include "nuq/graph/ops/inner_product.hpp"
#include "nuq/graph/ops/lookup.hpp"
#include "nuq/graph/ops/normalization.hpp"
#include "nuq/graph/ops/pooling.hpp"
#include "nuq/graph/ops/quantization.hpp"
#include "nuq/graph/ops/recurrent.hpp"
#include "nuq/graph/ops/reduction.hpp"
#include "nuq/graph/ops/resample.hpp"
#include "nuq/graph/ops/reshape.hpp"
#include "nuq/graph/ops/roi_pooling.hpp"
#include "nuq/graph/ops/slicing.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// What a layer computes, in the field's terms, whatever format the network comes from. A new operation is a struct
/// with its attributes and an `output_shapes` overload in a file of graph/ops/, a row here, a reader in each format
/// (caffe/read_operation.hpp) and a layer in the engine (engine/layer_catalogue.hpp): whoever visits operations does
/// not compile without an overload for each.
using Operation =
    std::variant<ops::Unknown, ops::Input, ops::AbsoluteValue, ops::AntiQuant, ops::ArgMax, ops::Axpy, ops::BatchNorm,
                 ops::BatchReindex, ops::Bias, ops::Clip, ops::Concat, ops::Convolution, ops::Crop, ops::DeQuant,
                 ops::DetectionOutput, ops::Dropout, ops::Eltwise, ops::Elu, ops::Embed, ops::Exp, ops::Flatten,
                 ops::Ifmr, ops::Im2col, ops::InnerProduct, ops::Interp, ops::Log, ops::Lrn, ops::Lstm, ops::MaxUnpool,
                 ops::Mvn, ops::Normalize, ops::Parameter, ops::Permute, ops::Pooling, ops::Power, ops::PRelu,
                 ops::PriorBox, ops::PsRoiPooling, ops::Quant, ops::Reduction, ops::Relu, ops::Relu6, ops::Reshape,
                 ops::Rnn, ops::RoiPooling, ops::Scale, ops::SearchN, ops::ShuffleChannel, ops::Sigmoid, ops::Silence,
                 ops::Slice, ops::Softmax, ops::Softplus, ops::SpatialPyramidPooling, ops::Split, ops::Swish, ops::Tanh,
                 ops::Threshold, ops::Tile, ops::TransposedConvolution, ops::Upsample>;

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPERATION_HPP
