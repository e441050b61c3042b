#ifndef NUQ_CAFFE_DETAIL_NET_WEIGHTS_HPP
#define NUQ_CAFFE_DETAIL_NET_WEIGHTS_HPP

#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// Moves what all sources number alike; a layer's parameters stay unknown fields, written back as they were read.
template <class From, class To>
void move_layer(From& from, To& to) {
  if (from.has_name()) to.set_name(from.name());
  if (from.has_type()) to.set_type(from.type());
  to.mutable_blobs()->Swap(from.mutable_blobs());
  to.mutable_unknown_fields()->Swap(from.mutable_unknown_fields());
}

template <class From, class To>
void move_connected_layer(From& from, To& to) {
  move_layer(from, to);
  to.mutable_bottom()->Swap(from.mutable_bottom());
  to.mutable_top()->Swap(from.mutable_top());
}

/// A caffemodel as a network: names, types, connections and blobs.
[[nodiscard]] inline schema::NetParameter network_of(schema::NetWeights&& weights) {
  schema::NetParameter net;
  if (weights.has_name()) net.set_name(weights.name());
  net.mutable_unknown_fields()->Swap(weights.mutable_unknown_fields());
  for (schema::LayerWeights& layer : *weights.mutable_layer()) move_connected_layer(layer, *net.add_layer());
  for (schema::V1LayerWeights& layer : *weights.mutable_layers()) {
    schema::V1LayerParameter& moved = *net.add_layers();
    move_connected_layer(layer, moved);
    if (layer.has_layer()) move_layer(*layer.mutable_layer(), *moved.mutable_layer());
  }
  return net;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_CAFFE_DETAIL_NET_WEIGHTS_HPP
