// The compiler's mapping file.

#include "nuq/amct/mapping_file.hpp"
#include "target.hpp"

NUQ_FUZZ_TARGET(mapping) {
  static_cast<void>(nuq::compressible_layers(bytes, "mapping.json"));
}
