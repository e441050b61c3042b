#include "nuq/calibration/collect_layer_statistics.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../caffe/small_network.hpp"
#include "../eigen_values.hpp"
#include "../error_of.hpp"
#include "../random_values.hpp"
#include "nuq/calibration/detail/sample_positions.hpp"
#include "nuq/core/thread_pool.hpp"
#include "nuq/engine/eigen_engine.hpp"
#include "nuq/engine/kernels/outer_products.hpp"

namespace calibration_collect_layer_statistics_test {

using Vectors = std::vector<std::vector<double>>;
using Statistics = std::map<std::string, nuq::SplitStatistics>;

const nuq::Shape image_shape = {2, 7, 6};
constexpr std::size_t image_size = 2 * 7 * 6;

nuq::Tensor random_blob(nuq::Shape shape, std::uint32_t seed) {
  const std::size_t count = nuq::element_count(shape);
  return {std::move(shape), random_values(count, seed)};
}

std::string convolution(const std::string& name, const std::string& parameters) {
  return "layer { name: '" + name + "' type: 'Convolution' bottom: 'data' top: '" + name + "' convolution_param { " +
         parameters + " bias_term: false } } ";
}

/// 'windows', 'plain', 'grouped' and 'uniform' read the images, 'fc' reads 'windows'; all but 'uniform' take NUQ.
nuq::Graph network() {
  SmallWeights weights;
  weights.layer("windows", "Convolution", {random_blob({3, 2, 3, 2}, 1)})
      .layer("plain", "Convolution", {random_blob({4, 2, 3, 3}, 2)})
      .layer("grouped", "Convolution", {random_blob({2, 1, 1, 1}, 3)})
      .layer("up", "Deconvolution", {random_blob({2, 2, 1, 1}, 3)})
      .layer("uniform", "Convolution", {random_blob({2, 2, 1, 1}, 3)})
      .layer("fc", "InnerProduct", {random_blob({5, 108}, 4)});
  return graph_of(
      "input: 'data' input_shape { dim: 1 dim: 2 dim: 7 dim: 6 } " +
          convolution("windows", "num_output: 3 kernel_h: 3 kernel_w: 2 stride_h: 2 stride_w: 1 pad_h: 1 pad_w: 2") +
          convolution("plain", "num_output: 4 kernel_size: 3 dilation: 2") +
          convolution("grouped", "num_output: 2 group: 2 kernel_size: 1") +
          convolution("uniform", "num_output: 2 kernel_size: 1") +
          "layer { name: 'up' type: 'Deconvolution' bottom: 'data' top: 'up' convolution_param { num_output: 2 "
          "kernel_size: 1 bias_term: false } } "
          "layer { name: 'fc' type: 'InnerProduct' bottom: 'windows' top: 'fc' inner_product_param { num_output: 5 "
          "bias_term: false } }",
      weights);
}

/// NUQ on all layers but 'uniform'.
nuq::QuantizationPlan plan() {
  nuq::LayerPlan nuq_layer;
  nuq_layer.weight_algorithm = nuq::WeightAlgorithm::nuq;
  return {{"windows", nuq_layer}, {"plain", nuq_layer}, {"grouped", nuq_layer},
          {"up", nuq_layer},      {"fc", nuq_layer},    {"uniform", nuq::LayerPlan{}}};
}

/// Images [first, first + count) of an endless series, mostly positive so that means are not zero.
nuq::Tensor images(std::size_t first, std::size_t count) {
  nuq::Tensor tensor({static_cast<std::int64_t>(count), image_shape[0], image_shape[1], image_shape[2]});
  for (std::size_t image = 0; image < count; ++image) {
    const std::vector<float> values = random_values(image_size, static_cast<std::uint32_t>(first + image + 1));
    std::transform(values.begin(), values.end(),
                   tensor.values.begin() + static_cast<std::ptrdiff_t>(image * image_size),
                   [](float value) { return value + 0.3F; });
  }
  return tensor;
}

Statistics collect(const nuq::Graph& graph, const std::vector<std::size_t>& batch_sizes,
                   const nuq::StatisticsOptions& options, std::size_t threads = 1) {
  nuq::EigenEngine engine;
  engine.load(graph);
  nuq::ThreadPool pool(threads);
  std::size_t next = 0;
  const auto feed = [&](nuq::EigenEngine& target, int batch) {
    const std::size_t size = batch_sizes[static_cast<std::size_t>(batch)];
    target.set_input("data", images(next, size).view());
    next += size;
  };
  return nuq::collect_layer_statistics(graph, plan(), engine, static_cast<int>(batch_sizes.size()), feed, options,
                                       pool);
}

/// Computes nothing.
struct IdleEngine {
  void load(const nuq::Graph&) {}
  void set_input(const std::string&, const nuq::TensorView&) {}
  template <class Observer>
  void forward(Observer&&) {}
};

nuq::StatisticsOptions all_positions() {
  nuq::StatisticsOptions options;
  options.positions_per_input = 0;
  return options;
}

/// A convolution's window parameters by height and width, as the prototxt gives them.
struct Window {
  int kernel[2];
  int stride[2];
  int pad[2];
  int dilation[2];
};

/// All windows over one image [2, 7, 6], one by one through a padded copy of the image.
Vectors windows_of(const nuq::Tensor& image, const Window& window) {
  const int height = 7 + 2 * window.pad[0];
  const int width = 6 + 2 * window.pad[1];
  std::vector<std::vector<std::vector<double>>> padded(
      2, std::vector<std::vector<double>>(static_cast<std::size_t>(height),
                                          std::vector<double>(static_cast<std::size_t>(width), 0.0)));
  const auto at = [&padded](int channel, int row, int col) -> double& {
    return padded[static_cast<std::size_t>(channel)][static_cast<std::size_t>(row)][static_cast<std::size_t>(col)];
  };
  std::size_t value = 0;
  for (int channel = 0; channel < 2; ++channel) {
    for (int row = 0; row < 7; ++row) {
      for (int col = 0; col < 6; ++col)
        at(channel, row + window.pad[0], col + window.pad[1]) = static_cast<double>(image.values[value++]);
    }
  }
  Vectors found;
  for (int top = 0; top + window.dilation[0] * (window.kernel[0] - 1) < height; top += window.stride[0]) {
    for (int left = 0; left + window.dilation[1] * (window.kernel[1] - 1) < width; left += window.stride[1]) {
      found.emplace_back();
      for (int channel = 0; channel < 2; ++channel) {
        for (int row = 0; row < window.kernel[0]; ++row) {
          for (int col = 0; col < window.kernel[1]; ++col)
            found.back().push_back(at(channel, top + row * window.dilation[0], left + col * window.dilation[1]));
        }
      }
    }
  }
  return found;
}

const Window windows_window = {{3, 2}, {2, 1}, {1, 2}, {1, 1}};
const Window plain_window = {{3, 3}, {1, 1}, {0, 0}, {2, 2}};

/// The vectors that a convolution over the images first, first + step, … below `end` sees.
Vectors windows_of_images(const Window& window, std::size_t first, std::size_t step, std::size_t end) {
  Vectors all;
  for (std::size_t image = first; image < end; image += step) {
    const Vectors found = windows_of(images(image, 1), window);
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

/// The inputs of 'fc' for those images: what 'windows' computes, one image at a time.
Vectors features_of_images(const nuq::Graph& graph, std::size_t first, std::size_t step, std::size_t end) {
  nuq::EigenEngine engine;
  engine.load(graph);
  Vectors all;
  for (std::size_t image = first; image < end; image += step) {
    engine.set_input("data", images(image, 1).view());
    engine.forward();
    const nuq::TensorView output = engine.output("windows");
    all.emplace_back(output.values.begin(), output.values.end());
  }
  return all;
}

bool near(double value, double wanted, double tolerance) {
  return std::abs(value - wanted) <= tolerance;
}

void check_moments(const nuq::LayerStatistics& statistics, const Vectors& vectors, bool has_second_moments = true) {
  const std::size_t inputs = vectors.front().size();
  const double count = static_cast<double>(vectors.size());
  const auto index = [](std::size_t i) { return static_cast<Eigen::Index>(i); };
  REQUIRE(statistics.samples == vectors.size());
  REQUIRE(statistics.input_mean.size() == index(inputs));
  REQUIRE(statistics.mean_squares.size() == index(inputs));
  REQUIRE(statistics.second_moments.rows() == (has_second_moments ? index(inputs) : 0));
  REQUIRE(statistics.second_moments.cols() == statistics.second_moments.rows());
  bool agree = true;
  for (std::size_t i = 0; i < inputs; ++i) {
    double sum = 0.0;
    for (const std::vector<double>& x : vectors) sum += x[i];
    agree = agree && near(statistics.input_mean[index(i)], sum / count, 1e-13);
    for (std::size_t j = 0; j < inputs; ++j) {
      double product = 0.0;
      for (const std::vector<double>& x : vectors) product += x[i] * x[j];
      if (has_second_moments)
        agree = agree && near(statistics.second_moments(index(i), index(j)), product / count, 1e-13);
      if (i == j) agree = agree && near(statistics.mean_squares[index(i)], product / count, 1e-13);
    }
  }
  CHECK(agree);
}

bool same(const nuq::LayerStatistics& a, const nuq::LayerStatistics& b) {
  return a.samples == b.samples && a.mean_squares == b.mean_squares && a.second_moments == b.second_moments &&
         a.input_mean == b.input_mean;
}

bool same(const Statistics& a, const Statistics& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& left, const auto& right) {
           return left.first == right.first && same(left.second.even, right.second.even) &&
                  same(left.second.odd, right.second.odd);
         });
}

TEST_CASE("each half holds the moments of every window of its images, padding included") {
  const nuq::Graph graph = network();
  const Statistics statistics = collect(graph, {3, 1, 5, 2}, all_positions());
  check_moments(statistics.at("windows").even, windows_of_images(windows_window, 0, 2, 11));
  check_moments(statistics.at("windows").odd, windows_of_images(windows_window, 1, 2, 11));
  check_moments(statistics.at("plain").even, windows_of_images(plain_window, 0, 2, 11));
  check_moments(statistics.at("plain").odd, windows_of_images(plain_window, 1, 2, 11));
}

/// The windows of a convolution over a volume [2, 3, 4, 5] with kernel 2 × 3 × 2, stride 1 × 2 × 1, pad 1 × 0 × 1 and
/// dilation 2 × 1 × 3.
Vectors windows_of_volume(const std::vector<float>& volume) {
  const auto at = [&volume](int channel, int z, int y, int x) {
    const bool is_inside = z >= 0 && z < 3 && y >= 0 && y < 4 && x >= 0 && x < 5;
    return is_inside ? static_cast<double>(volume[static_cast<std::size_t>(((channel * 3 + z) * 4 + y) * 5 + x)]) : 0.0;
  };
  Vectors found;
  for (int z = -1; z + 2 < 4; ++z) {
    for (int y = 0; y + 2 < 4; y += 2) {
      for (int x = -1; x + 3 < 6; ++x) {
        found.emplace_back();
        for (int channel = 0; channel < 2; ++channel) {
          for (int tap = 0; tap < 12; ++tap)
            found.back().push_back(at(channel, z + tap / 6 * 2, y + tap / 2 % 3, x + tap % 2 * 3));
        }
      }
    }
  }
  return found;
}

TEST_CASE("windows may be those of volumes and of lines") {
  const auto statistics_of = [](const nuq::Shape& filter, const std::string& window, const nuq::TensorView& input) {
    SmallWeights weights;
    weights.layer("windows", "Convolution", {random_blob(filter, 1)});
    std::string dimensions;
    for (const std::int64_t extent : input.shape) dimensions += "dim: " + std::to_string(extent) + " ";
    const nuq::Graph graph =
        graph_of("input: 'data' input_shape { " + dimensions + "} " + convolution("windows", "num_output: 3 " + window),
                 weights);
    nuq::EigenEngine engine;
    engine.load(graph);
    nuq::Parallel serial;
    const auto feed = [&input](nuq::EigenEngine& target, int) { target.set_input("data", input); };
    return nuq::collect_layer_statistics(graph, plan(), engine, 1, feed, all_positions(), serial).at("windows");
  };
  const std::vector<float> volumes = random_values(2 * 120, 7);
  const nuq::SplitStatistics of_volumes =
      statistics_of({3, 2, 2, 3, 2},
                    "kernel_size: 2 kernel_size: 3 kernel_size: 2 stride: 1 stride: 2 stride: 1 pad: 1 pad: 0 pad: 1 "
                    "dilation: 2 dilation: 1 dilation: 3",
                    {{2, 2, 3, 4, 5}, volumes});
  check_moments(of_volumes.even, windows_of_volume({volumes.begin(), volumes.begin() + 120}));
  check_moments(of_volumes.odd, windows_of_volume({volumes.begin() + 120, volumes.end()}));

  const std::vector<float> line = {1, 2, 3, 4};
  const nuq::SplitStatistics of_line = statistics_of({3, 1, 3}, "kernel_size: 3 pad: 1 stride: 2", {{1, 1, 4}, line});
  check_moments(of_line.even, {{0, 1, 2}, {2, 3, 4}});
}

TEST_CASE("an inner product sees each image as one vector") {
  const nuq::Graph graph = network();
  nuq::StatisticsOptions options;
  options.positions_per_input = 1;  // fewer than images: those of an inner product are all taken
  options.min_positions = 400;
  const Statistics statistics = collect(graph, {7, 2}, options);
  check_moments(statistics.at("fc").even, features_of_images(graph, 0, 2, 9));
  check_moments(statistics.at("fc").odd, features_of_images(graph, 1, 2, 9));
}

TEST_CASE("layers that do not take NUQ, or not all inputs for each output, are left out") {
  const Statistics statistics = collect(network(), {1}, all_positions());
  std::vector<std::string> layers;
  for (const auto& layer : statistics) layers.push_back(layer.first);
  CHECK(layers == std::vector<std::string>{"fc", "plain", "windows"});
}

TEST_CASE("merged halves are the moments of all images") {
  const nuq::Graph graph = network();
  const Statistics statistics = collect(graph, {4, 3}, all_positions());
  check_moments(nuq::merged(statistics.at("windows")), windows_of_images(windows_window, 0, 1, 7));
  check_moments(nuq::merged(statistics.at("fc")), features_of_images(graph, 0, 1, 7));
}

TEST_CASE("a layer too large to be split has the moments of all images, and both halves the rest") {
  const nuq::Graph graph = network();
  nuq::StatisticsOptions options = all_positions();
  options.max_split_inputs = 17;  // 'plain' has 18, 'windows' 12
  const Statistics statistics = collect(graph, {4, 3}, options);
  CHECK(statistics.at("windows").second_moments.empty());
  const nuq::SplitStatistics& plain = statistics.at("plain");
  CHECK(plain.even.second_moments.empty());
  CHECK(plain.odd.second_moments.empty());
  check_moments(plain.even, windows_of_images(plain_window, 0, 2, 7), false);
  check_moments(plain.odd, windows_of_images(plain_window, 1, 2, 7), false);
  check_moments(nuq::merged(plain), windows_of_images(plain_window, 0, 1, 7));
}

TEST_CASE("a single image fills the even half alone") {
  const nuq::Graph graph = network();
  const nuq::SplitStatistics split = collect(graph, {1}, all_positions()).at("windows");
  check_moments(split.even, windows_of_images(windows_window, 0, 2, 1));
  CHECK(split.odd.samples == 0);
  CHECK(split.odd.second_moments == Eigen::MatrixXd::Zero(12, 12));
  CHECK(same(nuq::merged(split), split.even));
}

TEST_CASE("results are the same to the bit for any batches and threads") {
  const nuq::Graph graph = network();
  const std::vector<std::size_t> single(60, 1);
  SUBCASE("all windows") {
    const Statistics whole = collect(graph, {60}, all_positions());
    CHECK(same(collect(graph, single, all_positions()), whole));
    CHECK(same(collect(graph, {7, 30, 1, 22}, all_positions(), 3), whole));
  }
  SUBCASE("some windows") {
    nuq::StatisticsOptions options;
    options.positions_per_input = 1;
    options.min_positions = 400;
    const Statistics whole = collect(graph, {60}, options);
    CHECK(whole.at("windows").even.samples == 30 * 7);  // 400 / 60, rounded up
    CHECK(same(collect(graph, single, options), whole));
    CHECK(same(collect(graph, {20, 20, 20}, options, 3), whole));
  }
}

TEST_CASE("wide layers are the same to the bit for any number of threads, and right") {
  SmallWeights weights;
  weights.layer("fc", "InnerProduct", {random_blob({1, 300}, 4)});
  const nuq::Graph graph = graph_of(
      "input: 'data' input_shape { dim: 1 dim: 300 } layer { name: 'fc' type: 'InnerProduct' bottom: 'data' top: 'fc' "
      "inner_product_param { num_output: 1 bias_term: false } }",
      weights);
  constexpr std::size_t vectors = 700;
  const std::vector<float> values = random_values(vectors * 300, 5);
  const auto run = [&](std::size_t threads) {
    nuq::EigenEngine engine;
    engine.load(graph);
    nuq::ThreadPool pool(threads);
    const auto feed = [&values](nuq::EigenEngine& target, int) {
      target.set_input("data", nuq::TensorView{{vectors, 300}, values});
    };
    return nuq::collect_layer_statistics(graph, plan(), engine, 1, feed, {}, pool);
  };
  const Statistics alone = run(1);
  CHECK(same(alone, run(3)));
  Vectors even;
  for (std::size_t first = 0; first < values.size(); first += 600)
    even.emplace_back(values.begin() + static_cast<std::ptrdiff_t>(first),
                      values.begin() + static_cast<std::ptrdiff_t>(first + 300));
  check_moments(alone.at("fc").even, even);
}

TEST_CASE("chosen windows stand for all of them") {
  const nuq::Graph graph = network();
  nuq::StatisticsOptions options;
  options.positions_per_input = 3;
  options.min_positions = 1200;
  const std::vector<std::size_t> batches(10, 20);
  const nuq::LayerStatistics all = nuq::merged(collect(graph, batches, all_positions()).at("windows"));
  const nuq::LayerStatistics some = nuq::merged(collect(graph, batches, options).at("windows"));
  options.seed = 2;
  const nuq::LayerStatistics others = nuq::merged(collect(graph, batches, options).at("windows"));
  CHECK(some.samples == 200 * 6);
  CHECK_FALSE(same(some, others));
  CHECK(some.second_moments == nuq::Matrix(eigen(some.second_moments).transpose()));
  CHECK(some.second_moments.diagonal() == some.mean_squares);
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> spectrum(eigen(some.second_moments));
  CHECK(spectrum.eigenvalues().minCoeff() > -1e-12);
  // Standard deviation of a mean of n values is at most sqrt(E[x²] / n).
  const Eigen::VectorXd deviation = (eigen(all.mean_squares) / static_cast<double>(some.samples)).cwiseSqrt();
  CHECK(((eigen(some.input_mean) - eigen(all.input_mean)).cwiseAbs().array() < 4.5 * deviation.array()).all());
  CHECK((eigen(some.second_moments) - eigen(all.second_moments)).cwiseAbs().maxCoeff() < 0.1);
}

TEST_CASE("every window of an image is as likely as any other, and another image has others") {
  std::vector<std::uint64_t> seen(10, 0);
  std::vector<std::vector<std::uint64_t>> sets;
  for (std::uint64_t image = 0; image < 3000; ++image) {
    std::vector<std::uint64_t> positions;
    nuq::detail::visit_sample(3, 10, nuq::detail::random_of_image(1, "conv", image),
                              [&positions](std::uint64_t position) { positions.push_back(position); });
    REQUIRE(positions.size() == 3);
    REQUIRE(positions[0] < positions[1]);
    REQUIRE(positions[1] < positions[2]);
    for (const std::uint64_t position : positions) ++seen.at(position);
    sets.push_back(positions);
  }
  for (const std::uint64_t count : seen) CHECK(near(static_cast<double>(count), 900.0, 5.0 * std::sqrt(3000 * 0.21)));
  std::sort(sets.begin(), sets.end());
  CHECK(std::unique(sets.begin(), sets.end()) - sets.begin() == 120);  // all sets of 3 out of 10
}

TEST_CASE("sums of products are exact for small integers, whatever the kernel, the size and the number of vectors") {
  nuq::ThreadPool pool(3);
  for (const nuq::detail::ProductTile tile :
       {nuq::detail::ProductTile(nuq::detail::product_tile_portable), nuq::detail::best_product_tile()}) {
    for (const Eigen::Index inputs : {1, 11, 12, 13, 130}) {
      for (const Eigen::Index count : {0, 1, 250, 611}) {
        nuq::detail::OuterProducts products(inputs, tile);
        Eigen::MatrixXd wanted = Eigen::MatrixXd::Zero(inputs, inputs);
        for (Eigen::Index vector = 0; vector < count; ++vector) {
          const auto entry = [vector](Eigen::Index i) { return static_cast<double>((vector + 3 * i * i) % 17 - 5); };
          const Eigen::VectorXd x = Eigen::VectorXd::NullaryExpr(inputs, entry);
          products.add(x, pool);
          wanted += x * x.transpose();
        }
        CHECK(products.finish(pool) == wanted);
      }
    }
  }
}

TEST_CASE("nearly all windows are all windows") {
  nuq::StatisticsOptions options;
  options.positions_per_input = 1;
  options.min_positions = 400;
  const nuq::Graph graph = network();  // 'windows' has 4 × 9 of them
  const auto windows_seen = [&](std::size_t images_fed) {
    return collect(graph, std::vector<std::size_t>(images_fed, 1), options).at("windows").even.samples;
  };
  CHECK(windows_seen(13) == 7 * 31);  // 400 / 13 = 30.8 of 36
  CHECK(windows_seen(12) == 6 * 36);  // 400 / 12 = 33.3 of 36
}

TEST_CASE("layers with too many inputs get the diagonal alone") {
  const nuq::Graph graph = network();
  nuq::StatisticsOptions options = all_positions();
  options.max_inputs = 12;
  const Statistics statistics = collect(graph, {5, 40}, options);
  check_moments(statistics.at("windows").even, windows_of_images(windows_window, 0, 2, 45));
  check_moments(statistics.at("plain").odd, windows_of_images(plain_window, 1, 2, 45), false);
  check_moments(nuq::merged(statistics.at("plain")), windows_of_images(plain_window, 0, 1, 45), false);
}

TEST_CASE("after the deadline nothing is looked at") {
  const nuq::Graph graph = network();
  nuq::EigenEngine engine;
  engine.load(graph);
  nuq::Parallel serial;
  nuq::StatisticsOptions options;
  options.deadline = nuq::Deadline(nuq::Deadline::Clock::now(), -1.0);
  int fed = 0;
  const auto feed = [&fed](nuq::EigenEngine&, int) { ++fed; };
  CHECK(nuq::collect_layer_statistics(graph, plan(), engine, 3, feed, options, serial).empty());
  CHECK(fed == 0);
}

TEST_CASE("layers that the engine does not compute are left out") {
  IdleEngine idle;
  nuq::Parallel serial;
  CHECK(nuq::collect_layer_statistics(
            network(), plan(), idle, 1, [](IdleEngine&, int) {}, {}, serial)
            .empty());
}

TEST_CASE("what stands in the way is named") {
  nuq::Graph graph = network();
  nuq::Parallel serial;
  const auto run = [&](auto& engine, int batches, float value) {
    const auto feed = [value](auto& target, int) { target.set_input("data", filled({1, 2, 7, 6}, value).view()); };
    static_cast<void>(nuq::collect_layer_statistics(graph, plan(), engine, batches, feed, {}, serial));
  };
  nuq::EigenEngine engine;
  engine.load(graph);
  SUBCASE("infinities") {
    const CaughtError error =
        error_of<nuq::ModelError>([&] { run(engine, 1, std::numeric_limits<float>::infinity()); });
    CHECK(error.code == nuq::ErrorCode::non_finite_value);
    CHECK(error.says("nuq: net.prototxt: layer 'windows': input: an activation is inf"));
  }
  SUBCASE("no batch") {
    const CaughtError error = error_of<nuq::ConfigError>([&] { run(engine, 0, 1.0F); });
    CHECK(error.code == nuq::ErrorCode::nothing_to_do);
    CHECK(error.says("no activation was observed"));
  }
  SUBCASE("a layer without weights") {
    graph.nodes[0].blobs.clear();
    CHECK(error_of<nuq::ModelError>([&] { run(engine, 1, 1.0F); }).says("layer 'windows': Convolution has 0 trained"));
  }
}

}  // namespace calibration_collect_layer_statistics_test
