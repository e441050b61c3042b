#ifndef NUQ_TESTS_UNIT_WORKFLOW_WRITTEN_NETWORK_HPP
#define NUQ_TESTS_UNIT_WORKFLOW_WRITTEN_NETWORK_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../random_values.hpp"
#include "../temporary_folder.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/io/atomic_file.hpp"

/// A prototxt and a caffemodel of random weights in a folder.
struct WrittenNetwork {
  using BlobShapes = std::vector<std::pair<std::string, std::vector<nuq::Shape>>>;  ///< by layer

  WrittenNetwork(const TemporaryFolder& folder, const std::string& text, const BlobShapes& layers)
      : model(folder / "net.prototxt"), weights(folder / "net.caffemodel") {
    nuq::Model content;
    content.text = text;
    std::uint32_t seed = 1;
    for (const auto& [name, shapes] : layers) {
      auto& layer = *content.weights.add_layer();
      layer.set_name(name);
      for (const nuq::Shape& shape : shapes) {
        auto& blob = *layer.add_blobs();
        for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
        const std::vector<float> values = random_values(nuq::element_count(shape), seed++);
        blob.mutable_data()->Add(values.begin(), values.end());
      }
    }
    nuq::FileSet files;
    nuq::write_model(content, files, model, weights);
    files.commit();
  }

  std::string model;
  std::string weights;
};

#endif  // NUQ_TESTS_UNIT_WORKFLOW_WRITTEN_NETWORK_HPP
