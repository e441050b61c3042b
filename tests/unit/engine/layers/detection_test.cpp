#include "nuq/engine/layers/detection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../layer_alone.hpp"

using nuq::Tensor;

namespace engine_layers_prior_box_test {

Tensor priors(const std::string& parameters) {
  const nuq::Node node = layer_alone("PriorBox", "prior_box_param { " + parameters + " }", {}, 2);
  return computed<nuq::detail::PriorBoxLayer>(node, {Tensor(nuq::Shape{1, 8, 2, 3}), Tensor(nuq::Shape{1, 3, 40, 90})});
}

TEST_CASE("prior boxes stand around the centres of the map's positions") {
  const Tensor boxes = priors("min_size: 12.9 max_size: 27.2 aspect_ratio: 4 offset: 0.5");
  REQUIRE(boxes.shape == nuq::Shape{1, 2, 2 * 3 * 4 * 4});
  const double mean = std::sqrt(12.0 * 27.0);
  const double sizes[][2] = {{12.0, 12.0}, {mean, mean}, {24.0, 6.0}, {6.0, 24.0}};  // width, height
  std::vector<double> expected;
  for (const double y : {10.0, 30.0}) {
    for (const double x : {15.0, 45.0, 75.0}) {
      for (const auto& size : sizes) {
        expected.insert(expected.end(), {(x - size[0] / 2.0) / 90.0, (y - size[1] / 2.0) / 40.0,
                                         (x + size[0] / 2.0) / 90.0, (y + size[1] / 2.0) / 40.0});
      }
    }
  }
  expected.insert(expected.end(), expected.size(), 0.1);
  CHECK(relative_error(boxes.values, expected) < 1e-6);
}

TEST_CASE("prior boxes are clipped to the image on request, and carry their variances") {
  const std::string parameters = "min_size: 60 step: 30 variance: 0.1 variance: 0.2 variance: 0.3 variance: 0.4 ";
  const Tensor free = priors(parameters);
  const Tensor clipped = priors(parameters + "clip: true");
  REQUIRE(free.values.size() == 2 * 6 * 4);
  CHECK(free.values[0] == doctest::Approx(-15.0 / 90.0));
  CHECK(free.values[3] == doctest::Approx(45.0 / 40.0));
  CHECK(clipped.values[0] == 0.0F);
  CHECK(clipped.values[3] == 1.0F);
  CHECK(clipped.values[2] == doctest::Approx(45.0 / 90.0));
  const float variances[] = {0.1F, 0.2F, 0.3F, 0.4F};
  for (std::size_t at = 0; at < 24; ++at) {
    CHECK(free.values[24 + at] == variances[at % 4]);
    CHECK(clipped.values[24 + at] == variances[at % 4]);
  }
}

}  // namespace engine_layers_prior_box_test

namespace engine_layers_detection_output_test {

Tensor detections(const std::string& parameters, const Tensor& locations, const Tensor& confidences,
                  const Tensor& priors, std::size_t threads = 1) {
  const nuq::Node node = layer_alone("DetectionOutput", "detection_output_param { " + parameters + " }", {}, 3);
  return computed<nuq::detail::DetectionOutputLayer>(node, {locations, confidences, priors}, threads);
}

/// Prior boxes, [1, 2, 4·count], with one variance for all.
Tensor priors_of(std::vector<float> corners, float variance) {
  const std::size_t count = corners.size();
  corners.insert(corners.end(), count, variance);
  return {nuq::Shape{1, 2, static_cast<std::int64_t>(count)}, std::move(corners)};
}

/// A row of the output, in double.
struct Row {
  double image, label, confidence;
  double box[4];
};

double union_ratio(const double* a, const double* b) {
  const double width = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const double height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0.0 || height <= 0.0) return 0.0;
  const double areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]);
  return width * height / (areas - width * height);
}

/// The definition for centre-size codes: of each class the best box that is left is taken and those that overlap with
/// it by more than the threshold go, until `keep` or none are left.
std::vector<Row> expected_rows(std::int64_t priors, std::int64_t classes, const Tensor& locations,
                               const Tensor& confidences, const Tensor& prior_boxes, double confidence_threshold,
                               double overlap_threshold, std::size_t top_k, std::size_t keep) {
  const auto value = [](const Tensor& tensor, std::int64_t at) {
    return static_cast<double>(tensor.values[static_cast<std::size_t>(at)]);
  };
  std::vector<Row> all;
  for (std::int64_t image = 0; image < locations.shape[0]; ++image) {
    std::vector<Row> of_image;
    for (std::int64_t label = 1; label < classes; ++label) {
      std::vector<Row> left;
      for (std::int64_t prior = 0; prior < priors; ++prior) {
        const double confidence = value(confidences, (image * priors + prior) * classes + label);
        if (confidence <= confidence_threshold) continue;
        double p[4], v[4], l[4];
        for (std::int64_t at = 0; at < 4; ++at) {
          p[at] = value(prior_boxes, prior * 4 + at);
          v[at] = value(prior_boxes, (priors + prior) * 4 + at);
          l[at] = value(locations, (image * priors + prior) * 4 + at);
        }
        const double x = (p[0] + p[2]) / 2.0 + v[0] * l[0] * (p[2] - p[0]);
        const double y = (p[1] + p[3]) / 2.0 + v[1] * l[1] * (p[3] - p[1]);
        const double width = std::exp(v[2] * l[2]) * (p[2] - p[0]);
        const double height = std::exp(v[3] * l[3]) * (p[3] - p[1]);
        left.push_back({static_cast<double>(image),
                        static_cast<double>(label),
                        confidence,
                        {x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0}});
      }
      std::sort(left.begin(), left.end(), [](const Row& a, const Row& b) { return a.confidence > b.confidence; });
      if (left.size() > top_k) left.resize(top_k);
      while (!left.empty()) {
        const Row best = left.front();
        of_image.push_back(best);
        left.erase(std::remove_if(left.begin(), left.end(),
                                  [&](const Row& row) { return union_ratio(row.box, best.box) > overlap_threshold; }),
                   left.end());
      }
    }
    std::sort(of_image.begin(), of_image.end(), [](const Row& a, const Row& b) { return a.confidence > b.confidence; });
    if (of_image.size() > keep) of_image.resize(keep);
    std::stable_sort(of_image.begin(), of_image.end(), [](const Row& a, const Row& b) { return a.label < b.label; });
    all.insert(all.end(), of_image.begin(), of_image.end());
  }
  return all;
}

struct RandomScene {
  explicit RandomScene(std::uint32_t seed, std::int64_t priors = 60, std::int64_t classes = 4)
      : locations(random_tensor({2, priors * 4}, seed)),
        confidences(random_tensor({2, priors * classes}, seed + 1)),
        boxes(nuq::Shape{1, 2, priors * 4}) {
    Dice dice(seed);
    const auto fraction = [&](std::int64_t low, std::int64_t high) {
      return static_cast<float>(dice(low, high)) / 100.0F;
    };
    for (std::size_t at = 0; at < boxes.values.size() / 2; at += 4) {
      const float x = fraction(0, 80);
      const float y = fraction(0, 80);
      const float corners[] = {x, y, x + fraction(10, 30), y + fraction(10, 30)};
      std::copy(corners, corners + 4, boxes.values.begin() + static_cast<std::ptrdiff_t>(at));
    }
    std::fill(boxes.values.begin() + static_cast<std::ptrdiff_t>(boxes.values.size() / 2), boxes.values.end(), 0.2F);
  }
  Tensor locations, confidences, boxes;
};

TEST_CASE("detections agree with their definition for random scenes, with and without surplus") {
  for (const int keep : {5, 200}) {
    for (std::uint32_t seed = 0; seed < 10; ++seed) {
      const RandomScene scene(seed * 7);
      const std::string parameters =
          "num_classes: 4 code_type: CENTER_SIZE confidence_threshold: 0.25 nms_param { nms_threshold: 0.3 top_k: 12 } "
          "keep_top_k: " +
          std::to_string(keep);
      const Tensor output = detections(parameters, scene.locations, scene.confidences, scene.boxes);
      const std::vector<Row> rows = expected_rows(60, 4, scene.locations, scene.confidences, scene.boxes, 0.25, 0.3, 12,
                                                  static_cast<std::size_t>(keep));
      REQUIRE(output.shape == nuq::Shape{1, 1, static_cast<std::int64_t>(rows.size()), 7});
      REQUIRE(rows.size() > 2);
      std::vector<double> expected;
      for (const Row& row : rows) {
        expected.insert(expected.end(), {row.image, row.label, row.confidence});
        expected.insert(expected.end(), row.box, row.box + 4);
      }
      CHECK(relative_error(output.values, expected) < 1e-6);
    }
  }
}

TEST_CASE("the three codes of locations are relative to corners, to the size and the centre, to the size") {
  const Tensor priors = priors_of({0.2F, 0.2F, 0.6F, 0.4F}, 0.5F);
  const Tensor confidences({1, 2}, {0.1F, 0.9F});
  const Tensor locations({1, 4}, {0.1F, 0.2F, 0.4F, 0.6F});
  const auto box = [&](const std::string& parameters) {
    const Tensor output = detections("num_classes: 2 keep_top_k: 1 " + parameters, locations, confidences, priors);
    return std::vector<float>(output.values.begin() + 3, output.values.end());
  };
  const auto near = [](const std::vector<float>& got, const std::vector<double>& wanted) {
    return relative_error(got, wanted) < 1e-6;
  };
  CHECK(near(box(""), {0.25, 0.3, 0.8, 0.7}));
  CHECK(near(box("variance_encoded_in_target: true"), {0.3, 0.4, 1.0, 1.0}));
  CHECK(near(box("code_type: CORNER_SIZE"), {0.22, 0.22, 0.68, 0.46}));
  CHECK(near(box("code_type: CORNER_SIZE variance_encoded_in_target: true"), {0.24, 0.24, 0.76, 0.52}));
  const double half_width = 0.2 * std::exp(0.2);
  const double half_height = 0.1 * std::exp(0.3);
  CHECK(near(box("code_type: CENTER_SIZE"),
             {0.42 - half_width, 0.32 - half_height, 0.42 + half_width, 0.32 + half_height}));
}

TEST_CASE("classes may have locations of their own, and the background need not be the first class") {
  const Tensor priors = priors_of({0.0F, 0.0F, 0.5F, 0.5F}, 1.0F);
  const Tensor confidences({1, 3}, {0.5F, 0.6F, 0.7F});
  const Tensor locations({1, 12}, {0.1F, 0.1F, 0.1F, 0.1F, 0.2F, 0.2F, 0.2F, 0.2F, 0.3F, 0.3F, 0.3F, 0.3F});
  const Tensor output =
      detections("num_classes: 3 share_location: false background_label_id: 2", locations, confidences, priors);
  REQUIRE(output.shape == nuq::Shape{1, 1, 2, 7});
  CHECK(relative_error(output.values, {0, 0, 0.5, 0.1, 0.1, 0.6, 0.6, 0, 1, 0.6, 0.2, 0.2, 0.7, 0.7}) < 1e-6);
}

TEST_CASE("eta lowers the overlap threshold with every box that is kept") {
  // The second box overlaps by 0.7 with the first, the third by 0.4 with the first and by 0.57 with the second.
  const Tensor priors = priors_of({0.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.0F, 0.7F, 1.0F, 0.0F, 0.0F, 0.4F, 1.0F}, 1.0F);
  const Tensor confidences({1, 6}, {0.0F, 0.9F, 0.0F, 0.8F, 0.0F, 0.7F});
  const auto kept = [&](const std::string& suppression) {
    const Tensor output = detections("num_classes: 2 nms_param { nms_threshold: 0.75 " + suppression + " }",
                                     Tensor(nuq::Shape{1, 12}), confidences, priors);
    std::vector<float> confidences_kept;
    for (std::size_t at = 2; at < output.values.size(); at += 7) confidences_kept.push_back(output.values[at]);
    return confidences_kept;
  };
  CHECK(kept("") == std::vector<float>{0.9F, 0.8F, 0.7F});
  CHECK(kept("eta: 0.9") == std::vector<float>{0.9F, 0.7F});  // 0.75, then 0.675
  CHECK(kept("eta: 0.6") == std::vector<float>{0.9F, 0.7F});  // 0.75, then 0.45, which stays
}

TEST_CASE("with a first stage, the detections are those of the boxes it moves and of the priors it takes for objects") {
  const RandomScene scene(11);
  const std::int64_t priors = 60;
  const Tensor objectness = random_tensor({2, priors * 2}, 20);
  const Tensor moves = random_tensor({2, priors * 4}, 21);
  const std::string parameters =
      "num_classes: 4 code_type: CENTER_SIZE confidence_threshold: 0.25 nms_param { nms_threshold: 0.3 top_k: 12 } "
      "keep_top_k: 50";
  const nuq::Node node =
      layer_alone("DetectionOutput", "detection_output_param { " + parameters + " objectness_score: -0.2 }", {}, 5);
  const Tensor output = computed<nuq::detail::DetectionOutputLayer>(
      node, {scene.locations, scene.confidences, scene.boxes, objectness, moves});

  for (std::int64_t image = 0; image < 2; ++image) {
    // One image alone, its priors moved and its confidences struck out beforehand.
    Tensor boxes = scene.boxes;
    Tensor confidences({1, priors * 4});
    Tensor locations({1, priors * 4});
    for (std::int64_t prior = 0; prior < priors; ++prior) {
      const bool object = objectness.values[static_cast<std::size_t>((image * priors + prior) * 2 + 1)] >= -0.2F;
      double p[4], l[4];
      for (std::int64_t at = 0; at < 4; ++at) {
        const auto here = static_cast<std::size_t>(prior * 4 + at);
        const auto of_image = static_cast<std::size_t>((image * priors + prior) * 4 + at);
        p[at] = static_cast<double>(scene.boxes.values[here]);
        l[at] = 0.2 * static_cast<double>(moves.values[of_image]);
        locations.values[here] = scene.locations.values[of_image];
        confidences.values[here] = object ? scene.confidences.values[of_image] : 0.0F;
      }
      const double centre_x = (p[0] + p[2]) / 2.0 + l[0] * (p[2] - p[0]);
      const double centre_y = (p[1] + p[3]) / 2.0 + l[1] * (p[3] - p[1]);
      const double half_width = std::exp(l[2]) * (p[2] - p[0]) / 2.0;
      const double half_height = std::exp(l[3]) * (p[3] - p[1]) / 2.0;
      const double moved[] = {centre_x - half_width, centre_y - half_height, centre_x + half_width,
                              centre_y + half_height};
      for (std::size_t at = 0; at < 4; ++at) {
        boxes.values[static_cast<std::size_t>(prior) * 4 + at] = static_cast<float>(moved[at]);
      }
    }
    const std::vector<Row> rows = expected_rows(priors, 4, locations, confidences, boxes, 0.25, 0.3, 12, 50);
    REQUIRE(rows.size() > 2);
    // The first image's rows come first; the second's right behind them.
    const std::size_t count = output.values.size() / 7;
    std::size_t row = 0;
    while (row < count && output.values[row * 7] != static_cast<float>(image)) ++row;
    for (const Row& wanted : rows) {
      REQUIRE(row < count);
      CHECK(output.values[row * 7 + 1] == static_cast<float>(wanted.label));
      CHECK(static_cast<double>(output.values[row * 7 + 2]) == doctest::Approx(wanted.confidence));
      for (std::size_t at = 0; at < 4; ++at) {
        CHECK(static_cast<double>(output.values[row * 7 + 3 + at]) == doctest::Approx(wanted.box[at]).epsilon(1e-5));
      }
      ++row;
    }
    CHECK((row == count || output.values[row * 7] != static_cast<float>(image)));
  }
}

TEST_CASE("nothing detected at all gives a row of -1 for each image") {
  const RandomScene scene(3);
  const Tensor output = detections("num_classes: 4 confidence_threshold: 5 keep_top_k: 3", scene.locations,
                                   scene.confidences, scene.boxes);
  CHECK(output.shape == nuq::Shape{1, 1, 2, 7});
  CHECK(output.values == std::vector<float>{0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1});
}

TEST_CASE("an image without detections beside one with some has no row") {
  const Tensor priors = priors_of({0.0F, 0.0F, 0.5F, 0.5F}, 1.0F);
  const Tensor output = detections("num_classes: 2 confidence_threshold: 0.5", Tensor(nuq::Shape{2, 4}),
                                   Tensor({2, 2}, {0.9F, 0.1F, 0.2F, 0.8F}), priors);
  CHECK(output.values == std::vector<float>{1, 1, 0.8F, 0, 0, 0.5F, 0.5F});
}

TEST_CASE("detections are the same for any number of threads") {
  const RandomScene scene(5);
  const std::string parameters = "num_classes: 4 keep_top_k: 20";
  CHECK(detections(parameters, scene.locations, scene.confidences, scene.boxes, 3).values ==
        detections(parameters, scene.locations, scene.confidences, scene.boxes, 1).values);
}

}  // namespace engine_layers_detection_output_test
