# SPDX-License-Identifier: BSD-3-Clause
# Tests of sums and of what is close to them, in the program's other precision: float64, unless CAIRN_REAL is double.
add_library(cairn_test_support_other STATIC ${support})
target_include_directories(cairn_test_support_other BEFORE PUBLIC ${PROJECT_BINARY_DIR}/${CAIRN_OTHER_PRECISION})
target_include_directories(cairn_test_support_other PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include ${PROJECT_SOURCE_DIR}/src
  ${PROJECT_SOURCE_DIR}/tests)
target_compile_definitions(cairn_test_support_other PUBLIC CAIRN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(cairn_test_support_other PUBLIC cairn_instance_${CAIRN_OTHER_PRECISION} cairn_needs cairn_flags PkgConfig::CMOCKA)
set(in_both unit/test_exact_sum unit/test_loader unit/test_checkpoint_match unit/test_optim unit/test_nn_layers unit/test_nn_losses
  mpi/test_sum mpi/test_sum_ranges mpi/test_sum_ways)

foreach(test IN LISTS in_both)
  string(REGEX REPLACE "/test_" "." name ${test})
  string(MAKE_C_IDENTIFIER ${name}_${CAIRN_OTHER_PRECISION} program)
  add_executable(${program} ${test}.c)
  target_link_libraries(${program} PRIVATE cairn_test_support_other)
  set(launcher "")
  if(name MATCHES "^mpi")
    set(launcher ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} 3)
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/at/${program})
  file(MAKE_DIRECTORY ${folder})
  add_test(NAME ${name}.${CAIRN_OTHER_PRECISION} COMMAND ${launcher} $<TARGET_FILE:${program}> WORKING_DIRECTORY ${folder})
  cairn_set_test(${name}.${CAIRN_OTHER_PRECISION} unit)
endforeach()
