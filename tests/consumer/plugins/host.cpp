// Loads plugins that know nothing of each other and calls each of them, twice in turn.

#include <dlfcn.h>

#include <cstdio>
#include <fstream>
#include <vector>

namespace {

using CountLayers = int (*)(const char*);

CountLayers loaded(const char* plugin) {
  void* const library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::printf("%s\n", dlerror());
    return nullptr;
  }
  return reinterpret_cast<CountLayers>(dlsym(library, "count_layers"));
}

}  // namespace

int main(int count, char** arguments) {
  constexpr char model_file[] = "plugins.prototxt";
  std::ofstream(model_file)
      << "input: 'data' input_shape { dim: 1 dim: 2 } layer { name: 'relu' type: 'ReLU' bottom: 'data' top: 'data' }";
  std::vector<CountLayers> plugins;
  for (int plugin = 1; plugin < count; ++plugin) plugins.push_back(loaded(arguments[plugin]));
  for (int pass = 0; pass < 2; ++pass) {
    for (const CountLayers count_layers : plugins) {
      if (count_layers == nullptr || count_layers(model_file) != 1) return 1;
    }
  }
  return plugins.size() == 2 ? 0 : 1;
}
