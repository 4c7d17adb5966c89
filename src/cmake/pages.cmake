# SPDX-License-Identifier: BSD-3-Clause
# The manual and the completion of shells, made by a program that links the tables of the help; only where it runs: a build
# for another machine goes without.  As a script: cmake -DPAGES=<program> -DREADERS=<folder> -DOUT=<folder> -P pages.cmake

if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND ${PAGES} ${READERS} ${OUT} RESULT_VARIABLE failed ERROR_VARIABLE why OUTPUT_QUIET)
  if(NOT failed STREQUAL 0)
    string(STRIP "${failed}: ${why}" why)
    message("-- No pages of the manual and no completion: the program that makes them does not run here (${why})")
    file(REMOVE_RECURSE ${OUT}/man ${OUT}/bash-completion ${OUT}/zsh)
  endif()
  file(TOUCH ${OUT}/pages.made)
  return()
endif()

if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "No pages of the manual and no completion: they are made by a program, which does not run here")
  return()
endif()
set(readers ${PROJECT_SOURCE_DIR}/src/cli/pages)
add_executable(cairn_pages ${readers}/main.c ${readers}/tables.c ${readers}/man.c ${readers}/man_options.c ${readers}/roff.c
  ${readers}/words.c ${readers}/described.c)
set_target_properties(cairn_pages PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
target_include_directories(cairn_pages PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_link_libraries(cairn_pages PRIVATE cairn_commands cairn_internal cairn_flags)
set_source_files_properties(${readers}/main.c PROPERTIES COMPILE_OPTIONS "${CAIRN_BASELINE_FLAG}") # as main.c of the program
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/share/pages.made COMMENT "" VERBATIM
  COMMAND ${CMAKE_COMMAND} "-DPAGES=${CMAKE_CROSSCOMPILING_EMULATOR};$<TARGET_FILE:cairn_pages>" -DREADERS=${readers}
    -DOUT=${CMAKE_BINARY_DIR}/share -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS cairn_pages ${readers}/cairn.bash ${readers}/cairn.zsh ${CMAKE_CURRENT_LIST_FILE})
add_custom_target(cairn_manual ALL DEPENDS ${CMAKE_BINARY_DIR}/share/pages.made)
install(DIRECTORY ${CMAKE_BINARY_DIR}/share/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} OPTIONAL)
install(DIRECTORY ${CMAKE_BINARY_DIR}/share/bash-completion ${CMAKE_BINARY_DIR}/share/zsh DESTINATION ${CMAKE_INSTALL_DATADIR}
  OPTIONAL)
