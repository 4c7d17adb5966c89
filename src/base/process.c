/* SPDX-License-Identifier: BSD-3-Clause
 * Descriptors and signals at both ends of a process. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const int ignored[] = {SIGPIPE, SIGXFSZ};
enum { N_IGNORED = sizeof ignored / sizeof ignored[0] };

static bool ours;

bool cairn_process_is_ours(void)
{
    return ours;
}

void cairn_process_begin(void)
{
    /* Each takes the lowest number that is free.  Results that go nowhere are refused, so 1 is not
     * for writing; log lines are lost. */
    static const int how[] = {O_RDONLY, O_RDONLY, O_WRONLY};
    ours = true;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) (void)open("/dev/null", how[fd]);
    for (size_t i = 0; i < N_IGNORED; i++) signal(ignored[i], SIG_IGN);
}

int cairn_process_start(pid_t *process, const char *program,
                        const posix_spawn_file_actions_t *files, char *const words[],
                        char *const variables[])
{
    posix_spawnattr_t attributes;
    sigset_t usual;
    int error = posix_spawnattr_init(&attributes);
    if (error != 0) return error;
    sigemptyset(&usual);
    for (size_t i = 0; i < N_IGNORED; i++) sigaddset(&usual, ignored[i]);
    error = posix_spawnattr_setsigdefault(&attributes, &usual);
    if (error == 0) error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    if (error == 0) error = posix_spawnp(process, program, files, &attributes, words, variables);
    posix_spawnattr_destroy(&attributes);
    return error;
}
