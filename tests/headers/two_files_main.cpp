#include "all_headers.hpp"

int value_of_the_other_file();

int main() {
  return value_of_the_other_file();
}
