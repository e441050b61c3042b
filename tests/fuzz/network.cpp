// Networks of common layers, built as the bytes say: what the engine computes is what plain loops compute, whether its
// layers are fused, folded, run by two threads or have been packed.

#include <algorithm>
#include <cmath>
#include <random>

#include "networks.hpp"
#include "nuq/caffe/caffe_source.hpp"
#include "nuq/caffe/packed_model_file.hpp"
#include "nuq/core/parallel.hpp"
#include "nuq/graph/model_source.hpp"
#include "nuq/graph/passes/fuse.hpp"

namespace {

/// Choices that the bytes make; the first ones when they are used up.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool are_left() const { return !rest_.empty(); }
  std::int64_t below(std::int64_t end) {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte % end;
  }
  std::int64_t from(std::int64_t least, std::int64_t greatest) { return least + below(greatest - least + 1); }
  bool coin() { return below(2) == 1; }

 private:
  std::string_view rest_;
};

/// Values in double, [N, C, H, W] or [N, C], and the sum of magnitudes that rounding errors are measured by.
struct Reference {
  nuq::Shape shape;
  std::vector<double> values;
  double magnitude = 0.0;

  [[nodiscard]] std::int64_t extent(std::size_t axis) const { return axis < shape.size() ? shape[axis] : 1; }
  [[nodiscard]] std::int64_t channel_of(std::size_t index) const {
    return static_cast<std::int64_t>(index) / (extent(2) * extent(3)) % extent(1);
  }
  /// 0 outside of the image.
  [[nodiscard]] double at(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
    if (y < 0 || y >= extent(2) || x < 0 || x >= extent(3)) return 0.0;
    return values[static_cast<std::size_t>(((n * extent(1) + c) * extent(2) + y) * extent(3) + x)];
  }
  [[nodiscard]] static Reference of_shape(nuq::Shape shape) {
    const std::size_t count = nuq::element_count(shape);
    return {std::move(shape), std::vector<double>(count), 0.0};
  }
};

std::string field(const char* name, std::int64_t value) {
  return std::string(name) + ": " + std::to_string(value) + " ";
}
std::string in_quotes(const std::string& name) {
  return '"' + name + '"';
}

struct Window {
  std::int64_t kernel_y, kernel_x, stride, pad, dilation;
  [[nodiscard]] std::string text() const {
    return field("kernel_h", kernel_y) + field("kernel_w", kernel_x) + field("stride", stride) + field("pad", pad);
  }
};

/// A network as it grows, with the values of all its blobs.
class Network {
 public:
  explicit Network(std::string_view bytes) : choices_(bytes), random_(static_cast<unsigned>(1 + choices_.below(256))) {
    Reference input =
        Reference::of_shape({choices_.from(1, 2), choices_.from(1, 4), choices_.from(1, 7), choices_.from(1, 7)});
    for (double& value : input.values) value = static_cast<double>(eighths(16));
    input.magnitude = 2.0;
    text_ = "name: \"built\" input: \"data\" input_shape { ";
    for (const std::int64_t extent : input.shape) text_ += field("dim", extent);
    text_ += "}\n";
    blobs_.push_back({"data", input});
    for (int layer = 0; layer < 8 && choices_.are_left(); ++layer) add_layer();
    if (layers_.empty()) add_rectifier();
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string weights() const { return weights_.SerializeAsString(); }
  [[nodiscard]] nuq::Tensor input() const {
    const Reference& input = blobs_.front().value;
    nuq::Tensor tensor(input.shape);
    std::transform(input.values.begin(), input.values.end(), tensor.values.begin(),
                   [](double value) { return static_cast<float>(value); });
    return tensor;
  }

  /// What each layer writes, in the network's order.
  [[nodiscard]] const std::vector<Reference>& layers() const { return layers_; }
  struct Blob {
    std::string name;
    Reference value;
    bool is_read = false;
  };
  [[nodiscard]] const std::vector<Blob>& blobs() const { return blobs_; }

 private:
  float eighths(int most) {
    return static_cast<float>(static_cast<int>(random_() % (2U * static_cast<unsigned>(most) + 1U)) - most) / 8.0F;
  }

  std::vector<float> values(std::size_t count, float least, float greatest) {
    std::vector<float> drawn(count);
    for (float& value : drawn) value = least + (greatest - least) * static_cast<float>(random_() % 256U) / 255.0F;
    return drawn;
  }

  void begin_weights(const std::string& type) {
    trained_ = weights_.add_layer();
    trained_->set_name(next_name());
    trained_->set_type(type);
  }
  std::vector<float> blob(const nuq::Shape& shape, float least, float greatest) {
    nuq::schema::BlobProto& added = *trained_->add_blobs();
    for (const std::int64_t extent : shape) added.mutable_shape()->add_dim(extent);
    std::vector<float> drawn = values(nuq::element_count(shape), least, greatest);
    added.mutable_data()->Add(drawn.begin(), drawn.end());
    return drawn;
  }

  [[nodiscard]] std::string next_name() const { return "l" + std::to_string(layers_.size()); }

  /// Writes the layer over its first bottom where the bytes want it so.
  void add(const std::string& type, const std::vector<std::size_t>& bottoms, Reference output,
           const std::string& parameters, bool may_be_in_place) {
    const bool in_place = may_be_in_place && bottoms[0] != 0 && choices_.coin();
    const std::string name = next_name();
    text_ += "layer { name: " + in_quotes(name) + " type: " + in_quotes(type);
    for (const std::size_t bottom : bottoms) {
      text_ += " bottom: " + in_quotes(blobs_[bottom].name);
      blobs_[bottom].is_read = true;
    }
    text_ += " top: " + in_quotes(in_place ? blobs_[bottoms[0]].name : name) + " " + parameters + " }\n";
    layers_.push_back(output);
    if (in_place) {
      blobs_[bottoms[0]] = {blobs_[bottoms[0]].name, std::move(output)};
    } else {
      blobs_.push_back({name, std::move(output)});
    }
  }

  std::size_t any_blob() {
    return blobs_.size() - 1 -
           static_cast<std::size_t>(
               choices_.below(static_cast<std::int64_t>((std::min)(blobs_.size(), std::size_t{3}))));
  }

  void add_layer() {
    switch (choices_.below(10)) {
      case 0:
      case 1:
        return add_convolution();
      case 2:
        return add_product();
      case 3:
        return add_pooling();
      case 4:
        return add_norm();
      case 5:
        return add_scale();
      case 6:
        return add_sum();
      case 7:
        return add_concat();
      case 8:
        return add_deconvolution();
      default:
        return add_rectifier();
    }
  }

  Window window() {
    Window chosen{};
    chosen.kernel_y = choices_.from(1, 3);
    chosen.kernel_x = choices_.from(1, 3);
    chosen.stride = choices_.from(1, 2);
    chosen.pad = choices_.below(3);
    chosen.dilation = choices_.from(1, 2);
    return chosen;
  }

  std::int64_t group_of(std::int64_t channels) {
    std::int64_t group = choices_.from(1, 3);
    while (channels % group != 0) --group;
    return group;
  }

  void add_convolution() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    const Window w = window();
    const std::int64_t group = group_of(in.extent(1));
    const std::int64_t outputs = group * choices_.from(1, 3);
    const std::int64_t room_y = in.extent(2) + 2 * w.pad - w.dilation * (w.kernel_y - 1) - 1;
    const std::int64_t room_x = in.extent(3) + 2 * w.pad - w.dilation * (w.kernel_x - 1) - 1;
    if (in.shape.size() != 4 || room_y < 0 || room_x < 0) return add_rectifier();
    const bool has_bias = choices_.coin();
    begin_weights("Convolution");
    const std::int64_t inputs = in.extent(1) / group;
    const std::vector<float> filter = blob({outputs, inputs, w.kernel_y, w.kernel_x}, -1.0F, 1.0F);
    const std::vector<float> bias = has_bias ? blob({outputs}, -1.0F, 1.0F) : std::vector<float>();
    Reference out = Reference::of_shape({in.extent(0), outputs, room_y / w.stride + 1, room_x / w.stride + 1});
    std::size_t index = 0;
    for (std::int64_t n = 0; n < out.extent(0); ++n) {
      for (std::int64_t o = 0; o < outputs; ++o) {
        for (std::int64_t y = 0; y < out.extent(2); ++y) {
          for (std::int64_t x = 0; x < out.extent(3); ++x) {
            double& sum = out.values[index++] = has_bias ? static_cast<double>(bias[static_cast<std::size_t>(o)]) : 0.0;
            for (std::int64_t i = 0; i < inputs; ++i) {
              for (std::int64_t ky = 0; ky < w.kernel_y; ++ky) {
                for (std::int64_t kx = 0; kx < w.kernel_x; ++kx) {
                  const auto tap = static_cast<std::size_t>(((o * inputs + i) * w.kernel_y + ky) * w.kernel_x + kx);
                  sum += static_cast<double>(filter[tap]) * in.at(n, o / (outputs / group) * inputs + i,
                                                                  y * w.stride - w.pad + ky * w.dilation,
                                                                  x * w.stride - w.pad + kx * w.dilation);
                }
              }
            }
          }
        }
      }
    }
    out.magnitude = 1.0 + in.magnitude * static_cast<double>(inputs * w.kernel_y * w.kernel_x);
    add("Convolution", {bottom}, std::move(out),
        "convolution_param { " + field("num_output", outputs) + field("group", group) + field("dilation", w.dilation) +
            w.text() + (has_bias ? "" : "bias_term: false ") + "}",
        false);
  }

  void add_deconvolution() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    const Window w = window();
    const std::int64_t group = group_of(in.extent(1));
    const std::int64_t outputs_of_group = choices_.from(1, 3);
    const std::int64_t outputs = group * outputs_of_group;
    const std::int64_t height = w.stride * (in.extent(2) - 1) + w.dilation * (w.kernel_y - 1) + 1 - 2 * w.pad;
    const std::int64_t width = w.stride * (in.extent(3) - 1) + w.dilation * (w.kernel_x - 1) + 1 - 2 * w.pad;
    if (in.shape.size() != 4 || height < 1 || width < 1) return add_rectifier();
    begin_weights("Deconvolution");
    const std::vector<float> filter = blob({in.extent(1), outputs_of_group, w.kernel_y, w.kernel_x}, -1.0F, 1.0F);
    const std::vector<float> bias = blob({outputs}, -1.0F, 1.0F);
    Reference out = Reference::of_shape({in.extent(0), outputs, height, width});
    for (std::size_t index = 0; index < out.values.size(); ++index)
      out.values[index] = static_cast<double>(bias[static_cast<std::size_t>(out.channel_of(index))]);
    const std::int64_t inputs = in.extent(1) / group;
    for (std::int64_t n = 0; n < in.extent(0); ++n) {
      for (std::int64_t i = 0; i < in.extent(1); ++i) {
        for (std::int64_t y = 0; y < in.extent(2); ++y) {
          for (std::int64_t x = 0; x < in.extent(3); ++x) {
            for (std::int64_t o = 0; o < outputs_of_group; ++o) {
              for (std::int64_t ky = 0; ky < w.kernel_y; ++ky) {
                for (std::int64_t kx = 0; kx < w.kernel_x; ++kx) {
                  const std::int64_t to_y = y * w.stride - w.pad + ky * w.dilation;
                  const std::int64_t to_x = x * w.stride - w.pad + kx * w.dilation;
                  if (to_y < 0 || to_y >= height || to_x < 0 || to_x >= width) continue;
                  const std::int64_t channel = i / inputs * outputs_of_group + o;
                  const auto tap =
                      static_cast<std::size_t>(((i * outputs_of_group + o) * w.kernel_y + ky) * w.kernel_x + kx);
                  out.values[static_cast<std::size_t>(((n * outputs + channel) * height + to_y) * width + to_x)] +=
                      static_cast<double>(filter[tap]) * in.at(n, i, y, x);
                }
              }
            }
          }
        }
      }
    }
    out.magnitude = 1.0 + in.magnitude * static_cast<double>(inputs * w.kernel_y * w.kernel_x);
    add("Deconvolution", {bottom}, std::move(out),
        "convolution_param { " + field("num_output", outputs) + field("group", group) + field("dilation", w.dilation) +
            w.text() + "}",
        false);
  }

  void add_product() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    const std::int64_t outputs = choices_.from(1, 5);
    const bool has_bias = choices_.coin();
    const auto batch = static_cast<std::size_t>(in.extent(0));
    const std::size_t inputs = in.values.size() / batch;
    begin_weights("InnerProduct");
    const std::vector<float> weights = blob({outputs, static_cast<std::int64_t>(inputs)}, -1.0F, 1.0F);
    const std::vector<float> bias = has_bias ? blob({outputs}, -1.0F, 1.0F) : std::vector<float>();
    Reference out = Reference::of_shape({in.extent(0), outputs});
    const auto rows = static_cast<std::size_t>(outputs);
    for (std::size_t index = 0; index < out.values.size(); ++index) {
      const std::size_t row = index % rows;
      double sum = has_bias ? static_cast<double>(bias[row]) : 0.0;
      for (std::size_t i = 0; i < inputs; ++i)
        sum += static_cast<double>(weights[row * inputs + i]) * in.values[index / rows * inputs + i];
      out.values[index] = sum;
    }
    out.magnitude = 1.0 + in.magnitude * static_cast<double>(inputs);
    add("InnerProduct", {bottom}, std::move(out),
        "inner_product_param { " + field("num_output", outputs) + (has_bias ? "}" : "bias_term: false }"), false);
  }

  /// Windows never lie outside of the image: the stride is at most the kernel, the pad less than it.
  void add_pooling() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    const std::int64_t kernel = choices_.from(1, 3);
    const std::int64_t stride = choices_.from(1, kernel);
    const std::int64_t pad = choices_.below(kernel);
    const bool is_average = choices_.coin();
    if (in.shape.size() != 4 || (std::min)(in.extent(2), in.extent(3)) + 2 * pad < kernel) return add_rectifier();
    const auto positions = [=](std::int64_t extent) {
      std::int64_t count = (extent + 2 * pad - kernel + stride - 1) / stride + 1;
      if (pad > 0 && (count - 1) * stride >= extent + pad) --count;
      return count;
    };
    Reference out = Reference::of_shape({in.extent(0), in.extent(1), positions(in.extent(2)), positions(in.extent(3))});
    std::size_t index = 0;
    for (std::int64_t plane = 0; plane < in.extent(0) * in.extent(1); ++plane) {
      const std::int64_t n = plane / in.extent(1);
      const std::int64_t c = plane % in.extent(1);
      for (std::int64_t y = 0; y < out.extent(2); ++y) {
        for (std::int64_t x = 0; x < out.extent(3); ++x, ++index) {
          const std::int64_t top = y * stride - pad;
          const std::int64_t left = x * stride - pad;
          const std::int64_t bottom_end = (std::min)(top + kernel, in.extent(2) + pad);
          const std::int64_t right_end = (std::min)(left + kernel, in.extent(3) + pad);
          double sum = 0.0;
          double largest = -1e300;
          for (std::int64_t at_y = (std::max)(top, std::int64_t{0}); at_y < (std::min)(bottom_end, in.extent(2));
               ++at_y) {
            for (std::int64_t at_x = (std::max)(left, std::int64_t{0}); at_x < (std::min)(right_end, in.extent(3));
                 ++at_x) {
              sum += in.at(n, c, at_y, at_x);
              largest = (std::max)(largest, in.at(n, c, at_y, at_x));
            }
          }
          const auto size = static_cast<double>((bottom_end - top) * (right_end - left));
          out.values[index] = is_average ? sum / size : largest;
        }
      }
    }
    out.magnitude = in.magnitude;
    add("Pooling", {bottom}, std::move(out),
        std::string("pooling_param { pool: ") + (is_average ? "AVE " : "MAX ") + field("kernel_size", kernel) +
            field("stride", stride) + field("pad", pad) + "}",
        false);
  }

  /// y = x·factor + shift for each channel.
  [[nodiscard]] static Reference affine(const Reference& in, const std::vector<double>& factor,
                                        const std::vector<double>& shift) {
    Reference out = in;
    double greatest_factor = 0.0;
    double greatest_shift = 0.0;
    for (std::size_t index = 0; index < in.values.size(); ++index) {
      const auto channel = static_cast<std::size_t>(in.channel_of(index));
      out.values[index] = in.values[index] * factor[channel] + shift[channel];
      greatest_factor = (std::max)(greatest_factor, std::fabs(factor[channel]));
      greatest_shift = (std::max)(greatest_shift, std::fabs(shift[channel]));
    }
    out.magnitude = in.magnitude * greatest_factor + greatest_shift;
    return out;
  }

  void add_norm() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    const std::int64_t channels = in.extent(1);
    begin_weights("BatchNorm");
    const std::vector<float> mean = blob({channels}, -1.0F, 1.0F);
    const std::vector<float> variance = blob({channels}, 0.25F, 4.0F);
    const std::vector<float> divisor = blob({1}, 1.0F, 2.0F);
    std::vector<double> factor;
    std::vector<double> shift;
    for (std::size_t channel = 0; channel < mean.size(); ++channel) {
      const double by = static_cast<double>(divisor[0]);
      factor.push_back(1.0 / std::sqrt(static_cast<double>(variance[channel]) / by + 1e-5));
      shift.push_back(-static_cast<double>(mean[channel]) / by * factor.back());
    }
    add("BatchNorm", {bottom}, affine(in, factor, shift), "", true);
  }

  void add_scale() {
    const std::size_t bottom = any_blob();
    const Reference in = blobs_[bottom].value;
    begin_weights("Scale");
    const std::vector<float> factor = blob({in.extent(1)}, -2.0F, 2.0F);
    const std::vector<float> shift = blob({in.extent(1)}, -1.0F, 1.0F);
    add("Scale", {bottom}, affine(in, {factor.begin(), factor.end()}, {shift.begin(), shift.end()}),
        "scale_param { bias_term: true }", true);
  }

  void add_rectifier() {
    const std::size_t bottom = any_blob();
    Reference out = blobs_[bottom].value;
    const bool is_leaky = choices_.coin();
    for (double& value : out.values) value = value > 0.0 ? value : is_leaky ? 0.25 * value : 0.0;
    add("ReLU", {bottom}, std::move(out), is_leaky ? "relu_param { negative_slope: 0.25 }" : "", true);
  }

  void add_sum() {
    const std::size_t a = any_blob();
    const std::size_t b = any_blob();
    if (blobs_[a].value.shape != blobs_[b].value.shape || a == b) return add_rectifier();
    const bool subtracts = choices_.coin();
    Reference out = blobs_[a].value;
    const Reference& other = blobs_[b].value;
    for (std::size_t index = 0; index < out.values.size(); ++index)
      out.values[index] += subtracts ? -other.values[index] : other.values[index];
    out.magnitude += other.magnitude;
    add("Eltwise", {a, b}, std::move(out), subtracts ? "eltwise_param { operation: SUM coeff: 1 coeff: -1 }" : "",
        false);
  }

  void add_concat() {
    const std::size_t a = any_blob();
    const std::size_t b = any_blob();
    const Reference first = blobs_[a].value;
    const Reference second = blobs_[b].value;
    nuq::Shape shape = first.shape;
    shape[1] = second.extent(1);
    if (shape != second.shape || shape[1] + first.extent(1) > 12) return add_rectifier();
    shape[1] += first.extent(1);
    Reference out = Reference::of_shape(shape);
    const auto batch = static_cast<std::size_t>(shape[0]);
    const std::size_t size_a = first.values.size() / batch;
    const std::size_t size_b = second.values.size() / batch;
    for (std::size_t n = 0; n < batch; ++n) {
      std::copy_n(&first.values[n * size_a], size_a, &out.values[n * (size_a + size_b)]);
      std::copy_n(&second.values[n * size_b], size_b, &out.values[n * (size_a + size_b) + size_a]);
    }
    out.magnitude = (std::max)(first.magnitude, second.magnitude);
    add("Concat", {a, b}, std::move(out), "", false);
  }

  Choices choices_;
  std::minstd_rand random_;
  std::string text_;
  nuq::schema::NetWeights weights_;
  nuq::schema::LayerWeights* trained_ = nullptr;
  std::vector<Reference> layers_;
  std::vector<Blob> blobs_;
};

void require_equal(nuq::ArrayView<const float> got, const Reference& wanted, const std::string& what) {
  require(got.size() == wanted.values.size(),
          what + ": " + std::to_string(got.size()) + " values, wanted " + std::to_string(wanted.values.size()));
  const double rounding = 1e-5 * (1.0 + wanted.magnitude);
  for (std::size_t index = 0; index < got.size(); ++index) {
    const double difference = std::fabs(static_cast<double>(got[index]) - wanted.values[index]);
    if (difference <= rounding) continue;
    require(false, what + ": value " + std::to_string(index) + " is " + std::to_string(got[index]) + ", wanted " +
                       std::to_string(wanted.values[index]) + " within " + std::to_string(rounding));
  }
}

/// The final values of the blobs; of a folded network those that nobody reads.
void check_outputs(const Network& network, const nuq::Graph& graph, std::size_t threads, bool of_all,
                   const std::string& what) {
  nuq::EigenEngine engine(threads);
  engine.load(graph);
  engine.set_input("data", network.input().view());
  engine.forward();
  for (std::size_t blob = 1; blob < network.blobs().size(); ++blob) {
    const Network::Blob& wanted = network.blobs()[blob];
    if (of_all || !wanted.is_read)
      require_equal(engine.output(wanted.name).values, wanted.value, what + ": blob " + wanted.name);
  }
}

void check_layers(const Network& network, const nuq::Graph& graph) {
  nuq::EigenEngine engine;
  engine.load(graph);
  engine.set_input("data", network.input().view());
  std::size_t layer = 0;
  engine.forward(
      [&](const nuq::Node& node, nuq::ArrayView<const nuq::TensorView>, nuq::ArrayView<const nuq::TensorView> outputs) {
        require_equal(outputs[0].values, network.layers()[layer++], "layer by layer: " + node.name);
      });
  require(layer == network.layers().size(), "layers are left out");
}

}  // namespace

NUQ_FUZZ_TARGET(network) {
  const Network network(bytes);
  const nuq::Graph graph = [&network] {
    try {
      return graph_of(network.text(), network.weights());
    } catch (const nuq::Error& error) {
      throw std::logic_error(error.what());
    }
  }();
  check_layers(network, graph);
  check_outputs(network, graph, 1, true, "fused");
  if (bytes.size() % 4 == 0) check_outputs(network, graph, 2, true, "two threads");
  nuq::Parallel serial;
  const std::vector<std::uint8_t> packed = graph.source->original()->packed(graph, {}, serial, {});
  const nuq::Model unpacked = nuq::model_of_packed_file(packed, "net.nuq");
  require(unpacked.text == network.text() && unpacked.weights.SerializeAsString() == network.weights(),
          "a network changes when packed");
  nuq::Graph folded = graph;
  nuq::fuse(folded);
  check_outputs(network, folded, 1, false, "folded");
}
