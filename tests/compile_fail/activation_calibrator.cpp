// expect: [nuq] ActivationCalibrator must provide: void observe(ArrayView<const float>); ActivationScale finish() const
#include "nuq/core.hpp"

struct NeverFinishes {
  void observe(nuq::ArrayView<const float>) {}
};

int main() {
  return nuq::require_activation_calibrator<NeverFinishes>() ? 0 : 1;
}
