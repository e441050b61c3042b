#ifndef NUQ_EVALUATION_EVALUATE_HPP
#define NUQ_EVALUATION_EVALUATE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/matrix_view.hpp"
#include "nuq/core/support/returns.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/dataset/dataset.hpp"
#include "nuq/dataset/metric.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/graph/input_shapes.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

template <class E>
using set_input_op =
    decltype(std::declval<E&>().set_input(std::declval<const std::string&>(), std::declval<TensorView>()));
template <class E>
using forward_op = decltype(std::declval<E&>().forward());
template <class E>
using output_op = decltype(std::declval<E&>().output(std::declval<const std::string&>()));

template <class E>
using graph_op = decltype(std::declval<const E&>().graph());

/// As far as an engine shows its network.
template <class Engine>
[[nodiscard]] InputShapes declared_inputs(const Engine& engine) {
  if constexpr (returns<const Graph&, graph_op, Engine>()) {
    return input_shapes(engine.graph());
  } else {
    return {};
  }
}

/// The output of a batch as [samples × values]; a view into the tensor.
NUQ_FUNCTION [[nodiscard]] MatrixView<const float> output_rows(const TensorView& output, const Dataset& dataset,
                                                               int batch);

/// Runs the first `batch_num` batches (0: all) and calls `visit(batch, outputs [samples × values])` after each, which
/// says whether to go on.
template <class Engine, class Visitor>
void visit_outputs(Engine& engine, const Dataset& dataset, int batch_num, Visitor&& visit) {
  static_assert(returns<void, set_input_op, Engine>() && returns<void, forward_op, Engine>() &&
                    returns<TensorView, output_op, Engine>(),
                "[nuq] Engine must provide: void set_input(const std::string&, TensorView), void forward(), TensorView "
                "output(const std::string&)");
  if (batch_num < 0) {
    fail(ConfigError(ErrorCode::invalid_argument,
                     "batch_num: got " + std::to_string(batch_num) + ", wanted 0 (all) or more"));
  }
  const InputShapes declared = declared_inputs(engine);
  const int batches = batch_num == 0 ? dataset.batches() : (std::min)(batch_num, dataset.batches());
  for (int batch = 0; batch < batches; ++batch) {
    for (const auto& [blob, tensor] : dataset.batch(batch, declared)) engine.set_input(blob, tensor.view());
    engine.forward();
    const TensorView output = engine.output(dataset.description().output);
    if (!visit(batch, output_rows(output, dataset, batch))) return;
  }
}

/// So many samples at a time are told to `BatchMetrics`: about a hundred groups over all data, in which the change of a
/// metric varies enough to know its standard error.
NUQ_FUNCTION [[nodiscard]] std::size_t samples_per_group(const Dataset& dataset, int batch_num);

/// `count` samples of a batch from `first` on; views into it.
NUQ_FUNCTION [[nodiscard]] MatrixView<const float> samples_of(MatrixView<const float> batch, std::size_t first,
                                                              std::size_t count);
NUQ_FUNCTION [[nodiscard]] ArrayView<const std::int64_t> samples_of(ArrayView<const std::int64_t> batch,
                                                                    std::size_t first, std::size_t count);

/// Adds a batch to a metric, whose errors know nothing of files: they get the dataset's.
template <class SampleMetric, class Wanted>
void add_batch(SampleMetric& metric, MatrixView<const float> outputs, const Wanted& wanted, const Dataset& dataset) {
  try {
    metric.add(outputs, wanted);
  } catch (const EvaluationError& error) {
    fail(EvaluationError(error.code(), dataset.file() + ": " + error.message()));
  }
}

/// A metric that is a mean over samples, of all batches and, for `batches`, of groups of samples. `none` is the metric
/// before any sample, `wanted(batch)` what the outputs of a batch are compared with.
template <class Engine, class MeanMetric, class Wanted>
[[nodiscard]] double mean_metric(Engine& engine, const Dataset& dataset, int batch_num, BatchMetrics& batches,
                                 const MeanMetric& none, const Wanted& wanted) {
  MeanMetric all = none;
  OutputDivergence divergence(distributions_per_sample(dataset.originals()));
  const bool tells_damage = dataset.originals().cols() > 1;
  const std::size_t group = samples_per_group(dataset, batch_num);
  visit_outputs(engine, dataset, batch_num, [&](int batch, MatrixView<const float> outputs) {
    add_batch(all, outputs, wanted(batch), dataset);
    if (tells_damage) add_batch(divergence, outputs, dataset.originals(batch), dataset);
    for (std::size_t first = 0; first < outputs.rows(); first += group) {
      const std::size_t count = (std::min)(group, outputs.rows() - first);
      MeanMetric of_group = none;
      of_group.add(samples_of(outputs, first, count), samples_of(wanted(batch), first, count));
      if (!batches.add(of_group.value(), count)) return false;
    }
    return true;
  });
  if (tells_damage) batches.set_damage(-divergence.value());
  return all.value();
}

}  // namespace detail

/// The class that a network finds for each sample of the first `batch_num` batches (0: all): the position of the
/// largest value of the judged output. Throws as `evaluate` does.
template <class Engine>
[[nodiscard]] std::vector<std::int64_t> predictions(Engine& engine, const Dataset& dataset, int batch_num = 0) {
  std::vector<std::int64_t> classes;
  detail::visit_outputs(engine, dataset, batch_num, [&classes](int, MatrixView<const float> outputs) {
    for (std::size_t sample = 0; sample < outputs.rows(); ++sample) classes.push_back(argmax(outputs.row(sample)));
    return true;
  });
  return classes;
}

/// The judged output of a network for each sample of the first `batch_num` batches (0: all), [samples × values]. Throws
/// as `evaluate` does.
template <class Engine>
[[nodiscard]] Tensor judged_outputs(Engine& engine, const Dataset& dataset, int batch_num = 0) {
  Tensor all({0, 0});
  detail::visit_outputs(engine, dataset, batch_num, [&all](int, MatrixView<const float> outputs) {
    all.shape = {all.shape[0] + static_cast<std::int64_t>(outputs.rows()), static_cast<std::int64_t>(outputs.cols())};
    all.values.insert(all.values.end(), outputs.data(), outputs.data() + outputs.size());
    return true;
  });
  return all;
}

/// Tells a dataset whose metric compares with the original network (agreement, kl, cosine) what that computes for the
/// first `batch_num` batches (0: all); nothing where the metric is another one. Throws as `evaluate` does.
template <class Engine>
void compare_with(Engine& original, Dataset& dataset, int batch_num = 0) {
  const std::optional<Metric> metric = dataset.description().metric;
  if (!metric || !compares_with_original(*metric)) return;
  if (*metric == Metric::agreement) {
    dataset.set_labels(predictions(original, dataset, batch_num));
  } else {
    dataset.set_originals(judged_outputs(original, dataset, batch_num));
  }
}

/// Why the agreement with the original network says little: all its answers are one class, and so a network that gives
/// this answer whatever its input agrees with it. Empty for other metrics and where it does not hold.
NUQ_FUNCTION [[nodiscard]] std::string agreement_warning(const Dataset& dataset);

/// Why top1, top5 or agreement say little of a network: its judged output has more than one axis besides that of the
/// samples, as a detector's scores of all anchors have, and the largest value of all stands for no class. Empty for
/// other metrics and outputs. Throws what `Dataset::batch` and `infer_shapes` throw.
NUQ_FUNCTION [[nodiscard]] std::string class_axis_warning(const Dataset& dataset, const Graph& network);

/// The dataset's metric of a network over the first `batch_num` batches (0: all); larger is better. An engine takes
/// inputs by blob, of any batch size, and gives the final value of a blob; one that has a `graph()`, as Net does, is
/// fed arrays of three axes as that declares its inputs (`Dataset::batch`). For agreement, kl and cosine the dataset
/// must know what the original network computes (`compare_with`). `batches` hears of groups of samples of a metric
/// that is a mean over samples, and may end the evaluation early; where the dataset knows the original's outputs, also
/// of the mean divergence from them. Throws EvaluationError: no metric, no labels, outputs
/// that are not finite or do not fit; ConfigError: negative `batch_num`.
template <class Engine>
[[nodiscard]] double evaluate(Engine& engine, const Dataset& dataset, int batch_num, BatchMetrics& batches) {
  if (!dataset.description().metric) {
    detail::fail(EvaluationError(ErrorCode::evaluation_failed, dataset.file() + ": the dataset has no metric"));
  }
  if (*dataset.description().metric == Metric::psnr) {
    PeakSignalToNoise psnr(dataset.description().peak);
    detail::visit_outputs(engine, dataset, batch_num, [&](int batch, MatrixView<const float> outputs) {
      const Tensor targets = dataset.targets(batch);
      const MatrixView<const float> wanted(targets.values.data(), outputs.rows(),
                                           targets.values.size() / outputs.rows());
      detail::add_batch(psnr, outputs, wanted, dataset);
      return true;
    });
    return psnr.value();
  }
  const auto originals = [&dataset](int batch) { return dataset.originals(batch); };
  if (*dataset.description().metric == Metric::kl) {
    const OutputDivergence none(distributions_per_sample(dataset.originals()));
    return detail::mean_metric(engine, dataset, batch_num, batches, none, originals);
  }
  if (*dataset.description().metric == Metric::cosine)
    return detail::mean_metric(engine, dataset, batch_num, batches, OutputSimilarity(), originals);
  const TopAccuracy none(*dataset.description().metric == Metric::top5 ? 5 : 1);
  return detail::mean_metric(engine, dataset, batch_num, batches, none,
                             [&dataset](int batch) { return dataset.labels(batch); });
}

/// On all batches.
template <class Engine>
[[nodiscard]] double evaluate(Engine& engine, const Dataset& dataset, int batch_num = 0) {
  BatchMetrics batches;
  return evaluate(engine, dataset, batch_num, batches);
}

#if defined(NUQ_COMPILED)
NUQ_INSTANTIATION(EVALUATION) template double evaluate<Net>(Net&, const Dataset&, int, BatchMetrics&);
NUQ_INSTANTIATION(EVALUATION) template double evaluate<Net>(Net&, const Dataset&, int);
#endif

NUQ_NAMESPACE_END

#if NUQ_DEFINES(EVALUATION)

#include "nuq/core/finite.hpp"
#include "nuq/graph/passes/infer_shapes.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION MatrixView<const float> output_rows(const TensorView& output, const Dataset& dataset, int batch) {
  const std::size_t samples = dataset.samples(batch);
  const auto problem = [&](const std::string& what) {
    fail(EvaluationError(ErrorCode::evaluation_failed, dataset.file() + ": batch " + std::to_string(batch) +
                                                           ": output '" + dataset.description().output + "' " + what));
  };
  if (output.values.empty() || output.values.size() % samples != 0) {
    problem("of shape " + to_string(output.shape) + " cannot be divided among " + std::to_string(samples) + " samples");
  }
  const auto finite = [](float value) { return is_finite(value); };
  if (!std::all_of(output.values.begin(), output.values.end(), finite)) problem("holds NaN or infinity");
  return {output.values.data(), samples, output.values.size() / samples};
}

NUQ_DEFINITION std::size_t samples_per_group(const Dataset& dataset, int batch_num) {
  constexpr std::size_t groups = 100;
  const int batches = batch_num == 0 ? dataset.batches() : (std::min)(batch_num, dataset.batches());
  const std::size_t samples = static_cast<std::size_t>(batches) * dataset.samples(0);
  return (samples + groups - 1) / groups;
}

NUQ_DEFINITION MatrixView<const float> samples_of(MatrixView<const float> batch, std::size_t first, std::size_t count) {
  return {batch.data() + first * batch.cols(), count, batch.cols()};
}

NUQ_DEFINITION ArrayView<const std::int64_t> samples_of(ArrayView<const std::int64_t> batch, std::size_t first,
                                                        std::size_t count) {
  return {batch.data() + first, count};
}

}  // namespace detail

NUQ_DEFINITION std::string agreement_warning(const Dataset& dataset) {
  const ArrayView<const std::int64_t> answers = dataset.labels();
  if (dataset.description().metric != Metric::agreement || answers.empty()) return {};
  if (!std::all_of(answers.begin(), answers.end(), [&](std::int64_t answer) { return answer == answers[0]; }))
    return {};
  return dataset.file() + ": metric agreement: the original network answers class " + std::to_string(answers[0]) +
         " for all " + std::to_string(answers.size()) +
         " samples, as a network that always gives this answer does: wanted other samples, or metric kl or cosine, "
         "which compare the outputs";
}

NUQ_DEFINITION std::string class_axis_warning(const Dataset& dataset, const Graph& network) {
  const std::optional<Metric> metric = dataset.description().metric;
  if (metric != Metric::top1 && metric != Metric::top5 && metric != Metric::agreement) return {};
  InputShapes inputs;
  for (const auto& [blob, tensor] : dataset.batch(0, input_shapes(network))) inputs[blob] = tensor.shape;
  const std::vector<Shape> shapes = infer_shapes(network, inputs);
  Shape judged;
  for (std::size_t value = 0; value < shapes.size(); ++value) {
    if (network.values[value].blob == dataset.description().output) judged = shapes[value];
  }
  const auto has_several = [](std::int64_t extent) { return extent > 1; };
  if (judged.size() < 3 || std::count_if(judged.begin() + 1, judged.end(), has_several) < 2) return {};
  return dataset.file() + ": output '" + dataset.description().output + "' of shape " + to_string(judged) +
         " is no list of classes, and its largest value tells little: wanted metric kl or cosine, which compare all "
         "of it, or an evaluator of your own";
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_EVALUATE_HPP
