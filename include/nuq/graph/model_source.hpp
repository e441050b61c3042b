#ifndef NUQ_GRAPH_MODEL_SOURCE_HPP
#define NUQ_GRAPH_MODEL_SOURCE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/core/parallel.hpp"
#include "nuq/graph/model_files.hpp"
#include "nuq/graph/quantization.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/packed/coding_choice.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

struct Graph;

/// A network in a format's own terms, about to be written.
class FormattedModel {
 public:
  /// A layer as the file will have it.
  struct Layer {
    std::string name;
    std::string type;
    bool inserted = false;  ///< a Quant or DeQuant
  };

  FormattedModel() = default;
  FormattedModel(const FormattedModel&) = delete;
  FormattedModel& operator=(const FormattedModel&) = delete;
  virtual ~FormattedModel() = default;

  /// The layers in the file's order.
  [[nodiscard]] virtual std::vector<Layer> layers() const = 0;
  /// Stages the model's files, `prefix` with the format's own endings.
  virtual void stage(FileSet& files, const std::string& prefix) const = 0;
  /// The packed file (packed/format.hpp) of the model: the levels that `quantization` knows are coded, all else is
  /// stored as it is. `graph` is the model's own network or the one that it was made from.
  [[nodiscard]] virtual std::vector<std::uint8_t> packed(const Graph& graph, const NetworkQuantization& quantization,
                                                         Parallel& parallel, CodingChoice choice) const = 0;
};

/// Where a network comes from: what messages name, and how a network is written in the same format. Each front end has
/// one of its own, which travels with the graph.
class ModelSource {
 public:
  ModelSource() = default;
  ModelSource(const ModelSource&) = delete;
  ModelSource& operator=(const ModelSource&) = delete;
  virtual ~ModelSource() = default;

  /// The format's name, by which its own code knows the source.
  [[nodiscard]] virtual std::string_view format() const noexcept = 0;
  [[nodiscard]] virtual const std::string& model_file() const noexcept = 0;
  /// Empty where the network has no weights, or none in a file of their own.
  [[nodiscard]] virtual const std::string& weights_file() const noexcept = 0;

  /// The files that the network is in.
  [[nodiscard]] virtual ModelFiles files() const = 0;
  /// Those that `FormattedModel::stage` writes under a prefix.
  [[nodiscard]] virtual ModelFiles files(const std::string& prefix) const = 0;
  /// The network as it was read, nothing folded.
  [[nodiscard]] virtual Graph graph() const = 0;
  /// The model as it was read.
  [[nodiscard]] virtual std::unique_ptr<FormattedModel> original() const = 0;
  /// The float model that computes what `quantization` makes of `graph`: with Quant and DeQuant layers where there are
  /// activation scales. Throws ModelError or RecordError naming the layer that stands in the way.
  [[nodiscard]] virtual std::unique_ptr<FormattedModel> fake_quant(const Graph& graph,
                                                                   const NetworkQuantization& quantization,
                                                                   Parallel& parallel) const = 0;
  /// The same, its weights stored as levels and scales, which the model itself multiplies; null where the format has no
  /// such form.
  [[nodiscard]] virtual std::unique_ptr<FormattedModel> with_levels(const Graph& /*graph*/,
                                                                    const NetworkQuantization& /*quantization*/) const {
    return nullptr;
  }
  /// The bytes of a model file whose outputs are, besides the model's own, what layers of `graph` read: for the user's
  /// own runtime to calibrate with. Empty where the format has no such form.
  [[nodiscard]] virtual std::string with_layer_inputs(const Graph& /*graph*/,
                                                      const std::vector<std::string>& /*layers*/) const {
    return {};
  }
  /// The model for the vendor's compiler: int8 weights, int32 bias, Quant and DeQuant layers. Throws as `fake_quant`
  /// does, and for a layer without activation scale.
  [[nodiscard]] virtual std::unique_ptr<FormattedModel> deploy(const Graph& graph,
                                                               const NetworkQuantization& quantization) const = 0;
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_MODEL_SOURCE_HPP
