# nuq_add_proto_library(<target> [PACKAGE <package>])
#
# Compiles nuq's protobuf schemas, in the build tree of the caller and with the caller's protoc, into the static library <target>.
# It carries `nuq/proto_schema.hpp` too, the one header through which nuq's own headers reach the generated classes: there their namespace has the name nuq::schema.
# `nuq/proto_names.hpp` declares the messages alone, for declarations of functions that take or return them.
#
# nuq_add_onnx_proto_library(<target> [PACKAGE <package>])
#
# The same of the ONNX schema: `nuq/onnx_schema.hpp` (namespace nuq::onnx_schema) and `nuq/onnx_names.hpp`. Its package is <package> with `onnx` before its last part: nuq.onnx.proto.
#
# <package> is NUQ_PROTO_PACKAGE, by default nuq.proto. Two libraries of one process that each carry the schemas need different packages: with `acme.proto` the messages are in
# package acme.proto (C++: acme::proto), the files are acme/*.proto.

set(NUQ_PROTO_PACKAGE "nuq.proto" CACHE STRING "Protobuf package of nuq's schemas; must end in .proto")
mark_as_advanced(NUQ_PROTO_PACKAGE)

set(NUQ_PROTO_DIR "${CMAKE_CURRENT_LIST_DIR}/nuq" CACHE INTERNAL "Where nuq's schemas are, for callers in any directory")

function(nuq_add_proto_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE" "")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "nuq_add_proto_library: unexpected arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  nuq_checked_proto_package(package "${arg_PACKAGE}")
  nuq_compile_schemas(${target} "${package}" "nuq.proto" proto schema caffe calibration_config scale_offset_record)
endfunction()

function(nuq_add_onnx_proto_library target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE" "")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "nuq_add_onnx_proto_library: unexpected arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  nuq_checked_proto_package(package "${arg_PACKAGE}")
  string(REGEX REPLACE "proto$" "onnx.proto" package "${package}")
  nuq_compile_schemas(${target} "${package}" "nuq.onnx.proto" onnx onnx_schema onnx)
endfunction()

function(nuq_checked_proto_package result package)
  if(NOT package)
    set(package "${NUQ_PROTO_PACKAGE}")
  endif()
  if(NOT package MATCHES "^([A-Za-z_][A-Za-z0-9_]*\\.)+proto$")
    message(FATAL_ERROR "nuq_proto.cmake: package '${package}': want a dotted name that ends in .proto, such as acme.proto")
  endif()
  set(${result} "${package}" PARENT_SCOPE)
endfunction()

# Schemas of `nuq_package` as `package`, behind the headers nuq/<header>_schema.hpp and nuq/<header>_names.hpp, which call its namespace nuq::<alias>.
function(nuq_compile_schemas target package nuq_package header alias)

  if(NOT TARGET protobuf::libprotobuf)
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)  # for whoever links <target> from another directory; before CMake 3.24 they find Protobuf themselves
    find_package(Protobuf CONFIG QUIET)        # knows the Abseil libraries that protobuf needs since 22
    if(NOT TARGET protobuf::libprotobuf)
      find_package(Protobuf REQUIRED)
    endif()
  endif()

  string(REGEX REPLACE "(\\.onnx)?\\.proto$" "" folder "${package}")
  string(REPLACE "." "/" folder "${folder}")
  string(REPLACE "." "::" namespace "${package}")
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${target}_generated")

  set(protoc "$<TARGET_FILE:protobuf::protoc>")
  if(Protobuf_PROTOC_EXECUTABLE)  # the host's protoc in a cross build
    set(protoc "${Protobuf_PROTOC_EXECUTABLE}")
  endif()

  set(sources "")
  set(includes "")
  set(names "")
  foreach(name IN LISTS ARGN)
    set(original "${NUQ_PROTO_DIR}/${name}.proto")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${original}")
    file(READ "${original}" schema)
    string(REPLACE "package ${nuq_package};" "package ${package};" schema "${schema}")
    file(GENERATE OUTPUT "${generated}/${folder}/${name}.proto" CONTENT "${schema}")
    add_custom_command(
      OUTPUT "${generated}/${folder}/${name}.pb.cc" "${generated}/${folder}/${name}.pb.h"
      COMMAND "${protoc}" "--proto_path=${generated}" "--cpp_out=${generated}" "${folder}/${name}.proto"
      DEPENDS "${generated}/${folder}/${name}.proto"
      COMMENT "Compiling ${folder}/${name}.proto"
      VERBATIM)
    list(APPEND sources "${generated}/${folder}/${name}.pb.cc" "${generated}/${folder}/${name}.pb.h")
    string(REGEX MATCHALL "\nmessage [A-Za-z0-9]+" messages "${schema}")
    list(TRANSFORM messages REPLACE "\nmessage (.*)" "class \\1")
    list(APPEND names ${messages})
    string(APPEND includes "#include \"${folder}/${name}.pb.h\"\n")
  endforeach()
  string(TOUPPER ${header} guard)
  file(GENERATE OUTPUT "${generated}/nuq/${header}_schema.hpp" CONTENT
"#ifndef NUQ_${guard}_SCHEMA_HPP
#define NUQ_${guard}_SCHEMA_HPP

${includes}
namespace nuq {
namespace ${alias} = ::${namespace};
}

#endif  // NUQ_${guard}_SCHEMA_HPP
")
  list(JOIN names ";\n" names)
  file(GENERATE OUTPUT "${generated}/nuq/${header}_names.hpp" CONTENT
"#ifndef NUQ_${guard}_NAMES_HPP
#define NUQ_${guard}_NAMES_HPP

namespace ${namespace} {
${names};
}
namespace nuq {
namespace ${alias} = ::${namespace};
}

#endif  // NUQ_${guard}_NAMES_HPP
")

  add_library(${target} STATIC ${sources})
  target_compile_features(${target} PUBLIC cxx_std_17)
  target_include_directories(${target} SYSTEM PUBLIC "${generated}")
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf)
  target_compile_options(${target} PRIVATE $<IF:$<CXX_COMPILER_ID:MSVC>,/w,-w>)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O0>)  # the loops over weights are in protobuf itself; this is half the time of compiling it
  endif()
  set_target_properties(${target} PROPERTIES
    POSITION_INDEPENDENT_CODE ON
    UNITY_BUILD OFF
    CXX_CLANG_TIDY ""
    CXX_CPPCHECK ""
    CXX_INCLUDE_WHAT_YOU_USE "")
endfunction()
