# SPDX-License-Identifier: BSD-3-Clause
# Writes commit.h at each build, since configuring is older than what is built: cmake -DSOURCE=... -DOUT=... -P

set(commit unknown)
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE failed
    OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed STREQUAL 0)
    execute_process(COMMAND git diff --quiet HEAD WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE dirty ERROR_QUIET)
    set(commit ${head})
    if(NOT dirty STREQUAL 0)
      string(APPEND commit -dirty)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[
/* SPDX-License-Identifier: BSD-3-Clause
 * The commit that is built; written by CMake. */
#define CAIRN_BUILD_COMMIT "@commit@"
]] @ONLY)
