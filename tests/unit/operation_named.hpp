#ifndef NUQ_TESTS_UNIT_OPERATION_NAMED_HPP
#define NUQ_TESTS_UNIT_OPERATION_NAMED_HPP

#include <string>

#include "nuq/caffe/read_operation.hpp"
#include "nuq/graph/operation.hpp"

/// The operation of a Caffe layer type, attributes as they are when nothing is given.
inline nuq::Operation operation_named(const std::string& type) {
  nuq::schema::LayerParameter layer;
  layer.set_type(type);
  return nuq::read_operation(layer);
}

#endif  // NUQ_TESTS_UNIT_OPERATION_NAMED_HPP
