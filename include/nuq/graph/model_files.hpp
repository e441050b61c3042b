#ifndef NUQ_GRAPH_MODEL_FILES_HPP
#define NUQ_GRAPH_MODEL_FILES_HPP

#include <string>

#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A model on the disk.
struct ModelFiles {
  std::string model_file;
  std::string weights_file;  ///< empty where the model has its weights itself
};

NUQ_NAMESPACE_END

#endif  // NUQ_GRAPH_MODEL_FILES_HPP
