#ifndef NUQ_GRAPH_OPS_UNCONVERTED_HPP
#define NUQ_GRAPH_OPS_UNCONVERTED_HPP

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace ops {

/// Operations whose attributes still stand in `Node::parameter`.
struct ArgMax {};
struct BatchReindex {};
struct Concat {};
struct Crop {};
struct DetectionOutput {};
struct Embed {};
struct Flatten {};
struct Interp {};
struct Lrn {};
struct Lstm {};
struct Mvn {};
struct Normalize {};
struct Parameter {};
struct Permute {};
struct PriorBox {};
struct PsRoiPooling {};
struct Reduction {};
struct Reshape {};
struct Rnn {};
struct RoiPooling {};
struct ShuffleChannel {};
struct Slice {};
struct Softmax {};
struct Tile {};
struct Upsample {};

}  // namespace ops

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_OPS_UNCONVERTED_HPP
