#include "nuq/sensitivity/detail/changed_layers.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "../../caffe/small_network.hpp"
#include "../../random_values.hpp"
#include "nuq/engine/any_engine.hpp"
#include "nuq/engine/eigen_engine.hpp"

namespace sensitivity_detail_changed_layers_test {

/// A network under construction: layers with random weights.
class Network {
 public:
  explicit Network(const std::string& input) : text_(input) {}

  Network& convolution(const std::string& name, const std::string& bottom, std::int64_t from, std::int64_t to,
                       const std::string& shared = "") {
    return with_weights(name, "Convolution", {to, from, 3, 3}, bottom,
                        "convolution_param { num_output: " + std::to_string(to) + " kernel_size: 3 pad: 1 } " + shared);
  }
  Network& product(const std::string& name, const std::string& bottom, std::int64_t from, std::int64_t to,
                   const std::string& more = "") {
    return with_weights(name, "InnerProduct", {to, from}, bottom,
                        "inner_product_param { num_output: " + std::to_string(to) + " " + more + "} ");
  }
  Network& layer(const std::string& name, const std::string& type, const std::vector<std::string>& bottoms,
                 const std::string& top, const std::string& more = "") {
    text_ += "layer { name: '" + name + "' type: '" + type + "' top: '" + top + "' " + more;
    for (const std::string& bottom : bottoms) text_ += "bottom: '" + bottom + "' ";
    text_ += "} ";
    return *this;
  }
  [[nodiscard]] nuq::Graph graph() const { return graph_of(text_, weights_); }

 private:
  Network& with_weights(const std::string& name, const std::string& type, const nuq::Shape& shape,
                        const std::string& bottom, const std::string& more) {
    const auto bias = static_cast<std::size_t>(shape.front());
    weights_.layer(name, type,
                   {nuq::Tensor(shape, random_values(nuq::element_count(shape), ++seed_, 0.5F)),
                    nuq::Tensor({shape.front()}, random_values(bias, ++seed_))});
    return layer(name, type, {bottom}, name, more);
  }

  std::string text_;
  SmallWeights weights_;
  std::uint32_t seed_ = 0;
};

const std::string image = "input: 'data' input_shape { dim: 1 dim: 3 dim: 5 dim: 4 } ";
constexpr int batches = 3;

/// Batches of one size and a smaller one at the end, of the shape that the network declares for one sample.
struct Samples {
  template <class Engine>
  void operator()(Engine& engine, int batch) const {
    nuq::Shape shape = sample;
    shape.front() = batch + 1 < batches ? 3 : 2;
    const nuq::Tensor tensor(shape, random_values(nuq::element_count(shape), static_cast<std::uint32_t>(100 + batch)));
    engine.set_input("data", tensor.view());
  }

  nuq::Shape sample;
};

/// An engine of the user's own, which does not say that it computes parts.
class WholeEngine {
 public:
  void load(const nuq::Graph& graph) {
    loaded.push_back(graph.nodes.size());
    engine_.load(graph);
  }
  void set_input(const std::string& blob, const nuq::TensorView& tensor) { engine_.set_input(blob, tensor); }
  template <class Observer>
  void forward(Observer&& observer) {
    engine_.forward(observer);
  }

  std::vector<std::size_t> loaded;  ///< how many layers each network had

 private:
  nuq::EigenEngine engine_;
};

/// One that does.
struct PartEngine : WholeEngine {
  static constexpr bool computes_parts = true;
};

/// The outputs of the whole network.
nuq::NetworkOutputs outputs_of(const nuq::Graph& graph, const Samples& samples) {
  nuq::EigenEngine engine;
  engine.load(graph);
  return nuq::network_outputs(graph, engine, batches, samples);
}

bool same_bits(float a, float b) {
  return std::memcmp(&a, &b, sizeof(float)) == 0;
}

void check_same(const nuq::NetworkOutputs& found, const nuq::NetworkOutputs& expected) {
  REQUIRE(found.blobs.size() == expected.blobs.size());
  for (std::size_t index = 0; index < found.blobs.size(); ++index) {
    const nuq::NetworkOutputs::Blob& blob = found.blobs[index];
    const nuq::NetworkOutputs::Blob& wanted = expected.blobs[index];
    CAPTURE(wanted.layer);
    CHECK(blob.layer == wanted.layer);
    CHECK(blob.output == wanted.output);
    CHECK(blob.is_probability == wanted.is_probability);
    CHECK(std::equal(blob.values.begin(), blob.values.end(), wanted.values.begin(), wanted.values.end(), same_bits));
  }
}

std::vector<std::size_t> nodes_with_blobs(const nuq::Graph& graph) {
  std::vector<std::size_t> nodes;
  for (std::size_t node = 0; node < graph.nodes.size(); ++node) {
    if (!graph.nodes[node].blobs.empty()) nodes.push_back(node);
  }
  return nodes;
}

std::vector<nuq::Tensor> changed_blobs(const nuq::Node& node, float by) {
  std::vector<nuq::Tensor> blobs = node.blobs;
  for (float& weight : blobs.front().values) weight *= by;
  blobs.front().values.front() += 0.25F;
  return blobs;
}

/// Changes every layer twice, in order, and the first one once more; memory for all values or for those of one layer.
template <class Engine>
void check_with(Engine engine, const nuq::Graph& graph, const nuq::Shape& sample, std::size_t memory) {
  Samples samples{sample};
  const nuq::NetworkOutputs original = outputs_of(graph, samples);
  std::vector<std::size_t> nodes = nodes_with_blobs(graph);
  nuq::detail::ChangedLayers<Engine, Samples> layers(graph, nodes, engine, batches, samples, original, memory);
  nodes.push_back(nodes.front());
  for (const std::size_t node : nodes) {
    CAPTURE(graph.nodes[node].name);
    for (const float by : {0.5F, -1.5F}) {
      nuq::Graph changed = graph;
      changed.nodes[node].blobs = changed_blobs(graph.nodes[node], by);
      check_same(layers.outputs(node, changed.nodes[node].blobs), outputs_of(changed, samples));
    }
  }
}

void check_all(const nuq::Graph& graph, const nuq::Shape& sample = {1, 3, 5, 4}) {
  constexpr std::size_t plenty = 1U << 20U;
  for (const std::size_t memory : {plenty, std::size_t{0}}) {
    check_with(nuq::EigenEngine(), graph, sample, memory);
    check_with(nuq::AnyEngine(nuq::EigenEngine()), graph, sample, memory);
    check_with(PartEngine(), graph, sample, memory);
  }
  check_with(WholeEngine(), graph, sample, plenty);
  check_with(nuq::AnyEngine(WholeEngine()), graph, sample, plenty);
}

/// Five layers, three with weights; the ReLU overwrites what it reads.
nuq::Graph chain() {
  return Network(image)
      .convolution("a", "data", 3, 4)
      .layer("relu", "ReLU", {"a"}, "a")
      .convolution("b", "a", 4, 2)
      .product("fc", "b", 2 * 5 * 4, 6)
      .layer("prob", "Softmax", {"fc"}, "prob")
      .graph();
}

TEST_CASE("engines say whether they compute parts") {
  CHECK(nuq::computes_parts(nuq::EigenEngine()));
  CHECK(nuq::computes_parts(PartEngine()));
  CHECK_FALSE(nuq::computes_parts(WholeEngine()));
  CHECK(nuq::computes_parts(nuq::AnyEngine(nuq::EigenEngine())));
  CHECK_FALSE(nuq::computes_parts(nuq::AnyEngine(WholeEngine())));
}

TEST_CASE("in a chain the layers behind a changed one give what the whole network gives") {
  check_all(chain());
}

TEST_CASE("a layer that follows one of its name is another one") {
  nuq::Graph graph = Network(image)
                         .convolution("a", "data", 3, 4)
                         .convolution("b", "a", 4, 2)
                         .product("fc", "b", 2 * 5 * 4, 6)
                         .graph();
  for (nuq::Node& node : graph.nodes) {
    if (node.name == "b") node.name = "a";
  }
  check_all(graph);
}

TEST_CASE("a part reads the branches that it does not change, before and after they are overwritten") {
  // 'a' is read three times: as it is written, after its ReLU, and by the sum; 'b' is overwritten twice.
  check_all(Network(image)
                .convolution("a", "data", 3, 4)
                .layer("copy", "Power", {"a"}, "copy", "power_param { scale: 2 } ")
                .layer("relu_a", "ReLU", {"a"}, "a")
                .convolution("b", "a", 4, 4)
                .layer("scale_b", "Power", {"b"}, "b", "power_param { shift: 0.5 } ")
                .layer("relu_b", "ReLU", {"b"}, "b", "relu_param { negative_slope: 0.1 } ")
                .layer("sum", "Eltwise", {"a", "b"}, "sum")
                .layer("relu_sum", "ReLU", {"sum"}, "sum")
                .layer("other", "Eltwise", {"sum", "copy"}, "other", "eltwise_param { operation: MAX } ")
                .convolution("c", "other", 4, 2)
                .graph());
}

TEST_CASE("a concatenation takes the changed parts and those that are not") {
  check_all(Network(image)
                .convolution("a", "data", 3, 2)
                .convolution("b", "data", 3, 3)
                .layer("relu_b", "ReLU", {"b"}, "b")
                .layer("both", "Concat", {"a", "b", "data"}, "both")
                .layer("pool", "Pooling", {"both"}, "pool", "pooling_param { kernel_size: 2 stride: 2 } ")
                .convolution("c", "pool", 8, 2)
                .graph());
}

TEST_CASE("of layers that share weights one alone is changed") {
  const std::string shared = "param { name: 'w' } param { name: 'v' } ";
  const nuq::Graph graph = Network(image)
                               .convolution("first", "data", 3, 3, shared)
                               .layer("relu", "ReLU", {"first"}, "first")
                               .convolution("second", "first", 3, 3, shared)
                               .layer("sum", "Eltwise", {"first", "second"}, "sum")
                               .graph();
  REQUIRE(graph.nodes[0].shared_parameters == graph.nodes[2].shared_parameters);
  check_all(graph);
}

TEST_CASE("outputs that do not depend on a layer stay, those of several layers are all there") {
  check_all(Network(image)
                .convolution("trunk", "data", 3, 4)
                .product("scores", "trunk", 4 * 5 * 4, 5)
                .layer("prob", "Softmax", {"scores"}, "prob")
                .convolution("boxes", "trunk", 4, 2)
                .convolution("apart", "data", 3, 1)
                .layer("parts", "Slice", {"boxes"}, "left", "top: 'right' slice_param { axis: 1 slice_point: 1 } ")
                .graph());
}

TEST_CASE("a layer that is not computed changes nothing") {
  const nuq::Graph graph = Network(image)
                               .convolution("a", "data", 3, 4)
                               .layer("unknown", "NobodyKnowsThis", {"a"}, "unknown")
                               .convolution("behind", "unknown", 4, 2)
                               .convolution("b", "a", 4, 2)
                               .graph();
  REQUIRE(!graph.nodes[2].blobs.empty());
  check_all(graph);
}

TEST_CASE("samples may stand in any axis of what is kept, and batches differ in their number") {
  check_all(Network("input: 'data' input_shape { dim: 1 dim: 2 dim: 5 } ")
                .layer("turned", "Permute", {"data"}, "turned", "permute_param { order: 1 order: 0 order: 2 } ")
                .product("fc", "turned", 5, 4, "axis: 2 ")
                .graph(),
            {1, 2, 5});
}

/// How many layers an engine has loaded for each of the three layers of the chain, once.
std::vector<std::size_t> loaded_layers(std::size_t memory) {
  const nuq::Graph graph = chain();
  Samples samples{{1, 3, 5, 4}};
  const nuq::NetworkOutputs original = outputs_of(graph, samples);
  PartEngine engine;
  const std::vector<std::size_t> nodes = nodes_with_blobs(graph);
  nuq::detail::ChangedLayers<PartEngine, Samples> layers(graph, nodes, engine, batches, samples, original, memory);
  for (const std::size_t node : nodes) static_cast<void>(layers.outputs(node, graph.nodes[node].blobs));
  return engine.loaded;
}

TEST_CASE("the whole network is run once for as many layers as there is memory for, then parts of it") {
  CHECK(loaded_layers(1U << 20U) == std::vector<std::size_t>{5, 5, 3, 2});
  CHECK(loaded_layers(0) == std::vector<std::size_t>{5, 5, 5, 3, 5, 2});
  // By the first batch there are 9 samples, of 3, 4 and 2 channels in front of the layers.
  constexpr std::size_t two_layers = sizeof(float) * 9 * (3 + 4) * 5 * 4;
  CHECK(loaded_layers(two_layers) == std::vector<std::size_t>{5, 5, 3, 5, 2});
  CHECK(loaded_layers(two_layers - 1) == std::vector<std::size_t>{5, 5, 5, 3, 2});
}

}  // namespace sensitivity_detail_changed_layers_test
