#ifndef NUQ_TESTS_ZOO_ZOO_HPP
#define NUQ_TESTS_ZOO_ZOO_HPP

#include <cstdlib>
#include <string>

#include "nuq/adapters/gzip.hpp"
#include "nuq/dataset/dataset.hpp"

/// A published network and the dataset it is measured on, by their places in the zoo.
struct ZooNetwork {
  const char* folder;
  const char* model;
  const char* weights;
  const char* dataset;  ///< name of datasets/NAME.json, NAME_test.json and NAME_calibration.json
  double metric;        ///< measured by OpenCV dnn 4.6 on the whole dataset
  double tolerance = 0.0005;

  [[nodiscard]] static std::string path(const std::string& name) {
    return std::string(std::getenv("NUQ_MODEL_ZOO")) + "/" + name;
  }
  [[nodiscard]] std::string model_file() const { return path("models/") + folder + "/" + model; }
  [[nodiscard]] std::string weights_file() const { return path("models/") + folder + "/" + weights; }
  [[nodiscard]] std::string reference_folder() const { return path("models/") + folder + "/reference"; }
  [[nodiscard]] std::string dataset_file(const std::string& part = "") const {
    return path("datasets/") + dataset + part + ".json";
  }
  [[nodiscard]] nuq::Dataset load(const std::string& part = "") const {
    return nuq::load_dataset(dataset_file(part), nuq::GzipFileReader{});
  }
};

inline constexpr ZooNetwork lenet{"lenet_mnist", "deploy.prototxt", "lenet_iter_10000.caffemodel", "mnist", 0.9914};
inline constexpr ZooNetwork lenet_v1{"lenet_mnist_v1legacy", "deploy.prototxt", "lenet_iter_10000.caffemodel", "mnist",
                                     0.9905};
inline constexpr ZooNetwork cifar10_quick{"cifar10_quick_v1legacy", "deploy.prototxt",
                                          "cifar10_quick_iter_5000.caffemodel", "cifar10_quick", 0.7280};
inline constexpr ZooNetwork resnet20{"resnet20_cifar10", "deploy_derived.prototxt", "ResNet_20.caffemodel", "resnet20",
                                     0.816667};
inline constexpr ZooNetwork deepface{"deepface48", "deploy.prototxt", "snapshot_iter_100000.caffemodel", "deepface48",
                                     0.9826};
inline constexpr ZooNetwork plates{"hyperlpr_char", "CharacterRecognization.prototxt",
                                   "CharacterRecognization.caffemodel", "hyperlpr_char", 0.4363};
inline constexpr ZooNetwork vdsr{"vdsr", "VDSR_net_deploy.prototxt", "VDSR_Adam.caffemodel", "vdsr", 31.5009, 0.01};
inline constexpr ZooNetwork landmarks{
    "deep_landmark_1F", "1_F_input_derived.prototxt", "1_F.caffemodel", "deep_landmark_1F", 26.4740, 0.01};
inline constexpr ZooNetwork zoo_networks[] = {lenet,    lenet_v1, cifar10_quick, resnet20,
                                              deepface, plates,   vdsr,          landmarks};

#endif  // NUQ_TESTS_ZOO_ZOO_HPP
