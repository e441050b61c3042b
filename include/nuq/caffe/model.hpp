#ifndef NUQ_CAFFE_MODEL_HPP
#define NUQ_CAFFE_MODEL_HPP

#include <string>

#include "nuq/graph/load_graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The content of a prototxt and a caffemodel, as written: nothing upgraded, nothing dropped.
struct Model {
  std::string model_file;    ///< name of the prototxt, for messages
  std::string weights_file;  ///< name of the caffemodel, for messages; empty where there is none
  std::string text;          ///< the prototxt itself: rewriting edits this text so that untouched layers stay verbatim
  schema::NetParameter net;  ///< `text` parsed
  schema::NetWeights
      weights;            ///< the caffemodel; its layers' parameters are kept as unknown fields and never looked at
  ReadOptions options{};  ///< how a network is made of them
};

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_MODEL_HPP
