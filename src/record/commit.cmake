# SPDX-License-Identifier: BSD-3-Clause
# Writes the commit that is built: cmake -DSOURCE=<folder> -DOUT=<header> -P commit.cmake

set(commit "$Format:%H$") # git archive, which makes releases, puts the commit here (.gitattributes)
if(NOT commit MATCHES "^[0-9a-f]+$")
  set(commit unknown)
endif()
if(EXISTS ${SOURCE}/.git)
  execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY ${SOURCE} RESULT_VARIABLE failed
                  OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed STREQUAL 0)
    execute_process(COMMAND git diff --quiet HEAD WORKING_DIRECTORY ${SOURCE}
                    RESULT_VARIABLE differs ERROR_QUIET)
    set(commit ${head})
    if(NOT differs STREQUAL 0)
      string(APPEND commit -dirty)
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUT} CONTENT [[
/* SPDX-License-Identifier: BSD-3-Clause
 * The commit that is built.  Written by CMake; not in the repository. */
#ifndef CAIRN_REPORT_COMMIT_H
#define CAIRN_REPORT_COMMIT_H

#define CAIRN_BUILD_COMMIT "@commit@"

#endif
]] @ONLY)
