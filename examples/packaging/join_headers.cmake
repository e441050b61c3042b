# cmake -DINCLUDE_DIR=… -DHEADER=nuq/packed.hpp -DOUTPUT=nuq_packed.hpp -P join_headers.cmake
#
# Writes a header and every header of nuq that it includes, each at its first place, into one file that needs no folder of nuq. Includes of others stay as they are.

cmake_minimum_required(VERSION 3.16)

file(READ "${INCLUDE_DIR}/nuq/version.hpp" version_header)
foreach(part MAJOR MINOR PATCH)
  string(REGEX MATCH "#define NUQ_VERSION_${part} ([0-9]+)" _ "${version_header}")
  list(APPEND version ${CMAKE_MATCH_1})
endforeach()
list(JOIN version "." version)

set(included "")

# Appends the text of a header to `text`, its own includes in their places.
function(append_header header)
  file(READ "${INCLUDE_DIR}/${header}" rest)
  set(mark "#include \"nuq/")
  while(TRUE)
    string(FIND "${rest}" "\n${mark}" start)
    if(start EQUAL -1)
      string(APPEND text "${rest}")
      break()
    endif()
    math(EXPR start "${start} + 1")
    string(SUBSTRING "${rest}" 0 ${start} before)
    string(SUBSTRING "${rest}" ${start} -1 rest)
    string(FIND "${rest}" "\n" end)
    string(SUBSTRING "${rest}" 0 ${end} line)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    string(REGEX REPLACE "^#include \"(.*)\".*$" "\\1" name "${line}")
    string(APPEND text "${before}")
    if(NOT name IN_LIST included)
      list(APPEND included ${name})
      append_header(${name})
    endif()
  endwhile()
  set(included ${included} PARENT_SCOPE)
  set(text "${text}" PARENT_SCOPE)
endfunction()

set(text "// ${HEADER} of nuq ${version} and all that it includes, made of the headers in include/nuq: change these.
// Licensed under the Apache License, Version 2.0. Not to be mixed in one program with the library nuq::compiled.
#if defined(NUQ_COMPILED)
#error \"[nuq] this single header is the header-only library: it does not go with nuq::compiled\"
#endif
")
append_header(${HEADER})
file(WRITE "${OUTPUT}.tmp" "${text}")
file(RENAME "${OUTPUT}.tmp" "${OUTPUT}")
