#include "nuq/dataset/image_list.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../error_of.hpp"
#include "../temporary_folder.hpp"

namespace dataset_image_list_test {

using Names = std::vector<std::string>;
using Labels = std::vector<std::int64_t>;

TEST_CASE("a list keeps its order, and finds its files beside itself") {
  const TemporaryFolder folder;
  const std::string path = folder.write("list.txt", "b.png 7\r\n\n  sub/a b.jpg\t12 \n/c.png\nd 4 x.png");
  const nuq::ImageList list = nuq::read_image_list(path);
  CHECK(list.file == path);
  CHECK(list.names == Names{"b.png", "sub/a b.jpg", "/c.png", "d 4 x.png"});
  CHECK(list.paths == Names{folder / "b.png", folder / "sub/a b.jpg", "/c.png", folder / "d 4 x.png"});
}

TEST_CASE("a folder gives its images by name") {
  const TemporaryFolder folder;
  for (const std::string name : {"b.png", "a.JPG", "c.jpeg", "labels.txt", "B.PNG"}) folder.write(name, "x");
  std::filesystem::create_directory(folder / "deeper");
  const nuq::ImageList list = nuq::read_image_list(folder.path());
  CHECK(list.file.empty());
  CHECK(list.names == Names{"B.PNG", "a.JPG", "b.png", "c.jpeg"});
  CHECK(list.paths[1] == folder / "a.JPG");
}

TEST_CASE("no images are an error") {
  const TemporaryFolder folder;
  CHECK(error_of<nuq::FormatError>([&] {
          static_cast<void>(nuq::read_image_list(folder.path()));
        }).says("holds no .jpg, .jpeg or .png files"));
  folder.write("list.txt", "\n \n");
  CHECK(error_of<nuq::FormatError>([&] {
          static_cast<void>(nuq::read_image_list(folder / "list.txt"));
        }).says("list.txt: names no image files"));
  CHECK(error_of<nuq::FormatError>([&] { static_cast<void>(nuq::read_image_list(folder / "none")); }).says("none"));
}

TEST_CASE("labels stand alone on their lines, or behind names") {
  const std::vector<nuq::NamedLabel> labels = nuq::parse_labels("3\n\n -1 \r\nan image.png 12\n", "l.txt");
  REQUIRE(labels.size() == 3);
  CHECK(labels[0].name.empty());
  CHECK(labels[0].label == 3);
  CHECK(labels[1].label == -1);
  CHECK(labels[2].name == "an image.png");
  CHECK(labels[2].label == 12);
  for (const std::string line : {"cat", "a.png 1.5", "a.png 99999999999999999999", "1,2"}) {
    CAPTURE(line);
    CHECK(error_of<nuq::FormatError>([&] {
            static_cast<void>(nuq::parse_labels("0\n\n" + line, "l.txt"));
          }).says("l.txt:3: '" + line + "': wanted a label, or a name and a label"));
  }
}

TEST_CASE("labels go to images by name, or line by line") {
  const nuq::ImageList images{"", {"a", "b"}, {"x/a", "x/b"}};
  const auto labels_of = [&images](const std::string& text) {
    return nuq::labels_of(images, nuq::parse_labels(text, "l.txt"), "l.txt");
  };
  const auto problem_of = [&](const std::string& text) {
    return error_of<nuq::FormatError>([&] { static_cast<void>(labels_of(text)); });
  };
  CHECK(labels_of("4\n5\n") == Labels{4, 5});
  CHECK(labels_of("b 5\nc 6\na 4\n") == Labels{4, 5});
  CHECK(problem_of("4\n").says("l.txt: holds 1 labels, there are 2 images"));
  CHECK(problem_of("").says("holds 0 labels"));
  CHECK(problem_of("b 5\n").says("l.txt: image 'a' has no label"));
  CHECK(problem_of("b 5\na 4\nb 6\n").says("image 'b' has two labels"));
  CHECK(problem_of("b 5\n4\n").says("image 'a' has no label"));
}

}  // namespace dataset_image_list_test
