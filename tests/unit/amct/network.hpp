#ifndef NUQ_TESTS_UNIT_AMCT_NETWORK_HPP
#define NUQ_TESTS_UNIT_AMCT_NETWORK_HPP

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "nuq/caffe/build_graph.hpp"
#include "nuq/caffe/model_file.hpp"
#include "nuq/core/error.hpp"

/// The network of a prototxt's text, without weights.
inline nuq::Graph network(const std::string& prototxt) {
  return nuq::build_graph(std::make_shared<const nuq::Model>(nuq::parse_model(prototxt, {}, "net.prototxt", {})));
}

/// conv1 (NUQ), conv2 (group 2: uniform only), relu, pool, deconv, fc (NUQ).
inline const std::string small_network = R"(
  input: "data" input_shape { dim: 1 dim: 4 dim: 8 dim: 8 }
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "c1" convolution_param { num_output: 6 kernel_size: 3 } }
  layer { name: "relu" type: "ReLU" bottom: "c1" top: "c1" }
  layer { name: "conv2" type: "Convolution" bottom: "c1" top: "c2" convolution_param { num_output: 6 kernel_size: 3 group: 2 } }
  layer { name: "deconv" type: "Deconvolution" bottom: "c2" top: "d" convolution_param { num_output: 2 kernel_size: 2 stride: 2 } }
  layer { name: "pool" type: "Pooling" bottom: "d" top: "p" pooling_param { pool: AVE kernel_size: 2 } }
  layer { name: "fc" type: "InnerProduct" bottom: "p" top: "f" inner_product_param { num_output: 10 } }
)";

/// What `action` throws: its code and message, or nothing.
template <class E, class Action>
std::string message_of(Action&& action, std::optional<nuq::ErrorCode> code = std::nullopt) {
  try {
    action();
  } catch (const E& error) {
    if (code) CHECK(static_cast<int>(error.code()) == static_cast<int>(*code));
    return error.message();
  }
  return "nothing was thrown";
}

inline bool contains_text(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The folder of real models and of files written by the vendor's tools; nothing, with a message, where it is not
/// given.
inline std::optional<std::string> model_zoo() {
  const char* const folder = std::getenv("NUQ_MODEL_ZOO");
  if (folder == nullptr || *folder == '\0') {
    MESSAGE("skipped: set NUQ_MODEL_ZOO to the folder of real models to run it");
    return std::nullopt;
  }
  return std::string(folder);
}

#endif  // NUQ_TESTS_UNIT_AMCT_NETWORK_HPP
