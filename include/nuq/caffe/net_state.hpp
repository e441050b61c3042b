#ifndef NUQ_CAFFE_NET_STATE_HPP
#define NUQ_CAFFE_NET_STATE_HPP

#include "nuq/caffe/model.hpp"
#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/graph/load_graph.hpp"
#include "nuq/proto_schema.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// The state a model's network is used in: the model's phase, with the level and stages that the file itself sets.
NUQ_FUNCTION [[nodiscard]] schema::NetState network_state(const Model& model);

/// Writes the level and the stages of a model's options into its prototxt, as its own `state`, so that whatever is
/// written of the model has them. Throws ConfigError for a stage that no layer has a rule for.
NUQ_FUNCTION void choose_state(Model& model);

/// True when the state fulfils every condition of the rule: phase, level bounds, all of `stage`, none of `not_stage`.
NUQ_FUNCTION [[nodiscard]] bool meets(const schema::NetState& state, const schema::NetStateRule& rule);

/// True when the layer is part of the network in `state`: some `include` rule is met, or there is none, and no
/// `exclude` rule is. A layer's own `phase` says how it computes, not whether, as in Caffe.
NUQ_FUNCTION [[nodiscard]] bool is_included(const schema::LayerParameter& layer, const schema::NetState& state);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(CAFFE)

#include <google/protobuf/text_format.h>
#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "nuq/caffe/prototxt_text.hpp"
#include "nuq/core/support/byte_order_mark.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

/// The stages that a network's layers have rules for.
NUQ_FUNCTION [[nodiscard]] inline std::set<std::string> known_stages(const schema::NetParameter& net) {
  std::set<std::string> stages;
  const auto add = [&stages](const auto& layer) {
    for (const auto* rules : {&layer.include(), &layer.exclude()}) {
      for (const schema::NetStateRule& rule : *rules) {
        stages.insert(rule.stage().begin(), rule.stage().end());
        stages.insert(rule.not_stage().begin(), rule.not_stage().end());
      }
    }
  };
  for (const schema::LayerParameter& layer : net.layer()) add(layer);
  for (const schema::V1LayerParameter& layer : net.layers()) add(layer);
  return stages;
}

NUQ_FUNCTION inline void check_stage(const std::string& stage, const Model& model) {
  const std::set<std::string> known = known_stages(model.net);
  if (known.count(stage) > 0) return;
  std::string names;
  for (const std::string& name : known) names += (names.empty() ? "'" : ", '") + name + "'";
  fail(ConfigError(ErrorCode::unknown_name, model.model_file + ": no layer has a rule for stage '" + stage +
                                                "', wanted " +
                                                (names.empty() ? "none, for the file has no stages" : names)));
}

/// Puts the `state` of a model's network into its text.
NUQ_FUNCTION inline void write_state(Model& model) {
  std::string state;
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.PrintToString(model.net.state(), &state);
  state = "state { " + state + "}";
  TextEdits edits;
  const std::vector<TextField> fields = text_fields(model.text);
  const auto old =
      std::find_if(fields.begin(), fields.end(), [](const TextField& field) { return field.name == "state"; });
  if (old != fields.end()) {
    edits.replace(old->begin, old->end, state);
  } else {
    const std::size_t begin = model.text.size() - without_byte_order_mark(model.text).size();
    edits.replace(begin, begin, state + "\n");
  }
  model.text = edits.apply(model.text);
}

}  // namespace detail

NUQ_DEFINITION schema::NetState network_state(const Model& model) {
  schema::NetState state = model.net.state();
  state.set_phase(model.options.state.training ? schema::TRAIN : schema::TEST);
  return state;
}

NUQ_DEFINITION void choose_state(Model& model) {
  const NetworkState& state = model.options.state;
  if (!state.level && state.stages.empty()) return;
  schema::NetState& chosen = *model.net.mutable_state();
  if (state.level) chosen.set_level(*state.level);
  for (const std::string& stage : state.stages) {
    detail::check_stage(stage, model);
    if (std::count(chosen.stage().begin(), chosen.stage().end(), stage) == 0) chosen.add_stage(stage);
  }
  detail::write_state(model);
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
