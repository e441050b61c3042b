#ifndef NUQ_REPORT_HTML_SEARCH_PICTURE_HPP
#define NUQ_REPORT_HTML_SEARCH_PICTURE_HPP

#include <cstddef>
#include <optional>
#include <string>

#include "nuq/compiled.hpp"
#include "nuq/io/json.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// The trial that a report's result is; absent where it has none.
NUQ_FUNCTION [[nodiscard]] std::optional<std::size_t> answer_of(const Json& report);

/// A trial that no other beats; predictions are none.
NUQ_FUNCTION [[nodiscard]] bool is_on_front(const Json& trial);

/// A search as metric against bytes: every trial in the order of visits, the front, the limit, the answer; for wide and
/// for narrow pages. Empty where there are no trials.
NUQ_FUNCTION [[nodiscard]] std::string search_picture(const Json& report);

}  // namespace detail
NUQ_NAMESPACE_END

#if NUQ_DEFINES(REPORT)

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "nuq/core/support/number_text.hpp"
#include "nuq/report/html/axis.hpp"
#include "nuq/report/html/markup.hpp"

NUQ_NAMESPACE_BEGIN
namespace detail {

/// A trial as it is drawn.
struct TrialMark {
  double bytes = 0.0;
  double metric = 0.0;
  double error = 0.0;
  bool satisfied = false;
  bool is_guess = false;
  bool is_on_front = false;
  std::size_t visit = 0;  ///< from 1 on
};

NUQ_FUNCTION [[nodiscard]] inline std::vector<TrialMark> trial_marks(const Json& report) {
  std::vector<TrialMark> marks;
  std::size_t visit = 0;
  for (const Json& trial : member(report, "trials")) {
    ++visit;
    const std::optional<double> bytes = number_in(trial, "bytes");
    const std::optional<double> metric = number_in(trial, "metric");
    if (!bytes || !metric || !(*bytes > 0.0)) continue;
    marks.push_back({*bytes, *metric, number_in(trial, "error").value_or(0.0), is_true(trial, "satisfied"),
                     is_true(trial, "ended_early"), is_on_front(trial), visit});
  }
  return marks;
}

/// Places for the labels of points, of which none covers another label or point.
class LabelPlaces {
 public:
  NUQ_FUNCTION explicit LabelPlaces(std::vector<std::pair<double, double>> points) {
    for (const auto& [x, y] : points) taken_.push_back({x - 6.0, y - 6.0, x + 6.0, y + 6.0});
  }

  /// Keeps labels out of a box.
  NUQ_FUNCTION void take(double left, double top, double right, double bottom) {
    taken_.push_back({left, top, right, bottom});
  }

  /// The middle of the text's baseline; absent where there is no room within `left` … `right`.
  NUQ_FUNCTION [[nodiscard]] std::optional<std::pair<double, double>> find(double x, double y, double radius,
                                                                           double width, double left, double right) {
    constexpr std::array<std::pair<double, double>, 8> directions{
        {{0, -1}, {0, 1}, {1, 0}, {-1, 0}, {1, -1}, {-1, -1}, {1, 1}, {-1, 1}}};
    for (const double distance : {1.0, 1.7}) {
      for (const auto& [to_right, down] : directions) {
        const double middle = x + to_right * (radius + 5.0 + width / 2.0) * distance;
        const double centre = y + down * (radius + 10.0) * distance;
        const Box box{middle - width / 2.0, centre - 6.0, middle + width / 2.0, centre + 6.0};
        const auto covers = [&box](const Box& other) {
          return box.left < other.right && other.left < box.right && box.top < other.bottom && other.top < box.bottom;
        };
        if (box.left < left || box.right > right || std::any_of(taken_.begin(), taken_.end(), covers)) continue;
        taken_.push_back(box);
        return std::make_pair(middle, centre + 4.0);
      }
    }
    return std::nullopt;
  }

 private:
  struct Box {
    double left;
    double top;
    double right;
    double bottom;
  };

  std::vector<Box> taken_;
};

NUQ_FUNCTION [[nodiscard]] inline std::string line(std::string_view kind, double x1, double y1, double x2, double y2) {
  return element("line",
                 "class=\"" + std::string(kind) + "\" x1=\"" + coordinate(x1) + "\" y1=\"" + coordinate(y1) +
                     "\" x2=\"" + coordinate(x2) + "\" y2=\"" + coordinate(y2) + "\"",
                 "");
}

NUQ_FUNCTION [[nodiscard]] inline std::string label(double x, double y, std::string_view anchor, std::string_view text,
                                                    std::string_view kind = "") {
  std::string attributes = "x=\"" + coordinate(x) + "\" y=\"" + coordinate(y) + "\" text-anchor=\"";
  attributes.append(anchor).append("\"");
  if (!kind.empty()) attributes.append(" class=\"").append(kind).append("\"");
  return element("text", attributes, text);
}

class SearchPicture {
 public:
  NUQ_FUNCTION SearchPicture(const Json& report, double width, double height)
      : marks_(trial_marks(report)),
        metric_(report),
        original_(number_in(report, "original_metric")),
        limit_(limit_of(report)),
        most_bytes_(number_in(member(report, "options"), "max_bytes")),
        answer_(answer_of(report)),
        width_(width),
        height_(height),
        x_(bytes_axis()),
        y_(metric_axis()) {}

  NUQ_FUNCTION [[nodiscard]] std::string svg(std::string_view kind) const {
    const std::string attributes =
        "class=\"" + std::string(kind) + "\" viewBox=\"0 0 " + coordinate(width_) + " " + coordinate(height_) +
        "\" role=\"img\" aria-label=\"" +
        escaped(metric_.name() + " against bytes of the weights, " + std::to_string(marks_.size()) + " trials") + "\"";
    return element("svg", attributes, frame() + lines() + path() + front() + trials()) + "\n";
  }

 private:
  NUQ_FUNCTION [[nodiscard]] Axis bytes_axis() const {
    double least = marks_.front().bytes;
    double greatest = least;
    for (const TrialMark& mark : marks_) {
      least = (std::min)(least, mark.bytes);
      greatest = (std::max)(greatest, mark.bytes);
    }
    const double margin = (std::max)(1.03, std::pow(greatest / least, 0.06));
    return {least / margin, greatest * margin, left, width_ - right, true};
  }

  /// Around what was accepted and what just was not: far worse trials are drawn at the lower end.
  NUQ_FUNCTION [[nodiscard]] Axis metric_axis() const {
    std::vector<double> all;
    for (const TrialMark& mark : marks_) {
      if (!mark.is_guess) all.push_back(mark.metric);
    }
    if (all.empty()) all.push_back(marks_.front().metric);
    std::sort(all.begin(), all.end());
    double greatest = all.back();
    double least = all.front();
    if (original_) greatest = (std::max)(greatest, *original_);
    if (limit_) greatest = (std::max)(greatest, *limit_);
    if (limit_) least = (std::min)(least, *limit_);
    const double middle = limit_ ? (std::min)(*limit_, all[all.size() / 2]) : all[all.size() / 2];
    const double reach = 1.7 * (greatest - middle);
    if (reach > 0.0) least = (std::max)(least, greatest - reach);
    double margin = 0.08 * (greatest - least);
    if (!(margin > 0.0)) margin = (std::max)(1e-9, 0.05 * std::abs(greatest));
    return {least - 1.4 * margin, greatest + margin, height_ - bottom, top};
  }

  NUQ_FUNCTION [[nodiscard]] std::string frame() const {
    const double floor = height_ - bottom;
    const double step = y_.ticks(5).size() > 1 ? y_.ticks(5)[1] - y_.ticks(5)[0] : y_.to() - y_.from();
    std::string markup;
    for (const double tick : y_.ticks(5)) {
      markup += line("grid", left, y_.place(tick), width_ - right, y_.place(tick));
      markup += label(left - 8.0, y_.place(tick) + 4.0, "end", tick_text(tick, step));
    }
    double last = -100.0;
    for (const double tick : x_.ticks(width_ > 500.0 ? 7 : 4)) {
      const double place = x_.place(tick);
      markup += line("grid", place, top, place, floor);
      if (place - last < 52.0) continue;
      last = place;
      markup += label((std::min)(place, width_ - 24.0), floor + 18.0, "middle", short_bytes(tick));
    }
    markup += line("axis", left, floor, width_ - right, floor);
    markup += label(width_ - right, height_ - 4.0, "end", "bytes of the weights →");
    return markup + label(4.0, 12.0, "start", escaped(metric_.name()), "strong");
  }

  NUQ_FUNCTION [[nodiscard]] std::string tick_text(double tick, double step) const {
    const bool is_share = metric_.of(0.5).back() == '%';
    const double shown = is_share ? 100.0 * step : step;
    const double digits = std::ceil(-std::log10(shown) - 1e-9);
    const int places = digits > 0.0 ? static_cast<int>((std::min)(digits, 9.0)) : 0;
    return fixed_text(is_share ? 100.0 * tick : tick, places) + (is_share ? " %" : "");
  }

  /// What is written along a line across the picture.
  struct LineLabel {
    std::string text;
    std::string_view kind;
    double y;
    bool is_right;

    static constexpr double width = 120.0;
  };

  /// At the end of the line where no point is.
  NUQ_FUNCTION [[nodiscard]] LineLabel line_label(std::string text, std::string_view kind, double baseline) const {
    const auto is_near = [&](double from, double to) {
      return std::any_of(marks_.begin(), marks_.end(), [&](const TrialMark& mark) {
        return x(mark) > from && x(mark) < to && std::abs(y(mark) - baseline + 5.0) < 18.0;
      });
    };
    const double end = width_ - right;
    const bool is_right = is_near(left, left + LineLabel::width) && !is_near(end - LineLabel::width, end);
    return {std::move(text), kind, baseline, is_right};
  }

  NUQ_FUNCTION [[nodiscard]] std::vector<LineLabel> line_labels() const {
    std::vector<LineLabel> labels;
    const bool has_original = original_ && *original_ > y_.from() && *original_ <= y_.to();
    const bool has_limit = limit_ && *limit_ > y_.from();
    const double original = has_original ? y_.place(*original_) : 0.0;
    const double limit = has_limit ? y_.place_within(*limit_) : 0.0;
    const bool is_under = has_original && has_limit && limit >= original && limit - original < 16.0;
    if (has_original) labels.push_back(line_label("original " + metric_.of(*original_), "", original - 5.0));
    if (has_limit)
      labels.push_back(line_label("limit " + metric_.of(*limit_), "strong", limit + (is_under ? 15.0 : -5.0)));
    return labels;
  }

  /// The original's metric and the least that is accepted, below which everything is shaded.
  NUQ_FUNCTION [[nodiscard]] std::string lines() const {
    const double end = width_ - right;
    std::string markup;
    if (limit_ && *limit_ > y_.from()) {
      const double place = y_.place_within(*limit_);
      markup += element("rect",
                        "class=\"refusal\" x=\"" + coordinate(left) + "\" y=\"" + coordinate(place) + "\" width=\"" +
                            coordinate(end - left) + "\" height=\"" + coordinate(height_ - bottom - place) + "\"",
                        "");
      markup += line("limit", left, place, end, place);
    }
    if (most_bytes_ && *most_bytes_ > x_.from() && *most_bytes_ < x_.to()) {
      const double place = x_.place(*most_bytes_);
      markup += line("limit", place, top, place, height_ - bottom);
      markup += label(place - 5.0, height_ - bottom - 8.0, "end", "at most " + short_bytes(*most_bytes_), "strong");
    }
    if (original_ && *original_ > y_.from() && *original_ <= y_.to())
      markup += line("origin", left, y_.place(*original_), end, y_.place(*original_));
    for (const LineLabel& text : line_labels()) {
      markup += text.is_right ? label(end - 4.0, text.y, "end", text.text, text.kind)
                              : label(left + 6.0, text.y, "start", text.text, text.kind);
    }
    return markup;
  }

  /// From each trial to the next.
  NUQ_FUNCTION [[nodiscard]] std::string path() const {
    std::string points;
    for (const TrialMark& mark : marks_) points += coordinate(x(mark)) + "," + coordinate(y(mark)) + " ";
    return element("polyline", "class=\"path\" points=\"" + points + "\"", "");
  }

  NUQ_FUNCTION [[nodiscard]] std::string front() const {
    std::vector<TrialMark> front;
    std::copy_if(marks_.begin(), marks_.end(), std::back_inserter(front),
                 [](const TrialMark& mark) { return mark.is_on_front; });
    if (front.size() < 2) return {};
    std::sort(front.begin(), front.end(), [](const TrialMark& a, const TrialMark& b) { return a.bytes < b.bytes; });
    std::string steps = "M" + coordinate(x(front[0])) + " " + coordinate(y(front[0]));
    for (std::size_t index = 1; index < front.size(); ++index)
      steps += "H" + coordinate(x(front[index])) + "V" + coordinate(y(front[index]));
    return element("path", "class=\"front\" d=\"" + steps + "\"", "");
  }

  NUQ_FUNCTION [[nodiscard]] std::string trials() const {
    std::string errors;
    std::string points;
    std::string numbers;
    std::vector<std::pair<double, double>> places;
    for (const TrialMark& mark : marks_) places.emplace_back(x(mark), y(mark));
    LabelPlaces labels(places);
    for (const LineLabel& text : line_labels()) {
      const double begin = text.is_right ? width_ - right - LineLabel::width : left;
      labels.take(begin, text.y - 11.0, begin + LineLabel::width, text.y + 3.0);
    }
    std::vector<TrialMark> by_importance = marks_;
    std::stable_partition(by_importance.begin(), by_importance.end(),
                          [this](const TrialMark& mark) { return is_answer(mark); });
    for (const TrialMark& mark : by_importance) {
      if (mark.error > 0.0 && !mark.is_guess && !is_below(mark)) {
        errors += line("error", x(mark), y_.place_within(mark.metric - mark.error), x(mark),
                       y_.place_within(mark.metric + mark.error));
      }
      points += point(mark);
      const std::string number = std::to_string(mark.visit);
      const auto place = labels.find(x(mark), y(mark), is_answer(mark) ? 9.0 : 4.6,
                                     8.0 * static_cast<double>(number.size()), left, width_ - 2.0);
      if (place) numbers += label(place->first, place->second, "middle", number, "visit");
    }
    return errors + points + numbers;
  }

  NUQ_FUNCTION [[nodiscard]] std::string point(const TrialMark& mark) const {
    const std::string verdict = mark.is_guess ? "ended early, predicted" : mark.satisfied ? "passes" : "refused";
    const std::string title = element("title", "",
                                      "trial " + std::to_string(mark.visit) + ": " + metric_.of(mark.metric) + ", " +
                                          grouped(mark.bytes) + " bytes, " + verdict);
    const std::string kind = mark.is_guess ? "guess" : mark.satisfied ? "pass" : "fail";
    if (is_below(mark)) {
      const std::string corner = coordinate(x(mark) - 5.0) + " " + coordinate(y(mark) - 4.0);
      return element("path", "class=\"" + kind + "\" d=\"M" + corner + "h10l-5 8z\"", title);
    }
    std::string markup = circle(kind, mark, 4.6, title);
    if (is_answer(mark)) markup += circle("answer", mark, 9.0, "");
    return markup;
  }

  NUQ_FUNCTION [[nodiscard]] std::string circle(std::string_view kind, const TrialMark& mark, double radius,
                                                std::string_view content) const {
    return element("circle",
                   "class=\"" + std::string(kind) + "\" cx=\"" + coordinate(x(mark)) + "\" cy=\"" +
                       coordinate(y(mark)) + "\" r=\"" + coordinate(radius) + "\"",
                   content);
  }

  [[nodiscard]] bool is_answer(const TrialMark& mark) const noexcept { return answer_ && mark.visit == *answer_ + 1; }
  [[nodiscard]] bool is_below(const TrialMark& mark) const noexcept { return mark.metric < y_.from(); }
  NUQ_FUNCTION [[nodiscard]] double x(const TrialMark& mark) const { return x_.place(mark.bytes); }
  NUQ_FUNCTION [[nodiscard]] double y(const TrialMark& mark) const {
    return (std::min)(y_.place_within(mark.metric), height_ - bottom - 7.0);
  }

  static constexpr double left = 58.0;
  static constexpr double right = 10.0;
  static constexpr double top = 26.0;
  static constexpr double bottom = 40.0;

  std::vector<TrialMark> marks_;
  MetricText metric_;
  std::optional<double> original_;
  std::optional<double> limit_;
  std::optional<double> most_bytes_;
  std::optional<std::size_t> answer_;
  double width_;
  double height_;
  Axis x_;
  Axis y_;
};

NUQ_FUNCTION [[nodiscard]] inline std::string search_legend() {
  const auto entry = [](const std::string& drawing, std::string_view meaning) {
    return element("li", "",
                   element("svg", "viewBox=\"0 0 16 14\" aria-hidden=\"true\"", drawing) + std::string(meaning));
  };
  const auto dot = [](const std::string& kind, const std::string& radius) {
    return element("circle", "class=\"" + kind + "\" cx=\"8\" cy=\"7\" r=\"" + radius + "\"", "");
  };
  return element("ul", "class=\"legend\"",
                 entry(dot("pass", "4.6"), "passes") + entry(dot("fail", "4.6"), "refused") +
                     entry(dot("guess", "4.6"), "ended early: metric predicted") +
                     entry(dot("pass", "3.5") + dot("answer", "6"), "the answer") +
                     entry(line("front", 0, 7, 16, 7), "front: no trial is smaller and better") +
                     entry(line("path", 0, 7, 16, 7), "order of visits") +
                     entry(element("path", "class=\"fail\" d=\"M3 3h10l-5 8z\"", ""), "far below the picture")) +
         "\n";
}

NUQ_DEFINITION bool is_on_front(const Json& trial) {
  return is_true(trial, "non_dominated") && !is_true(trial, "ended_early");
}

NUQ_DEFINITION std::optional<std::size_t> answer_of(const Json& report) {
  const std::optional<double> metric = number_in(report, "metric");
  std::optional<std::size_t> answer;
  if (!metric || !is_true(report, "satisfied")) return answer;
  const Json& trials = member(report, "trials");
  const auto differs = [&](const Json& trial) {
    const double other = number_in(trial, "metric").value_or(*metric + 1.0);
    return other < *metric || *metric < other || is_true(trial, "ended_early");
  };
  const auto bytes = [&](std::size_t index) { return number_in(trials[index], "bytes").value_or(0.0); };
  for (std::size_t index = 0; index < trials.size(); ++index) {
    if (differs(trials[index]) || !is_true(trials[index], "satisfied")) continue;
    if (!answer || bytes(index) < bytes(*answer)) answer = index;
  }
  return answer;
}

NUQ_DEFINITION std::string search_picture(const Json& report) {
  if (trial_marks(report).empty()) return {};
  return element("figure", "",
                 "\n" + SearchPicture(report, 1040.0, 430.0).svg("wide") +
                     SearchPicture(report, 360.0, 360.0).svg("narrow") + search_legend());
}

}  // namespace detail
NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(REPORT)

#endif  // NUQ_REPORT_HTML_SEARCH_PICTURE_HPP
