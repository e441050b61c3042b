#include <cstdio>

#if defined(NUQ_SINGLE_HEADER)
#include <nuq_packed.hpp>
#else
#include <nuq/packed.hpp>
#endif

int main() {
  const char text[] = "this is no packed file";
  nuq::PackedModelView model;
  const nuq::DecodeStatus status = model.open(text, sizeof text);
  std::printf("%s\n", nuq::status_text(status));
  return status == nuq::DecodeStatus::ok ? 1 : 0;
}
