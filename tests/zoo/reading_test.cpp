// Nothing that stands in a published file is dropped without a word: whatever is added to it is noticed.

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "../unit/error_of.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/prototxt_text.hpp"
#include "published_models.hpp"

namespace zoo_reading_test {

std::vector<std::string> all_prototxts() {
  std::vector<std::string> files = published_prototxts();
  for (const PublishedModel& model : published_models()) files.push_back(model.model);
  return files;
}

nuq::Graph graph_of(const std::string& text) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", "")));
}

bool names(const std::string& text, const std::string& field) {
  return text.find("'" + field + "'") != std::string::npos;
}

/// Where a layer's text ends; 0 for one that a rule selects, which may be of the other phase.
std::size_t end_of_layer(const std::string& text, const nuq::TextField& layer) {
  if (layer.name != "layer" && layer.name != "layers") return 0;
  const std::vector<nuq::TextField> fields = nuq::text_fields(text, layer.value_begin, layer.value_end);
  const auto is_rule = [](const nuq::TextField& field) { return field.name == "include" || field.name == "exclude"; };
  return std::any_of(fields.begin(), fields.end(), is_rule) ? 0 : layer.value_end;
}

std::string misspelt(std::size_t layer) {
  return "kernl_siz_" + std::to_string(layer);
}

/// Gives each layer a misspelt field of its own; returns how many.
std::size_t add_misspelt_fields(std::string& text) {
  std::vector<std::size_t> ends;
  for (const nuq::TextField& layer : nuq::text_fields(text)) {
    if (const std::size_t end = end_of_layer(text, layer); end != 0) ends.push_back(end);
  }
  for (std::size_t layer = ends.size(); layer-- > 0;) text.insert(ends[layer], " " + misspelt(layer) + ": 3 ");
  return ends.size();
}

TEST_CASE("a field that nobody knows is noticed in every layer of every published prototxt") {
  std::size_t layers = 0;
  for (const std::string& file : all_prototxts()) {
    CAPTURE(file);
    std::string text = nuq::read_model(file, "").text;
    const nuq::Graph before = graph_of(text);
    const std::size_t count = add_misspelt_fields(text);
    const nuq::Graph after = graph_of(text);
    REQUIRE(after.nodes.size() == before.nodes.size());
    CHECK(after.warnings.size() == before.warnings.size() + count);
    std::size_t stopped = 0;
    for (std::size_t layer = 0; layer < count; ++layer) {
      CAPTURE(layer);
      const auto is_of_field = [&](const std::string& message) { return names(message, misspelt(layer)); };
      CHECK(std::count_if(after.warnings.begin(), after.warnings.end(), is_of_field) == 1);
      const auto is_stopped = [&](const nuq::Node& node) { return is_of_field(node.obstacle); };
      const auto nodes = std::count_if(after.nodes.begin(), after.nodes.end(), is_stopped);
      CHECK(nodes <= 1);
      stopped += static_cast<std::size_t>(nodes);
    }
    for (std::size_t node = 0; node < after.nodes.size(); ++node)
      if (!before.nodes[node].obstacle.empty()) CHECK(after.nodes[node].obstacle == before.nodes[node].obstacle);
    layers += stopped;
  }
  CHECK(layers > 1000);
}

TEST_CASE("a blob more or less is noticed in every layer of every published caffemodel") {
  for (const PublishedModel& published : published_models()) {
    CAPTURE(published.name);
    nuq::Model model = nuq::read_model(published.model, published.weights);
    const nuq::Graph graph = nuq::build_graph(std::make_shared<const nuq::Model>(model));
    const std::size_t layers = static_cast<std::size_t>(model.weights.layer_size());
    std::size_t tried = 0;
    for (std::size_t index = 0; index < layers && tried < 12; ++index) {
      auto& layer = *model.weights.mutable_layer(static_cast<int>(index));
      const nuq::Node* const node = graph.find(layer.name());
      if (node == nullptr || nuq::is<nuq::ops::Unknown>(*node) || nuq::is<nuq::ops::Input>(*node)) continue;
      CAPTURE(layer.name());
      const int count = layer.blobs_size();
      if (static_cast<std::size_t>(count) != node->blobs.size()) continue;  // has masks, or several values in one
      ++tried;
      layer.add_blobs()->add_data(1.0F);
      const auto build = [&model] { static_cast<void>(nuq::build_graph(std::make_shared<const nuq::Model>(model))); };
      CHECK(error_of<nuq::ModelError>(build).says("layer '" + layer.name() + "': has " + std::to_string(count + 1) +
                                                  " blobs"));
      layer.mutable_blobs()->RemoveLast();
      if (count == 0) continue;
      nuq::schema::BlobProto last = layer.blobs(count - 1);
      layer.mutable_blobs()->RemoveLast();
      CHECK(error_of<nuq::ModelError>(build).says("layer '" + layer.name() + "': has " + std::to_string(count - 1) +
                                                  " blobs"));
      *layer.add_blobs() = last;
    }
  }
}

}  // namespace zoo_reading_test
