#ifndef NUQ_CAFFE_CONTRADICTION_HPP
#define NUQ_CAFFE_CONTRADICTION_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Two fields of a layer that Caffe refuses to see together, in words ("convolution_param has both kernel_size and
/// kernel_h, wanted one of them"); empty where nothing contradicts. Source: BVLC Caffe, LayerSetUp of base_conv_layer,
/// im2col_layer, pooling_layer, concat_layer and slice_layer; SSD's prior_box_layer.
NUQ_FUNCTION [[nodiscard]] std::string contradiction_of(const schema::LayerParameter& layer);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <initializer_list>
#include <utility>

NUQ_NAMESPACE_BEGIN

namespace detail {

/// A message within a layer whose fields are asked for by name.
class SetFields {
 public:
  NUQ_FUNCTION SetFields(std::string name, const google::protobuf::Message& message)
      : name_(std::move(name)), message_(message) {}

  /// The first of some pairs of fields of which both are set, in words.
  NUQ_FUNCTION [[nodiscard]] std::string both_of(
      std::initializer_list<std::pair<const char*, const char*>> pairs) const {
    for (const auto& [first, second] : pairs) {
      if (has(first) && has(second)) return name_ + " has both " + first + " and " + second + ", wanted one of them";
    }
    return {};
  }

 private:
  NUQ_FUNCTION [[nodiscard]] bool has(const char* name) const {
    const google::protobuf::FieldDescriptor* const field = message_.GetDescriptor()->FindFieldByName(name);
    const google::protobuf::Reflection& reflection = *message_.GetReflection();
    return field->is_repeated() ? reflection.FieldSize(message_, field) > 0 : reflection.HasField(message_, field);
  }

  std::string name_;
  const google::protobuf::Message& message_;
};

NUQ_FUNCTION [[nodiscard]] inline std::string contradiction_of_window(const SetFields& fields) {
  return fields.both_of({{"kernel_size", "kernel_h"},
                         {"kernel_size", "kernel_w"},
                         {"stride", "stride_h"},
                         {"stride", "stride_w"},
                         {"pad", "pad_h"},
                         {"pad", "pad_w"}});
}

/// The window of a global pooling is its input.
NUQ_FUNCTION [[nodiscard]] inline std::string contradiction_of_global(const schema::PoolingParameter& pooling) {
  const std::pair<const char*, bool> others[] = {{"kernel_size", pooling.has_kernel_size()},
                                                 {"kernel_h", pooling.has_kernel_h()},
                                                 {"kernel_w", pooling.has_kernel_w()},
                                                 {"pad", pooling.pad() != 0},
                                                 {"pad_h", pooling.pad_h() != 0},
                                                 {"pad_w", pooling.pad_w() != 0},
                                                 {"stride", pooling.stride() != 1},
                                                 {"stride_h", pooling.has_stride_h() && pooling.stride_h() != 1},
                                                 {"stride_w", pooling.has_stride_w() && pooling.stride_w() != 1}};
  for (const auto& [field, is_set] : others) {
    if (pooling.global_pooling() && is_set)
      return std::string("pooling_param has both global_pooling and ") + field + ", wanted one of them";
  }
  return {};
}

}  // namespace detail

NUQ_DEFINITION std::string contradiction_of(const schema::LayerParameter& layer) {
  using detail::SetFields;
  std::string found;
  const auto keep = [&found](std::string problem) {
    if (found.empty()) found = std::move(problem);
  };
  if (layer.has_convolution_param())
    keep(detail::contradiction_of_window(SetFields("convolution_param", layer.convolution_param())));
  if (layer.has_pooling_param()) {
    keep(detail::contradiction_of_global(layer.pooling_param()));
    keep(detail::contradiction_of_window(SetFields("pooling_param", layer.pooling_param())));
  }
  if (layer.has_concat_param()) keep(SetFields("concat_param", layer.concat_param()).both_of({{"axis", "concat_dim"}}));
  if (layer.has_slice_param()) keep(SetFields("slice_param", layer.slice_param()).both_of({{"axis", "slice_dim"}}));
  if (layer.has_prior_box_param()) {
    keep(SetFields("prior_box_param", layer.prior_box_param())
             .both_of({{"img_size", "img_h"}, {"img_size", "img_w"}, {"step", "step_h"}, {"step", "step_w"}}));
  }
  return found;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_CONTRADICTION_HPP
