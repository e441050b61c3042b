// expect: [nuq] RateModel must provide: std::array<float, 256> bits_per_level(const LevelCounts&) const
#include "nuq/core.hpp"

struct BitsAlone {
  std::array<float, 256> bits_per_level(const nuq::LevelCounts&) const { return {}; }
};

int main() {
  return static_cast<int>(nuq::layer_bytes(BitsAlone{}, {}));
}
