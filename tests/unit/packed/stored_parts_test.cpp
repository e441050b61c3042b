#include "nuq/packed/stored_parts.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coding_cases.hpp"
#include "nuq/core/level_counts.hpp"
#include "nuq/packed/adaptive_encoder.hpp"
#include "nuq/packed/level_set_encoder.hpp"
#include "nuq/packed/model_view.hpp"
#include "nuq/packed/model_writer.hpp"
#include "nuq/packed/palette_encoder.hpp"
#include "nuq/packed/rans_encoder.hpp"
#include "small_model.hpp"

namespace packed_stored_parts_test {

/// A file of one layer of 64 rows whose levels are in a coding.
struct CodedLayer {
  CodedLayer(std::vector<std::int8_t> levels, nuq::LevelCoding coding)
      : set(nuq::level_set_of(nuq::count_levels(levels))) {
    const nuq::MatrixView<const std::int8_t> matrix(levels.data(), 64, levels.size() / 64);
    nuq::CodedLevels coded{coding, {}};
    if (coding == nuq::LevelCoding::raw) coded.bytes.assign(levels.begin(), levels.end());
    if (coding == nuq::LevelCoding::palette) coded.bytes = nuq::encode_palette(levels);
    if (coding == nuq::LevelCoding::rans) coded.bytes = nuq::encode_rans(matrix);
    if (coding == nuq::LevelCoding::adaptive) coded.bytes = nuq::encode_adaptive(matrix);
    const std::vector<float> scales = random_values(64, 3);
    nuq::PackedModelWriter writer("");
    writer.add_layer("fc", "InnerProduct");
    const auto columns = static_cast<std::int64_t>(levels.size() / 64);
    writer.add_coded_levels({64, columns}, nuq::ScaledLevels{levels, scales, {}}, coded);
    file = writer.finish();
    coded_size = coded.bytes.size();
    static_cast<void>(view.open(file.data(), file.size()));
  }

  [[nodiscard]] nuq::StoredParts parts() const { return nuq::stored_parts(view.layer(0).blob(0)); }

  nuq::LevelSet set;
  std::size_t coded_size = 0;
  std::vector<std::uint8_t> file;
  nuq::PackedModelView view;
};

TEST_CASE("indices, tables and scales are all that a coded blob takes") {
  for (const nuq::LevelCoding coding :
       {nuq::LevelCoding::raw, nuq::LevelCoding::palette, nuq::LevelCoding::rans, nuq::LevelCoding::adaptive}) {
    const CodedLayer layer(bell_levels(64 * 100, 3.0F, 1), coding);
    const nuq::StoredParts parts = layer.parts();
    CHECK(parts.scales == 4 * 64);
    CHECK(parts.indices + parts.tables == layer.coded_size);
    CHECK(parts.values == 0);
  }
}

TEST_CASE("tables are what stands in front of the indices") {
  const std::vector<std::int8_t> levels = bell_levels(64 * 100, 3.0F, 1);
  CHECK(CodedLayer(levels, nuq::LevelCoding::raw).parts().tables == 0);
  const CodedLayer palette(levels, nuq::LevelCoding::palette);
  CHECK(palette.parts().tables == nuq::detail::level_set_bytes(palette.set));
  const CodedLayer adaptive(levels, nuq::LevelCoding::adaptive);
  CHECK(adaptive.parts().tables == nuq::detail::level_set_bytes(adaptive.set) + 1);  // and the size of a group
  const std::size_t of_rans = CodedLayer(levels, nuq::LevelCoding::rans).parts().tables;
  CHECK(of_rans > nuq::detail::level_set_bytes(palette.set));
  CHECK(of_rans < 150);
}

TEST_CASE("blobs that are no levels have values alone") {
  const std::vector<std::uint8_t> file = SmallModel().file();
  nuq::PackedModelView view;
  REQUIRE(view.open(file.data(), file.size()) == nuq::DecodeStatus::ok);
  const nuq::PackedBlob bias = view.layer(0).blob(1);
  CHECK(nuq::stored_parts(bias).values == bias.stored.size());
  CHECK(nuq::stored_parts(bias).indices == 0);
  CHECK(std::string(nuq::coding_name(view.layer(4).blob(1))) == "values");
}

}  // namespace packed_stored_parts_test
