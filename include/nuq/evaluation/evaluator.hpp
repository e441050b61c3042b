#ifndef NUQ_EVALUATION_EVALUATOR_HPP
#define NUQ_EVALUATION_EVALUATOR_HPP

#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "nuq/core/support/returns.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/evaluation/batch_metrics.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

class Net;

/// One batch of network inputs, by blob name, preprocessed, NCHW.
using InputBatch = std::map<std::string, Tensor>;

/// Base of the user's evaluator, which tells `auto_nuq` how accurate a model is and whether that is good enough:
///
///   struct Top1 : nuq::AutoNuqEvaluatorBase<Top1> {
///     double eval_model(const std::string& model_file, const std::string& weights_file, int /*batch_num*/) {
///       nuq::Net net(model_file, weights_file);  // or the user's own framework
///       return nuq::evaluate(net, nuq::load_dataset("test.json"));
///     }
///     bool is_satisfied(double original_metric, double new_metric) const {
///       return original_metric - new_metric <= 0.01;
///     }
///   };
///
/// `eval_model` runs `batch_num` batches (0: all data) of a float model, with whatever framework the user has, and
/// returns one number, larger or smaller is better as `is_satisfied` sees it. It is to depend on the model: a metric
/// that is the same for the original and every candidate is warned about (evaluation/unchanged_metric.hpp). Optional
/// members, found at compile time:
///   - `int evaluate_batch_num;` or `static constexpr int evaluate_batch_num = N;`: batches per evaluation; hides the 0
///     below. A constructor may also assign the inherited one.
///   - `double eval_net(nuq::Net& net, int batch_num)`: evaluates in memory, without files per trial; `eval_model` is
///     then not needed.
///   - `nuq::InputBatch calibration_batch(int index)`: inputs that calibrate the activations and that the weights are
///     fitted to. Without it the activations are calibrated as the vendor's tools do it: `eval_model` is called once on
///     `batch_num` batches of a model with calibration layers, which leave what they find in a record file. `nuq::Net`
///     and the vendor's Caffe compute these layers. Where no factors arrive, the run is weights-only and says so.
///   - `eval_model(model_file, weights_file, batch_num, nuq::BatchMetrics& batches)` or `eval_net(net, batch_num,
///     batches)` in place of the others: tells the metric of each batch by `batches.add(metric, samples)`, and ends as
///     soon as that returns false. Clear failures then cost a part of an evaluation (evaluation/batch_metrics.hpp), and
///     the answer keeps so far from the limit that it holds beyond the sample (AutoNuqOptions::confidence); more so, and
///     smaller, where `batches.set_damage(divergence)` tells how far the outputs are from the original's.
///   - `double confirm_model(const std::string& model_file, const std::string& weights_file, nuq::BatchMetrics& batches)`:
///     the metric on a second set of data, which the search does not see. Asked once, at the end, about the original and
///     the answer; the report says whether the answer holds there. May return std::optional<double>, none for no set.
///   - `static constexpr bool is_thread_safe = true;`: `eval_model` may be called by several threads at a time.
///   - `std::string label() const`: names what is measured, so that a journal of another evaluator's metrics is not
///     taken for this one's.
///   - `std::vector<std::string> warnings() const`: what makes the metric doubtful; asked once the original has been
///     evaluated, and told as the run's own warnings are.
template <class Derived>
struct AutoNuqEvaluatorBase {
  int evaluate_batch_num = 0;  ///< batches per evaluation, as the constructor of the derived class sets it; 0: all data
};

namespace detail {
template <class E>
using eval_model_op = decltype(std::declval<E&>().eval_model(std::declval<const std::string&>(),
                                                             std::declval<const std::string&>(), int{}));
template <class E>
using eval_model_batches_op = decltype(std::declval<E&>().eval_model(
    std::declval<const std::string&>(), std::declval<const std::string&>(), int{}, std::declval<BatchMetrics&>()));
template <class E>
using eval_net_op = decltype(std::declval<E&>().eval_net(std::declval<Net&>(), int{}));
template <class E>
using eval_net_batches_op =
    decltype(std::declval<E&>().eval_net(std::declval<Net&>(), int{}, std::declval<BatchMetrics&>()));
template <class E>
using is_satisfied_op = decltype(std::declval<E&>().is_satisfied(double{}, double{}));
template <class E>
using evaluate_batch_num_op = decltype(std::declval<E&>().evaluate_batch_num);
template <class E>
using confirm_model_op = decltype(std::declval<E&>().confirm_model(
    std::declval<const std::string&>(), std::declval<const std::string&>(), std::declval<BatchMetrics&>()));
template <class E>
using calibration_batch_op = decltype(std::declval<E&>().calibration_batch(int{}));
template <class E>
using label_op = decltype(std::declval<const E&>().label());
template <class E>
using warnings_op = decltype(std::declval<const E&>().warnings());
template <class E, class = void>
struct IsThreadSafe : std::false_type {};
template <class E>
struct IsThreadSafe<E, std::void_t<decltype(E::is_thread_safe)>> : std::bool_constant<E::is_thread_safe> {};
}  // namespace detail

namespace detail {
template <class E>
inline constexpr bool has_eval_model_batches_v = returns<double, eval_model_batches_op, E>();
template <class E>
inline constexpr bool has_eval_net_batches_v = returns<double, eval_net_batches_op, E>();
}  // namespace detail

/// Whether an evaluator has `eval_model`, with or without `BatchMetrics&`.
template <class E>
inline constexpr bool has_eval_model_v =
    detail::returns<double, detail::eval_model_op, E>() || detail::has_eval_model_batches_v<E>;
/// Whether an evaluator has `eval_net`, with or without `BatchMetrics&`.
template <class E>
inline constexpr bool has_eval_net_v =
    detail::returns<double, detail::eval_net_op, E>() || detail::has_eval_net_batches_v<E>;
/// Whether an evaluator has `is_satisfied`.
template <class E>
inline constexpr bool has_is_satisfied_v = detail::returns<bool, detail::is_satisfied_op, E>();
/// Whether an evaluator has `evaluate_batch_num`.
template <class E>
inline constexpr bool has_evaluate_batch_num_v = detail::returns<int, detail::evaluate_batch_num_op, E>();
/// Whether an evaluator has `calibration_batch`.
template <class E>
inline constexpr bool has_calibration_batch_v = detail::returns<InputBatch, detail::calibration_batch_op, E>();
/// Whether an evaluator has `confirm_model`.
template <class E>
inline constexpr bool has_confirm_model_v = detail::returns<std::optional<double>, detail::confirm_model_op, E>();
/// Whether an evaluator says that several threads may use it at a time.
template <class E>
inline constexpr bool is_thread_safe_v = detail::IsThreadSafe<E>::value;

/// What an evaluator says that it measures; empty where it says nothing.
template <class E>
[[nodiscard]] std::string label_of([[maybe_unused]] const E& evaluator) {
  if constexpr (detail::returns<std::string, detail::label_op, E>()) {
    return evaluator.label();
  } else {
    return {};
  }
}

/// What an evaluator warns of; nothing where it has no such member.
template <class E>
[[nodiscard]] std::vector<std::string> warnings_of([[maybe_unused]] const E& evaluator) {
  if constexpr (detail::returns<std::vector<std::string>, detail::warnings_op, E>()) {
    return evaluator.warnings();
  } else {
    return {};
  }
}

/// Batches of one evaluation; 0: all data.
template <class E>
[[nodiscard]] int evaluate_batch_num_of(const E& evaluator) {
  return static_cast<int>(evaluator.evaluate_batch_num);
}

/// Asks an evaluator about a model on the disk, on `batch_num` batches; `batches` hears of each from one that tells.
template <class E>
[[nodiscard]] double evaluate_files(E& evaluator, const std::string& model_file, const std::string& weights_file,
                                    int batch_num, [[maybe_unused]] BatchMetrics& batches) {
  if constexpr (detail::has_eval_model_batches_v<E>) {
    return static_cast<double>(evaluator.eval_model(model_file, weights_file, batch_num, batches));
  } else {
    return static_cast<double>(evaluator.eval_model(model_file, weights_file, batch_num));
  }
}

/// The same on `evaluate_batch_num` batches.
template <class E>
[[nodiscard]] double evaluate_files(E& evaluator, const std::string& model_file, const std::string& weights_file,
                                    BatchMetrics& batches) {
  return evaluate_files(evaluator, model_file, weights_file, evaluate_batch_num_of(evaluator), batches);
}

/// Asks an evaluator that has `eval_net` about a model in memory, on `batch_num` batches.
template <class E>
[[nodiscard]] double evaluate_net(E& evaluator, Net& net, int batch_num, [[maybe_unused]] BatchMetrics& batches) {
  if constexpr (detail::has_eval_net_batches_v<E>) {
    return static_cast<double>(evaluator.eval_net(net, batch_num, batches));
  } else {
    return static_cast<double>(evaluator.eval_net(net, batch_num));
  }
}

/// Checks an evaluator, `const` where it is used through a reference to const, with one readable message per missing
/// part; true when it is complete.
template <class E>
[[nodiscard]] constexpr bool check_evaluator() {
  using Class = std::remove_cv_t<E>;
  constexpr bool has_base = std::is_base_of_v<AutoNuqEvaluatorBase<Class>, Class>;
  constexpr bool has_evaluation = has_eval_model_v<Class> || has_eval_net_v<Class>;
  constexpr bool is_const_enough = (has_eval_model_v<E> || has_eval_net_v<E> || !has_evaluation) &&
                                   has_is_satisfied_v<E> == has_is_satisfied_v<Class>;
  static_assert(has_base, "[nuq] derive the evaluator as: class E : public nuq::AutoNuqEvaluatorBase<E>");
  static_assert(has_evaluation,
                "[nuq] the evaluator must provide: double eval_model(const std::string& model_file, const std::string& "
                "weights_file, int batch_num)");
  static_assert(has_is_satisfied_v<Class>,
                "[nuq] the evaluator must provide: bool is_satisfied(double original_metric, double new_metric)");
  static_assert(has_evaluate_batch_num_v<Class> || !has_base,
                "[nuq] evaluate_batch_num of the evaluator must be a public number");
  static_assert(is_const_enough,
                "[nuq] a const evaluator needs const members eval_model (or eval_net) and is_satisfied; otherwise pass "
                "it by value or by non-const reference");
  return has_base && has_evaluation && has_is_satisfied_v<Class> && has_evaluate_batch_num_v<Class> && is_const_enough;
}

NUQ_NAMESPACE_END

#endif  // NUQ_EVALUATION_EVALUATOR_HPP
