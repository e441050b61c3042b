// expect: [nuq] LayerQuantizer with has_price = true must provide: at_price(double price) const
#include "nuq/quantize/any_layer_quantizer.hpp"

struct Unpriced {
  static constexpr bool has_price = true;
  nuq::NuqResult quantize(nuq::MatrixView<const float>, nuq::Granularity, const nuq::NuqParameters&,
                          const nuq::LayerStatistics*, nuq::Parallel&) const {
    return {};
  }
};

int main() {
  return nuq::AnyLayerQuantizer(Unpriced{}).is_priced() ? 1 : 0;
}
