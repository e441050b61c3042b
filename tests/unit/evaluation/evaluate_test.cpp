#include "nuq/evaluation/evaluate.hpp"
#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/io/npy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace evaluation_evaluate_test {

/// A network whose output is its input times a factor, in the shape of the input.
class Amplifier {
 public:
  explicit Amplifier(float factor) : factor_(factor) {}
  void set_input(const std::string& blob, const nuq::TensorView& tensor) {
    inputs_[blob] = nuq::Tensor(tensor.shape, {tensor.values.begin(), tensor.values.end()});
  }
  void forward() {
    ++forwards;
    output_ = inputs_.at("data");
    for (float& value : output_.values) value *= factor_;
  }
  [[nodiscard]] nuq::TensorView output(const std::string& blob) const {
    CHECK(blob == "out");
    return output_.view();
  }

  int forwards = 0;

 private:
  float factor_;
  std::map<std::string, nuq::Tensor> inputs_;
  nuq::Tensor output_;
};

nuq::NumericArray floats(const nuq::Shape& shape, const std::vector<float>& values) {
  return nuq::parse_npy(nuq::npy_bytes(nuq::Tensor(shape, values).view()), "x");
}

nuq::DatasetDescription judged_by(nuq::Metric metric) {
  nuq::DatasetDescription description;
  description.batch_size = 2;
  description.output = "out";
  description.metric = metric;
  return description;
}

/// Five samples of three values; the largest is at 0, 1, 2, 0, 1.
const nuq::NumericArray inputs = floats({5, 3}, {9, 1, 2, 1, 9, 2, 1, 2, 9, 9, 2, 1, 2, 9, 1});

nuq::Dataset labelled(const std::string& labels) {
  const nuq::NumericArray array{nuq::NumericType::uint8, {static_cast<std::int64_t>(labels.size())}, labels};
  return nuq::Dataset(judged_by(nuq::Metric::top1), {{{"data", inputs}}, {}, array, {}}, "d.json");
}

TEST_CASE("accuracy is the share of hits over all batches, the smaller last one included") {
  const nuq::Dataset dataset = labelled({0, 1, 2, 1, 1});
  Amplifier engine(0.5F);
  CHECK(nuq::evaluate(engine, dataset) == 0.8);
  CHECK(engine.forwards == 3);
}

TEST_CASE("only the first batches are run where a number is given") {
  const nuq::Dataset dataset = labelled({0, 1, 2, 1, 0});
  Amplifier engine(1.0F);
  CHECK(nuq::evaluate(engine, dataset, 1) == 1.0);
  CHECK(engine.forwards == 1);
  CHECK(nuq::evaluate(engine, dataset, 2) == 0.75);
  CHECK(nuq::evaluate(engine, dataset, 99) == 0.6);
  CHECK_THROWS_AS(static_cast<void>(nuq::evaluate(engine, dataset, -1)), nuq::ConfigError);
}

TEST_CASE("metrics of groups of samples are told, and may end the evaluation") {
  const nuq::Dataset dataset = labelled({0, 2, 2, 0, 0});
  Amplifier engine(1.0F);
  nuq::BatchMetrics batches;
  CHECK(nuq::evaluate(engine, dataset, 0, batches) == 0.6);
  REQUIRE(batches.values().size() == 5);
  const std::vector<double> hits = {1.0, 0.0, 1.0, 1.0, 0.0};
  for (std::size_t sample = 0; sample < hits.size(); ++sample) {
    CHECK(batches.values()[sample].metric == hits[sample]);
    CHECK(batches.values()[sample].samples == 1);
  }

  std::vector<float> values;
  for (int sample = 0; sample < 30; ++sample) values.insert(values.end(), {1, 2});
  const nuq::NumericArray zeros{nuq::NumericType::uint8, {30}, std::string(30, '\0')};
  const nuq::Dataset always_wrong(judged_by(nuq::Metric::top1), {{{"data", floats({30, 2}, values)}}, {}, zeros, {}},
                                  "x");
  const std::vector<nuq::BatchMetric> original(30, {1.0, 1});
  auto never = [](double) { return false; };
  nuq::BatchMetrics failing(original, 1.0, never);
  Amplifier other(1.0F);
  CHECK(nuq::evaluate(other, always_wrong, 0, failing) == 0.0);
  CHECK(other.forwards == static_cast<int>(nuq::BatchMetrics::least_batches) / 2);
}

TEST_CASE("there are about a hundred groups, whatever the batches") {
  constexpr std::size_t samples = 1000;
  const nuq::NumericArray zeros{nuq::NumericType::uint8, {samples}, std::string(samples, '\0')};
  std::vector<float> values;
  for (std::size_t sample = 0; sample < samples; ++sample) values.insert(values.end(), {2, 1});
  nuq::DatasetDescription description = judged_by(nuq::Metric::top1);
  description.batch_size = 64;
  const nuq::Dataset dataset(description, {{{"data", floats({samples, 2}, values)}}, {}, zeros, {}}, "x");
  Amplifier engine(1.0F);
  nuq::BatchMetrics batches;
  CHECK(nuq::evaluate(engine, dataset, 0, batches) == 1.0);
  CHECK(batches.values().size() >= 90);
  CHECK(batches.values().size() <= 120);
  std::size_t told = 0;
  for (const nuq::BatchMetric& group : batches.values()) told += group.samples;
  CHECK(told == samples);
}

TEST_CASE("an engine that shows its network is fed as that declares its inputs") {
  struct OfLines : Amplifier {
    using Amplifier::Amplifier;
    [[nodiscard]] const nuq::Graph& graph() const { return declared; }
    nuq::Graph declared;
  };
  nuq::Dataset dataset(judged_by(nuq::Metric::cosine),
                       {{{"data", floats({2, 2, 3}, {9, 1, 2, 1, 9, 2, 1, 2, 9, 9, 2, 1})}}, {}, {}, {}}, "d.json");
  OfLines lines(1.0F);
  lines.declared.values.push_back({"data", nuq::Value::network_input, {1, 2, 3}});
  lines.declared.inputs.push_back(0);
  nuq::compare_with(lines, dataset);
  CHECK(lines.output("out").shape == nuq::Shape{2, 2, 3});
  Amplifier images(1.0F);
  CHECK(nuq::evaluate(images, dataset) == doctest::Approx(1.0));
  CHECK(images.output("out").shape == nuq::Shape{2, 1, 2, 3});
}

TEST_CASE("the five largest of many classes count for top5") {
  nuq::DatasetDescription description = judged_by(nuq::Metric::top5);
  const nuq::NumericArray labels{nuq::NumericType::uint8, {2}, std::string("\x01\x00", 2)};
  const nuq::Dataset dataset(description,
                             {{{"data", floats({2, 6}, {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6})}}, {}, labels, {}}, "x");
  Amplifier engine(1.0F);
  CHECK(nuq::evaluate(engine, dataset) == 0.5);
}

TEST_CASE("the signal-to-noise ratio compares with the targets") {
  nuq::DatasetDescription description = judged_by(nuq::Metric::psnr);
  description.peak = 4.0;
  const nuq::Dataset dataset(
      description, {{{"data", floats({3, 1, 1, 2}, {1, 1, 1, 1, 1, 1})}}, {}, {}, floats({3, 2}, {1, 1, 1, 1, 1, 1})},
      "x");
  Amplifier engine(1.5F);  // every value is off by 0.5
  CHECK(std::abs(nuq::evaluate(engine, dataset) - 10.0 * std::log10(16.0 / 0.25)) < 1e-12);
}

TEST_CASE("what does not fit the outputs is refused with the dataset's file") {
  Amplifier engine(1.0F);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(engine, labelled({0, 1, 2, 7, 1}))),
                       "nuq: d.json: sample 3: label 7, the network's output has 3 classes", nuq::EvaluationError);
  const nuq::Dataset narrow(judged_by(nuq::Metric::psnr), {{{"data", inputs}}, {}, {}, floats({5, 1}, {1, 2, 3, 4, 5})},
                            "d.json");
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(engine, narrow)),
                       "nuq: d.json: the network's output has 3 values per sample, the targets have 1",
                       nuq::EvaluationError);
}

TEST_CASE("agreement compares with the predictions of another network") {
  nuq::Dataset dataset(judged_by(nuq::Metric::agreement), {{{"data", inputs}}, {}, {}, {}}, "d.json");
  Amplifier original(1.0F);
  Amplifier reversed(-1.0F);  // its largest outputs are the smallest inputs: 1, 0, 0, 2, 2
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(original, dataset)),
                       "nuq: d.json: no labels for batch 0, wanted the original network's predictions",
                       nuq::EvaluationError);
  CHECK(nuq::predictions(original, dataset) == std::vector<std::int64_t>{0, 1, 2, 0, 1});
  CHECK(nuq::predictions(reversed, dataset, 1) == std::vector<std::int64_t>{1, 0});
  dataset.set_labels({0, 1, 2, 0, 2});
  CHECK(nuq::evaluate(original, dataset) == 0.8);
  CHECK(nuq::evaluate(reversed, dataset) == 0.2);
}

TEST_CASE("kl and cosine compare with the outputs of another network, group by group") {
  nuq::Dataset dataset(judged_by(nuq::Metric::kl), {{{"data", inputs}}, {}, {}, {}}, "d.json");
  Amplifier original(1.0F);
  Amplifier half(0.5F);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(original, dataset)),
                       "nuq: d.json: no outputs for batch 0, wanted those of the original network",
                       nuq::EvaluationError);
  nuq::compare_with(original, dataset);
  CHECK(nuq::evaluate(original, dataset) == 0.0);
  nuq::BatchMetrics batches;
  CHECK(nuq::evaluate(half, dataset, 0, batches) == doctest::Approx(-0.04159863424392701).epsilon(1e-9));  // numpy's
  REQUIRE(batches.values().size() == 5);
  CHECK((batches.values()[0].metric + batches.values()[1].metric) / 2.0 ==
        doctest::Approx(-0.0415986342439271).epsilon(1e-9));
  CHECK(batches.values()[4].samples == 1);

  nuq::Dataset directions(judged_by(nuq::Metric::cosine), {{{"data", inputs}}, {}, {}, {}}, "d.json");
  nuq::compare_with(original, directions);
  Amplifier reversed(-1.0F);
  CHECK(nuq::evaluate(original, directions) == 1.0);
  CHECK(nuq::evaluate(half, directions) == 1.0);
  CHECK(nuq::evaluate(reversed, directions) == -1.0);
}

TEST_CASE("what the original computes for the first batches does for evaluations of these alone") {
  nuq::Dataset dataset(judged_by(nuq::Metric::cosine), {{{"data", inputs}}, {}, {}, {}}, "d.json");
  Amplifier original(1.0F);
  nuq::compare_with(original, dataset, 2);
  CHECK(dataset.originals().rows() == 4);
  CHECK(nuq::evaluate(original, dataset, 2) == 1.0);
  CHECK_THROWS_AS(static_cast<void>(nuq::evaluate(original, dataset, 3)), nuq::EvaluationError);
}

TEST_CASE("an original that gives one answer to everything makes agreement doubtful, and only agreement") {
  const nuq::NumericArray same = floats({3, 2}, {1, 0, 7, 6, 0.5F, 0});
  const auto warning_of = [](nuq::Metric metric, const nuq::NumericArray& array) {
    nuq::Dataset dataset(judged_by(metric), {{{"data", array}}, {}, {}, {}}, "d.json");
    Amplifier original(1.0F);
    nuq::compare_with(original, dataset);
    return nuq::agreement_warning(dataset);
  };
  CHECK(warning_of(nuq::Metric::agreement, same) ==
        "d.json: metric agreement: the original network answers class 0 for all 3 samples, as a network that always "
        "gives this answer does: wanted other samples, or metric kl or cosine, which compare the outputs");
  CHECK(warning_of(nuq::Metric::agreement, inputs).empty());
  CHECK(warning_of(nuq::Metric::kl, same).empty());
  CHECK(nuq::agreement_warning(labelled({0, 0, 0, 0, 0})).empty());
}

TEST_CASE("a class metric on the outputs of a detector is doubtful") {
  const auto warning_of = [](nuq::Metric metric, const std::string& extents) {
    const std::string text =
        "input: 'data' input_shape { dim: 1 dim: 12 } layer { name: 'r' type: 'Reshape' "
        "bottom: 'data' top: 'out' reshape_param { shape { dim: 0 " +
        extents + " } } }";
    const auto model = std::make_shared<nuq::Model>(nuq::parse_model(text, {}, "net.prototxt", ""));
    const nuq::NumericArray twelve = floats({5, 12}, std::vector<float>(60));
    const nuq::Dataset dataset(judged_by(metric), {{{"data", twelve}}, {}, {}, {}}, "d.json");
    return nuq::class_axis_warning(dataset, nuq::build_graph(model));
  };
  for (const nuq::Metric metric : {nuq::Metric::top1, nuq::Metric::top5, nuq::Metric::agreement}) {
    CHECK(warning_of(metric, "dim: 6 dim: 2").find("d.json: output 'out' of shape [2,6,2] is no list of classes") == 0);
    for (const std::string extents : {"dim: 12", "dim: 12 dim: 1 dim: 1", "dim: 1 dim: 12"})
      CHECK(warning_of(metric, extents).empty());
  }
  for (const nuq::Metric metric : {nuq::Metric::kl, nuq::Metric::cosine, nuq::Metric::psnr})
    CHECK(warning_of(metric, "dim: 6 dim: 2").empty());
}

TEST_CASE("outputs that are not finite are an error, not a metric") {
  const nuq::Dataset dataset = labelled({0, 1, 2, 1, 1});
  for (const float factor : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Amplifier engine(factor);
    CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(engine, dataset)),
                         "nuq: d.json: batch 0: output 'out' holds NaN or infinity", nuq::EvaluationError);
  }
}

TEST_CASE("outputs that do not belong to the samples are an error") {
  struct Stuck {
    nuq::Tensor tensor{{3}, {1, 2, 3}};
    void set_input(const std::string&, const nuq::TensorView&) {}
    void forward() {}
    nuq::TensorView output(const std::string&) const { return tensor.view(); }
  };
  Stuck engine;
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(engine, labelled({0, 1, 2, 1, 1}))),
                       "nuq: d.json: batch 0: output 'out' of shape [3] cannot be divided among 2 samples",
                       nuq::EvaluationError);
}

TEST_CASE("a dataset without a metric cannot be evaluated") {
  nuq::DatasetDescription description;
  const nuq::Dataset dataset(description, {{{"data", inputs}}, {}, {}, {}}, "d.json");
  Amplifier engine(1.0F);
  CHECK_THROWS_WITH_AS(static_cast<void>(nuq::evaluate(engine, dataset)), "nuq: d.json: the dataset has no metric",
                       nuq::EvaluationError);
}

}  // namespace evaluation_evaluate_test
