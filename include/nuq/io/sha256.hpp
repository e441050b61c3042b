#ifndef NUQ_IO_SHA256_HPP
#define NUQ_IO_SHA256_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "nuq/compiled.hpp"
#include "nuq/io/detail/sha256_blocks.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// SHA-256 of bytes that come in pieces of any size. Source: FIPS 180-4, sections 5.1.1, 5.3.3 and 6.2.
class Sha256 {
 public:
  NUQ_FUNCTION void update(std::string_view bytes) noexcept;

  /// The digest in 64 lower-case hexadecimal digits. Ends the computation.
  NUQ_FUNCTION [[nodiscard]] std::string finish();

 private:
  static constexpr std::size_t block_size = detail::sha256_block_size;

  NUQ_FUNCTION void put(char byte) noexcept;

  /// First 32 bits of the fractional parts of the square roots of the first 8 primes.
  detail::Sha256State hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  detail::AddSha256Blocks add_blocks_ = detail::sha256_blocks_of_this_machine();
  std::array<char, block_size> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

/// SHA-256 of bytes, in hexadecimal.
NUQ_FUNCTION [[nodiscard]] std::string sha256(std::string_view bytes);

/// SHA-256 of a file's bytes, in hexadecimal, read piece by piece. Throws FormatError file_not_readable.
NUQ_FUNCTION [[nodiscard]] std::string sha256_of_file(const std::string& path);

NUQ_NAMESPACE_END

#if NUQ_DEFINES(IO)

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <vector>

#include "nuq/io/mapped_file.hpp"

NUQ_NAMESPACE_BEGIN

NUQ_DEFINITION void Sha256::update(std::string_view bytes) noexcept {
  length_ += bytes.size();
  for (; filled_ > 0 && !bytes.empty(); bytes.remove_prefix(1)) put(bytes.front());
  const std::size_t whole = bytes.size() / block_size;
  add_blocks_(hash_, bytes.data(), whole);
  bytes.remove_prefix(whole * block_size);
  for (const char byte : bytes) put(byte);
}

NUQ_DEFINITION std::string Sha256::finish() {
  const std::uint64_t length_in_bits = 8 * length_;
  put('\x80');
  while (filled_ != block_size - 8) put(0);
  for (int shift = 56; shift >= 0; shift -= 8) put(static_cast<char>((length_in_bits >> shift) & 0xFFU));
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint32_t word : hash_) {
    for (int shift = 28; shift >= 0; shift -= 4) text += digits[(word >> shift) & 0xFU];
  }
  return text;
}

NUQ_DEFINITION void Sha256::put(char byte) noexcept {
  block_[filled_++] = byte;
  if (filled_ < block_size) return;
  add_blocks_(hash_, block_.data(), 1);
  filled_ = 0;
}

NUQ_DEFINITION std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

NUQ_DEFINITION std::string sha256_of_file(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) detail::fail_to_read(path, std::generic_category().message(errno));
  Sha256 hash;
  std::vector<char> piece(std::size_t{1} << 16U);
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file)) hash.update({piece.data(), size});
  const bool is_read = std::ferror(file) == 0;
  const std::string cause = std::generic_category().message(errno);
  std::fclose(file);
  if (!is_read) detail::fail_to_read(path, cause);
  return hash.finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_DEFINES(IO)

#endif  // NUQ_IO_SHA256_HPP
