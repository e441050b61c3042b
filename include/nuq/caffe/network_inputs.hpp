#ifndef NUQ_CAFFE_NETWORK_INPUTS_HPP
#define NUQ_CAFFE_NETWORK_INPUTS_HPP

#include <string>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/core/support/ends_with.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// A blob fed from outside the network.
struct NetworkInput {
  std::string blob;
  Shape shape;  ///< as declared, extents of at least 1; empty where the file does not say
};

namespace detail {

NUQ_FUNCTION [[nodiscard]] Shape shape_of(const schema::BlobShape& shape);

}  // namespace detail

/// True for layers that bring data into the network: Input, and every layer without bottoms that reads a data base, a
/// file or memory (Data, ImageData, MemoryData, DummyData, AnnotatedData, …, Python data layers).
NUQ_FUNCTION [[nodiscard]] bool is_data_layer(const schema::LayerParameter& layer);

/// The inputs declared by a network's own `input` fields. Throws ModelError naming `file` for shapes that do not fit
/// them.
NUQ_FUNCTION [[nodiscard]] std::vector<NetworkInput> declared_inputs(const schema::NetParameter& net,
                                                                     const std::string& file);

/// The tops of a data layer: data and labels alike. Throws ModelError naming `file` for impossible shapes.
NUQ_FUNCTION [[nodiscard]] std::vector<NetworkInput> inputs_of(const schema::LayerParameter& layer,
                                                               const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <cstdint>
#include <string_view>

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_DEFINITION Shape shape_of(const schema::BlobShape& shape) {
  return {shape.dim().begin(), shape.dim().end()};
}

/// `shape` if a network can be fed with it. Throws ModelError naming file and blob.
NUQ_FUNCTION [[nodiscard]] inline Shape checked_input_shape(Shape shape, const std::string& file,
                                                            const std::string& blob) {
  bool positive = is_valid_shape(shape);
  for (const std::int64_t extent : shape) positive = positive && extent > 0;
  if (!positive) {
    fail(ModelError(ErrorCode::malformed_file, file + ": input '" + blob + "': has the shape " + to_string(shape) +
                                                   ", wanted positive extents of at most 2^40 values in all"));
  }
  return shape;
}

/// The shape of the index-th `input` of a network, from `input_shape` or from the older `input_dim`, four values per
/// input.
NUQ_FUNCTION [[nodiscard]] inline Shape declared_input_shape(const schema::NetParameter& net, int index,
                                                             const std::string& file) {
  const int inputs = net.input_size();
  if (net.input_shape_size() == inputs) return shape_of(net.input_shape(index));
  if (net.input_shape_size() > 0) {
    fail(ModelError(ErrorCode::malformed_file, file + ": has " + std::to_string(net.input_shape_size()) +
                                                   " input_shape for " + std::to_string(inputs) +
                                                   " input, wanted one for each"));
  }
  const auto& dims = net.input_dim();
  if (inputs == 1 || dims.empty()) return {dims.begin(), dims.end()};
  if (dims.size() != 4 * inputs) {
    fail(ModelError(ErrorCode::malformed_file, file + ": has " + std::to_string(dims.size()) + " input_dim for " +
                                                   std::to_string(inputs) + " input, wanted four for each"));
  }
  return {dims.begin() + 4 * index, dims.begin() + 4 * (index + 1)};
}

/// The one shape for all tops, or the index-th one; empty where there is none.
template <class Shapes>
[[nodiscard]] Shape shape_at(const Shapes& shapes, int index) {
  if (shapes.size() == 1) return shape_of(shapes.Get(0));
  return index < shapes.size() ? shape_of(shapes.Get(index)) : Shape{};
}

/// The shape of the index-th top of a data layer, as far as its parameters tell.
NUQ_FUNCTION [[nodiscard]] inline Shape data_layer_shape(const schema::LayerParameter& layer, int index) {
  if (layer.type() == "Input") return shape_at(layer.input_param().shape(), index);
  if (layer.type() == "DummyData") return shape_at(layer.dummy_data_param().shape(), index);
  if (layer.type() == "MemoryData" && layer.has_memory_data_param()) {
    const schema::MemoryDataParameter& memory = layer.memory_data_param();
    if (index == 0) return {memory.batch_size(), memory.channels(), memory.height(), memory.width()};
    return {memory.batch_size()};
  }
  return {};
}

}  // namespace detail

NUQ_DEFINITION bool is_data_layer(const schema::LayerParameter& layer) {
  const std::string_view type = layer.type();
  if (layer.bottom_size() > 0) return false;
  return type == "Input" || type == "Python" || detail::ends_with(type, "Data");
}

NUQ_DEFINITION std::vector<NetworkInput> declared_inputs(const schema::NetParameter& net, const std::string& file) {
  std::vector<NetworkInput> inputs;
  for (int index = 0; index < net.input_size(); ++index) {
    inputs.push_back({net.input(index), detail::checked_input_shape(detail::declared_input_shape(net, index, file),
                                                                    file, net.input(index))});
  }
  return inputs;
}

NUQ_DEFINITION std::vector<NetworkInput> inputs_of(const schema::LayerParameter& layer, const std::string& file) {
  std::vector<NetworkInput> inputs;
  for (int index = 0; index < layer.top_size(); ++index) {
    inputs.push_back({layer.top(index),
                      detail::checked_input_shape(detail::data_layer_shape(layer, index), file, layer.top(index))});
  }
  return inputs;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_NETWORK_INPUTS_HPP
