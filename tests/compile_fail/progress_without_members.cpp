// expect: [nuq] Progress must provide at least one of: started
#include "nuq/evaluation/progress.hpp"

struct Misspelt {
  void finshed(const nuq::RunReport&) {}
};

int main() {
  Misspelt progress;
  return nuq::ProgressCalls<Misspelt>(progress).stop_requested() ? 0 : 1;
}
