#ifndef NUQ_EXAMPLES_CLI_INPUT_SHAPE_HPP
#define NUQ_EXAMPLES_CLI_INPUT_SHAPE_HPP

#include <CLI/CLI.hpp>

#include "nuq/graph/load_graph.hpp"

/// --input-shape; `options` live as long as `command`.
void add_input_shape(CLI::App& command, nuq::ReadOptions& options);

#endif  // NUQ_EXAMPLES_CLI_INPUT_SHAPE_HPP
