/* SPDX-License-Identifier: BSD-3-Clause
 * The handler only sets a flag. */
#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t asked;
static volatile sig_atomic_t told; /* by TERM or INT; USR1 never ends a process */

static void on_signal(int number)
{
    asked = 1;
    if (number == SIGUSR1) return;
    if (told) {
        signal(number, SIG_DFL);
        raise(number); /* pending until the handler returns */
    }
    told = 1;
}

static void on_all(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
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
