#include "nuq/workflow/pack_model.hpp"
#include "nuq/graph/load_graph.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/workflow/create_quant_config.hpp"
#include "nuq/workflow/static_nuq.hpp"
#include "tiny_network.hpp"

namespace workflow_pack_model_test {

/// A weights-only quantized network, with `net` as prefix.
void quantize(const TemporaryFolder& folder, const TinyNetwork& network) {
  nuq::create_quant_config(folder / "config.json", network.model, network.weights);
  nuq::static_nuq(network.model, network.weights, nuq::WeightsOnly{}, folder / "config.json", folder / "record.txt",
                  folder / "net");
}

TEST_CASE("what a run packs is what pack_model makes of its files, and comes back as these") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  quantize(folder, network);
  nuq::pack_model(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel",
                  folder / "packed.nuq", folder / "record.txt");
  CHECK(folder.read("packed.nuq") == folder.read("net.nuq"));
  nuq::unpack_model(folder / "net.nuq", folder / "unpacked.prototxt", folder / "unpacked.caffemodel");
  CHECK(folder.read("unpacked.prototxt") == folder.read("net_fake_quant_model.prototxt"));
  const nuq::Graph written =
      nuq::load_graph(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel");
  const nuq::Graph unpacked = nuq::load_graph(folder / "unpacked.prototxt", folder / "unpacked.caffemodel");
  for (const nuq::Node& node : written.nodes) {
    for (std::size_t index = 0; index < node.blobs.size(); ++index)
      CHECK(unpacked.find(node.name)->blobs[index].values == node.blobs[index].values);
  }
}

TEST_CASE("without a record a float model is packed as it is") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::pack_model(network.model, network.weights, folder / "float.nuq");
  nuq::unpack_model(folder / "float.nuq", folder / "again.prototxt", folder / "again.caffemodel");
  nuq::pack_model(folder / "again.prototxt", folder / "again.caffemodel", folder / "again.nuq");
  CHECK(folder.read("again.nuq") == folder.read("float.nuq"));
}

TEST_CASE("a packed file is a network: it computes what its model computes") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  quantize(folder, network);
  const auto output_of = [](nuq::Net net) {
    const nuq::Value& input = net.graph().values[net.graph().inputs.front()];
    const nuq::Tensor values(input.shape, random_values(nuq::element_count(input.shape), 5));
    net.set_input(input.blob, values.view());
    net.forward();
    const nuq::TensorView output = net.output(net.graph().values.back().blob);
    return std::vector<float>(output.values.begin(), output.values.end());
  };
  const std::vector<float> of_model =
      output_of(nuq::Net(folder / "net_fake_quant_model.prototxt", folder / "net_fake_quant_weights.caffemodel"));
  CHECK(of_model.size() > 1);
  CHECK(output_of(nuq::Net(folder / "net.nuq")) == of_model);
  CHECK(output_of(nuq::Net(network.model, network.weights)) != of_model);

  const CaughtError two_weights =
      error_of<nuq::ModelError>([&] { static_cast<void>(nuq::load_graph(folder / "net.nuq", network.weights)); });
  CHECK(two_weights.says("net.nuq: is a packed file, which holds its weights"));
  nuq::ReadOptions limited;
  limited.limits = nuq::ResourceLimits();
  limited.limits->memory = 100;
  const CaughtError too_large =
      error_of<nuq::FormatError>([&] { static_cast<void>(nuq::load_graph(folder / "net.nuq", "", limited)); });
  CHECK(too_large.code == nuq::ErrorCode::resource_limit);
  std::filesystem::resize_file(folder / "net.nuq", 100);
  CHECK(error_of<nuq::FormatError>([&] { nuq::Net{folder / "net.nuq"}; }).says("net.nuq"));
}

TEST_CASE("a truncated file is refused by its name, and nothing is written") {
  const TemporaryFolder folder;
  const TinyNetwork network(folder);
  nuq::pack_model(network.model, network.weights, folder / "net.nuq");
  std::filesystem::resize_file(folder / "net.nuq", 100);
  const CaughtError error = error_of<nuq::FormatError>(
      [&] { nuq::unpack_model(folder / "net.nuq", folder / "a.prototxt", folder / "a.caffemodel"); });
  CHECK(error.says("net.nuq"));
  CHECK_FALSE(std::filesystem::exists(folder / "a.prototxt"));
}

}  // namespace workflow_pack_model_test
