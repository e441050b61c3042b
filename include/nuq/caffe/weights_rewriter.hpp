#ifndef NUQ_CAFFE_WEIGHTS_REWRITER_HPP
#define NUQ_CAFFE_WEIGHTS_REWRITER_HPP

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "nuq/caffe/upgrade.hpp"
#include "nuq/caffe/upgrade_v0.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/tensor.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Makes another caffemodel of a given one. What is neither replaced nor removed is copied with all its unknown fields;
/// what is replaced is never copied, so that the result alone costs memory.
class WeightsRewriter {
 public:
  /// `source` must live as long as the rewriter.
  explicit WeightsRewriter(const schema::NetWeights& source) : source_(source) {}

  /// An empty blob to be filled, which takes the place of a layer's `index`-th one and its declared shape; `shape` is
  /// for a blob that the layer lacks, one past its last.
  NUQ_FUNCTION [[nodiscard]] schema::BlobProto& replace_blob(const std::string& layer, int index, const Shape& shape);
  NUQ_FUNCTION [[nodiscard]] bool is_replaced(const std::string& layer, int index) const;
  NUQ_FUNCTION void remove(const std::string& layer) { removed_.insert(layer); }
  /// Adds a layer behind all others, with its blobs and parameters.
  NUQ_FUNCTION void add(const schema::LayerParameter& layer);

  /// With `upgrade`, layers of the V1 and V0 formats are turned into present ones: name, type, connections and blobs.
  NUQ_FUNCTION [[nodiscard]] schema::NetWeights finish(bool upgrade) &&;

 private:
  template <class Layer>
  void rewrite(const Layer& from, Layer& to) {
    connect(from, to);
    rewrite_content(from, to);
    if constexpr (std::is_same_v<Layer, schema::V1LayerWeights>) {
      if (from.has_layer()) rewrite_content(from.layer(), *to.mutable_layer());
    }
  }

  NUQ_FUNCTION void upgrade_layer(const schema::V1LayerWeights& from, schema::NetWeights& result);

  template <class From, class To>
  static void connect(const From& from, To& to) {
    *to.mutable_bottom() = from.bottom();
    *to.mutable_top() = from.top();
  }

  template <class From, class To>
  void rewrite_content(const From& from, To& to) {
    if (from.has_name()) to.set_name(from.name());
    if constexpr (std::is_same_v<From, To>) {
      if (from.has_type()) to.set_type(from.type());
      to.mutable_unknown_fields()->MergeFrom(from.unknown_fields());
    } else {
      to.set_type(upgraded_type(from));
    }
    if (from.blobs_size() == 0) return;
    const bool is_last = --occurrences_[from.name()] == 0;
    rewrite_blobs(from.blobs(), replaced_[from.name()], is_last, *to.mutable_blobs());
  }

  NUQ_FUNCTION static std::string upgraded_type(const schema::V1LayerWeights& layer) { return upgraded(layer.type()); }
  NUQ_FUNCTION static std::string upgraded_type(const schema::V0LayerWeights& layer) {
    return upgraded_v0_type(layer.type());
  }

  using Blobs = google::protobuf::RepeatedPtrField<schema::BlobProto>;

  /// The replaced ones are moved for the last layer of a name, copied for those before.
  NUQ_FUNCTION static void rewrite_blobs(const Blobs& from, std::map<int, schema::BlobProto>& replaced, bool is_last,
                                         Blobs& to);

  NUQ_FUNCTION void count_occurrences();

  const schema::NetWeights& source_;
  std::map<std::string, std::map<int, schema::BlobProto>> replaced_;
  std::map<std::string, int> occurrences_;  ///< layers with blobs that are still to be written, by name
  std::set<std::string> removed_;
  std::vector<schema::LayerWeights> added_;
};

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <cstdint>
#include <utility>

#include "nuq/caffe/blob.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION schema::BlobProto& WeightsRewriter::replace_blob(const std::string& layer, int index,
                                                                const Shape& shape) {
  schema::BlobProto& blob = replaced_[layer][index];
  blob.Clear();
  for (const std::int64_t extent : shape) blob.mutable_shape()->add_dim(extent);
  return blob;
}

NUQ_DEFINITION bool WeightsRewriter::is_replaced(const std::string& layer, int index) const {
  const auto found = replaced_.find(layer);
  return found != replaced_.end() && found->second.count(index) > 0;
}

NUQ_DEFINITION void WeightsRewriter::add(const schema::LayerParameter& layer) {
  static_cast<void>(added_.emplace_back().ParseFromString(layer.SerializeAsString()));
}

NUQ_DEFINITION schema::NetWeights WeightsRewriter::finish(bool upgrade) && {
  schema::NetWeights result;
  if (source_.has_name()) result.set_name(source_.name());
  result.mutable_unknown_fields()->MergeFrom(source_.unknown_fields());
  count_occurrences();
  for (const schema::LayerWeights& layer : source_.layer()) {
    if (removed_.count(layer.name()) == 0) rewrite(layer, *result.add_layer());
  }
  for (const schema::V1LayerWeights& layer : source_.layers()) {
    if (removed_.count(layer.has_layer() ? layer.layer().name() : layer.name()) > 0) continue;
    upgrade ? upgrade_layer(layer, result) : rewrite(layer, *result.add_layers());
  }
  for (schema::LayerWeights& layer : added_) *result.add_layer() = std::move(layer);
  return result;
}

NUQ_DEFINITION void WeightsRewriter::upgrade_layer(const schema::V1LayerWeights& from, schema::NetWeights& result) {
  if (from.has_layer() && from.layer().type() == "padding") return;
  schema::LayerWeights& to = *result.add_layer();
  connect(from, to);
  from.has_layer() ? rewrite_content(from.layer(), to) : rewrite_content(from, to);
}

NUQ_DEFINITION void WeightsRewriter::count_occurrences() {
  const auto count = [this](const auto& layer) {
    if (layer.blobs_size() > 0) ++occurrences_[layer.name()];
  };
  for (const schema::LayerWeights& layer : source_.layer()) count(layer);
  for (const schema::V1LayerWeights& layer : source_.layers()) layer.has_layer() ? count(layer.layer()) : count(layer);
}

NUQ_DEFINITION void WeightsRewriter::rewrite_blobs(const Blobs& from, std::map<int, schema::BlobProto>& replaced,
                                                   bool is_last, Blobs& to) {
  const auto taken = [is_last](schema::BlobProto& blob) { return is_last ? std::move(blob) : schema::BlobProto(blob); };
  for (int index = 0; index < from.size(); ++index) {
    if (replaced.count(index) == 0)
      *to.Add() = from.Get(index);
    else
      detail::declare_shape_of(from.Get(index), *to.Add() = taken(replaced[index]));
  }
  for (auto added = replaced.lower_bound(from.size()); added != replaced.end(); ++added)
    *to.Add() = taken(added->second);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_WEIGHTS_REWRITER_HPP
