#ifndef NUQ_GRAPH_LOAD_GRAPH_HPP
#define NUQ_GRAPH_LOAD_GRAPH_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The network in a model's files; without weights if `weights_file` is empty. Defined by the front end, whose header
/// (caffe/build_graph.hpp) a program includes too. Throws what the front end throws.
NUQ_FUNCTION [[nodiscard]] Graph load_graph(const std::string& model_file, const std::string& weights_file,
                                            Parallel& parallel);

/// \copydoc load_graph(const std::string&, const std::string&, Parallel&)
NUQ_FUNCTION [[nodiscard]] Graph load_graph(const std::string& model_file, const std::string& weights_file);

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_LOAD_GRAPH_HPP
