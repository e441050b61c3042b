#include "nuq/dataset/metric.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

namespace dataset_metric_test {

nuq::MatrixView<const float> rows(const std::vector<float>& values, std::size_t count) {
  return {values.data(), count, values.size() / count};
}

/// The definition: sort the classes by falling output, earlier classes first, and look for the label.
bool among_first(std::vector<float> outputs, std::int64_t label, std::size_t k) {
  std::vector<std::int64_t> order(outputs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return outputs[static_cast<std::size_t>(a)] > outputs[static_cast<std::size_t>(b)];
  });
  const auto end = order.begin() + static_cast<std::ptrdiff_t>((std::min)(k, order.size()));
  return std::find(order.begin(), end, label) != end;
}

TEST_CASE("the first of several largest values is the maximum") {
  const std::vector<float> values = {1.0F, 3.0F, 3.0F, -7.0F};
  CHECK(nuq::argmax(values) == 1);
}

TEST_CASE("top-k accuracy follows its definition, ties included") {
  std::uint32_t state = 7;
  const auto draw = [&state](std::uint32_t bound) { return (state = state * 1664525U + 1013904223U) / 65536U % bound; };
  for (const std::size_t classes : {1U, 3U, 5U, 9U}) {
    for (const int k : {1, 5}) {
      nuq::TopAccuracy accuracy(k);
      int hits = 0;
      constexpr int samples = 200;
      for (int sample = 0; sample < samples; ++sample) {
        std::vector<float> outputs(classes);
        for (float& output : outputs) output = static_cast<float>(draw(4));
        const std::vector<std::int64_t> labels = {draw(static_cast<std::uint32_t>(classes))};
        accuracy.add(rows(outputs, 1), labels);
        hits += among_first(outputs, labels[0], static_cast<std::size_t>(k)) ? 1 : 0;
      }
      CHECK(accuracy.value() == hits / double{samples});
    }
  }
}

TEST_CASE("batches of different sizes weigh by their samples") {
  nuq::TopAccuracy accuracy(1);
  const std::vector<float> three = {1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 1.0F};
  const std::vector<float> one = {1.0F, 0.0F};
  accuracy.add(rows(three, 3), std::vector<std::int64_t>{0, 0, 1});
  accuracy.add(rows(one, 1), std::vector<std::int64_t>{1});
  CHECK(accuracy.value() == 0.75);
}

TEST_CASE("a label that is no class is an error that names the sample") {
  const std::vector<float> outputs = {1.0F, 0.0F, 1.0F, 0.0F};
  for (const std::int64_t label : {std::int64_t{2}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    nuq::TopAccuracy accuracy(1);
    const std::vector<std::int64_t> labels = {0, label};
    CHECK_THROWS_WITH_AS(
        accuracy.add(rows(outputs, 2), labels),
        ("nuq: sample 1: label " + std::to_string(label) + ", the network's output has 2 classes").c_str(),
        nuq::EvaluationError);
  }
}

TEST_CASE("the signal-to-noise ratio has its closed form over all batches together") {
  nuq::PeakSignalToNoise psnr(255.0);
  const std::vector<float> targets = {0.0F, 0.0F, 0.0F, 0.0F};
  const std::vector<float> first = {0.125F, -0.125F, 0.125F, -0.125F};
  const std::vector<float> second = {0.5F};
  psnr.add(rows(first, 2), rows(targets, 2));
  psnr.add(rows(second, 1), rows(std::vector<float>{0.25F}, 1));
  const double mean_square = (4 * 0.015625 + 0.0625) / 5;
  CHECK(std::abs(psnr.value() - 10.0 * std::log10(255.0 * 255.0 / mean_square)) < 1e-12);
}

TEST_CASE("no error at all gives a finite ratio above every other") {
  const std::vector<float> zero = {0.0F};
  const std::vector<float> tiny = {1e-45F};
  nuq::PeakSignalToNoise exact(1.0);
  exact.add(rows(zero, 1), rows(zero, 1));
  nuq::PeakSignalToNoise close(1.0);
  close.add(rows(tiny, 1), rows(zero, 1));
  CHECK(exact.value() > close.value());
  CHECK(exact.value() < 4000.0);
}

TEST_CASE("outputs and targets of different widths are an error") {
  const std::vector<float> two = {0.0F, 0.0F};
  const std::vector<float> one = {0.0F};
  nuq::PeakSignalToNoise psnr(1.0);
  CHECK_THROWS_WITH_AS(psnr.add(rows(two, 1), rows(one, 1)),
                       "nuq: the network's output has 2 values per sample, the targets have 1", nuq::EvaluationError);
}

}  // namespace dataset_metric_test
