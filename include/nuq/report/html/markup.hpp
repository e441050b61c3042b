#ifndef NUQ_REPORT_HTML_MARKUP_HPP
#define NUQ_REPORT_HTML_MARKUP_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A member of an object; null where there is none.
NUQ_FUNCTION [[nodiscard]] const Json& member(const Json& json, std::string_view key);

/// A member that is a finite number.
NUQ_FUNCTION [[nodiscard]] std::optional<double> number_in(const Json& json, std::string_view key);

NUQ_FUNCTION [[nodiscard]] const std::string& text_in(const Json& json, std::string_view key);

NUQ_FUNCTION [[nodiscard]] bool is_true(const Json& json, std::string_view key);

/// Any text, names and messages of files too, as content or within an attribute. What no terminal prints either is
/// shown as \xNN, and of long texts the middle is left out (`printable_text`).
NUQ_FUNCTION [[nodiscard]] std::string escaped(std::string_view text, std::size_t most_bytes = 200);

/// A name from a file, whose direction does not touch its surroundings.
NUQ_FUNCTION [[nodiscard]] std::string name_markup(std::string_view name);

/// `<tag attributes>content</tag>`.
NUQ_FUNCTION [[nodiscard]] std::string element(std::string_view tag, std::string_view attributes,
                                               std::string_view content);

/// A table that may be wider than its place; nothing for none.
NUQ_FUNCTION [[nodiscard]] std::string scrolled(const std::string& table);

/// "1,234,567".
NUQ_FUNCTION [[nodiscard]] std::string grouped(double whole);

/// `digits` significant digits, no trailing zeros.
NUQ_FUNCTION [[nodiscard]] std::string rounded(double value, int digits = 4);

/// A number's text with a minus sign in place of a hyphen.
NUQ_FUNCTION [[nodiscard]] std::string with_minus(std::string number);

/// "46.5 kB", of 1000 bytes.
NUQ_FUNCTION [[nodiscard]] std::string short_bytes(double bytes);

/// `<data value="0.9082">90.82 %</data>`: what is shown, and the number as the report has it.
NUQ_FUNCTION [[nodiscard]] std::string data(double value, std::string_view shown);

/// The same of a member: `show(number)`, or a dash where it is no number.
template <class Show>
[[nodiscard]] std::string data_in(const Json& json, std::string_view key, const Show& show) {
  const std::optional<double> value = number_in(json, key);
  return value ? data(*value, show(*value)) : "–";
}

/// A whole number of a report.
NUQ_FUNCTION [[nodiscard]] std::string whole_in(const Json& json, std::string_view key);

/// A number as SVG and CSS take it.
NUQ_FUNCTION [[nodiscard]] std::string coordinate(double value);

/// How a report's metric is called and shown.
class MetricText {
 public:
  NUQ_FUNCTION explicit MetricText(const Json& report);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  NUQ_FUNCTION [[nodiscard]] std::string of(double metric) const;
  /// Of a difference of metrics.
  NUQ_FUNCTION [[nodiscard]] std::string of_change(double change) const;

 private:
  std::string name_ = "metric";
  bool is_share_ = false;  ///< of samples, shown in per cent
};

/// Of the least metric that a search accepted, where the report tells.
NUQ_FUNCTION [[nodiscard]] std::optional<double> limit_of(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <array>
#include <cmath>
#include <cstdio>

#include "nuq/core/support/number_text.hpp"
#include "nuq/core/support/printable_text.hpp"
#include "nuq/io/json_text.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

NUQ_DEFINITION const Json& member(const Json& json, std::string_view key) {
  static const Json none;
  const Json* const found = json.find(key);
  return found == nullptr ? none : *found;
}

NUQ_DEFINITION std::optional<double> number_in(const Json& json, std::string_view key) {
  const Json& value = member(json, key);
  if (!value.is_number() || !std::isfinite(value.number())) return std::nullopt;
  return value.number();
}

NUQ_DEFINITION const std::string& text_in(const Json& json, std::string_view key) {
  return member(json, key).text();
}

NUQ_DEFINITION bool is_true(const Json& json, std::string_view key) {
  return member(json, key).boolean();
}

NUQ_DEFINITION std::string escaped(std::string_view text, std::size_t most_bytes) {
  std::string safe;
  for (const char letter : printable_text(text, most_bytes)) {
    switch (letter) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += letter;
    }
  }
  return safe;
}

NUQ_DEFINITION std::string name_markup(std::string_view name) {
  return name.empty() ? "<bdi class=\"quiet\">(unnamed)</bdi>" : "<bdi>" + escaped(name) + "</bdi>";
}

NUQ_DEFINITION std::string element(std::string_view tag, std::string_view attributes, std::string_view content) {
  std::string markup = "<";
  markup.append(tag).append(attributes.empty() ? "" : " ").append(attributes).append(">");
  return markup.append(content).append("</").append(tag).append(">");
}

NUQ_DEFINITION std::string scrolled(const std::string& table) {
  return table.empty() ? "" : element("div", "class=\"scroll\"", table);
}

NUQ_DEFINITION std::string grouped(double whole) {
  std::string digits = fixed_text(std::abs(whole), 0);
  for (std::size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return (whole < 0.0 ? "−" : "") + digits;
}

NUQ_DEFINITION std::string rounded(double value, int digits) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*g", digits, value);
  return text.data();
}

NUQ_DEFINITION std::string with_minus(std::string number) {
  return number.empty() || number.front() != '-' ? number : "−" + number.substr(1);
}

NUQ_DEFINITION std::string short_bytes(double bytes) {
  constexpr std::array<const char*, 4> units = {"\u00A0B", "\u00A0kB", "\u00A0MB", "\u00A0GB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit + 1 < units.size(); ++unit) bytes /= 1000.0;
  return (unit == 0 || bytes >= 99.95 ? fixed_text(bytes, 0) : rounded(bytes, 3)) + units[unit];
}

NUQ_DEFINITION std::string data(double value, std::string_view shown) {
  return element("data", "value=\"" + to_text(Json(value)) + "\"", shown);
}

NUQ_DEFINITION std::string whole_in(const Json& json, std::string_view key) {
  return data_in(json, key, [](double value) { return grouped(value); });
}

NUQ_DEFINITION std::string coordinate(double value) {
  std::string text = fixed_text(value, 1);
  if (text.size() > 2 && text.compare(text.size() - 2, 2, ".0") == 0) text.resize(text.size() - 2);
  return text;
}

NUQ_DEFINITION MetricText::MetricText(const Json& report) {
  const std::string& metric = text_in(member(report, "options"), "metric");
  if (metric == "top1") name_ = "top-1 accuracy";
  if (metric == "top5") name_ = "top-5 accuracy";
  if (metric == "agreement") name_ = "agreement with the original";
  if (metric == "psnr") name_ = "PSNR in dB";
  if (metric == "kl") name_ = "negative divergence from the original";
  if (metric == "cosine") name_ = "similarity to the original";
  is_share_ = metric == "top1" || metric == "top5" || metric == "agreement";
}

NUQ_DEFINITION std::string MetricText::of(double metric) const {
  return is_share_ ? fixed_text(100.0 * metric, 2) + "\u00A0%" : rounded(metric, 6);
}

NUQ_DEFINITION std::string MetricText::of_change(double change) const {
  const std::string sign = change < 0.0 ? "−" : "";
  return sign + (is_share_ ? fixed_text(100.0 * std::abs(change), 2) + "\u00A0points" : rounded(std::abs(change), 3));
}

NUQ_DEFINITION std::optional<double> limit_of(const Json& report) {
  const std::optional<double> original = number_in(report, "original_metric");
  const Json& options = member(report, "options");
  const std::optional<double> drop = number_in(options, "max_drop");
  const std::optional<double> share = number_in(options, "max_drop_share");
  if (!original || (!drop && !share)) return std::nullopt;
  return *original - (drop ? *drop : *share * std::abs(*original));
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_MARKUP_HPP
