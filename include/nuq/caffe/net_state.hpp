#ifndef NUQ_CAFFE_NET_STATE_HPP
#define NUQ_CAFFE_NET_STATE_HPP

#include "nuq/compiled.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The state a network is used in here: the TEST phase, with the level and stages that the file itself sets.
NUQ_FUNCTION [[nodiscard]] schema::NetState inference_state(const schema::NetParameter& net);

/// True when the state fulfils every condition of the rule: phase, level bounds, all of `stage`, none of `not_stage`.
NUQ_FUNCTION [[nodiscard]] bool meets(const schema::NetState& state, const schema::NetStateRule& rule);

/// True when the layer is part of the network in `state`: some `include` rule is met, or there is none, and no
/// `exclude` rule is. A layer's own `phase` says how it computes, not whether, as in Caffe.
NUQ_FUNCTION [[nodiscard]] bool is_included(const schema::LayerParameter& layer, const schema::NetState& state);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <algorithm>
#include <string>

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION schema::NetState inference_state(const schema::NetParameter& net) {
  schema::NetState state = net.state();
  state.set_phase(schema::TEST);
  return state;
}

NUQ_DEFINITION bool meets(const schema::NetState& state, const schema::NetStateRule& rule) {
  const auto has_stage = [&state](const std::string& stage) {
    return std::find(state.stage().begin(), state.stage().end(), stage) != state.stage().end();
  };
  if (rule.has_phase() && rule.phase() != state.phase()) return false;
  if (rule.has_min_level() && state.level() < rule.min_level()) return false;
  if (rule.has_max_level() && state.level() > rule.max_level()) return false;
  return std::all_of(rule.stage().begin(), rule.stage().end(), has_stage) &&
         std::none_of(rule.not_stage().begin(), rule.not_stage().end(), has_stage);
}

NUQ_DEFINITION bool is_included(const schema::LayerParameter& layer, const schema::NetState& state) {
  const auto is_met = [&state](const schema::NetStateRule& rule) { return meets(state, rule); };
  return (layer.include().empty() || std::any_of(layer.include().begin(), layer.include().end(), is_met)) &&
         std::none_of(layer.exclude().begin(), layer.exclude().end(), is_met);
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(CAFFE)

#endif  // NUQ_CAFFE_NET_STATE_HPP
