// expect: [nuq] CodebookSelector must provide: Codebook select(const LevelHistogram&, int num_steps) const
#include "nuq/quantize/codebook/contracts.hpp"

struct NoSelect {};

int main() {
  return static_cast<int>(nuq::select_codebook(NoSelect{}, nuq::LevelHistogram{}, 32, 1).size());
}
