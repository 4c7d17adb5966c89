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

# cairn-mpirun(1): what the script says at its head, from its third line on, as roff
set(script ${PROJECT_SOURCE_DIR}/launch/cairn-mpirun)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script})
file(READ ${script} text)
string(REGEX REPLACE "^[^\n]*\n[^\n]*\n# ([^\n]*)\n#\n((#[^\n]*\n)+).*" ".SH SYNOPSIS\n\\1\n.SH DESCRIPTION\n\\2" text "${text}")
string(REGEX REPLACE "\n#\n" "\n.PP\n" text "${text}")
string(REGEX REPLACE "\n# " "\n" text "${text}")
string(REGEX REPLACE "([].,;])  ?([^ ])" "\\1\n\\2" text "${text}") # lines as short as in other pages
string(REPLACE "-" "\\-" text "${text}")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/launch/cairn-mpirun.1 @ONLY CONTENT [[
.\" Made by Cairn's build from the head of cairn-mpirun.
.TH "CAIRN\-MPIRUN" 1 "" "Cairn @PROJECT_VERSION@" "Cairn"
.SH NAME
cairn\-mpirun \- starts the ranks of cairn by mpirun
@text@.SH SEE ALSO
.BR cairn (1),
.BR mpirun (1)
]])
install(FILES ${PROJECT_BINARY_DIR}/launch/cairn-mpirun.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

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
