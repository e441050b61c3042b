# nuq_add_compiled_library(<target> <include folder>)
#
# Builds the functions of nuq's headers that are no templates, once, in the build tree of the caller. Who links <target> sees their declarations alone (see nuq/compiled.hpp).
# Each room is a static library <target>_<room> of one source, which includes every header with definitions of that room, and links the rooms below it; <target> links them all.
# Needs the target nuq::nuq. Where there is nuq::onnx, <target>_onnx is made too, which links <target>.

# Lower floors first, as in the table of include/nuq/README.md.
set(NUQ_COMPILED_ROOMS core io activation search quantize packed graph caffe ascend engine amct report dataset calibration sensitivity evaluation workflow
    CACHE INTERNAL "Rooms that nuq::compiled may hold, for callers in any directory")

# Rooms that read files, write them and keep account of trials: no time is spent there that more than -O1 would save, but in compiling them.
set(NUQ_LIGHT_ROOMS caffe onnx amct report evaluation CACHE INTERNAL "Rooms of nuq::compiled that Release builds compile at -O1")

function(nuq_add_compiled_library target include_dir)
  file(GLOB_RECURSE headers RELATIVE "${include_dir}" "${include_dir}/nuq/*.hpp")
  foreach(header IN LISTS headers)
    file(STRINGS "${include_dir}/${header}" marks REGEX "^#if NUQ_DEFINES\\([A-Z]+\\)|^NUQ_INSTANTIATION\\([A-Z]+\\)")
    foreach(mark IN LISTS marks)
      string(REGEX MATCH "\\(([A-Z]+)\\)" _ "${mark}")
      string(TOLOWER ${CMAKE_MATCH_1} room)
      if(NOT room IN_LIST NUQ_COMPILED_ROOMS AND NOT room STREQUAL onnx)
        message(FATAL_ERROR "nuq_add_compiled_library: ${header}: room '${room}' is not among ${NUQ_COMPILED_ROOMS}")
      endif()
      list(APPEND headers_of_${room} ${header})
    endforeach()
  endforeach()

  set(below nuq::nuq)
  set(rooms ${NUQ_COMPILED_ROOMS})
  if(TARGET nuq::onnx)
    list(APPEND rooms onnx)
  endif()
  foreach(room IN LISTS rooms)
    set(library ${target}_${room})
    list(REMOVE_DUPLICATES headers_of_${room})
    string(TOUPPER ${room} name)
    set(content "#define NUQ_DEFINES_${name} 1\n#include \"nuq/compiled.hpp\"\n")
    foreach(header IN LISTS headers_of_${room})
      string(APPEND content "#include \"${header}\"\n")
    endforeach()
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_generated/${room}.cpp")
    file(GENERATE OUTPUT "${source}" CONTENT "${content}")
    add_library(${library} STATIC EXCLUDE_FROM_ALL "${source}")
    target_compile_definitions(${library} PUBLIC NUQ_COMPILED)
    target_link_libraries(${library} PUBLIC ${below})
    set_target_properties(${library} PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${library} PRIVATE -fno-semantic-interposition)  # else position-independent functions of one file are not inlined into each other
    endif()
    if(room IN_LIST NUQ_LIGHT_ROOMS)
      target_compile_options(${library} PRIVATE $<$<AND:$<CXX_COMPILER_ID:GNU,Clang,AppleClang>,$<CONFIG:Release>>:-O1>)
    endif()
    if(room STREQUAL onnx)
      target_link_libraries(${library} PUBLIC nuq::onnx)
    else()
      set(below ${library})
    endif()
  endforeach()
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE ${below})
endfunction()
