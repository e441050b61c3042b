#include "nuq/caffe/model_file.hpp"
#include "nuq/caffe/net_state.hpp"
#include "nuq/caffe/upgrade.hpp"

#include <doctest/doctest.h>

#include <string>

#include "../temporary_folder.hpp"

namespace caffe_model_file_test {

const std::string lenet =
    "name: \"tiny\"\n"
    "input: \"data\"\n"
    "layer { name: \"conv1\" type: \"Convolution\" bottom: \"data\" top: \"conv1\" convolution_param { num_output: 2 "
    "kernel_size: 1 } }\n";

std::string caffemodel() {
  nuq::schema::NetParameter net;
  net.set_name("tiny");
  nuq::schema::LayerParameter& layer = *net.add_layer();
  layer.set_name("conv1");
  layer.set_type("Convolution");
  layer.add_bottom("data");
  layer.add_top("conv1");
  layer.mutable_convolution_param()->set_num_output(2);
  nuq::schema::BlobProto& blob = *layer.add_blobs();
  blob.mutable_shape()->add_dim(2);
  blob.add_data(0.5F);
  blob.add_data(-1.0F);
  return net.SerializeAsString();
}

nuq::schema::NetParameter parsed(const std::string& bytes) {
  nuq::schema::NetParameter net;
  REQUIRE(net.ParseFromString(bytes));
  return net;
}

nuq::Model read(const std::string& model_file, const std::string& weights_file) {
  return nuq::read_model(model_file, weights_file);
}
nuq::Model with_text(const std::string& text) {
  return nuq::parse_model(text, {}, "net.prototxt", "");
}
nuq::Model with_weights(const std::string& weights) {
  return nuq::parse_model(lenet, weights, "net.prototxt", "net.caffemodel");
}

TEST_CASE("a model is read from its two files, text verbatim") {
  const TemporaryFolder folder;
  const std::string text = "# a comment\n" + lenet;
  const nuq::Model model = read(folder.write("net.prototxt", text), folder.write("net.caffemodel", caffemodel()));
  CHECK(model.model_file == folder / "net.prototxt");
  CHECK(model.weights_file == folder / "net.caffemodel");
  CHECK(model.text == text);
  CHECK(model.net.layer(0).convolution_param().num_output() == 2);
  REQUIRE(model.weights.layer_size() == 1);
  CHECK(model.weights.name() == "tiny");
  CHECK(model.weights.layer(0).name() == "conv1");
  CHECK(model.weights.layer(0).type() == "Convolution");
  CHECK(model.weights.layer(0).bottom(0) == "data");
  CHECK(model.weights.layer(0).top(0) == "conv1");
  CHECK(model.weights.layer(0).blobs(0).data(1) == -1.0F);
}

TEST_CASE("a byte order mark is kept in the text and not read") {
  const nuq::Model model = with_text("\xEF\xBB\xBF" + lenet);
  CHECK(model.text == "\xEF\xBB\xBF" + lenet);
  CHECK(model.net.name() == "tiny");
  CHECK_THROWS_WITH_AS(with_text("\xEF\xBB\xBF"), "nuq: net.prototxt: is empty", nuq::ModelError);
}

TEST_CASE("without a weights file a model has no weights") {
  const TemporaryFolder folder;
  const nuq::Model model = read(folder.write("net.prototxt", lenet), "");
  CHECK(model.weights_file.empty());
  CHECK(model.weights.layer_size() == 0);
}

TEST_CASE("the weights of a V1 file are read") {
  nuq::schema::NetParameter net;
  nuq::schema::V1LayerParameter& layer = *net.add_layers();
  layer.set_name("ip");
  layer.set_type(nuq::schema::V1LayerParameter::INNER_PRODUCT);
  layer.add_blobs()->add_data(3.0F);
  const nuq::Model model = with_weights(net.SerializeAsString());
  REQUIRE(model.weights.layers_size() == 1);
  CHECK(model.weights.layers(0).name() == "ip");
  CHECK(model.weights.layers(0).type() == nuq::schema::V1LayerParameter::INNER_PRODUCT);
  CHECK(model.weights.layers(0).blobs(0).data(0) == 3.0F);
}

TEST_CASE("a fork's parameter under the number of another message does not hurt, and is written back") {
  nuq::schema::NetParameter net;
  nuq::schema::LayerParameter& layer = *net.add_layer();
  layer.set_name("conv1");
  layer.add_blobs()->add_data(1.0F);
  const std::string no_message(16, '\xFF');
  layer.mutable_unknown_fields()->AddLengthDelimited(nuq::schema::LayerParameter::kConvolutionParamFieldNumber,
                                                     no_message);
  const std::string bytes = net.SerializeAsString();
  REQUIRE_FALSE(nuq::schema::NetParameter().ParseFromString(bytes));
  const nuq::Model model = with_weights(bytes);
  CHECK(model.weights.layer(0).blobs(0).data(0) == 1.0F);
  CHECK(model.weights.SerializeAsString().find(no_message) != std::string::npos);
}

TEST_CASE("fields of other Caffes are tolerated in the text") {
  const nuq::Model model =
      with_text("layer { name: \"a\" type: \"Custom\" custom_param { x: 1 y { z: \"w\" } [some.extension]: 3 } }");
  CHECK(model.net.layer(0).type() == "Custom");
}

TEST_CASE("an error in the text is reported with its place") {
  CHECK_THROWS_WITH_AS(with_text("name: \"a\"\nlayer { name: }"), doctest::Contains("nuq: net.prototxt:2:15: "),
                       nuq::ModelError);
}

TEST_CASE("a layer that an unknown phase keeps out of the network stays out when the network is upgraded") {
  const nuq::schema::NetParameter net =
      nuq::upgraded(with_text("layers { name: 'l' type: RELU bottom: 'x' top: 'y' include { phase: DEPLOY } }").net);
  for (const nuq::schema::Phase phase : {nuq::schema::TRAIN, nuq::schema::TEST}) {
    nuq::schema::NetState state;
    state.set_phase(phase);
    CHECK_FALSE(nuq::is_included(net.layer(0), state));
  }
}

TEST_CASE("text nested without end is refused") {
  std::string text;
  for (int depth = 0; depth < 200000; ++depth) text += "a {";
  CHECK_THROWS_AS(with_text(text), nuq::ModelError);
}

TEST_CASE("files that are no models are named for what they are") {
  CHECK_THROWS_WITH_AS(with_text(""), "nuq: net.prototxt: is empty", nuq::ModelError);
  CHECK_THROWS_WITH_AS(with_weights(""), "nuq: net.caffemodel: is empty", nuq::ModelError);
  CHECK_THROWS_WITH_AS(with_weights("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
                       "nuq: net.caffemodel: is a git-lfs pointer, wanted the file it stands for (run `git lfs pull`)",
                       nuq::ModelError);
  CHECK_THROWS_WITH_AS(with_weights("\x89HDF\r\n\x1a\n and more"),
                       "nuq: net.caffemodel: HDF5 caffemodel is not supported, wanted a protobuf one", nuq::ModelError);
  CHECK_THROWS_WITH_AS(with_weights(lenet), "nuq: net.caffemodel: is text (a prototxt?), wanted a binary caffemodel",
                       nuq::ModelError);
}

TEST_CASE("a caffemodel given as prototxt is a parse error") {
  CHECK_THROWS_AS(with_text(caffemodel()), nuq::ModelError);
}

TEST_CASE("of several errors the first is told") {
  CHECK_THROWS_WITH_AS(with_text("name: \x01\n\x02 }"), doctest::Contains("nuq: net.prototxt:1:7: "), nuq::ModelError);
}

TEST_CASE("a caffemodel cut anywhere is refused") {
  const std::string bytes = caffemodel();
  const std::size_t layers_begin = 6;  // after the name: tag, length, "tiny"
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    CAPTURE(size);
    const std::string problem = size == layers_begin
                                    ? "holds no layers, wanted a caffemodel"
                                    : "is truncated or no caffemodel: its protobuf message cannot be parsed";
    CHECK_THROWS_WITH_AS(with_weights(bytes.substr(0, size)), ("nuq: net.caffemodel: " + problem).c_str(),
                         nuq::ModelError);
  }
}

TEST_CASE("a protobuf message of something else holds no layers") {
  nuq::schema::BlobProto mean_image;
  mean_image.mutable_shape()->add_dim(1);
  mean_image.add_data(1.0F);
  CHECK_THROWS_WITH_AS(with_weights(mean_image.SerializeAsString()),
                       "nuq: net.caffemodel: holds no layers, wanted a caffemodel", nuq::ModelError);
}

TEST_CASE("a missing file is named") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(read(folder / "none.prototxt", ""), doctest::Contains("none.prototxt: cannot read"),
                       nuq::FormatError);
  const std::string text = folder.write("net.prototxt", lenet);
  CHECK_THROWS_WITH_AS(read(text, folder / "none.caffemodel"), doctest::Contains("none.caffemodel: cannot read"),
                       nuq::FormatError);
}

TEST_CASE("a written model is read back the same, and appears only when committed") {
  const TemporaryFolder folder;
  const nuq::Model model = with_weights(caffemodel());
  {
    nuq::FileSet files;
    nuq::write_model(model, files, folder / "out.prototxt", folder / "out.caffemodel");
    CHECK(folder.read("out.prototxt").empty());
    files.commit();
  }
  CHECK(folder.read("out.prototxt") == lenet);
  CHECK(parsed(folder.read("out.caffemodel")).SerializeAsString() == parsed(caffemodel()).SerializeAsString());
  CHECK(folder.entries() == 2);
}

TEST_CASE("a model is written without weights if no file is named for them") {
  const TemporaryFolder folder;
  nuq::FileSet files;
  nuq::write_model(with_text(lenet), files, folder / "out.prototxt", "");
  files.commit();
  CHECK(folder.entries() == 1);
}

}  // namespace caffe_model_file_test
