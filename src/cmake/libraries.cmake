# SPDX-License-Identifier: BSD-3-Clause
# The objects of target cairn become
#   cairn_internal   an archive with every symbol: for the program, whose stacks have names thereby, and for tests
#   cairn_shared     libcairn.so, cairn::cairn for users
#   cairn_static     libcairn.a, cairn::cairn_static
# Both libraries are made of one object, linked from all, in which what is not CAIRN_API is local: a linker has nothing
# else to find in either, so they export the same, and no name of ours can meet one of the host's.  The linker is called by its
# own name: CC may be mpicc or Cray's cc, which put libraries of theirs into whatever they link.

add_library(cairn_internal STATIC $<TARGET_OBJECTS:cairn> $<TARGET_OBJECTS:cairn_f64>)
target_include_directories(cairn_internal INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
target_link_libraries(cairn_internal PUBLIC cairn_needs)

# The functions that the public headers mark, a line each
file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/cairn/*.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${headers})
set(exported "")
foreach(header IN LISTS headers)
  file(READ ${header} text)
  string(REGEX MATCHALL "CAIRN_API [^(;#]*cairn_[a-z0-9_]+\\(" prototypes "${text}")
  list(TRANSFORM prototypes REPLACE ".*(cairn_[a-z0-9_]+)\\($" "\\1\n")
  string(APPEND exported ${prototypes})
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/exported CONTENT "${exported}" @ONLY)

set(whole ${CMAKE_CURRENT_BINARY_DIR}/whole.o)
add_custom_command(OUTPUT ${whole} COMMENT "Linking all objects into one" VERBATIM
  COMMAND ${CMAKE_LINKER} -r -o ${whole} --whole-archive $<TARGET_FILE:cairn_internal>
  COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${CMAKE_CURRENT_BINARY_DIR}/exported ${whole}
  DEPENDS cairn_internal ${CMAKE_CURRENT_BINARY_DIR}/exported)
add_custom_target(cairn_whole DEPENDS ${whole})

foreach(kind SHARED STATIC)
  string(TOLOWER cairn_${kind} library)
  add_library(${library} ${kind} ${whole})
  add_dependencies(${library} cairn_whole)
  set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  target_include_directories(${library} INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(${library} PRIVATE cairn_needs)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME cairn LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endforeach()
if(CAIRN_SANITIZE)
  target_link_options(cairn_shared PRIVATE -fsanitize=${CAIRN_SANITIZE})
else()
  target_link_options(cairn_shared PRIVATE -Wl,--no-undefined)
endif()
add_library(cairn::cairn ALIAS cairn_shared)
add_library(cairn::cairn_static ALIAS cairn_static)
