// Feeds every target the files of its folder and, as cheap stand-in for a fuzzer, changed ones: the same each time.
//
//     nuq_fuzz_replay CORPUS [CHANGES-PER-FILE]

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "target.hpp"

namespace {

using Random = std::minstd_rand;

std::size_t below(std::size_t end, Random& random) {
  return random() % end;
}

void change(std::string& bytes, const std::string& other, Random& random) {
  const std::size_t at = below(bytes.size(), random);
  const std::size_t run = 1 + below((std::min)(bytes.size() - at, std::size_t{16}), random);
  switch (below(8, random)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8, random)));
      break;
    case 1:
      bytes[at] = static_cast<char>(random());
      break;
    case 2:
      bytes.resize(at);
      break;
    case 3:
      bytes.erase(at, run);
      break;
    case 4:
      bytes.insert(at, bytes.substr(at, run));
      break;
    case 5:
      bytes.replace(at, std::string::npos, other.substr((std::min)(at, other.size())));
      break;
    case 6:
      bytes.replace(at, run, run, '\xff');
      break;
    default: {
      constexpr const char* numbers[] = {"0", "-1", "65536", "2147483647", "4294967295", "1e300", "nan"};
      const std::size_t digit = bytes.find_first_of("0123456789", at);
      if (digit != std::string::npos) bytes.replace(digit, 1, numbers[below(std::size(numbers), random)]);
    }
  }
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

/// False, and the input in the file `finding`, for one that is not refused as it should be.
bool is_safe(const FuzzTarget& target, const std::string& bytes, const std::filesystem::path& file, int number) {
  try {
    run_fuzz_target(target, bytes);
    return true;
  } catch (const std::exception& error) {
    std::printf("%s: %s, change %d: %s\n", target.name, file.c_str(), number, error.what());
    std::ofstream("finding_" + std::string(target.name), std::ios::binary) << bytes;
    return false;
  }
}

int findings_of(const FuzzTarget& target, const std::filesystem::path& folder, int changes) {
  const std::vector<std::filesystem::path> files = files_in(folder);
  int findings = 0;
  for (const std::filesystem::path& file : files) {
    const std::string original = content_of(file);
    if (!is_safe(target, original, file, 0)) ++findings;
    Random random(1);
    for (int number = 1; number <= changes && !original.empty(); ++number) {
      std::string bytes = original;
      const std::string other = content_of(files[below(files.size(), random)]);
      for (std::size_t count = 1 + below(3, random); count > 0 && !bytes.empty(); --count) change(bytes, other, random);
      if (!is_safe(target, bytes, file, number)) ++findings;
    }
  }
  std::printf("%s: %zu files, %d changes of each, %d findings\n", target.name, files.size(), changes, findings);
  return files.empty() ? 1 : findings;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const rlimit memory{std::size_t{1} << 30U, std::size_t{1} << 30U};
  if (::setrlimit(RLIMIT_DATA, &memory) != 0) return 2;
  const int changes = argc > 2 ? std::stoi(argv[2]) : 100;
  int findings = 0;
  for (const FuzzTarget& target : fuzz_targets())
    findings += findings_of(target, std::filesystem::path(argv[1]) / target.name, changes);
  return findings == 0 ? 0 : 1;
}
