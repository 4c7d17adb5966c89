/* SPDX-License-Identifier: BSD-3-Clause
 * The thread that writes checkpoints. */
#include "checkpoint/writer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread.h"

/* Whose turn it is: the owner's (IDLE, WRITTEN) or the thread's (BEGUN).  Copy, order and result
 * belong to that one; so they need no lock. */
enum stage { IDLE, BEGUN, WRITTEN };

struct cairn_checkpoint_writer {
    pthread_t thread;
    pthread_mutex_t lock; /* of the two below */
    pthread_cond_t changed;
    enum stage stage;
    bool ending;
    const struct cairn_state *state; /* borrowed */
    enum cairn_writing way;
    struct cairn_state copy;  /* with CAIRN_WRITING_COPY and _LENT, and ... */
    void *block;              /* ... its data, owned */
    struct cairn_image image; /* with CAIRN_WRITING_IMAGE, until the next is made */
    struct cairn_checkpoint_place place;
    uint64_t update;
    bool best;
    struct cairn_written written;
};

static void set_stage(struct cairn_checkpoint_writer *writer, enum stage stage)
{
    pthread_mutex_lock(&writer->lock);
    writer->stage = stage;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
}

/* Wait until there is something to write; false: the end. */
static bool next_order(struct cairn_checkpoint_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->stage != BEGUN && !writer->ending)
        pthread_cond_wait(&writer->changed, &writer->lock);
    bool any = writer->stage == BEGUN;
    pthread_mutex_unlock(&writer->lock);
    return any;
}

static cairn_status write_file(struct cairn_checkpoint_writer *writer)
{
    const struct cairn_checkpoint_place *place = &writer->place;
    if (writer->way == CAIRN_WRITING_IMAGE)
        return cairn_image_write(place, writer->update, writer->best, &writer->image);
    return cairn_checkpoint_write(place, writer->update, writer->best,
                                  writer->way == CAIRN_WRITING_NOW ? writer->state : &writer->copy);
}

/* This thread's own last error. */
static void keep_text(struct cairn_written *written)
{
    snprintf(written->text, sizeof written->text, "%s", cairn_error_text());
}

/* One refusal may be a passing one, or the folder is gone. */
static void write_again(struct cairn_checkpoint_writer *writer)
{
    struct cairn_written *written = &writer->written;
    keep_text(written);
    written->remade = access(writer->place.folder, F_OK) != 0;
    written->st = cairn_folder_make(writer->place.folder);
    if (written->st == CAIRN_OK) written->st = write_file(writer);
    written->second = written->st == CAIRN_OK;
}

static void write_one(struct cairn_checkpoint_writer *writer)
{
    struct cairn_written *written = &writer->written;
    double begin_s = cairn_clock_s();
    *written = (struct cairn_written){.update = writer->update, .st = write_file(writer)};
    if (written->st == CAIRN_FILES) write_again(writer);
    written->old_stay = written->st == CAIRN_OK &&
                        cairn_checkpoint_prune(&writer->place, writer->update) != CAIRN_OK;
    if (written->st != CAIRN_OK || (written->old_stay && !written->second)) keep_text(written);
    written->write_s = cairn_clock_s() - begin_s;
}

static void *serve(void *context)
{
    struct cairn_checkpoint_writer *writer = context;
    while (next_order(writer)) {
        write_one(writer);
        set_stage(writer, WRITTEN);
    }
    return NULL;
}

static cairn_status start_thread(struct cairn_checkpoint_writer *writer)
{
    const int error = cairn_thread_start(&writer->thread, serve, writer);
    if (error == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "a thread for writing checkpoints cannot be started (%s); raise the limit "
                      "for processes (ulimit -u)",
                      strerror(error));
}

static void release(struct cairn_checkpoint_writer *writer)
{
    pthread_cond_destroy(&writer->changed);
    pthread_mutex_destroy(&writer->lock);
    free(writer->block);
    free(writer->copy.array);
    cairn_image_free(&writer->image);
    free(writer);
}

cairn_status cairn_checkpoint_writer_create(const struct cairn_state *state,
                                            const struct cairn_checkpoint_place *place,
                                            enum cairn_writing way,
                                            struct cairn_checkpoint_writer **out)
{
    struct cairn_checkpoint_writer *writer = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *writer, "the writer of checkpoints", &writer));
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->changed, NULL);
    writer->state = state;
    writer->place = *place;
    writer->way = way;
    cairn_status st = CAIRN_OK;
    if (way == CAIRN_WRITING_COPY || way == CAIRN_WRITING_LENT)
        st = cairn_state_twin(state, way == CAIRN_WRITING_LENT, &writer->copy, &writer->block);
    if (way == CAIRN_WRITING_IMAGE)
        st = cairn_memory_check(cairn_checkpoint_writer_bytes(writer), "the file of a checkpoint");
    if (st == CAIRN_OK) st = start_thread(writer);
    if (st == CAIRN_OK)
        *out = writer;
    else
        release(writer);
    return st;
}

size_t cairn_checkpoint_writer_bytes(const struct cairn_checkpoint_writer *writer)
{
    if (writer->way == CAIRN_WRITING_NOW) return 0;
    return cairn_state_twin_bytes(writer->state, writer->way == CAIRN_WRITING_LENT);
}

void cairn_checkpoint_writer_wait(struct cairn_checkpoint_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    while (writer->stage == BEGUN) pthread_cond_wait(&writer->changed, &writer->lock);
    pthread_mutex_unlock(&writer->lock);
}

/* The file of CAIRN_WRITING_IMAGE; where there is no memory for it, that is what became of it. */
static bool make_image(struct cairn_checkpoint_writer *writer)
{
    struct cairn_written *written = &writer->written;
    *written = (struct cairn_written){.update = writer->update};
    cairn_image_free(&writer->image);
    written->st = cairn_image_make(&writer->place, writer->update, writer->state, &writer->image);
    if (written->st != CAIRN_OK) keep_text(written);
    return written->st == CAIRN_OK;
}

void cairn_checkpoint_writer_begin(struct cairn_checkpoint_writer *writer, uint64_t update,
                                   bool best)
{
    cairn_checkpoint_writer_wait(writer);
    writer->update = update;
    writer->best = best;
    bool goes_on = true;
    switch (writer->way) {
    case CAIRN_WRITING_COPY:
    case CAIRN_WRITING_LENT: cairn_state_copy(writer->state, &writer->copy); break;
    case CAIRN_WRITING_IMAGE: goes_on = make_image(writer); break;
    case CAIRN_WRITING_NOW:
        write_one(writer);
        goes_on = false;
        break;
    }
    set_stage(writer, goes_on ? BEGUN : WRITTEN);
}

void cairn_checkpoint_writer_again(struct cairn_checkpoint_writer *writer)
{
    cairn_checkpoint_writer_wait(writer);
    const bool kept = writer->way == CAIRN_WRITING_COPY || writer->image.bytes != NULL;
    set_stage(writer, kept ? BEGUN : WRITTEN);
}

bool cairn_checkpoint_writer_is_busy(struct cairn_checkpoint_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    bool busy = writer->stage == BEGUN;
    pthread_mutex_unlock(&writer->lock);
    return busy;
}

bool cairn_checkpoint_writer_collect(struct cairn_checkpoint_writer *writer, bool wait,
                                     struct cairn_written *out)
{
    if (wait) cairn_checkpoint_writer_wait(writer);
    pthread_mutex_lock(&writer->lock);
    bool any = writer->stage == WRITTEN;
    if (any) writer->stage = IDLE;
    pthread_mutex_unlock(&writer->lock);
    if (any) *out = writer->written;
    return any;
}

void cairn_checkpoint_writer_free(struct cairn_checkpoint_writer *writer)
{
    if (writer == NULL) return;
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_cond_broadcast(&writer->changed);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL); /* after what was begun */
    release(writer);
}
