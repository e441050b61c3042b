#ifndef NUQ_WORKFLOW_AUTO_NUQ_OPTIONS_HPP
#define NUQ_WORKFLOW_AUTO_NUQ_OPTIONS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuq/engine/custom_layers.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/quantize/bias_correction.hpp"
#include "nuq/report/additions.hpp"
#include "nuq/report/size_model.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Of `auto_nuq`.
struct AutoNuqOptions {
  int max_evaluations = 15;  ///< calls of the evaluator that the search may ask for, the original and int8 included
  /// No evaluation starts later. The preparation takes at most about half of it: statistics, sensitivities and the
  /// prices that layers are quantized at become fewer where there is no time for all, and the report says so.
  double max_seconds = (std::numeric_limits<double>::infinity)();
  /// How sure the answer's true loss is to be within the evaluator's limit, 0.5 … 0.999, where the evaluator tells
  /// batches (BatchMetrics): its numbers are a sample, and the smallest configuration that a sample accepts is one that
  /// it flatters (`detail::Verdicts`). 0: the evaluator's verdicts as they are.
  double confidence = 0.9;
  /// The most accurate network of at most so many bytes is wanted (RunReport::bytes), by the larger metric, in place of
  /// the smallest that the evaluator accepts (WithinBytes, whatever search policy is given). The evaluator still has to
  /// accept it: one that accepts everything leaves the size to decide.
  std::optional<std::uint64_t> max_bytes;
  /// Numbers of levels to choose from, 2…256, of a quantizer without a price; empty: each layer's `num_steps` and its
  /// halves down to 4.
  std::vector<int> levels;
  /// The configuration's `num_steps` caps the levels of each layer under target packed too, where a price per bit
  /// decides and a small layer that the network is sensitive to may need more. A configuration for the vendor's
  /// compiler does.
  bool cap_levels = false;
  std::map<std::string, int> pins;  ///< layers that must have this many levels; 256 keeps int8
  /// Layers that share one number of levels, or one price; each layer in one group at most.
  std::vector<std::vector<std::string>> groups;
  /// What sizes are measured by; absent: ascend where the vendor's compiler decides which layers take NUQ (a mapping
  /// file or a chip in the configuration), otherwise packed.
  std::optional<Target> target;
  bool weights_only = false;  ///< leaves activations in float although the evaluator could calibrate them
  /// Batches of `calibration_batch` that the weights are fitted to; 0: batch_num of config.json; negative: none. What
  /// an error of a layer does to the network is measured on their first 100 samples, on as few as 4 of large networks.
  int statistics_batches = 0;
  BiasCorrection bias_correction = BiasCorrection::automatic;  ///< of layers with few levels, from the same data
  std::size_t threads = 1;     ///< of calibration, quantization and `eval_net`; results do not depend on it
  CustomLayers custom_layers;  ///< layer types of the user's own, for calibration and `eval_net`
  ReadOptions network;         ///< how the model is read
  const ReportAdditions* report = nullptr;  ///< what the report says besides
  /// File that keeps every metric as soon as it is known, so that a killed run which is started again goes on where it
  /// was (EvaluationJournal); empty: none.
  std::string journal;
  /// Also writes the models of all evaluated configurations that no other beats in both bytes and metric, as
  /// `<save_prefix>_pareto/1…` (the smallest), `2…` and so on, refused ones too, where there is a result.
  bool pareto = false;
};

NUQ_NAMESPACE_END

#endif  // NUQ_WORKFLOW_AUTO_NUQ_OPTIONS_HPP
