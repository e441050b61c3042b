#ifndef NUQ_GRAPH_LOAD_GRAPH_HPP
#define NUQ_GRAPH_LOAD_GRAPH_HPP

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/core/resource_limits.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Which network of a file is meant whose layers have rules (`include`, `exclude`). What is written of the network
/// keeps stages and level.
struct NetworkState {
  bool training = false;     ///< the TRAIN phase's layers, computed as in inference, in place of the TEST phase's
  std::optional<int> level;  ///< in place of the file's own, 0 where it has none
  std::vector<std::string> stages;  ///< besides the file's own
};

struct ReadOptions;

/// Who reads a format's files, in place of the front end that `load_graph` belongs to.
struct FrontEnd {
  Graph (*load)(const std::string& model_file, const std::string& weights_file, Parallel& parallel,
                const ReadOptions& options);
};

/// How a model's files are read.
struct ReadOptions {
  const FrontEnd* front_end = nullptr;  ///< of the files' format (onnx/front_end.hpp); null: Caffe's
  NetworkState state;
  /// Fields that are to mean nothing although nobody understands them, as TYPE.FIELD: the layers' type, and the field
  /// with or without the message that it stands in ("Pooling.pooling_param.pad_type", "Pooling.pad_type").
  /// "TYPE.blobs": trained blobs beyond those that the type has, as pruning leaves them.
  std::vector<std::string> ignored_fields;
  /// Shapes of inputs whose extents the files leave open, by the input's name, in formats that know of such inputs; the
  /// first extent, the batch's, may be another than the file's.
  std::map<std::string, Shape> input_shapes;
  /// How quantized weights are stored by formats that know several ways (onnx/quantized_model.hpp); empty: as usual.
  std::string weight_form;
  /// What the files may ask for; absent: what the environment says (ResourceLimits::from_environment).
  std::optional<ResourceLimits> limits;
};

/// The network in a model's files; without weights if `weights_file` is empty, unless `model_file` is a packed model
/// file. Defined by the front end, whose header
/// (caffe/build_graph.hpp) a program includes too. Throws what the front end throws.
NUQ_FUNCTION [[nodiscard]] Graph load_graph(const std::string& model_file, const std::string& weights_file,
                                            Parallel& parallel, const ReadOptions& options = {});

/// \copydoc load_graph(const std::string&, const std::string&, Parallel&, const ReadOptions&)
NUQ_FUNCTION [[nodiscard]] Graph load_graph(const std::string& model_file, const std::string& weights_file,
                                            const ReadOptions& options = {});

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_LOAD_GRAPH_HPP
