#include <cstdio>

#include <nuq/nuq.hpp>

int main() {
  try {
    (void)nuq::load_graph("no_such_file.prototxt", "");
  } catch (const nuq::Error& error) {
    std::printf("%s\n", error.what());
    return error.code() == nuq::ErrorCode::file_not_readable ? 0 : 1;
  }
  return 1;
}
