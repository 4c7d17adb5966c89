/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that reads ahead. */
#include "data/ahead.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/last_error.h"
#include "base/memory.h"
#include "base/thread.h"

/* A micro-batch that was asked for, and how making it ended. */
struct entry {
    struct cairn_ahead_positions of;
    struct cairn_error error;
};

struct cairn_ahead {
    struct cairn_ahead_work work;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below; an entry that is being made is the thread's alone */
    pthread_cond_t changed;
    struct entry *entry; /* [n_slots]: number i in slot i % n_slots */
    size_t n_slots;
    uint64_t released, taken, made, asked; /* numbers so far, none above the next */
    bool more;                             /* there may be something to do besides what is asked */
    bool busy, resting, ending;
};

static size_t slot_of(const struct cairn_ahead *ahead, uint64_t number)
{
    return (size_t)(number % ahead->n_slots);
}

/* A micro-batch, or with none asked for a little of what will be; false: there is nothing to do. */
static bool work_on(struct cairn_ahead *ahead, bool asked)
{
    const size_t slot = slot_of(ahead, ahead->made);
    struct entry *entry = &ahead->entry[slot];
    if (!asked) return ahead->work.idle(ahead->work.context);
    cairn_error_take(ahead->work.make(ahead->work.context, slot, &entry->of), &entry->error);
    return true;
}

static void *serve(void *context)
{
    struct cairn_ahead *ahead = context;
    pthread_mutex_lock(&ahead->lock);
    while (!ahead->ending) {
        const bool asked = ahead->made < ahead->asked;
        if (ahead->resting || (!asked && !ahead->more)) {
            pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        ahead->busy = true;
        pthread_mutex_unlock(&ahead->lock);
        const bool more = work_on(ahead, asked);
        pthread_mutex_lock(&ahead->lock);
        ahead->busy = false;
        ahead->more = more;
        if (asked) ahead->made++;
        pthread_cond_broadcast(&ahead->changed);
    }
    pthread_mutex_unlock(&ahead->lock);
    return NULL;
}

cairn_status cairn_ahead_create(size_t n_slots, const struct cairn_ahead_work *work,
                                struct cairn_ahead **out)
{
    struct cairn_ahead *ahead = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *ahead, "the reader of the data", &ahead));
    ahead->work = *work;
    ahead->n_slots = n_slots;
    pthread_mutex_init(&ahead->lock, NULL);
    pthread_cond_init(&ahead->changed, NULL);
    cairn_status st =
        cairn_memory_get(n_slots, sizeof *ahead->entry, "the reader of the data", &ahead->entry);
    if (st == CAIRN_OK) {
        const int error = cairn_thread_start(&ahead->thread, serve, ahead);
        if (error == 0) {
            *out = ahead;
            return CAIRN_OK;
        }
        st = cairn_fail(CAIRN_USAGE,
                        "a thread for reading the data cannot be started (%s); raise the limit for "
                        "processes (ulimit -u), or set data.prefetch: 0",
                        strerror(error));
    }
    free(ahead->entry);
    free(ahead);
    return st;
}

void cairn_ahead_free(struct cairn_ahead *ahead)
{
    if (ahead == NULL) return;
    pthread_mutex_lock(&ahead->lock);
    ahead->ending = true;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    pthread_join(ahead->thread, NULL);
    pthread_cond_destroy(&ahead->changed);
    pthread_mutex_destroy(&ahead->lock);
    free(ahead->entry);
    free(ahead);
}

bool cairn_ahead_ask(struct cairn_ahead *ahead, const struct cairn_ahead_positions *of)
{
    pthread_mutex_lock(&ahead->lock);
    const bool room = ahead->asked - ahead->released < ahead->n_slots;
    if (room) ahead->entry[slot_of(ahead, ahead->asked++)].of = *of;
    pthread_cond_broadcast(&ahead->changed);
    pthread_mutex_unlock(&ahead->lock);
    return room;
}

/* Positions are written by the thread that asks, this one. */
bool cairn_ahead_has(const struct cairn_ahead *ahead, const struct cairn_ahead_positions *of)
{
    const struct cairn_ahead_positions *next = &ahead->entry[slot_of(ahead, ahead->taken)].of;
    return ahead->taken < ahead->asked && next->first == of->first && next->n == of->n;
}

void cairn_ahead_drop(struct cairn_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->resting = true;
    while (ahead->busy) pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->released = ahead->taken = ahead->made = ahead->asked;
    ahead->more = ahead->resting = false;
    pthread_mutex_unlock(&ahead->lock);
}

void cairn_ahead_release(struct cairn_ahead *ahead)
{
    pthread_mutex_lock(&ahead->lock);
    ahead->released = ahead->taken;
    pthread_mutex_unlock(&ahead->lock);
}

cairn_status cairn_ahead_take(struct cairn_ahead *ahead, size_t *slot)
{
    *slot = slot_of(ahead, ahead->taken);
    pthread_mutex_lock(&ahead->lock);
    while (ahead->made <= ahead->taken) pthread_cond_wait(&ahead->changed, &ahead->lock);
    ahead->taken++;
    pthread_mutex_unlock(&ahead->lock);
    const struct cairn_error *error = &ahead->entry[*slot].error;
    return error->st == CAIRN_OK ? CAIRN_OK : cairn_error_put(error);
}
