// An application on OpenCV that shrinks what it ships: it classifies pictures with a network's own files and with its
// packed file, which OpenCV never knew of, and says what each takes.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <opencv2/core.hpp>
#include <opencv2/dnn.hpp>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "nuq/adapters/opencv.hpp"

namespace {

/// What the network was trained on: its input's size, channels and scale, and the names of its classes.
struct Task {
  cv::Size size;
  bool is_gray = true;
  double scale = 1.0;
  std::vector<std::string> classes;
};

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  if (lines.empty()) throw std::runtime_error(file + ": cannot be read, wanted the name of a class on each line");
  return lines;
}

std::vector<std::string> pictures_in(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  return files;
}

/// A network as the application uses it, and what that took.
class Classifier {
 public:
  Classifier(const Task& task, const std::vector<std::string>& files, const std::function<cv::dnn::Net()>& load)
      : task_(task) {
    const auto start = std::chrono::steady_clock::now();
    net_ = load();
    milliseconds_ = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    for (const std::string& file : files) bytes_ += std::filesystem::file_size(file);
  }

  [[nodiscard]] std::string class_of(const std::string& file) {
    const cv::Mat picture = cv::imread(file, task_.is_gray ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR);
    if (picture.empty()) throw std::runtime_error(file + ": is no picture that OpenCV reads");
    net_.setInput(cv::dnn::blobFromImage(picture, task_.scale, task_.size));
    const cv::Mat scores = net_.forward();
    const auto best = std::max_element(scores.begin<float>(), scores.end<float>()) - scores.begin<float>();
    if (best >= static_cast<std::ptrdiff_t>(task_.classes.size())) throw std::runtime_error("too few names of classes");
    return task_.classes[static_cast<std::size_t>(best)];
  }

  void print(const char* name) const {
    std::printf("%-9s %8ju bytes, loaded in %.1f ms\n", name, bytes_, milliseconds_);
  }

 private:
  const Task& task_;
  cv::dnn::Net net_;
  double milliseconds_ = 0.0;
  std::uintmax_t bytes_ = 0;
};

void run(const std::string& model, const std::string& weights, const std::string& packed, const std::string& classes,
         const std::string& pictures) {
  const Task task{cv::Size(28, 28), true, 1.0 / 256, lines_of(classes)};
  Classifier original(task, {model, weights}, [&] { return cv::dnn::readNetFromCaffe(model, weights); });
  Classifier shrunk(task, {packed}, [&] { return nuq::read_opencv_net(packed); });
  original.print("original:");
  shrunk.print("packed:");
  std::size_t same = 0;
  const std::vector<std::string> files = pictures_in(pictures);
  for (const std::string& file : files) {
    const std::string before = original.class_of(file);
    const std::string after = shrunk.class_of(file);
    if (before == after) ++same;
    std::printf("%s: %s%s\n", std::filesystem::path(file).filename().c_str(), before.c_str(),
                before == after ? "" : (", packed: " + after).c_str());
  }
  std::printf("%zu of %zu pictures have the same class\n", same, files.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "usage: nuq_inference_app MODEL WEIGHTS FILE.nuq CLASSES.txt FOLDER\n");
    return 2;
  }
  try {
    run(argv[1], argv[2], argv[3], argv[4], argv[5]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
