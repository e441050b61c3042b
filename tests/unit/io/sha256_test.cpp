#include "nuq/io/sha256.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "../temporary_folder.hpp"

// Digests of the examples published with FIPS 180-4, and of the sha256sum program.

TEST_CASE("the published examples have their published digests") {
  CHECK(nuq::sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(nuq::sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(nuq::sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(nuq::sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmn"
                    "opqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(nuq::sha256(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("lengths around the padding's borders have the digests of sha256sum") {
  CHECK(nuq::sha256(std::string(55, 'x')) == "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
  CHECK(nuq::sha256(std::string(56, 'x')) == "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
  CHECK(nuq::sha256(std::string(63, 'x')) == "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2");
  CHECK(nuq::sha256(std::string(64, 'x')) == "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
  CHECK(nuq::sha256(std::string(65, '\xff')) == "855c9a28fff2bbbd71327165554a00c6fdd44d5d58c1f12b8fdff29b5d67f001");
}

TEST_CASE("pieces of any size give the digest of the whole") {
  std::string bytes;
  for (int index = 0; index < 300; ++index) bytes += static_cast<char>(index * 7);
  const std::string whole = nuq::sha256(bytes);
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    nuq::Sha256 hash;
    for (std::size_t at = 0; at < bytes.size(); at += piece) hash.update(std::string_view(bytes).substr(at, piece));
    CHECK(hash.finish() == whole);
  }
}

TEST_CASE("portable code and the machine's own instructions work blocks in alike") {
  std::string blocks;
  for (std::size_t index = 0; index < 5 * nuq::detail::sha256_block_size; ++index)
    blocks += static_cast<char>(index * index);
  nuq::detail::Sha256State portable = {1, 2, 3, 4, 0xffffffff, 6, 7, 8};
  nuq::detail::Sha256State own = portable;
  nuq::detail::add_sha256_blocks_portable(portable, blocks.data(), 5);
  nuq::detail::sha256_blocks_of_this_machine()(own, blocks.data(), 5);
  CHECK(portable == own);
}

TEST_CASE("a file has the digest of its bytes") {
  const TemporaryFolder folder;
  CHECK(nuq::sha256_of_file(folder.write("abc", "abc")) == nuq::sha256("abc"));
  CHECK(nuq::sha256_of_file(folder.write("empty", "")) == nuq::sha256(""));
  const std::string long_content(1000000, 'a');
  CHECK(nuq::sha256_of_file(folder.write("long", long_content)) == nuq::sha256(long_content));
}
