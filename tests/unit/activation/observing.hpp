#ifndef NUQ_TESTS_UNIT_ACTIVATION_OBSERVING_HPP
#define NUQ_TESTS_UNIT_ACTIVATION_OBSERVING_HPP

#include "nuq/activation/activation_scale.hpp"
#include "nuq/core/array_view.hpp"

/// A calibrator with what it remembers of one tensor.
template <class Calibrator>
struct Observing : Calibrator {
  typename Calibrator::Observed observed;

  void observe(nuq::ArrayView<const float> values) { Calibrator::observe(observed, values); }
  [[nodiscard]] nuq::ActivationScale finish() const { return Calibrator::finish(observed); }
};

#endif  // NUQ_TESTS_UNIT_ACTIVATION_OBSERVING_HPP
