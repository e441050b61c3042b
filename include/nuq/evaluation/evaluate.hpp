#ifndef NUQ_EVALUATION_EVALUATE_HPP
#define NUQ_EVALUATION_EVALUATE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
  const int batches = batch_num == 0 ? dataset.batches() : (std::min)(batch_num, dataset.batches());
  for (int batch = 0; batch < batches; ++batch) {
    for (const auto& [blob, tensor] : dataset.batch(batch)) engine.set_input(blob, tensor.view());
    engine.forward();
    const TensorView output = engine.output(dataset.description().output);
    if (!visit(batch, output_rows(output, dataset, batch))) return;
  }
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

/// The dataset's metric of a network over the first `batch_num` batches (0: all); larger is better. An engine takes
/// inputs by blob, of any batch size, and gives the final value of a blob. For agreement the dataset must have been
/// given the original network's `predictions` by `set_labels`. `batches` hears of each batch of a metric that is a mean
/// over samples, and may end the evaluation early. Throws EvaluationError: no metric, no labels, outputs that are not
/// finite or do not fit; ConfigError: negative `batch_num`.
template <class Engine>
[[nodiscard]] double evaluate(Engine& engine, const Dataset& dataset, int batch_num, BatchMetrics& batches) {
  if (!dataset.description().metric) {
    detail::fail(EvaluationError(ErrorCode::evaluation_failed, dataset.file() + ": the dataset has no metric"));
  }
  if (*dataset.description().metric == Metric::psnr) {
    PeakSignalToNoise psnr(dataset.description().peak);
    detail::visit_outputs(engine, dataset, batch_num, [&](int batch, MatrixView<const float> outputs) {
      const Tensor targets = dataset.targets(batch);
      psnr.add(outputs, {targets.values.data(), outputs.rows(), targets.values.size() / outputs.rows()});
      return true;
    });
    return psnr.value();
  }
  const int places = *dataset.description().metric == Metric::top5 ? 5 : 1;
  TopAccuracy accuracy(places);
  detail::visit_outputs(engine, dataset, batch_num, [&](int batch, MatrixView<const float> outputs) {
    const ArrayView<const std::int64_t> labels = dataset.labels(batch);
    accuracy.add(outputs, labels);
    TopAccuracy of_batch(places);
    of_batch.add(outputs, labels);
    return batches.add(of_batch.value(), outputs.rows());
  });
  return accuracy.value();
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

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(EVALUATION)

#endif  // NUQ_EVALUATION_EVALUATE_HPP
