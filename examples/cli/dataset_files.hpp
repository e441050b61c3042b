#ifndef NUQ_EXAMPLES_CLI_DATASET_FILES_HPP
#define NUQ_EXAMPLES_CLI_DATASET_FILES_HPP

#include <string>

#include "nuq/adapters/gzip.hpp"
#include "nuq/dataset/dataset.hpp"
#if defined(NUQ_TOOL_READS_IMAGES)
#include "nuq/adapters/image_files.hpp"
#endif

/// A dataset of arrays, compressed or not, and of image files where the tool was built with OpenCV.
inline nuq::Dataset load_dataset_files(const std::string& file) {
#if defined(NUQ_TOOL_READS_IMAGES)
  return nuq::load_dataset(file, nuq::GzipFileReader{}, nuq::OpenCvImages{});
#else
  return nuq::load_dataset(file, nuq::GzipFileReader{});
#endif
}

#endif  // NUQ_EXAMPLES_CLI_DATASET_FILES_HPP
