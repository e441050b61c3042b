// OpenCV's Caffe reader and ours in one program, each with its own protobuf schema, read one model: a clash of
// descriptors would abort before main.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <fstream>

#include <nuq/adapters/opencv.hpp>
#include <nuq/nuq.hpp>

namespace {

constexpr char model_file[] = "beside_opencv.prototxt";
constexpr char weights_file[] = "beside_opencv.caffemodel";

void write_files() {
  std::ofstream(model_file) << "input: 'data' input_shape { dim: 1 dim: 2 dim: 8 dim: 8 } "
                               "layer { name: 'conv' type: 'Convolution' bottom: 'data' top: 'conv' convolution_param "
                               "{ num_output: 3 kernel_size: 3 } } "
                               "layer { name: 'prob' type: 'Softmax' bottom: 'conv' top: 'prob' }";
  nuq::schema::NetWeights weights;
  auto& layer = *weights.add_layer();
  layer.set_name("conv");
  for (const nuq::Shape& shape : {nuq::Shape{3, 2, 3, 3}, nuq::Shape{3}}) {
    auto& blob = *layer.add_blobs();
    for (const auto extent : shape) blob.mutable_shape()->add_dim(extent);
    for (std::size_t index = 0; index < nuq::element_count(shape); ++index)
      blob.add_data(std::sin(static_cast<float>(index)));
  }
  std::ofstream file(weights_file, std::ios::binary);
  weights.SerializeToOstream(&file);
}

float largest_difference() {
  nuq::Tensor input({1, 2, 8, 8});
  for (std::size_t index = 0; index < input.values.size(); ++index)
    input.values[index] = std::cos(static_cast<float>(index));
  nuq::Net ours(model_file, weights_file);
  ours.set_input("data", input.view());
  ours.forward();
  cv::dnn::Net theirs = cv::dnn::readNetFromCaffe(model_file, weights_file);
  const int extents[] = {1, 2, 8, 8};
  theirs.setInput(cv::Mat(4, extents, CV_32F, input.values.data()));
  const cv::Mat output = theirs.forward("prob");
  const nuq::TensorView prob = ours.output("prob");
  float difference = prob.values.size() == output.total() ? 0.0F : 1.0F;
  for (std::size_t index = 0; index < prob.values.size() && index < output.total(); ++index) {
    difference = (std::max)(difference, std::fabs(prob.values[index] - output.ptr<float>()[index]));
  }
  return difference;
}

}  // namespace

int main() {
  write_files();
  const float difference = largest_difference();
  std::printf("largest difference: %g\n", static_cast<double>(difference));
  return difference <= 1e-5F ? 0 : 1;
}
