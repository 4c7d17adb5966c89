/* SPDX-License-Identifier: BSD-3-Clause
 * Inside comm/: where another thread of this process is.  A signal asks it, its handler notes the
 * frames, the asking thread gives them names.  Local. */
#ifndef CAIRN_COMM_STACK_H
#define CAIRN_COMM_STACK_H

#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

enum { CAIRN_STACK_MOST = 40 };

/** A stack that was asked for.  Must live until the process ends: the answer may come late. */
struct cairn_stack {
    void *frame[CAIRN_STACK_MOST];
    int n;
    sem_t answered;
};

/** Catch the signal, and load now what a handler must not load.  Ranks: local.  Errors: none. */
void cairn_stack_prepare(struct cairn_stack *stack);

/** "poll < opal_progress < PMPI_Allreduce < main" of the process's first thread, or what the kernel
 * says of it where it does not answer within a second.  Allocates nothing.  Ranks: local.
 * Errors: none. */
void cairn_stack_text(struct cairn_stack *stack, pthread_t first, char *text, size_t n_bytes);

#endif
