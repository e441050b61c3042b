# Builds the documentation and fails where it has a warning: a class, function, type or constant of the library without a comment, a markup that is not understood.
# Members need no comment where their name says it all, nor do the overloads by which an operation tells its shapes.
execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD_DIR} --target nuq_docs RESULT_VARIABLE status)
if(NOT status EQUAL 0 OR NOT EXISTS ${BUILD_DIR}/html/namespacenuq.html)
  message(FATAL_ERROR "nuq_docs is not built")
endif()
file(STRINGS ${BUILD_DIR}/nuq_docs_warnings.txt warnings REGEX "warning:|error:")
list(FILTER warnings EXCLUDE REGEX "Member .* of (struct|class) .* is not documented")
list(FILTER warnings EXCLUDE REGEX "Member (output_shapes|blob_count|blob_shape)\\(.* of namespace nuq::ops is not documented")
# References to headings, as GitHub names them, are checked by the test `links`.
list(FILTER warnings EXCLUDE REGEX "unable to resolve reference to")
list(FILTER warnings EXCLUDE REGEX "Member Policies\\(.* -> Policies<")
if(warnings)
  list(JOIN warnings "\n" text)
  message(FATAL_ERROR "${text}")
endif()
