// The weights of a fixed network: read, computed with, folded, packed and unpacked.

#include "networks.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/passes/fuse.hpp"

NUQ_FUZZ_TARGET(caffemodel) {
  if (bytes.empty()) return;
  nuq::Graph graph = graph_of(fixed_network, bytes);
  if (!is_small(graph)) return;
  static_cast<void>(computed_values(graph));
  nuq::Parallel serial;
  const std::vector<std::uint8_t> packed = graph.source->original()->packed(graph, {}, serial, {});
  const nuq::Model unpacked = nuq::model_of_packed_file(packed, "net.nuq");
  nuq::check_packed_file(packed, "net.nuq");
  require(unpacked.text == fixed_network, "the packed prototxt differs");
  nuq::fuse(graph);
  static_cast<void>(computed_values(graph));
}
