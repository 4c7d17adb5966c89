/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A trained model, out of a checkpoint: its outputs and scores.  Nothing of it can be trained on;
 * that is cairn_trainer_load().
 */
#ifndef CAIRN_TRAINED_H
#define CAIRN_TRAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "cairn/data.h"
#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Model, weights, and one group of samples. */
typedef struct cairn_trained cairn_trained;

/** What is opened; zeros, but for size and checkpoint, are fine.  Texts are borrowed until it is
 * open. */
struct cairn_trained_settings {
    size_t size;            /**< sizeof(struct cairn_trained_settings) */
    const char *checkpoint; /**< a file */
    const char *data_file;  /**< NULL: the file that it was trained on */
    cairn_data *data;       /**< samples from memory in its place; for cairn_trained_predict() alone
                                 a group that is fed will do */
    const char *split;      /**< the group: "train", "val" or "test"; NULL: "test" */
    bool average;           /**< with the moving average of the weights (train.ema) */
    bool outputs_only;      /**< labels are not wanted, and need not be there */
};

/**
 * Open it: rank 0 reads the checkpoint, all take its weights.
 *
 * Ranks   collective; settings alike on all
 * Errors  the agreed one: CAIRN_DATA: missing, damaged, not for such samples, no such group, no
 * moving average; CAIRN_USAGE; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trained_open(cairn_comm *comm,
                                                        const struct cairn_trained_settings *from,
                                                        cairn_trained **out);

/**
 * How many samples the group has.
 *
 * Ranks   local; alike on all
 * Errors  none
 */
CAIRN_API size_t cairn_trained_samples(const cairn_trained *trained);

/**
 * The shape of a sample's outputs, [*n_dims]; borrowed.
 *
 * Ranks   local; alike on all
 * Errors  none
 */
CAIRN_API const size_t *cairn_trained_shape(const cairn_trained *trained, size_t *n_dims);

/**
 * The outputs [n, shape...] for inputs [n, ...] in memory, as they would stand in the data; any
 * number of them.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: the model takes tokens
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trained_predict(cairn_trained *trained,
                                                           const cairn_real *x, size_t n,
                                                           cairn_real *out);

/**
 * The outputs for all samples of the group, in their order, shared by the ranks: on rank 0
 * *out [samples, shape...], borrowed until the next call; NULL elsewhere.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA: cannot be read; CAIRN_USAGE: the samples are fed;
 * CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trained_outputs(cairn_trained *trained,
                                                           const cairn_real **out);

/**
 * The same into an HDF5 file, in the place of an older one: `outputs` and, where there are classes,
 * `label`, as `cairn predict` writes them.  Rank 0 writes.
 *
 * Ranks   collective
 * Errors  as above; CAIRN_FILES
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trained_write(cairn_trained *trained, const char *path);

/**
 * Loss (sum / W) and accuracy over the group; accuracy is NaN where it has no meaning.
 *
 * Ranks   collective; the ranks share the samples
 * Errors  the agreed one: CAIRN_DATA, CAIRN_NUMBERS; CAIRN_USAGE: the samples are fed
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trained_evaluate(cairn_trained *trained, double *loss,
                                                            double *accuracy);

/**
 * Release; NULL is fine.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_trained_close(cairn_trained *trained);

#ifdef __cplusplus
}
#endif

#endif
