#include <doctest/doctest.h>

#include <cmath>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/evaluation/evaluate.hpp"
#include "zoo.hpp"

TEST_CASE("the engine measures the published figures on the labelled datasets") {
  for (const ZooNetwork& network : zoo_networks) {
    CAPTURE(network.folder);
    nuq::Net net(network.model_file(), network.weights_file(), 0);
    CHECK(std::fabs(nuq::evaluate(net, network.load()) - network.metric) <= network.tolerance);
  }
}
