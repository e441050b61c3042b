// Some hundred small networks, layer by layer of BVLC and SSD Caffe, against what real Caffe computes (CPU, float32).

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/core/array_view.hpp"
#include "nuq/core/error.hpp"
#include "nuq/engine/net.hpp"
#include "nuq/io/npy.hpp"

namespace zoo_caffe_cases_test {

namespace fs = std::filesystem;

/// What Caffe has left in each blob that a layer computes, by blob: a file.
std::map<std::string, fs::path> computed_blobs(const fs::path& folder) {
  static const std::set<std::string> sources = {"Input", "DummyData", "Data", "MemoryData", "ImageData", "HDF5Data"};
  std::map<std::string, fs::path> blobs;
  std::ifstream index(folder / "index.txt");
  for (std::string line; std::getline(index, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> cells;  // layer, type, top's index, blob, file
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, '\t');) cells.push_back(cell);
    if (cells.size() < 5 || sources.count(cells[1]) > 0) continue;
    blobs.erase(cells[3]);
    if (fs::exists(folder / cells[4])) blobs[cells[3]] = folder / cells[4];
  }
  return blobs;
}

/// Largest difference over the reference's largest finite magnitude; infinite for other sizes and for NaN elsewhere.
double difference(nuq::ArrayView<const float> got, nuq::ArrayView<const float> reference) {
  if (got.size() != reference.size()) return HUGE_VAL;
  double largest = 0.0;
  double magnitude = 1e-12;
  for (std::size_t at = 0; at < got.size(); ++at) {
    if (std::isnan(got[at]) != std::isnan(reference[at])) return HUGE_VAL;
    if (!std::isfinite(got[at]) || !std::isfinite(reference[at])) continue;
    largest = (std::max)(largest, static_cast<double>(std::fabs(got[at] - reference[at])));
    magnitude = (std::max)(magnitude, static_cast<double>(std::fabs(reference[at])));
  }
  return largest / magnitude;
}

double worst_difference(const fs::path& folder, const std::map<std::string, fs::path>& blobs) {
  nuq::Net net((folder / "net.prototxt").string(), (folder / "w.caffemodel").string());
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().stem().string();
    if (file.path().extension() != ".npy" || name.rfind("in_", 0) != 0) continue;
    net.set_input(name.substr(3), nuq::to_tensor(nuq::read_npy(file.path().string())).view());
  }
  net.forward();
  double worst = 0.0;
  for (const auto& [blob, file] : blobs) {
    const nuq::Tensor reference = nuq::to_tensor(nuq::read_npy(file.string()));
    worst = (std::max)(worst, difference(net.output(blob).values, reference.values));
  }
  return worst;
}

/// Where this library differs on purpose, and why.
const std::map<std::string, std::string> deviations = {
    {"0161_PoolAVE_k2s3p0", "the average of an empty window is 0, not NaN"},
    {"0637_MVN_large_mean", "Caffe's variance is off by 2e-4 of the exact one, ours is not"},
    {"0811_flatten_alias_inplace", "an in-place layer behind a view changes the view alone; inspect warns"},
    {"0813_elt_inplace_first", "an in-place Eltwise counts its first input; inspect warns"},
};

TEST_CASE("small networks compute what real Caffe computes") {
  std::size_t right = 0;
  std::size_t refused = 0;
  for (const auto& kind : fs::directory_iterator(NUQ_CAFFE_CASES)) {
    if (!kind.is_directory()) continue;
    for (const auto& folder : fs::directory_iterator(kind.path())) {
      const std::map<std::string, fs::path> blobs = computed_blobs(folder.path() / "caffe");
      if (blobs.empty() || !fs::exists(folder.path() / "net.prototxt")) continue;
      const bool deviates = deviations.count(folder.path().filename().string()) > 0;
      CAPTURE(folder.path().string());
      try {
        const double worst = worst_difference(folder.path(), blobs);
        CHECK((deviates || worst <= 2e-5));
        right += worst <= 2e-5 ? 1 : 0;
      } catch (const nuq::Error& error) {
        std::printf("refused: %s\n", error.what());
        ++refused;
      }
    }
  }
  std::printf("%zu networks as in Caffe, %zu refused\n", right, refused);
  CHECK(right > 400);
  CHECK(refused <= 20);
}

}  // namespace zoo_caffe_cases_test
