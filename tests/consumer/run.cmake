# Builds the consumer project in folder APP and runs its PROGRAMS (a,b). find_package: against an installed tree that was moved
# after installing; fetch_content: from an archive of the source tree; add_subdirectory: from the source tree.
include(${CMAKE_CURRENT_LIST_DIR}/run_command.cmake)

file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(arguments -S ${SOURCE_DIR}/tests/consumer/${APP} -B ${WORK_DIR}/build -G ${GENERATOR} -DWAY=${WAY} -DCMAKE_CXX_COMPILER=${CXX})
if(WAY STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${WORK_DIR}/installed)
  file(RENAME ${WORK_DIR}/installed ${WORK_DIR}/moved)
  list(APPEND arguments -DCMAKE_PREFIX_PATH=${WORK_DIR}/moved)
elseif(WAY STREQUAL "fetch_content")
  execute_process(COMMAND ${CMAKE_COMMAND} -E tar cz ${WORK_DIR}/nuq.tar.gz CMakeLists.txt LICENSE include proto
                  WORKING_DIRECTORY ${SOURCE_DIR} COMMAND_ERROR_IS_FATAL ANY)
  list(APPEND arguments -DNUQ_ARCHIVE=${WORK_DIR}/nuq.tar.gz)
else()
  list(APPEND arguments -DNUQ_SOURCE_DIR=${SOURCE_DIR})
endif()
run(${CMAKE_COMMAND} ${arguments})
string(REPLACE "," ";" programs "${PROGRAMS}")
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build --target ${programs})
foreach(program IN LISTS programs)
  run(${WORK_DIR}/build/${program})
endforeach()
