// Forward time of EigenEngine against OpenCV dnn's, one image, the same network, weights and number of threads in
// turns.
//
//     NUQ_MODEL_ZOO=… nuq_benchmark_engine [seconds per network]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>

#include "../unit/random_values.hpp"
#include "../unit/temporary_folder.hpp"
#include "../zoo/random_weights.hpp"
#include "inference_network.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/atomic_file.hpp"

namespace {

struct Benchmarked {
  std::string name;
  std::string model;
  std::string weights;
  std::vector<std::pair<std::string, nuq::Shape>> inputs;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Runs the two in turns for `budget` seconds; the median time of each, in milliseconds.
template <class First, class Second>
std::pair<double, double> medians(double budget, First&& first, Second&& second) {
  std::vector<double> a;
  std::vector<double> b;
  first();
  second();
  const auto begin = std::chrono::steady_clock::now();
  while (a.size() < 5 || seconds_since(begin) < budget) {
    auto start = std::chrono::steady_clock::now();
    first();
    a.push_back(seconds_since(start));
    start = std::chrono::steady_clock::now();
    second();
    b.push_back(seconds_since(start));
  }
  const auto middle = [](std::vector<double>& values) {
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return 1e3 * values[values.size() / 2];
  };
  return {middle(a), middle(b)};
}

/// Our time over theirs.
double compare(const Benchmarked& network, int threads, double budget) {
  nuq::Net ours(network.model, network.weights, static_cast<std::size_t>(threads));
  cv::setNumThreads(threads);
  cv::dnn::Net theirs = cv::dnn::readNetFromCaffe(network.model, network.weights);
  theirs.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
  for (const auto& [blob, shape] : network.inputs) {
    std::vector<float> values = random_values(nuq::element_count(shape), 3);
    ours.set_input(blob, {shape, values});
    const std::vector<int> sizes(shape.begin(), shape.end());
    theirs.setInput(cv::Mat(sizes, CV_32F, values.data()).clone(),
                    network.inputs.size() == 1 ? cv::String() : cv::String(blob));
  }
  const auto [our_ms, their_ms] = medians(
      budget, [&] { ours.forward(); }, [&] { static_cast<void>(theirs.forward()); });
  std::printf("%-28s %d thread(s) %10.3f ms %10.3f ms   ratio %.2f\n", network.name.c_str(), threads, our_ms, their_ms,
              our_ms / their_ms);
  std::fflush(stdout);
  return our_ms / their_ms;
}

std::string zoo_path(const std::string& name) {
  return std::string(std::getenv("NUQ_MODEL_ZOO")) + "/models/" + name;
}

/// A published architecture with random weights.
Benchmarked random_network(const std::string& name, const std::string& prototxt, const nuq::Shape& input,
                           const std::string& folder) {
  Benchmarked network{name, folder + "/" + name + ".prototxt", folder + "/" + name + ".caffemodel", {{"data", input}}};
  nuq::write_file_atomically(network.model, inference_text(zoo_path("prototxt/" + prototxt), input));
  write_random_weights(network.model, network.weights);
  return network;
}

/// The published networks with weights that OpenCV reads, at their declared input sizes.
std::vector<Benchmarked> zoo_networks() {
  std::vector<Benchmarked> networks;
  for (const auto& entry : std::filesystem::directory_iterator(zoo_path(""))) {
    const std::filesystem::path& folder = entry.path();
    if (!std::filesystem::exists(folder / "reference")) continue;
    Benchmarked network{folder.filename().string(), "", "", {}};
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
      const std::string path = file.path().string();
      const bool is_derived = path.find("derived") != std::string::npos;
      if (file.path().extension() == ".prototxt" && (network.model.empty() || is_derived)) network.model = path;
      if (file.path().extension() == ".caffemodel") network.weights = path;
    }
    const nuq::Graph graph = nuq::load_graph(network.model, network.weights);
    for (const std::size_t input : graph.inputs)
      network.inputs.emplace_back(graph.values[input].blob, graph.values[input].shape);
    networks.push_back(network);
  }
  std::sort(networks.begin(), networks.end(),
            [](const Benchmarked& a, const Benchmarked& b) { return a.name < b.name; });
  return networks;
}

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("NUQ_MODEL_ZOO") == nullptr) {
    std::fprintf(stderr, "NUQ_MODEL_ZOO is not set: nothing to measure\n");
    return 77;
  }
  const double budget = argc > 1 ? std::atof(argv[1]) : 2.0;
  const TemporaryFolder folder;
  std::vector<Benchmarked> networks = {
      random_network("resnet50", "resnet50_kaiming.prototxt", {1, 3, 224, 224}, folder.path()),
      random_network("squeezenet_v1.0", "squeezenet_v1.0_trainval.prototxt", {1, 3, 227, 227}, folder.path()),
      random_network("mobilenet_v1", "mobilenet_v1.prototxt", {1, 3, 224, 224}, folder.path()),
      random_network("vgg16", "vgg16.prototxt", {1, 3, 224, 224}, folder.path()),
  };
  for (Benchmarked& network : zoo_networks()) networks.push_back(std::move(network));
  std::printf("%-28s %11s %13s %13s\n", "network", "", "nuq", "OpenCV dnn");
  for (const int threads : {1, 2}) {
    std::vector<double> ratios;
    for (const Benchmarked& network : networks) {
      try {
        ratios.push_back(compare(network, threads, budget));
      } catch (const cv::Exception& error) {
        std::printf("%-28s %d thread(s) OpenCV cannot run it: %s\n", network.name.c_str(), threads, error.err.c_str());
      }
    }
    std::sort(ratios.begin() + 1, ratios.end());
    std::printf("%d thread(s): ResNet-50 %.2f, median of the others %.2f\n", threads, ratios.front(),
                ratios[1 + (ratios.size() - 1) / 2]);
  }
  return 0;
}
