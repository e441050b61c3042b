// The record file of a fixed network.

#include "networks.hpp"
#include "nuq/amct/quantization_record.hpp"
#include "nuq/amct/record_file.hpp"
#include "nuq/graph/passes/fuse.hpp"

NUQ_FUZZ_TARGET(record) {
  const nuq::schema::ScaleOffsetRecord record = nuq::parse_record(bytes, "record.txt");
  const std::string text = nuq::to_text(record);
  require(nuq::to_text(nuq::parse_record(text, "record.txt")) == text, "a record changes when written");
  nuq::Graph graph = fixed_graph();
  nuq::fuse(graph, nuq::fusion_of(record));
  static_cast<void>(nuq::quantization_of(record, graph, "record.txt"));
}
