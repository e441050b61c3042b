#include <cstdio>

#include <nuq/nuq.hpp>

/// The number of layers in a prototxt, read with this plugin's own copy of nuq; -1 for an error.
extern "C" int count_layers(const char* model_file) {
  try {
    const nuq::Graph graph = nuq::load_graph(model_file, "");
    std::printf("%s: %zu layers\n", nuq::schema::LayerParameter::descriptor()->full_name().c_str(), graph.nodes.size());
    return static_cast<int>(graph.nodes.size());
  } catch (const nuq::Error& error) {
    std::printf("%s\n", error.what());
    return -1;
  }
}
