/* SPDX-License-Identifier: BSD-3-Clause
 * gnuplot as a child process. */
#include "report/gnuplot.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"

extern char **environ;

enum { IN, OUT, ERR, N_FILES };

/* A file for this process and its child alone; -1 where there is none. */
static int open_nameless(void)
{
    char path[CAIRN_PATH_BYTES];
    const char *folder = getenv("TMPDIR");
    if (folder == NULL || *folder != '/') folder = "/tmp";
    int n = snprintf(path, sizeof path, "%s/cairn-XXXXXX", folder);
    if (n < 0 || (size_t)n >= sizeof path) return -1;
    int fd = mkstemp(path); /* for nobody else */
    if (fd >= 0) unlink(path);
    return fd;
}

/* Start gnuplot with these three files; what cairn_process_start() says. */
static int spawn(const int fd[N_FILES], const char *argument, pid_t *child)
{
    char program[] = "gnuplot";
    char plain[] = "-d";
    char text[16];
    posix_spawn_file_actions_t files;
    snprintf(text, sizeof text, "%s", argument);
    char *arguments[] = {program, plain, text, NULL};
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0) return error;
    for (int i = 0; i < N_FILES && error == 0; i++)
        error = posix_spawn_file_actions_adddup2(&files, fd[i], i);
    for (int i = 0; i < N_FILES && error == 0; i++)
        if (fd[i] >= N_FILES) error = posix_spawn_file_actions_addclose(&files, fd[i]);
    if (error == 0) error = cairn_process_start(child, program, &files, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Wait for it; how it ended, 0 for well. */
static int end_of(pid_t child)
{
    int how = 0;
    while (waitpid(child, &how, 0) < 0)
        if (errno != EINTR) return -1;
    return how;
}

static void close_all(const int fd[N_FILES])
{
    for (int i = 0; i < N_FILES; i++)
        if (fd[i] >= 0) close(fd[i]);
}

static cairn_status open_all(int fd[N_FILES])
{
    for (int i = 0; i < N_FILES; i++) {
        fd[i] = open_nameless();
        if (fd[i] < 0) return cairn_file_refused("$TMPDIR or /tmp", "files cannot be made");
    }
    return CAIRN_OK;
}

/* All of a file, with a NUL after it. */
static cairn_status read_all(int fd, char **text, size_t *n)
{
    struct stat about;
    size_t done = 0;
    if (fstat(fd, &about) != 0) return cairn_file_refused("$TMPDIR or /tmp", "cannot be read");
    size_t size = (size_t)about.st_size;
    CAIRN_TRY(cairn_memory_get(size + 1, 1, "a picture", text));
    while (done < size) {
        ssize_t got = pread(fd, *text + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        done += (size_t)got;
    }
    if (done < size) {
        free(*text);
        *text = NULL;
        return cairn_file_refused("$TMPDIR or /tmp", "cannot be read");
    }
    *n = size;
    return CAIRN_OK;
}

/* What gnuplot had to say, in one line. */
static cairn_status complain(int fd, int how)
{
    char *text = NULL;
    size_t n = 0;
    if (WIFSIGNALED(how)) /* one that was sent to the whole job, say */
        return cairn_fail(CAIRN_FILES, "gnuplot was ended by a signal (%s)",
                          strsignal(WTERMSIG(how)));
    CAIRN_TRY(read_all(fd, &text, &n));
    cairn_status st = cairn_fail(CAIRN_BUG, "gnuplot failed: %.300s", n == 0 ? "no reason" : text);
    free(text);
    return st;
}

static cairn_status run(const int fd[N_FILES], char **picture, size_t *n_picture)
{
    pid_t child = 0;
    int error = spawn(fd, "-", &child);
    if (error == ENOENT)
        return cairn_fail(CAIRN_USAGE, "gnuplot, which draws the charts, is not installed: apt-get "
                                       "install gnuplot-nox, dnf install gnuplot-minimal");
    if (error != 0) return cairn_fail(CAIRN_FILES, "gnuplot cannot run: %s", strerror(error));
    int how = end_of(child);
    char *text = NULL;
    size_t n = 0;
    CAIRN_TRY(read_all(fd[OUT], &text, &n));
    if (how != 0 || n == 0) {
        free(text);
        return complain(fd[ERR], how);
    }
    *picture = text;
    *n_picture = n;
    return CAIRN_OK;
}

bool cairn_gnuplot_is_there(void)
{
    int fd[N_FILES] = {-1, -1, -1};
    pid_t child = 0;
    cairn_status st = open_all(fd);
    bool there = st == CAIRN_OK && spawn(fd, "--version", &child) == 0 && end_of(child) == 0;
    close_all(fd);
    return there;
}

cairn_status cairn_gnuplot_run(const char *script, size_t n_script, char **picture,
                               size_t *n_picture)
{
    int fd[N_FILES] = {-1, -1, -1};
    size_t written = 0;
    cairn_status st = open_all(fd);
    if (st == CAIRN_OK)
        st = cairn_file_write(fd[IN], "$TMPDIR or /tmp", script, n_script, &written);
    if (st == CAIRN_OK && lseek(fd[IN], 0, SEEK_SET) != 0)
        st = cairn_file_refused("$TMPDIR or /tmp", "cannot be read");
    if (st == CAIRN_OK) st = run(fd, picture, n_picture);
    close_all(fd);
    return st;
}
