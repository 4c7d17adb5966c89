/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A run, as `cairn train` makes one: a trainer in a run folder, with the lines of its updates,
 * evaluations, checkpoints and a summary, that goes on where an earlier start was stopped.  What is
 * done when is said by the options (checkpoint.*, train.evaluate_every, train.deadline, ...).  A
 * trainer without a folder: cairn/trainer.h.
 */
#ifndef CAIRN_RUN_H
#define CAIRN_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "cairn/data.h"
#include "cairn/options.h"
#include "cairn/status.h"
#include "cairn/trainer.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A run that is open: its folder is locked. */
typedef struct cairn_open_run cairn_run;

/** Scores on a group of the data: a line of eval.csv. */
struct cairn_run_scores {
    uint64_t update;   /**< updates done */
    const char *split; /**< "val", "test"; "val_ema": with the moving average of the weights */
    double loss;       /**< sum over the samples / W */
    double accuracy;   /**< NaN where it has no meaning */
};

/** Functions that a run calls in the thread that called Cairn, each may be NULL.  They read what
 * they like of the run's trainer and change nothing of it. */
struct cairn_run_events {
    /** An update is done.  On every rank. */
    void (*updated)(void *context, const struct cairn_update_record *record);
    /** The scores are there.  On every rank. */
    void (*evaluated)(void *context, const struct cairn_run_scores *evaluation);
    /** The checkpoint of this update is on the disk.  On rank 0. */
    void (*saved)(void *context, uint64_t update);
    /** Whether this rank wants the run to save and stop, asked before each sum: one is enough. */
    bool (*stops)(void *context);
    /** For samples that are fed (cairn_data_fed()): cairn_trainer_feed() for each micro-batch of
     * the next update that this rank has.  Called once more for the same update where its sum has
     * to be worked again. */
    cairn_status (*feed)(void *context, cairn_trainer *trainer);
    void *context;
};

/** How a run is opened; zeros, but for size and folder, are fine.  Texts are borrowed until it is
 * open. */
struct cairn_run_settings {
    size_t size;        /**< sizeof(struct cairn_run_settings) */
    const char *folder; /**< the run folder, made where it is not there */
    /** NULL or "auto": from the newest complete checkpoint of the folder, from the beginning where
     * there is none; "never": only in a folder without checkpoints; else the path of a checkpoint
     */
    const char *resume;
    const char *init;  /**< begin with the weights of this HDF5 or .safetensors file; not read
                            by a run that goes on; NULL: random ones */
    bool init_partial; /**< take what fits of them by name and shape, and warn of the rest */
    bool overwrite;    /**< remove what an earlier run left, and start from the beginning */
    bool check;        /**< open and check everything, but leave folder and checkpoints alone:
                            such a run makes no update */
    bool profile;      /**< time each layer, and write profile.csv at the end */
    cairn_data *data;  /**< samples from memory; NULL: data.file */
    double before_s;   /**< seconds of the job that are gone, of those of train.deadline */
    struct cairn_run_events events; /**< NULLs: nobody follows */
};

/**
 * Open a run: data, model, trainer, folder, and the checkpoint to go on from, if any.
 *
 * Ranks   collective; options and settings alike on all, but for events
 * Errors  the agreed one: CAIRN_USAGE: settings that do not go together, another run works in that
 * folder, keys changed that a run cannot go on with; CAIRN_DATA; CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_run_open(const cairn_options *options, cairn_comm *comm,
                                                    const struct cairn_run_settings *settings,
                                                    cairn_run **out);

/**
 * Its trainer; borrowed.  What changes it goes around the run and is not in its files.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API cairn_trainer *cairn_run_trainer(const cairn_run *run);

/**
 * The next update, with all that is due after it.  Where there is none left, or some rank wants to
 * stop, *more becomes false and the run ends: the last checkpoint, the test set, the summary.
 *
 * record  of the update, where *more is true
 *
 * Ranks   collective
 * Errors  the agreed one, after which the run has ended; CAIRN_STOPPED: it was asked to stop, and
 * saved; CAIRN_USAGE: it has ended before, or was opened to be checked
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_run_step(cairn_run *run,
                                                    struct cairn_update_record *record, bool *more);

/**
 * Step after step to the end.
 *
 * Ranks   collective
 * Errors  as cairn_run_step()
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_run_go(cairn_run *run);

/**
 * See that there is a checkpoint of the last update, on the disk, between two steps.  It counts as
 * those that are made when they are due.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_FILES: it cannot be written; CAIRN_NUMBERS: replicas drifted apart;
 * CAIRN_USAGE: the run has ended, or was opened to be checked
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_run_save(cairn_run *run);

/**
 * The text of summary.json, on rank 0, once the run has ended; else NULL.  Borrowed.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API const char *cairn_run_summary(const cairn_run *run);

/**
 * Wait for a checkpoint that is being written, close the folder, release; NULL is fine.  A run that
 * has not ended goes on from its newest checkpoint when it is opened again.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_run_close(cairn_run *run);

#ifdef __cplusplus
}
#endif

#endif
