# SPDX-License-Identifier: BSD-3-Clause
# The program computes in either precision (train.precision).  Every source is compiled once more with the other one as
# cairn_real; all names of that instance end in _float64 (_float32 where CAIRN_REAL is double), so that both are in one program.
# main.c alone knows of both.

set(other float64)
set(CAIRN_REAL_OTHER double)
if(CAIRN_REAL STREQUAL double)
  set(other float32)
  set(CAIRN_REAL_OTHER float)
endif()
set(CAIRN_OTHER_PRECISION ${other} PARENT_SCOPE) # for tests
set(folder ${PROJECT_BINARY_DIR}/${other})

# cairn/real.h and the public headers beside it, which include it from their own folder
function(configure_real real bits file)
  set(CAIRN_REAL ${real})
  set(CAIRN_REAL_BITS ${bits})
  configure_file(${PROJECT_SOURCE_DIR}/src/cmake/real.h.in ${file})
endfunction()
configure_real(${CAIRN_REAL_OTHER} ${CAIRN_REAL_BITS_${CAIRN_REAL_OTHER}} ${folder}/cairn/real.h)

foreach(target cairn cairn_f64 cairn_commands)
  get_target_property(sources ${target} SOURCES)
  get_target_property(place ${target} SOURCE_DIR)
  list(TRANSFORM sources PREPEND ${place}/ REGEX "^[^/]")
  get_target_property(definitions ${target} COMPILE_DEFINITIONS)
  add_library(${target}_${other} OBJECT ${sources})
  set_target_properties(${target}_${other} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${target}_${other} BEFORE PRIVATE ${folder})
  target_include_directories(${target}_${other} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include
    ${PROJECT_SOURCE_DIR}/src ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target}_${other} PRIVATE cairn_flags cairn_needs)
  if(definitions)
    target_compile_definitions(${target}_${other} PRIVATE ${definitions})
  endif()
endforeach()

set(instance ${CMAKE_CURRENT_BINARY_DIR}/instance_${other}.o)
add_library(cairn_instance_${other} STATIC $<TARGET_OBJECTS:cairn_${other}> $<TARGET_OBJECTS:cairn_f64_${other}>
  $<TARGET_OBJECTS:cairn_commands_${other}>)
add_custom_command(OUTPUT ${instance} COMMENT "Linking the instance of ${other}" VERBATIM
  COMMAND ${CMAKE_LINKER} -r -o ${instance} --whole-archive $<TARGET_FILE:cairn_instance_${other}>
  COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY} -DOBJECT=${instance} -DSUFFIX=_${other}
    -P ${CMAKE_CURRENT_LIST_DIR}/rename.cmake
  DEPENDS cairn_instance_${other} ${CMAKE_CURRENT_LIST_DIR}/rename.cmake)
add_custom_target(cairn_instance DEPENDS ${instance})
add_dependencies(cairn_program cairn_instance)
target_link_libraries(cairn_program PRIVATE ${instance})
set_property(TARGET cairn_program APPEND PROPERTY LINK_DEPENDS ${instance})
