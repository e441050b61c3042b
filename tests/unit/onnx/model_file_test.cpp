#include "nuq/onnx/model_file.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../temporary_folder.hpp"
#include "nuq/io/atomic_file.hpp"
#include "nuq/onnx/constant.hpp"
#include "small_model.hpp"

TEST_CASE("a model that one file cannot hold has its large initializers in a second one") {
  SmallModel small;
  std::vector<float> many(3000);
  for (std::size_t index = 0; index < many.size(); ++index) many[index] = static_cast<float>(index);
  small.input("x", {1, 3000}).floats("few", {1}, {1}).node("Mul", {"x", "many"}, "y");
  for (const char* name : {"many", "others"}) {
    nuq::onnx_schema::TensorProto& tensor = *small.graph().add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(nuq::onnx_schema::TensorProto::FLOAT);
    tensor.add_dims(3000);
    tensor.set_raw_data(many.data(), sizeof(float) * many.size());
    many[0] = 7;
  }
  CHECK(nuq::onnx_files(small.proto, "net.onnx").data.empty());
  const TemporaryFolder folder;
  const std::string file = folder / "net.onnx";
  const nuq::OnnxFiles files = nuq::onnx_files(small.proto, file, 20'000);
  CHECK(files.data.size() == 12'288 + 12'000);
  CHECK(files.model.size() < 1000);
  nuq::write_file_atomically(file, files.model);
  nuq::write_file_atomically(file + ".data", files.data);
  const nuq::OnnxModel model = nuq::read_onnx_model(file);
  nuq::OnnxTensors tensors(file, {});
  CHECK(tensors.read(model.proto.graph().initializer(1), "many").floats[2999] == 2999.0F);
  CHECK(tensors.read(model.proto.graph().initializer(2), "others").floats[0] == 7.0F);
  nuq::onnx_schema::ModelProto whole = model.proto;
  tensors.take_in(*whole.mutable_graph());
  CHECK(whole.SerializeAsString() == small.proto.SerializeAsString());
}
