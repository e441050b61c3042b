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

/// Whether the reader says that there is one more field, and does not compute the layer that it is in.
void check_noticed(const nuq::Graph& before, const std::string& text, const std::string& field) {
  const nuq::Graph after = graph_of(text);
  REQUIRE(after.warnings.size() == before.warnings.size() + 1);
  std::size_t named = 0;
  for (const std::string& warning : after.warnings) named += warning.find(field) != std::string::npos ? 1U : 0U;
  CHECK(named == 1);
  std::size_t stopped = 0;
  for (std::size_t node = 0; node < after.nodes.size(); ++node) {
    if (after.nodes[node].obstacle == before.nodes[node].obstacle) continue;
    ++stopped;
    CHECK(after.nodes[node].obstacle.find(field) != std::string::npos);
  }
  CHECK(stopped <= 1);
}

TEST_CASE("a field that nobody knows is noticed in every layer of every published prototxt") {
  std::size_t layers = 0;
  for (const std::string& file : all_prototxts()) {
    CAPTURE(file);
    const std::string text = nuq::read_model(file, "").text;
    const nuq::Graph before = graph_of(text);
    for (const nuq::TextField& layer : nuq::text_fields(text)) {
      if (layer.name != "layer" && layer.name != "layers") continue;
      const std::vector<nuq::TextField> fields = nuq::text_fields(text, layer.value_begin, layer.value_end);
      const auto is_selected_by_rule = [](const nuq::TextField& field) {
        return field.name == "include" || field.name == "exclude";
      };
      if (std::any_of(fields.begin(), fields.end(), is_selected_by_rule)) continue;  // may be of the other phase
      CAPTURE(text.substr(layer.begin, layer.end - layer.begin));
      std::string in_layer = text;
      in_layer.insert(layer.value_end, " kernl_siz: 3 ");
      check_noticed(before, in_layer, "'kernl_siz'");
      ++layers;
    }
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
