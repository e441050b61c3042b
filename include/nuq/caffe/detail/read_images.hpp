#ifndef NUQ_CAFFE_DETAIL_READ_IMAGES_HPP
#define NUQ_CAFFE_DETAIL_READ_IMAGES_HPP

#include "nuq/compiled.hpp"
#include "nuq/graph/operation.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] Operation read_detection_output(const schema::LayerParameter& layer);

/// One factor alone wins over height and width, and these over both factors.
NUQ_FUNCTION [[nodiscard]] Operation read_interp(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_prior_box(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_psroi_pooling(const schema::LayerParameter& layer);

NUQ_FUNCTION [[nodiscard]] Operation read_roi_pooling(const schema::LayerParameter& layer);

/// Three families of forks share the type. With a second bottom the layer is SegNet's. Of the others those that give a
/// stride (`stride`, `stride_h`, `stride_w`) repeat by it and multiply by `scale`; the rest (YOLO, feature pyramids)
/// repeat by `scale`, or `scale_h` and `scale_w`. Nothing given means 2.
NUQ_FUNCTION [[nodiscard]] Operation read_upsample(const schema::LayerParameter& layer);

}  // namespace detail

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <cstdint>

#include "nuq/caffe/layer_fields.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

// Operations on images: resampling, regions of interest, detection.

NUQ_FUNCTION [[nodiscard]] inline ops::BoxCode read_box_code(schema::PriorBoxParameter::CodeType code) noexcept {
  if (code == schema::PriorBoxParameter::CENTER_SIZE) return ops::BoxCode::center_size;
  return code == schema::PriorBoxParameter::CORNER_SIZE ? ops::BoxCode::corner_size : ops::BoxCode::corner;
}

inline constexpr LayerFields detection_output_fields = {
    "detection_output_param",
    "num_classes share_location background_label_id nms_param code_type variance_encoded_in_target keep_top_k "
    "confidence_threshold objectness_score",
    "save_output_param visualize visualize_threshold save_file"};

NUQ_DEFINITION Operation read_detection_output(const schema::LayerParameter& layer) {
  const schema::DetectionOutputParameter& parameter = layer.detection_output_param();
  const schema::NonMaximumSuppressionParameter& suppression = parameter.nms_param();
  ops::DetectionOutput detection;
  detection.classes = parameter.num_classes();
  detection.share_location = parameter.share_location();
  detection.background = parameter.background_label_id();
  if (parameter.has_confidence_threshold()) detection.confidence_threshold = parameter.confidence_threshold();
  detection.overlap_threshold = suppression.nms_threshold();
  detection.overlap_decay = suppression.eta();
  if (suppression.has_top_k()) detection.top_k = suppression.top_k();
  detection.keep_top_k = parameter.keep_top_k();
  detection.code = read_box_code(parameter.code_type());
  detection.variance_encoded = parameter.variance_encoded_in_target();
  detection.objectness = parameter.objectness_score();
  return detection;
}

inline constexpr LayerFields interp_fields = {"interp_param",
                                              "height width zoom_factor shrink_factor pad_beg pad_end interp_type"};

NUQ_DEFINITION Operation read_interp(const schema::LayerParameter& layer) {
  const schema::InterpParameter& parameter = layer.interp_param();
  ops::Interp interp;
  interp.method = parameter.interp_type();
  interp.pad_begin = parameter.pad_beg();
  interp.pad_end = parameter.pad_end();
  if (parameter.has_shrink_factor() || parameter.has_zoom_factor()) {
    interp.factors = ops::Interp::Factors{parameter.shrink_factor(), parameter.zoom_factor()};
  }
  const bool has_one_factor = parameter.has_shrink_factor() != parameter.has_zoom_factor();
  if (parameter.has_height() && parameter.has_width() && !has_one_factor) {
    interp.size = {parameter.height(), parameter.width()};
  }
  return interp;
}

inline constexpr LayerFields prior_box_fields = {
    "prior_box_param",
    "min_size max_size aspect_ratio flip clip variance img_size img_h img_w step step_h step_w offset"};

NUQ_DEFINITION Operation read_prior_box(const schema::LayerParameter& layer) {
  const schema::PriorBoxParameter& parameter = layer.prior_box_param();
  ops::PriorBox prior;
  prior.min_sizes.assign(parameter.min_size().begin(), parameter.min_size().end());
  prior.max_sizes.assign(parameter.max_size().begin(), parameter.max_size().end());
  prior.aspect_ratios.assign(parameter.aspect_ratio().begin(), parameter.aspect_ratio().end());
  prior.flip = parameter.flip();
  prior.clip = parameter.clip();
  prior.variances.assign(parameter.variance().begin(), parameter.variance().end());
  if (parameter.has_img_size()) prior.image = {parameter.img_size()};
  if (parameter.has_img_h() || parameter.has_img_w()) prior.image = {parameter.img_h(), parameter.img_w()};
  if (parameter.has_step()) prior.steps = {parameter.step()};
  if (parameter.has_step_h() || parameter.has_step_w()) prior.steps = {parameter.step_h(), parameter.step_w()};
  prior.offset = parameter.offset();
  return prior;
}

inline constexpr LayerFields psroi_pooling_fields = {"psroi_pooling_param", "spatial_scale output_dim group_size"};

NUQ_DEFINITION Operation read_psroi_pooling(const schema::LayerParameter& layer) {
  const schema::PSROIPoolingParameter& parameter = layer.psroi_pooling_param();
  return ops::PsRoiPooling{parameter.output_dim(), parameter.group_size(), parameter.spatial_scale()};
}

inline constexpr LayerFields roi_pooling_fields = {"roi_pooling_param",
                                                   "pooled_h pooled_w spatial_scale spatial_scale_h spatial_scale_w"};

NUQ_DEFINITION Operation read_roi_pooling(const schema::LayerParameter& layer) {
  const schema::ROIPoolingParameter& parameter = layer.roi_pooling_param();
  const float scale = parameter.spatial_scale();
  ops::RoiPooling pooling;
  pooling.rows = parameter.pooled_h();
  pooling.cols = parameter.pooled_w();
  pooling.scale_y = parameter.has_spatial_scale_h() ? parameter.spatial_scale_h() : scale;
  pooling.scale_x = parameter.has_spatial_scale_w() ? parameter.spatial_scale_w() : scale;
  return pooling;
}

NUQ_FUNCTION [[nodiscard]] inline ops::MaxUnpool read_max_unpool(const schema::UpsampleParameter& parameter) {
  ops::MaxUnpool unpool;
  if (parameter.has_upsample_h() && parameter.has_upsample_w()) {
    unpool.size = {parameter.upsample_h(), parameter.upsample_w()};
  }
  if (parameter.has_scale_h() || parameter.has_scale_w()) unpool.factors = {parameter.scale_h(), parameter.scale_w()};
  if (parameter.has_scale()) unpool.scale = static_cast<double>(parameter.scale());
  unpool.shorter_y = parameter.pad_out_h();
  unpool.shorter_x = parameter.pad_out_w();
  return unpool;
}

inline constexpr LayerFields upsample_fields = {
    "upsample_param", "scale stride stride_h stride_w scale_h scale_w pad_out_h pad_out_w upsample_h upsample_w"};

NUQ_DEFINITION Operation read_upsample(const schema::LayerParameter& layer) {
  const schema::UpsampleParameter& parameter = layer.upsample_param();
  if (layer.bottom_size() == 2) return read_max_unpool(parameter);
  ops::Upsample upsample;
  if (parameter.has_stride() || parameter.has_stride_h() || parameter.has_stride_w()) {
    upsample.factor_y = parameter.has_stride_h() ? parameter.stride_h() : parameter.stride();
    upsample.factor_x = parameter.has_stride_w() ? parameter.stride_w() : parameter.stride();
    upsample.value = parameter.scale();
  } else if (parameter.has_scale_h() || parameter.has_scale_w()) {
    upsample.factor_y = parameter.scale_h();
    upsample.factor_x = parameter.scale_w();
  } else if (parameter.has_scale()) {
    upsample.scale = parameter.scale();
  }
  return upsample;
}

}  // namespace detail

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_DETAIL_READ_IMAGES_HPP
