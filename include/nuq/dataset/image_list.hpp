#ifndef NUQ_DATASET_IMAGE_LIST_HPP
#define NUQ_DATASET_IMAGE_LIST_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nuq/compiled.hpp"
#include "nuq/core/error.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// Image files, and what they are called where they are listed.
struct ImageList {
  std::string file;                ///< the list; empty for a folder
  std::vector<std::string> names;  ///< as listed, or within the folder
  std::vector<std::string> paths;
};

/// The images of a list, a name on each line and perhaps a label behind it, found relative to the list's folder, in the
/// list's order; or the .jpg, .jpeg and .png files of a folder, by name. Throws FormatError: not readable, none.
NUQ_FUNCTION [[nodiscard]] ImageList read_image_list(const std::string& path);

/// A line of a file of labels.
struct NamedLabel {
  std::string name;  ///< empty for a label alone
  std::int64_t label = 0;
};

/// The labels in a text, one a line, each alone or behind a name. Throws FormatError naming file and line.
NUQ_FUNCTION [[nodiscard]] std::vector<NamedLabel> parse_labels(std::string_view text, const std::string& file);

/// The label of each image: those of lines with a name by the name as listed, otherwise line by line. Throws
/// FormatError: an image without a label, an image with two, another number of labels.
NUQ_FUNCTION [[nodiscard]] std::vector<std::int64_t> labels_of(const ImageList& images,
                                                               const std::vector<NamedLabel>& labels,
                                                               const std::string& file);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(DATASET)

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "nuq/core/support/printable_text.hpp"
#include "nuq/io/mapped_file.hpp"

NUQ_NAMESPACE_BEGIN

namespace detail {

inline constexpr std::string_view blanks = " \t\r";

NUQ_FUNCTION [[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Calls visit(line, its number) for those that are not blank.
template <class Visitor>
void visit_lines(std::string_view text, Visitor&& visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = (std::min)(text.find('\n'), text.size());
    if (const std::string_view line = trimmed(text.substr(0, end)); !line.empty()) visit(line, number);
    text.remove_prefix((std::min)(end + 1, text.size()));
  }
}

/// Splits the label off a line's end; false where it ends in no whole number.
NUQ_FUNCTION [[nodiscard]] inline bool split_label(std::string_view line, NamedLabel& result) {
  const std::size_t blank = line.find_last_of(blanks);
  const std::string_view digits = blank == std::string_view::npos ? line : line.substr(blank + 1);
  const std::from_chars_result read = std::from_chars(digits.data(), digits.data() + digits.size(), result.label);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return false;
  result.name = blank == std::string_view::npos ? std::string() : std::string(trimmed(line.substr(0, blank)));
  return true;
}

NUQ_FUNCTION [[nodiscard]] inline bool is_image_name(const std::filesystem::path& path) {
  constexpr std::array<std::string_view, 3> endings = {".jpg", ".jpeg", ".png"};
  std::string ending = path.extension().string();
  for (char& letter : ending) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

NUQ_FUNCTION [[noreturn]] inline void fail_image_list(const std::string& place, const std::string& problem) {
  fail(FormatError(ErrorCode::malformed_file, place + ": " + problem));
}

}  // namespace detail

NUQ_DEFINITION ImageList read_image_list(const std::string& path) {
  namespace fs = std::filesystem;
  ImageList list;
  fs::path folder = path;
  if (fs::is_directory(folder)) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      if (detail::is_image_name(entry->path())) list.names.push_back(entry->path().filename().string());
    }
    if (error) detail::fail_to_read(path, error.message());
    std::sort(list.names.begin(), list.names.end());
  } else {
    list.file = path;
    folder = folder.parent_path();
    const MappedFile file(path);
    detail::visit_lines(file.bytes(), [&list](std::string_view line, std::size_t) {
      NamedLabel labelled;
      const bool has_label = detail::split_label(line, labelled) && !labelled.name.empty();
      list.names.push_back(has_label ? std::move(labelled.name) : std::string(line));
    });
  }
  if (list.names.empty()) {
    detail::fail_image_list(path, list.file.empty() ? "holds no .jpg, .jpeg or .png files" : "names no image files");
  }
  for (const std::string& name : list.names) list.paths.push_back((folder / name).string());
  return list;
}

NUQ_DEFINITION std::vector<NamedLabel> parse_labels(std::string_view text, const std::string& file) {
  constexpr std::size_t quoted_bytes = 80;
  std::vector<NamedLabel> labels;
  detail::visit_lines(text, [&](std::string_view line, std::size_t number) {
    if (detail::split_label(line, labels.emplace_back())) return;
    detail::fail_image_list(file + ":" + std::to_string(number), "'" + detail::printable_text(line, quoted_bytes) +
                                                                     "': wanted a label, or a name and a label");
  });
  return labels;
}

NUQ_DEFINITION std::vector<std::int64_t> labels_of(const ImageList& images, const std::vector<NamedLabel>& labels,
                                                   const std::string& file) {
  std::vector<std::int64_t> result;
  const bool has_names = !labels.empty() && !labels.front().name.empty();
  if (!has_names) {
    if (labels.size() != images.names.size()) {
      detail::fail(FormatError(ErrorCode::size_mismatch, file + ": holds " + std::to_string(labels.size()) +
                                                             " labels, there are " +
                                                             std::to_string(images.names.size()) + " images"));
    }
    for (const NamedLabel& label : labels) result.push_back(label.label);
    return result;
  }
  std::map<std::string, std::size_t> by_name;
  for (std::size_t index = 0; index < labels.size(); ++index) {
    const auto [known, is_new] = by_name.emplace(labels[index].name, index);
    if (!is_new && labels[known->second].label != labels[index].label)
      detail::fail_image_list(file, "image '" + labels[index].name + "' has two labels");
  }
  for (const std::string& name : images.names) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) detail::fail_image_list(file, "image '" + name + "' has no label");
    result.push_back(labels[found->second].label);
  }
  return result;
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(DATASET)

#endif  // NUQ_DATASET_IMAGE_LIST_HPP
