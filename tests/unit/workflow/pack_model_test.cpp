#include "nuq/workflow/pack_model.hpp"
#include "nuq/graph/load_graph.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "../error_of.hpp"
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
