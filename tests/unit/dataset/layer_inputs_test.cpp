#include "nuq/dataset/layer_inputs.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/graph/graph.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/io/npy.hpp"

using nuq::Tensor;

namespace layer_inputs_test {

/// A layer for each blob.
nuq::Graph readers_of(const std::vector<std::string>& blobs) {
  nuq::Graph graph;
  for (const std::string& blob : blobs) {
    nuq::Node node;
    node.name = "reads " + blob;
    node.operation = nuq::ops::Relu{};
    node.inputs = {graph.values.size()};
    graph.values.push_back({blob, nuq::Value::network_input, {}});
    graph.nodes.push_back(std::move(node));
  }
  graph.values.push_back({"unread", 0, {}});
  return graph;
}

}  // namespace layer_inputs_test
using namespace layer_inputs_test;

TEST_CASE("file names of blobs") {
  CHECK(nuq::blob_file_name("conv1_a.b-C9") == "conv1_a.b-C9");
  CHECK(nuq::blob_file_name("/block/conv:0") == "_block_conv_0");
  CHECK(nuq::blob_file_name("a\xC3\xA9z") == "a_z");
}

TEST_CASE("batches of files, by number and blob") {
  const TemporaryFolder folder;
  nuq::write_npy(folder / "0__a_b.npy", Tensor({2}, {1, 2}).view());
  nuq::write_npy(folder / "1__a_b.npy", Tensor({1}, {3}).view());
  nuq::write_npy(folder / "0__unread.npy", Tensor({1}, {9}).view());
  nuq::write_npy(folder / "x__a_b.npy", Tensor({1}, {9}).view());
  const nuq::LayerInputs inputs(folder.path(), readers_of({"a/b", "c"}));
  REQUIRE(inputs.batches() == 2);
  REQUIRE(inputs.batch(0).size() == 1);
  CHECK(inputs.batch(0).at("a/b").values == std::vector<float>{1, 2});
  CHECK(inputs.batch(1).at("a/b").values == std::vector<float>{3});
  CHECK(error_of<nuq::ConfigError>([&] { static_cast<void>(inputs.batch(2)); }).says("batch 2, there are 2"));
}

TEST_CASE("folders that are no layer inputs are refused") {
  const TemporaryFolder folder;
  const auto problem = [&folder](const nuq::Graph& graph) {
    return error_of<nuq::ConfigError>([&] { nuq::LayerInputs(folder.path(), graph); });
  };
  CHECK(problem(readers_of({"a"})).code == nuq::ErrorCode::nothing_to_do);
  CHECK(error_of<nuq::FormatError>([&] { nuq::LayerInputs(folder / "absent", readers_of({"a"})); }).code ==
        nuq::ErrorCode::file_not_readable);
  nuq::write_npy(folder / "0__a.npy", Tensor({1}, {1}).view());
  nuq::write_npy(folder / "0__b_c.npy", Tensor({1}, {1}).view());
  CHECK(problem(readers_of({"a", "b/c", "b:c"})).says("is of blob 'b/c' or of 'b:c'"));
  nuq::write_npy(folder / "1__a.npy", Tensor({1}, {1}).view());
  CHECK(problem(readers_of({"a", "b/c"})).says("batch 1 lacks blob 'b/c'"));
  nuq::write_npy(folder / "3__a.npy", Tensor({1}, {1}).view());
  CHECK(problem(readers_of({"a"})).says("no files of batch 2"));
}
