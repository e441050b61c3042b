#ifndef NUQ_EXAMPLES_CLI_LEVEL_SIZES_HPP
#define NUQ_EXAMPLES_CLI_LEVEL_SIZES_HPP

#include <cstdint>
#include <optional>

#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"

/// What a packed file takes for a layer's weights at uniform int8. Nothing of weights that cannot be quantized.
std::optional<std::uint64_t> packed_bytes_of_int8(const nuq::Graph& graph, const nuq::Node& node,
                                                  nuq::Parallel& parallel);

/// The same at so many levels, the best for these weights, each weight at the nearest.
std::optional<std::uint64_t> packed_bytes_of_levels(const nuq::Graph& graph, const nuq::Node& node, int levels,
                                                    nuq::Parallel& parallel);

#endif  // NUQ_EXAMPLES_CLI_LEVEL_SIZES_HPP
