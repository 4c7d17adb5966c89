# SPDX-License-Identifier: BSD-3-Clause
# Every global name that OBJECT defines ends in SUFFIX from now on.
execute_process(COMMAND ${NM} --defined-only --extern-only --format=posix ${OBJECT} OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "([^ \n]+) [^\n]*\n" "\\1 \\1${SUFFIX}\n" names "${names}")
file(WRITE ${OBJECT}.names "${names}")
execute_process(COMMAND ${OBJCOPY} --redefine-syms=${OBJECT}.names ${OBJECT} COMMAND_ERROR_IS_FATAL ANY)
