#ifndef NUQ_REPORT_PACKED_CONTENTS_HPP
#define NUQ_REPORT_PACKED_CONTENTS_HPP

#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Tells in a report where the bytes of its packed file go: in all (`packed_file`), and those of each layer's weights
/// (`stored`). Nothing where the bytes are no packed file.
NUQ_FUNCTION void add_packed_contents(Json& report, std::string_view file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "nuq/packed/model_view.hpp"
#include "nuq/packed/stored_parts.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

NUQ_FUNCTION [[nodiscard]] inline Json json_of(const PackedBlob& blob, const StoredParts& parts) {
  return Json::object({{"coding", coding_name(blob)},
                       {"indices", parts.indices},
                       {"tables", parts.tables},
                       {"scales", parts.scales},
                       {"values", parts.values}});
}

}  // namespace detail

NUQ_DEFINITION void add_packed_contents(Json& report, std::string_view file) {
  PackedModelView view;
  if (view.open(file.data(), file.size()) != DecodeStatus::ok) return;
  StoredParts total;
  std::size_t other_values = 0;  // of blobs behind the first, biases as a rule
  std::map<std::string, Json> stored;
  for (std::size_t index = 0; index < view.layer_count(); ++index) {
    const PackedLayer layer = view.layer(index);
    layer.visit_blobs([&](std::size_t place, const PackedBlob& blob) {
      const StoredParts parts = stored_parts(blob);
      total.indices += parts.indices;
      total.tables += parts.tables;
      total.scales += parts.scales;
      (place == 0 ? total.values : other_values) += parts.values;
      if (place == 0) stored.emplace(layer.name(), detail::json_of(blob, parts));
      return true;
    });
  }
  const std::size_t text = view.text().data.size();
  const std::size_t named = total.indices + total.tables + total.scales + total.values + other_values + text;
  report.set("packed_file", Json::object({{"bytes", file.size()},
                                          {"indices", total.indices},
                                          {"tables", total.tables},
                                          {"scales", total.scales},
                                          {"float_weights", total.values},
                                          {"biases", other_values},
                                          {"text", text},
                                          {"directory", file.size() - named}}));
  const Json* const layers = report.find("layers");
  if (layers == nullptr) return;
  Json told = Json::array();
  for (Json layer : *layers) {
    const Json* const name = layer.find("name");
    const auto known = name == nullptr ? stored.end() : stored.find(name->text());
    if (known != stored.end()) layer.set("stored", known->second);
    told.push_back(std::move(layer));
  }
  report.set("layers", std::move(told));
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_PACKED_CONTENTS_HPP
