/* SPDX-License-Identifier: BSD-3-Clause
 * A copy of the lines in a file.  It never ends a run: a disk that refuses it ends the copy. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cairn/version.h"

enum { EARLY_BYTES = 4096, TIME_BYTES = 32, LINE_BYTES = 4096 + 128 };

static const char begins[] = "cairn " CAIRN_VERSION " begins";

static int copy = -1;
static char early[EARLY_BYTES]; /* lines from before there was a file; later ones are nobody's */
static size_t n_early;
static bool began; /* a first file was named, or is not to be */

/* "2026-11-29T23:31:30Z " */
static size_t put_time(char text[TIME_BYTES])
{
    const time_t now = time(NULL);
    struct tm utc;
    return strftime(text, TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ ", gmtime_r(&now, &utc));
}

static void close_copy(void)
{
    if (copy >= 0) close(copy);
    copy = -1;
    began = true;
}

static void put(const char *text, size_t n)
{
    if (copy < 0) {
        if (began || n_early + n > sizeof early) return;
        memcpy(early + n_early, text, n);
        n_early += n;
    } else if (write(copy, text, n) != (ssize_t)n) {
        close_copy();
    }
}

void cairn_log_copy(const char *before, const char *line)
{
    char text[LINE_BYTES];
    char when[TIME_BYTES];
    put_time(when);
    const int n =
        snprintf(text, sizeof text, "%s%s%.*s\n", when, before, (int)strcspn(line, "\n"), line);
    const size_t most = sizeof text - 1;
    put(text, (size_t)n < most ? (size_t)n : most);
}

/* Whether a file begins as a copy does: a time, and our first line, of any version. */
static bool is_ours(int fd)
{
    char text[TIME_BYTES + sizeof begins];
    char when[TIME_BYTES];
    const size_t n_time = put_time(when);
    const ssize_t n = pread(fd, text, sizeof text - 1, 0);
    const size_t wanted = n_time + strlen("cairn ");
    return n >= (ssize_t)wanted && text[n_time - 2] == 'Z' &&
           strncmp(text + n_time, "cairn ", strlen("cairn ")) == 0;
}

bool cairn_log_is_copy(int folder, const char *name)
{
    const int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool ours = fd >= 0 && is_ours(fd);
    if (fd >= 0) close(fd);
    return ours;
}

void cairn_log_copy_to(const char *path)
{
    close_copy();
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, CAIRN_FILE_MODE);
    const bool known = fd < 0;
    if (known && cairn_file_open(path, O_RDWR | O_APPEND, &fd) != CAIRN_OK) {
        cairn_log_warning("%s; it gets no copy of these lines", cairn_error_text());
        return;
    }
    if (fd < 0) return;          /* a folder that takes no file says so with the next one */
    if (known && !is_ours(fd)) { /* empty: a shell has made it, to write these lines there */
        close(fd);
        cairn_log_info("%s is no log of Cairn's: it stays as it is", path);
        return;
    }
    copy = fd;
    cairn_log_copy("", begins);
    put(early, n_early);
    n_early = 0;
}

void cairn_log_copy_end(void)
{
    close_copy();
    n_early = 0;
}

bool cairn_log_has_copy(void)
{
    return copy >= 0;
}
