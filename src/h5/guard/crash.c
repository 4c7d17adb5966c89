/* SPDX-License-Identifier: BSD-3-Clause
 * A crash of HDF5 while it reads a stranger's file is the file's fault: one line that names it and
 * the exit code of bad data, not a signal.  What the crash left of the process is not used any
 * more, hence _exit() here and nowhere else below main.  Crashes in all other places go to whoever
 * was there before. */
#define _GNU_SOURCE /* sigaltstack in all C libraries */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "h5/internal.h"

enum { N_SIGNALS = 5, STACK_BYTES = 1 << 16 };
static const int signals[N_SIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* A handler has no other way to know: the file that this thread reads, NULL for none. */
static _Thread_local const char *volatile reading;
/* ... and what it makes meanwhile of what it reads, which has no name yet. */
static _Thread_local const char *volatile making;
static struct sigaction before[N_SIGNALS];

static void say(const char *text)
{
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n; /* nothing can be done */
}

static void end(int number)
{
    char path[CAIRN_PATH_BYTES];
    size_t n = 0;
    if (reading == NULL) {
        for (int i = 0; i < N_SIGNALS; i++)
            if (signals[i] == number) sigaction(number, &before[i], NULL);
        raise(number); /* comes when this handler is left */
        return;
    }
    for (; reading[n] != '\0' && n + 1 < sizeof path; n++) path[n] = reading[n];
    path[n] = '\0';
    say("cairn: ");
    say(cairn_utf8_clean(path));
    say(": crashes the HDF5 library: it is damaged, or made to do so; make or fetch it again, and "
        "use a newer HDF5\n");
    if (making != NULL) unlink(making);
    _exit(CAIRN_DATA);
}

void cairn_h5_catch_crashes(void)
{
    static unsigned char room[STACK_BYTES]; /* the usual stack may be what ran out */
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof room};
    stack_t now = {.ss_flags = SS_DISABLE};
    struct sigaction action = {.sa_handler = end, .sa_flags = SA_ONSTACK};
    if (sigaltstack(NULL, &now) == 0 && (now.ss_flags & SS_DISABLE) != 0) sigaltstack(&stack, NULL);
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_SIGNALS; i++) sigaction(signals[i], &action, &before[i]);
}

const char *cairn_h5_begin_reading(const struct cairn_h5 *file)
{
    const char *old = reading;
    if (!file->writable) reading = file->path;
    return old;
}

void cairn_h5_end_reading(const char **old)
{
    reading = *old;
}

void cairn_h5_begin_making(const char *unfinished)
{
    making = unfinished;
}

void cairn_h5_end_making(void)
{
    making = NULL;
}
