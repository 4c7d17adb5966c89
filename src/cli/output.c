/* SPDX-License-Identifier: BSD-3-Clause
 * Standard output. */
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

/* NFS says at a close that the disk is full. */
static bool closes_well(void)
{
    int copy = dup(STDOUT_FILENO);
    return copy >= 0 && close(copy) == 0;
}

/* Of a pipe, a socket or a terminal. */
static bool reader_has_gone(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&output, 1, 0) == 1 && (output.revents & (POLLERR | POLLHUP)) != 0;
}

cairn_status cairn_output_flush(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout) && closes_well()) return CAIRN_OK;
    /* A write that failed long ago has left no number; what arrived is not whole anyhow. */
    if (errno == 0) (void)!write(STDOUT_FILENO, "\n", 1);
    const int error = errno;
    if (reader_has_gone()) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES, "standard output cannot be written: %s%s",
                      error == 0 ? "an earlier write failed, so what is there has gaps"
                                 : strerror(error),
                      cairn_file_advice(error));
}
