#ifndef NUQ_TESTS_BENCHMARK_QUALITY_PLOT_HPP
#define NUQ_TESTS_BENCHMARK_QUALITY_PLOT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

/// `format` holds one conversion of a double.
[[nodiscard]] inline std::string formatted(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

/// The points of one line.
struct PlotLine {
  std::string name;
  std::vector<std::pair<double, double>> points;
};

/// One pair of axes.
struct PlotPanel {
  std::string x_title;
  std::string y_title;
  bool logarithmic = false;  ///< y; values must be positive
  std::vector<PlotLine> lines;
};

/// An axis from value to place.
class PlotAxis {
 public:
  /// `from` and `to` are the places of its ends.
  PlotAxis(double least, double greatest, bool logarithmic, double from, double to)
      : logarithmic_(logarithmic), from_(from), to_(to) {
    const double low = scaled(least);
    const double high = scaled(greatest);
    const double margin = high > low ? 0.04 * (high - low) : 0.5;
    low_ = low - margin;
    high_ = high + margin;
  }

  [[nodiscard]] double place(double value) const noexcept {
    return from_ + (scaled(value) - low_) / (high_ - low_) * (to_ - from_);
  }

  /// Round values inside: 1, 2 or 5 times powers of ten, all of them or evenly spaced.
  [[nodiscard]] std::vector<double> ticks() const { return logarithmic_ ? logarithmic_ticks() : linear_ticks(); }

 private:
  [[nodiscard]] std::vector<double> linear_ticks() const {
    double step = std::pow(10.0, std::floor(std::log10((high_ - low_) / 4.0)));
    for (const double factor : {2.0, 2.5}) {
      if ((high_ - low_) / step > 8.0) step *= factor;
    }
    std::vector<double> values;
    for (double tick = std::ceil(low_ / step); tick * step <= high_; tick += 1.0) values.push_back(tick * step);
    return values;
  }

  [[nodiscard]] std::vector<double> logarithmic_ticks() const {
    const bool is_wide = high_ - low_ > 2.5;
    std::vector<double> values;
    for (double power = std::floor(low_); power <= high_; power += 1.0) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        const double at = power + std::log10(factor);
        if (at >= low_ && at <= high_ && (factor == 1.0 || !is_wide)) values.push_back(std::pow(10.0, at));
      }
    }
    return values;
  }

  [[nodiscard]] double scaled(double value) const noexcept { return logarithmic_ ? std::log10(value) : value; }

  bool logarithmic_;
  double from_;
  double to_;
  double low_ = 0.0;
  double high_ = 0.0;
};

/// Draws panels side by side under one legend, as SVG.
class SvgPlot {
 public:
  SvgPlot(const std::string& title, const std::vector<PlotPanel>& panels) {
    const double width = margin + static_cast<double>(panels.size()) * (panel_width + margin);
    svg_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
    text(margin, 24.0, "start", "<tspan font-size=\"16\">" + title + "</tspan>");
    if (!panels.empty()) legend(panels.front());
    double left = margin;
    for (const PlotPanel& panel : panels) {
      draw(panel, left);
      left += panel_width + margin;
    }
    svg_ += "</svg>\n";
  }
  [[nodiscard]] const std::string& text() const noexcept { return svg_; }

 private:
  static constexpr double margin = 72.0;
  static constexpr double panel_width = 440.0;
  static constexpr double top = 92.0;
  static constexpr double bottom = 432.0;
  static constexpr double height = 484.0;

  /// Colours that are told apart with any vision (Okabe and Ito 2008).
  [[nodiscard]] static std::string colour(std::size_t line) {
    constexpr std::array<const char*, 8> colours = {"#000000", "#999999", "#56b4e9", "#0072b2",
                                                    "#009e73", "#e69f00", "#cc79a7", "#d55e00"};
    return colours[line % colours.size()];
  }

  void legend(const PlotPanel& panel) {
    constexpr double entry_width = 232.0;
    for (std::size_t line = 0; line < panel.lines.size(); ++line) {
      const double x = margin + entry_width * static_cast<double>(line % 4);
      const double y = 44.0 + 18.0 * static_cast<double>(line / 4);
      segment(x, y, x + 24.0, y, colour(line), 2.0);
      dot(x + 12.0, y, line);
      text(x + 30.0, y + 4.0, "start", panel.lines[line].name);
    }
  }

  void draw(const PlotPanel& panel, double left) {
    std::vector<double> xs;
    std::vector<double> ys;
    for (const PlotLine& line : panel.lines) {
      for (const auto& [x, y] : line.points) {
        xs.push_back(x);
        ys.push_back(y);
      }
    }
    if (xs.empty()) return;
    const auto [least_x, greatest_x] = std::minmax_element(xs.begin(), xs.end());
    const auto [least_y, greatest_y] = std::minmax_element(ys.begin(), ys.end());
    const PlotAxis x(*least_x, *greatest_x, false, left, left + panel_width);
    const PlotAxis y(*least_y, *greatest_y, panel.logarithmic, bottom, top);
    draw_axes(panel, x, y, left);
    for (std::size_t line = 0; line < panel.lines.size(); ++line) draw_line(panel.lines[line], x, y, line);
  }

  void draw_axes(const PlotPanel& panel, const PlotAxis& x, const PlotAxis& y, double left) {
    const double right = left + panel_width;
    for (const double tick : x.ticks()) {
      segment(x.place(tick), top, x.place(tick), bottom + 5.0, "#dddddd", 1.0);
      text(x.place(tick), bottom + 18.0, "middle", formatted("%g", tick));
    }
    for (const double tick : y.ticks()) {
      segment(left - 5.0, y.place(tick), right, y.place(tick), "#dddddd", 1.0);
      text(left - 8.0, y.place(tick) + 4.0, "end", formatted("%g", tick));
    }
    segment(left, top, left, bottom, "#000000", 1.0);
    segment(left, bottom, right, bottom, "#000000", 1.0);
    text((left + right) / 2.0, bottom + 38.0, "middle", panel.x_title);
    svg_ += "<g transform=\"translate(" + number(left - 54.0) + " " + number((top + bottom) / 2.0) + ") rotate(-90)\">";
    text(0.0, 0.0, "middle", panel.y_title);
    svg_ += "</g>\n";
  }

  void draw_line(const PlotLine& line, const PlotAxis& x, const PlotAxis& y, std::size_t index) {
    svg_ += "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + colour(index) + "\" points=\"";
    for (const auto& [at, value] : line.points) svg_ += number(x.place(at)) + "," + number(y.place(value)) + " ";
    svg_ += "\"/>\n";
    for (const auto& [at, value] : line.points) dot(x.place(at), y.place(value), index);
  }

  void segment(double x1, double y1, double x2, double y2, const std::string& stroke, double width) {
    svg_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
            "\" stroke=\"" + stroke + "\" stroke-width=\"" + number(width) + "\"/>\n";
  }
  void dot(double x, double y, std::size_t line) {
    svg_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"3\" fill=\"" + colour(line) + "\"/>\n";
  }
  void text(double x, double y, const std::string& anchor, const std::string& content) {
    svg_ +=
        "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" + content + "</text>\n";
  }
  [[nodiscard]] static std::string number(double value) { return formatted("%.1f", value); }

  std::string svg_;
};

#endif  // NUQ_TESTS_BENCHMARK_QUALITY_PLOT_HPP
