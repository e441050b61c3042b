// expect: [nuq] LayerQuantizer must provide: NuqResult quantize(MatrixView<const float> weights, Granularity,
#include "nuq/quantize/any_layer_quantizer.hpp"

struct NotConst {
  nuq::NuqResult quantize(nuq::MatrixView<const float>, nuq::Granularity, const nuq::NuqParameters&,
                          const nuq::LayerStatistics*, nuq::Parallel&) {
    return {};
  }
};

int main() {
  return nuq::AnyLayerQuantizer(NotConst{}).is_priced() ? 1 : 0;
}
