/* SPDX-License-Identifier: BSD-3-Clause
 * Threads beside the one that trains. */
#ifndef CAIRN_BASE_THREAD_H
#define CAIRN_BASE_THREAD_H

#include <pthread.h>

/** Start a thread that no signal reaches but those of its own mistakes.  Ranks: local.  Errors: the
 * number that pthread_create() gives; 0: it runs. */
int cairn_thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

#endif
