# Builds one plugin twice, as two vendors would, with packages of their own, and loads both into one program.
include(${CMAKE_CURRENT_LIST_DIR}/../run_command.cmake)

file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})
set(arguments -S ${CMAKE_CURRENT_LIST_DIR} -G ${GENERATOR} -DCMAKE_CXX_COMPILER=${CXX} -DNUQ_SOURCE_DIR=${SOURCE_DIR})
run(${CMAKE_COMMAND} ${arguments} -B ${WORK_DIR}/first)
run(${CMAKE_COMMAND} ${arguments} -B ${WORK_DIR}/second -DNUQ_PROTO_PACKAGE=second.vendor.proto)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/first)
run(${CMAKE_COMMAND} --build ${WORK_DIR}/second --target plugin)
run(${WORK_DIR}/first/host ${WORK_DIR}/first/plugin.so ${WORK_DIR}/second/plugin.so)
