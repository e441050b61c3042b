#ifndef NUQ_TESTS_UNIT_TEMPORARY_FOLDER_HPP
#define NUQ_TESTS_UNIT_TEMPORARY_FOLDER_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

/// A new folder of its own for a test, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    auto token = std::chrono::system_clock::now().time_since_epoch().count() ^ reinterpret_cast<std::intptr_t>(this);
    do {
      path_ = std::filesystem::temp_directory_path() / ("nuq-test-" + std::to_string(token++));
    } while (!std::filesystem::create_directory(path_));
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string path() const { return path_.string(); }
  /// The path of a file in the folder.
  [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }

  /// Writes a file and returns its path.
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this / name;
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(path_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  /// Whether a file's name, at any depth, has this part.
  [[nodiscard]] bool has_name_with(const std::string& part) const {
    const auto files = std::filesystem::recursive_directory_iterator(path_);
    return std::any_of(begin(files), end(files), [&part](const std::filesystem::directory_entry& file) {
      return file.path().filename().string().find(part) != std::string::npos;
    });
  }
  /// Number of files and folders directly inside.
  [[nodiscard]] std::ptrdiff_t entries() const {
    return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
  }

 private:
  std::filesystem::path path_;
};

#endif  // NUQ_TESTS_UNIT_TEMPORARY_FOLDER_HPP
