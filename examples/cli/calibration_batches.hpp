#ifndef NUQ_EXAMPLES_CLI_CALIBRATION_BATCHES_HPP
#define NUQ_EXAMPLES_CLI_CALIBRATION_BATCHES_HPP

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "command.hpp"
#include "dataset_files.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/dataset/layer_inputs.hpp"
#include "nuq/engine/replaying_engine.hpp"
#include "nuq/evaluation/evaluator.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/workflow/calibration_policies.hpp"

/// Where calibration data come from, at most one; both empty: no data.
struct CalibrationFiles {
  std::string dataset;       ///< dataset JSON
  std::string layer_inputs;  ///< folder of what another runtime gave the layers

  [[nodiscard]] bool is_given() const noexcept { return !dataset.empty() || !layer_inputs.empty(); }

  void add_to(CLI::App& command) {
    CLI::Option* const data = command
                                  .add_option("--calibration", dataset,
                                              "dataset JSON that the weights are fitted to and that calibrates the "
                                              "activations; without it weights-only")
                                  ->type_name("FILE");
    command
        .add_option("--layer-inputs", layer_inputs,
                    "in its place: what another runtime gave the layers, <batch>__<blob>.npy (nuq observe)")
        ->type_name("FOLDER")
        ->excludes(data);
  }
};

/// Batches of calibration data of one model, and what computes with them.
class CalibrationBatches {
 public:
  CalibrationBatches(const CalibrationFiles& files, const std::string& model, const nuq::ReadOptions& network) {
    const nuq::Graph graph = nuq::load_graph(model, "", network);
    if (files.layer_inputs.empty()) {
      data_.emplace(load_dataset_files(files.dataset));
      declared_ = nuq::input_shapes(graph);
    } else {
      layer_inputs_.emplace(files.layer_inputs, graph);
    }
  }

  [[nodiscard]] int batches() const { return data_ ? data_->batches() : layer_inputs_->batches(); }
  [[nodiscard]] nuq::InputBatch batch(int index) const {
    return data_ ? data_->batch(index, declared_) : layer_inputs_->batch(index);
  }
  [[nodiscard]] nuq::CalibrationPolicies policies() const {
    if (data_) return {};
    return {[](std::size_t, const nuq::CustomLayers&) { return nuq::ReplayingEngine(); }, {}};
  }

 private:
  std::optional<nuq::Dataset> data_;
  std::optional<nuq::LayerInputs> layer_inputs_;
  nuq::InputShapes declared_;
};

#endif  // NUQ_EXAMPLES_CLI_CALIBRATION_BATCHES_HPP
