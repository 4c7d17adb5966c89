/* SPDX-License-Identifier: BSD-3-Clause
 * The handler only sets a flag. */
#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

static volatile sig_atomic_t asked;
/* TERM or INT came at this time; 0: neither has.  USR1 never ends a process. */
static _Atomic uint64_t asked_ms;

/* timeout(1) sends its signal twice, to the process and to its group; so do some launchers.  Nobody
 * means that as a second one. */
enum { AT_ONCE_MS = 50 };

/* Only calls that a handler may make. */
static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 + 1;
}

static void on_signal(int number)
{
    int kept = errno;
    uint64_t now = now_ms();
    asked = 1;
    if (number != SIGUSR1 && asked_ms == 0) asked_ms = now;
    if (number != SIGUSR1 && now > asked_ms + AT_ONCE_MS) {
        signal(number, SIG_DFL);
        raise(number); /* pending until the handler returns */
    }
    errno = kept;
}

static void on_all(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGTERM); /* one at a time */
    sigaddset(&action.sa_mask, SIGINT);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
}

void cairn_interrupt_catch(void)
{
    on_all(on_signal);
}

void cairn_interrupt_ignore(void)
{
    on_all(SIG_IGN);
}

bool cairn_interrupted(void)
{
    return asked != 0;
}
