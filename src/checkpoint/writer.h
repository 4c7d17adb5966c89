/* SPDX-License-Identifier: BSD-3-Clause
 * A thread that writes checkpoints from a copy in memory, while the caller goes on changing what
 * was copied.  One is written at a time.  Knows no MPI, prints nothing.  Local; each writer is
 * served by one thread of its owner's.
 *
 * In a host's process HDF5 belongs to the host's threads: there the copy is the file itself, made
 * by the caller, and the thread writes bytes. */
#ifndef CAIRN_CHECKPOINT_WRITER_H
#define CAIRN_CHECKPOINT_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "checkpoint/checkpoint.h"

enum { CAIRN_WRITTEN_TEXT_BYTES = 2048 };

/** What became of one checkpoint. */
struct cairn_written {
    uint64_t update;
    cairn_status st;
    bool second;                         /* written, but at the second try */
    bool remade;                         /* the folder was gone, with all checkpoints */
    bool old_stay;                       /* written, but older ones could not be removed */
    char text[CAIRN_WRITTEN_TEXT_BYTES]; /* the sentence of what failed, else empty */
    double write_s;                      /* what it took, beside everything else */
};

struct cairn_checkpoint_writer;

/** How it works. */
enum cairn_writing {
    CAIRN_WRITING_COPY,  /* the thread writes from a copy in memory */
    CAIRN_WRITING_LENT,  /* likewise, but tensors from where they are: they must not change until
                            cairn_checkpoint_writer_wait() is back */
    CAIRN_WRITING_IMAGE, /* the thread does not call HDF5: cairn_checkpoint_writer_begin() makes the
                            file in memory */
    CAIRN_WRITING_NOW    /* cairn_checkpoint_writer_begin() itself writes, and nothing is taken: for
                            who would wait in any case */
};

/**
 * Take the memory for what this way needs and start the thread.  Borrows `state`, its data, and
 * what `place` borrows, until it is freed.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY: for the copy or for a file of that size, no thread
 */
CAIRN_CHECKED cairn_status cairn_checkpoint_writer_create(
    const struct cairn_state *state, const struct cairn_checkpoint_place *place,
    enum cairn_writing way, struct cairn_checkpoint_writer **out);

/** Bytes of the copy or of the file in memory.  Ranks: local.  Errors: none. */
size_t cairn_checkpoint_writer_bytes(const struct cairn_checkpoint_writer *writer);

/**
 * Copy the state as it is now, and have it written as the checkpoint of this update; where the file
 * system refuses it is tried again at once, in a folder made again where that is gone.  Waits for
 * the one before; what became of that must have been collected, else it is lost.  Allocates
 * nothing but a file in memory.
 *
 * Ranks   local
 * Errors  none; see cairn_checkpoint_writer_collect()
 */
void cairn_checkpoint_writer_begin(struct cairn_checkpoint_writer *writer, uint64_t update,
                                   bool best);

/** Wait until nothing is being written.  Ranks: local.  Errors: none. */
void cairn_checkpoint_writer_wait(struct cairn_checkpoint_writer *writer);

/** Have the copy that was begun last written once more, as that same checkpoint; without a copy
 * that is over.  Waits and allocates as above.  Ranks: local.  Errors: none; see
 * cairn_checkpoint_writer_collect(). */
void cairn_checkpoint_writer_again(struct cairn_checkpoint_writer *writer);

/** Whether a checkpoint is being written.  Ranks: local.  Errors: none. */
bool cairn_checkpoint_writer_is_busy(struct cairn_checkpoint_writer *writer);

/** What became of the checkpoint that was begun last, once: false where it is still being written
 * and there was no `wait` for it, or where nothing was begun since.  Ranks: local.  Errors: none.
 */
bool cairn_checkpoint_writer_collect(struct cairn_checkpoint_writer *writer, bool wait,
                                     struct cairn_written *out);

/** Let it finish what was begun, end the thread, release all; NULL is fine.  Ranks: local.
 * Errors: none. */
void cairn_checkpoint_writer_free(struct cairn_checkpoint_writer *writer);

#endif
