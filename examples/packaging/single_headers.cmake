# The target nuq_single_headers writes single_include/nuq_core.hpp and single_include/nuq_packed.hpp in the build tree.
file(GLOB_RECURSE nuq_all_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/nuq/*.hpp)
set(nuq_single_headers "")
foreach(name IN ITEMS core packed)
  set(output ${PROJECT_BINARY_DIR}/single_include/nuq_${name}.hpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DINCLUDE_DIR=${PROJECT_SOURCE_DIR}/include -DHEADER=nuq/${name}.hpp -DOUTPUT=${output}
            -P ${CMAKE_CURRENT_LIST_DIR}/join_headers.cmake
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/join_headers.cmake ${nuq_all_headers}
    VERBATIM)
  list(APPEND nuq_single_headers ${output})
endforeach()
add_custom_target(nuq_single_headers DEPENDS ${nuq_single_headers})
