// expect: [nuq] WeightQuantizer must provide: QuantizedWeights quantize(MatrixView<const float>, Granularity) const
#include "nuq/core.hpp"

struct NotConst {
  nuq::QuantizedWeights quantize(nuq::MatrixView<const float>, nuq::Granularity) { return {}; }
};

int main() {
  nuq::Parallel serial;
  (void)nuq::NonUniformQuantizer<NotConst>().quantize({}, nuq::Granularity::per_tensor, {}, nullptr, serial);
}
