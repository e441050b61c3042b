#include "nuq/engine/contracts.hpp"

#include <doctest/doctest.h>

#include <string>

#include "nuq/engine/eigen_engine.hpp"

namespace engine_contracts_test {

struct MinimalEngine {
  void load(const nuq::Graph&) {}
  void set_input(const std::string&, nuq::TensorView) {}
  template <class Observer>
  void forward(Observer&&) {}
};
struct NoLoad {
  void set_input(const std::string&, nuq::TensorView) {}
  template <class Observer>
  void forward(Observer&&) {}
};
struct NoInput {
  void load(const nuq::Graph&) {}
  template <class Observer>
  void forward(Observer&&) {}
};
struct NoObserver {
  void load(const nuq::Graph&) {}
  void set_input(const std::string&, nuq::TensorView) {}
  void forward() {}
};

TEST_CASE("the engine contract takes what can be called as it says, and nothing less") {
  CHECK(nuq::is_engine_v<nuq::EigenEngine>);
  CHECK(nuq::is_engine_v<MinimalEngine>);
  CHECK(nuq::check_engine<MinimalEngine>());
  CHECK(!nuq::is_engine_v<NoLoad>);
  CHECK(!nuq::is_engine_v<NoInput>);
  CHECK(!nuq::is_engine_v<NoObserver>);
}

}  // namespace engine_contracts_test
