#ifndef NUQ_REPORT_HTML_LEVEL_PICTURE_HPP
#define NUQ_REPORT_HTML_LEVEL_PICTURE_HPP

#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The histogram of a layer's weights with its levels over it, each as high as the number of weights that it has, and
/// the share of each in the squared error below. Empty where the report has no histogram.
NUQ_FUNCTION [[nodiscard]] std::string level_picture(const Json& layer);

/// The same levels in numbers; empty where there are none, or so many that nobody would read them.
NUQ_FUNCTION [[nodiscard]] std::string level_table(const Json& layer);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/axis.hpp"
#include "nuq/report/html/markup.hpp"
#include "nuq/report/html/search_picture.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_FUNCTION [[nodiscard]] inline double largest_of(const Json& numbers) {
  double largest = 0.0;
  for (const Json& number : numbers) largest = (std::max)(largest, number.number());
  return largest;
}

class LevelPicture {
 public:
  NUQ_FUNCTION LevelPicture(const Json& layer, const Json& histogram, double from, double to)
      : counts_(member(histogram, "counts")),
        values_(member(layer, "level_values")),
        used_(member(layer, "level_counts")),
        errors_(member(layer, "level_errors")),
        x_(first_value(from), last_value(to), left, width - right),
        from_(from),
        to_(to) {}

  NUQ_FUNCTION [[nodiscard]] std::string svg() const {
    const std::string height = has_errors() ? "218" : "172";
    return element(
        "svg", "viewBox=\"0 0 540 " + height + "\" role=\"img\" aria-label=\"histogram of the weights and the levels\"",
        weights() + levels() + axis() + errors());
  }

 private:
  /// The picture holds all levels and all bins.
  NUQ_FUNCTION [[nodiscard]] double first_value(double from) const {
    return values_.empty() ? from : (std::min)(from, values_[0].number() - 0.5);
  }
  NUQ_FUNCTION [[nodiscard]] double last_value(double to) const {
    return values_.empty() ? to : (std::max)(to, values_[values_.size() - 1].number() + 0.5);
  }

  [[nodiscard]] bool has_errors() const noexcept { return !errors_.empty() && errors_.size() == values_.size(); }

  NUQ_FUNCTION [[nodiscard]] std::string weights() const {
    const double largest = (std::max)(1.0, largest_of(counts_));
    const double bin = (to_ - from_) / static_cast<double>(counts_.size());
    std::string path = "M" + coordinate(x_.place(from_)) + " " + coordinate(floor);
    for (std::size_t index = 0; index < counts_.size(); ++index) {
      path += "V" + coordinate(floor - (floor - top) * counts_[index].number() / largest);
      path += "H" + coordinate(x_.place(from_ + bin * static_cast<double>(index + 1)));
    }
    return element("path", "class=\"weights\" d=\"" + path + "V" + coordinate(floor) + "z\"", "");
  }

  NUQ_FUNCTION [[nodiscard]] std::string levels() const {
    if (used_.size() != values_.size()) return {};
    const double largest = (std::max)(1.0, largest_of(used_));
    std::string path;
    for (std::size_t index = 0; index < values_.size(); ++index) {
      const double height = (std::max)(2.0, (floor - top) * used_[index].number() / largest);
      path += "M" + coordinate(x_.place(values_[index].number())) + " " + coordinate(floor) + "v-" + coordinate(height);
    }
    return element("path", "class=\"levels\" d=\"" + path + "\"", "");
  }

  NUQ_FUNCTION [[nodiscard]] std::string axis() const {
    std::string markup = line("axis", left, floor, width - right, floor);
    for (const double tick : x_.ticks(8)) markup += label(x_.place(tick), floor + 16.0, "middle", tick_text(tick));
    return markup;
  }

  NUQ_FUNCTION [[nodiscard]] static std::string tick_text(double tick) {
    return with_minus(rounded(std::abs(tick) < 1e-12 ? 0.0 : tick, 3));
  }

  NUQ_FUNCTION [[nodiscard]] std::string errors() const {
    if (!has_errors()) return {};
    constexpr double base = 214.0;
    constexpr double height = 24.0;
    const double largest = largest_of(errors_);
    std::string path;
    const double half = (std::min)(4.0, 0.35 * (x_.place(1.0) - x_.place(0.0)));
    for (std::size_t index = 0; index < values_.size(); ++index) {
      const double share = largest > 0.0 ? (std::max)(0.0, errors_[index].number() / largest) : 0.0;
      if (height * share < 0.05) continue;
      path += "M" + coordinate(x_.place(values_[index].number())) + " " + coordinate(base) + "v-" +
              coordinate(height * share);
    }
    return element("path", "class=\"errors\" stroke-width=\"" + coordinate(2.0 * half) + "\" d=\"" + path + "\"", "") +
           line("axis", left, base, width - right, base) +
           label(left, base - height - 3.0, "start", "squared error by level");
  }

  static constexpr double width = 540.0;
  static constexpr double left = 10.0;
  static constexpr double right = 10.0;
  static constexpr double top = 8.0;
  static constexpr double floor = 150.0;

  const Json& counts_;
  const Json& values_;
  const Json& used_;
  const Json& errors_;
  Axis x_;
  double from_;
  double to_;
};

NUQ_DEFINITION std::string level_picture(const Json& layer) {
  const Json& histogram = member(layer, "histogram");
  const std::optional<double> from = number_in(histogram, "from");
  const std::optional<double> to = number_in(histogram, "to");
  if (!from || !to || !(*from < *to) || member(histogram, "counts").empty()) return {};
  const bool is_in_levels = text_in(layer, "histogram_unit") == "level";
  const std::string caption = is_in_levels ? "Area: the float weights, in units of their scale. Lines: the levels that "
                                             "are kept, as high as weights have them."
                                           : "The float weights; the layer is not quantized.";
  return element("figure", "", LevelPicture(layer, histogram, *from, *to).svg() + element("figcaption", "", caption));
}

NUQ_DEFINITION std::string level_table(const Json& layer) {
  constexpr std::size_t most_rows = 64;
  const Json& values = member(layer, "level_values");
  const Json& used = member(layer, "level_counts");
  const Json& errors = member(layer, "level_errors");
  if (values.empty() || values.size() > most_rows || used.size() != values.size()) return {};
  const double all = number_in(layer, "weights").value_or(0.0);
  std::string rows;
  for (std::size_t index = 0; index < values.size(); ++index) {
    const double count = used[index].number();
    const std::string share = all > 0.0 ? fixed_text(100.0 * count / all, 2) + " %" : "";
    std::string row = element("td", "class=\"n\"", with_minus(std::to_string(values[index].integer())));
    row += element("td", "class=\"n\"", grouped(count)) + element("td", "class=\"n\"", share);
    if (errors.size() == values.size()) row += element("td", "class=\"n\"", rounded(errors[index].number(), 3));
    rows += element("tr", "", row);
  }
  std::string heads = "<th class=\"n\">level</th><th class=\"n\">weights</th><th class=\"n\">share</th>";
  if (errors.size() == values.size()) heads += "<th class=\"n\">squared error</th>";
  return element("div", "class=\"levels-table\"",
                 element("table", "", element("thead", "", element("tr", "", heads)) + element("tbody", "", rows)));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_LEVEL_PICTURE_HPP
