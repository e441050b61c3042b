#include "nuq/caffe/factor_record_file.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"
#include "nuq/activation/shift_search.hpp"
#include "nuq/graph/quantization.hpp"

namespace caffe_factor_record_file_test {

const char* const weights_alone =
    "record { key: \"conv\" value { scale_w: 0.5 scale_w: 0.25 offset_w: 0 offset_w: 0 cluster: -3 cluster: 7 } }\n"
    "record { key: \"fc\" value { scale_w: 2 offset_w: 0 } }\n";

TEST_CASE("factors are set in the entry of their layer, and all else stays") {
  const TemporaryFolder folder;
  const std::string file = folder.write("record.txt", weights_alone);
  const auto record = nuq::factor_record_file(file);
  record->record_activation("conv", {{0.125F, -128, true}, {4, 3, 8, 9}});
  record->record_shift("fc", {{3}, false});
  CHECK(folder.read("record.txt") ==
        "record {\n  key: \"conv\"\n  value {\n    scale_d: 0.125\n    offset_d: -128\n    scale_w: 0.5\n    scale_w: "
        "0.25\n    offset_w: 0\n    offset_w: 0\n    channels: 3\n    height: 8\n    width: 9\n    cluster: -3\n    "
        "cluster: 7\n  }\n}\nrecord {\n  key: \"fc\"\n  value {\n    scale_w: 2\n    offset_w: 0\n    shift_bit: 3\n  "
        "}\n}\n");
  CHECK(record->dequantization_scales("conv") == std::vector<float>{0.0625F, 0.03125F});
}

TEST_CASE("channels that share a scale get the largest one, and a second record replaces the first") {
  const TemporaryFolder folder;
  const auto record = nuq::factor_record_file(folder.write("record.txt", weights_alone));
  record->record_shift("conv", {{1, 1}, false});
  record->record_shift("conv", {{5, 5}, true});
  const std::string text = folder.read("record.txt");
  CHECK(text.find("scale_w: 0.5\n    scale_w: 0.5\n    offset_w: 0\n    offset_w: 0\n    shift_bit: 5\n    shift_bit: "
                  "5\n    cluster") != std::string::npos);
}

TEST_CASE("a file that is not there is made, and a path that is empty stands for no record") {
  const TemporaryFolder folder;
  nuq::factor_record_file(folder / "new.txt")->record_activation("fc", {{1.0F, 0, false}, {4, 3}});
  CHECK(folder.read("new.txt") ==
        "record {\n  key: \"fc\"\n  value {\n    scale_d: 1\n    offset_d: 0\n    channels: 3\n    height: 1\n    "
        "width: 1\n  }\n}\n");
  CHECK(nuq::factor_record_file("") == nullptr);
}

TEST_CASE("scales that are not recorded, and a file that is no record, are named") {
  const TemporaryFolder folder;
  const std::string file = folder.write("record.txt", weights_alone);
  const CaughtError missing = error_of<nuq::RecordError>(
      [&] { static_cast<void>(nuq::factor_record_file(file)->dequantization_scales("fc")); });
  CHECK(missing.code == nuq::ErrorCode::missing_record);
  CHECK(missing.says(file + ": layer 'fc'"));
  folder.write("record.txt", "record { nonsense }");
  CHECK(error_of<nuq::RecordError>([&] {
          nuq::factor_record_file(file)->record_activation("fc", {});
        }).says(file + ":1:"));
}

}  // namespace caffe_factor_record_file_test
