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

/// The metric of one batch.
template <class Metric>
double value_of(Metric metric, const std::vector<float>& outputs, const std::vector<float>& originals,
                std::size_t samples) {
  metric.add(rows(outputs, samples), rows(originals, samples));
  return metric.value();
}

const std::vector<float> logits = {2.0F, -1.0F, 0.5F, 0.0F, 3.0F, 100.0F};
const std::vector<float> other_logits = {1.5F, -1.0F, 1.0F, 0.0F, 2.0F, 4.0F};

TEST_CASE("the divergence of distributions is numpy's sum of p·ln(p/q), negated") {
  const std::vector<float> p = {0.7F, 0.2F, 0.1F, 0.1F, 0.1F, 0.8F, 0.5F, 0.5F, 0.0F};
  const std::vector<float> q = {0.6F, 0.3F, 0.1F, 0.2F, 0.1F, 0.7F, 0.4F, 0.4F, 0.2F};
  CHECK(nuq::distributions_per_sample(rows(p, 3)) == 1);
  CHECK(value_of(nuq::OutputDivergence(1), q, p, 3) == doctest::Approx(-0.09582212168947828).epsilon(1e-6));
  CHECK(value_of(nuq::OutputDivergence(1), p, p, 3) == 0.0);
}

TEST_CASE("two anchors of two classes are two distributions per sample, and the divergence is the mean of all") {
  const std::vector<float> p = {0.9F, 0.1F, 0.3F, 0.7F, 0.5F, 0.5F, 0.2F, 0.8F};
  const std::vector<float> q = {0.8F, 0.2F, 0.3F, 0.7F, 0.5F, 0.5F, 0.4F, 0.6F};
  CHECK(nuq::distributions_per_sample(rows(p, 2)) == 2);
  CHECK(value_of(nuq::OutputDivergence(2), q, p, 2) == doctest::Approx(-0.03205154407143278).epsilon(1e-6));
}

TEST_CASE("outputs that are no distributions are compared after a softmax") {
  CHECK(nuq::distributions_per_sample(rows(logits, 2)) == 0);
  CHECK(value_of(nuq::OutputDivergence(0), other_logits, logits, 2) ==
        doctest::Approx(-0.11534135462363485).epsilon(1e-12));
  CHECK(value_of(nuq::OutputDivergence(0), logits, logits, 2) == 0.0);
  const std::vector<float> shifted = {-8.0F, -11.0F, -9.5F, 50.0F, 53.0F, 150.0F};  // softmax does not see a shift
  CHECK(value_of(nuq::OutputDivergence(0), shifted, logits, 2) == doctest::Approx(0.0).epsilon(1e-12));
}

TEST_CASE("what adds up to 1 for one sample only, to no whole number, or is negative is no distribution") {
  CHECK(nuq::distributions_per_sample(rows({0.25F, 0.75F, 0.5F, 0.25F}, 2)) == 0);
  CHECK(nuq::distributions_per_sample(rows({0.25F, 0.75F, 1.5F, 0.5F}, 2)) == 0);
  CHECK(nuq::distributions_per_sample(rows({0.25F, 0.5F}, 1)) == 0);
  CHECK(nuq::distributions_per_sample(rows({1.25F, -0.25F}, 1)) == 0);
  CHECK(nuq::distributions_per_sample(rows({0.0F, 0.0F}, 1)) == 0);
  CHECK(nuq::distributions_per_sample(rows({3.0F, 1.0F}, 1)) == 0);
  CHECK(nuq::distributions_per_sample(rows({0.3330F, 0.3333F, 0.3333F}, 1)) == 1);
}

TEST_CASE("the divergence is finite where the original is sure of what the network thinks impossible") {
  const double value = value_of(nuq::OutputDivergence(1), {0.0F, 1.0F}, {1.0F, 0.0F}, 1);
  CHECK(value == doctest::Approx(std::log(1.17549435e-38)).epsilon(1e-6));
}

TEST_CASE("a constant network diverges, though all answers of the original are its own") {
  const std::vector<float> varying = {0.9F, 0.1F, 0.6F, 0.4F, 0.8F, 0.2F};
  const std::vector<float> constant = {0.8F, 0.2F, 0.8F, 0.2F, 0.8F, 0.2F};
  nuq::TopAccuracy agreement(1);
  agreement.add(rows(constant, 3), std::vector<std::int64_t>{0, 0, 0});
  CHECK(agreement.value() == 1.0);
  CHECK(value_of(nuq::OutputDivergence(1), constant, varying, 3) < -0.04);
}

TEST_CASE("one value per sample is always the same distribution, which is an error") {
  nuq::OutputDivergence divergence(0);
  const std::vector<float> one = {0.25F, 0.5F};
  CHECK_THROWS_WITH_AS(divergence.add(rows(one, 2), rows(one, 2)),
                       "nuq: metric kl: the network's output has one value per sample, wanted at least 2",
                       nuq::EvaluationError);
}

TEST_CASE("the cosine is numpy's, batches weigh by their samples, and zeros have a value") {
  nuq::OutputSimilarity similarity;
  CHECK(value_of(similarity, other_logits, logits, 2) == doctest::Approx(0.9300481840205984).epsilon(1e-12));
  CHECK(value_of(similarity, logits, logits, 2) == 1.0);
  const std::vector<float> zeros(6, 0.0F);
  CHECK(value_of(similarity, zeros, zeros, 2) == 1.0);
  CHECK(value_of(similarity, zeros, logits, 2) == 0.0);
  CHECK(value_of(similarity, {-2.0F, 1.0F, -0.5F, 0.0F, -3.0F, -100.0F}, logits, 2) == -1.0);
  similarity.add(rows({1.0F, 0.0F}, 1), rows({0.0F, 1.0F}, 1));
  similarity.add(rows({1.0F, 0.0F, 2.0F, 0.0F, 3.0F, 0.0F}, 3), rows({1.0F, 0.0F, 1.0F, 0.0F, 1.0F, 0.0F}, 3));
  CHECK(similarity.value() == 0.75);
}

TEST_CASE("metrics that compare with the original network are known") {
  CHECK(nuq::compares_with_original(nuq::Metric::agreement));
  CHECK(nuq::compares_with_original(nuq::Metric::kl));
  CHECK(nuq::compares_with_original(nuq::Metric::cosine));
  CHECK_FALSE(nuq::compares_with_original(nuq::Metric::top1));
  CHECK_FALSE(nuq::compares_with_original(nuq::Metric::psnr));
}

}  // namespace dataset_metric_test
