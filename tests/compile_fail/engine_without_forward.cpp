// expect: [nuq] Engine must provide
#include <string>

#include "nuq/engine/contracts.hpp"

struct EngineWithoutForward {
  void load(const nuq::Graph&) {}
  void set_input(const std::string&, nuq::TensorView) {}
};

int main() {
  return nuq::check_engine<EngineWithoutForward>() ? 0 : 1;
}
