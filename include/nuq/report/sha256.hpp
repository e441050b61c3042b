#ifndef NUQ_REPORT_SHA256_HPP
#define NUQ_REPORT_SHA256_HPP

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "nuq/io/mapped_file.hpp"
#include "nuq/version.hpp"

NUQ_NAMESPACE_BEGIN

/// SHA-256 of bytes that come in pieces of any size. Source: FIPS 180-4, sections 4.1.2, 4.2.2, 5.1.1, 5.3.3 and 6.2,
/// whose names the variables bear.
class Sha256 {
 public:
  void update(std::string_view bytes) noexcept {
    length_ += bytes.size();
    for (; filled_ > 0 && !bytes.empty(); bytes.remove_prefix(1)) put(bytes.front());
    for (; bytes.size() >= block_size; bytes.remove_prefix(block_size)) add_block(bytes.data());
    for (const char byte : bytes) put(byte);
  }

  /// The digest in 64 lower-case hexadecimal digits. Ends the computation.
  [[nodiscard]] std::string finish() {
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

 private:
  static constexpr std::size_t block_size = 64;

  /// First 32 bits of the fractional parts of the cube roots of the first 64 primes.
  static constexpr std::array<std::uint32_t, 64> constants = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

  [[nodiscard]] static constexpr std::uint32_t rotr(std::uint32_t x, unsigned n) noexcept {
    return (x >> n) | (x << (32U - n));
  }

  void put(char byte) noexcept {
    block_[filled_++] = byte;
    if (filled_ < block_size) return;
    add_block(block_.data());
    filled_ = 0;
  }

  /// One round; instead of moving the working variables by one place it is called with them moved.
  static void round(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t& d, std::uint32_t e,
                    std::uint32_t f, std::uint32_t g, std::uint32_t& h, std::uint32_t input) noexcept {
    const std::uint32_t choice = g ^ (e & (f ^ g));
    const std::uint32_t majority = (a & b) | (c & (a | b));
    h += (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + choice + input;
    d += h;
    h += (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + majority;
  }

  [[nodiscard]] static std::uint32_t big_endian(const char* bytes) noexcept {
    const auto byte = [bytes](std::size_t at) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
    };
    return byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3);
  }

  void add_block(const char* block) noexcept {
    std::array<std::uint32_t, 64> w;
    for (std::size_t t = 0; t < 16; ++t) w[t] = big_endian(block + 4 * t);
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t sigma0 = rotr(w[t - 15], 7) ^ rotr(w[t - 15], 18) ^ (w[t - 15] >> 3U);
      const std::uint32_t sigma1 = rotr(w[t - 2], 17) ^ rotr(w[t - 2], 19) ^ (w[t - 2] >> 10U);
      w[t] = sigma1 + w[t - 7] + sigma0 + w[t - 16];
    }
    auto [a, b, c, d, e, f, g, h] = hash_;
    for (std::size_t t = 0; t < 64; t += 8) {  // eight rounds bring every variable back to its place
      round(a, b, c, d, e, f, g, h, constants[t] + w[t]);
      round(h, a, b, c, d, e, f, g, constants[t + 1] + w[t + 1]);
      round(g, h, a, b, c, d, e, f, constants[t + 2] + w[t + 2]);
      round(f, g, h, a, b, c, d, e, constants[t + 3] + w[t + 3]);
      round(e, f, g, h, a, b, c, d, constants[t + 4] + w[t + 4]);
      round(d, e, f, g, h, a, b, c, constants[t + 5] + w[t + 5]);
      round(c, d, e, f, g, h, a, b, constants[t + 6] + w[t + 6]);
      round(b, c, d, e, f, g, h, a, constants[t + 7] + w[t + 7]);
    }
    const std::array<std::uint32_t, 8> working = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) hash_[i] += working[i];
  }

  /// First 32 bits of the fractional parts of the square roots of the first 8 primes.
  std::array<std::uint32_t, 8> hash_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<char, block_size> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

/// SHA-256 of bytes, in hexadecimal.
[[nodiscard]] inline std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

/// SHA-256 of a file's bytes, in hexadecimal, read piece by piece. Throws FormatError file_not_readable.
[[nodiscard]] inline std::string sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) detail::fail_to_read(path, std::generic_category().message(errno));
  Sha256 hash;
  std::vector<char> piece(std::size_t{1} << 16U);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.update({piece.data(), static_cast<std::size_t>(file.gcount())});
  if (file.bad()) detail::fail_to_read(path, "read error");
  return hash.finish();
}

NUQ_NAMESPACE_END

#endif  // NUQ_REPORT_SHA256_HPP
