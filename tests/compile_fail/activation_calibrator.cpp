// expect: [nuq] ActivationCalibrator must provide: a type Observed; void observe(Observed&, ArrayView<const float>)
// const;
#include "nuq/core.hpp"

struct NeverFinishes {
  struct Observed {};
  void observe(Observed&, nuq::ArrayView<const float>) const {}
};

int main() {
  return nuq::require_activation_calibrator<NeverFinishes>() ? 0 : 1;
}
