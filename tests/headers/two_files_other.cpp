#include "all_headers.hpp"

int value_of_the_other_file();

int value_of_the_other_file() {
  return 0;
}
