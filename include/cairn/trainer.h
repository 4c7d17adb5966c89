/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Training: a global batch is split into micro-batches over the ranks, their gradients are summed,
 * and every rank changes its weights alike.  cairn_trainer_update() is the whole of it; the
 * functions before it are its parts, for a loop of your own (launch/examples/loop.c).
 */
#ifndef CAIRN_TRAINER_H
#define CAIRN_TRAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "cairn/data.h"
#include "cairn/options.h"
#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Model, data, optimizer and weights of one run. */
typedef struct cairn_trainer cairn_trainer;

/** What one update was, the same on every rank except for the times. */
struct cairn_update_record {
    uint64_t update;        /**< the first is 1 */
    uint64_t epoch;         /**< of its last sample; the first is 0 */
    uint64_t batch_samples; /**< over all ranks */
    double normalizer;      /**< W: the sum of the samples' weights */
    double loss;            /**< sum over the samples / W; NaN where W is 0 */
    double lr;              /**< learning rate */
    double grad_norm;       /**< of the gradient after the division, before clipping */
    double data_s, compute_s, reduce_s, update_s; /**< seconds of this rank */
    bool stop;                  /**< some rank was asked to stop: all see it after the same
                                     update */
    double noise_scale;         /**< samples, over the last part of the run; NaN: no estimate */
    double noise_scale_se;      /**< its standard error; NaN: none */
    double noise_scale_updates; /**< how many of the newest updates it is from; NaN: none */
    double overlap_s;           /**< of compute_s: sums were under way behind it */
};

/**
 * Make a trainer from options: opens the data, plans the model, sets the initial weights.
 *
 * Ranks   collective
 * Errors  CAIRN_USAGE, CAIRN_DATA: the same on every rank; CAIRN_USAGE: comm is NULL
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_open(const cairn_options *options,
                                                        cairn_comm *comm, cairn_trainer **out);

/**
 * The same with samples from memory (cairn/data.h) in place of data.file; data NULL: as above.
 *
 * Ranks   collective
 * Errors  as above; CAIRN_USAGE: batch.micro: auto where samples are fed
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_open_with(const cairn_options *options,
                                                             cairn_data *data, cairn_comm *comm,
                                                             cairn_trainer **out);

/**
 * From here on TERM, INT and USR1 ask this rank to stop: the next cairn_trainer_sum() tells all
 * ranks
 * (`stop` in the record), and what is done then is up to the caller.  A second TERM or INT ends the
 * process at once.  Best called before cairn_comm_open().
 *
 * Ranks   local; one rank that got the signal is enough
 * Errors  none
 */
CAIRN_API void cairn_trainer_catch_signals(void);

/**
 * Release a trainer; NULL is fine.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_trainer_close(cairn_trainer *trainer);

/**
 * Whether every update of the run is done.
 *
 * Ranks   local; the same answer on every rank
 * Errors  none
 */
CAIRN_API bool cairn_trainer_done(const cairn_trainer *trainer);

/**
 * Set the sum of the next update to zero.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_trainer_zero(cairn_trainer *trainer);

/**
 * How many micro-batches of the next update are this rank's share; may be 0.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API size_t cairn_trainer_share(const cairn_trainer *trainer);

/**
 * Forward and backward of the i-th micro-batch of the share: its gradient is added to the sum.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: cannot be read; CAIRN_NUMBERS: the loss is not finite; CAIRN_USAGE: there is
 * no such micro-batch.  Come to cairn_trainer_sum() all the same.
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_backward(cairn_trainer *trainer, size_t i);

/**
 * Forward and backward of micro-batch m of the next update, which this rank has: samples
 * [m b, (m + 1) b) of the batch, with b = batch.micro; only the last may be short.  For a trainer
 * that was opened with cairn_data_fed(): each micro-batch is fed once, whole, by one rank,
 * whichever that is.  With train.reproducible the weights do not depend on who fed what.  The
 * samples are read during the call.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: no such micro-batch, another number of samples, arrays missing; CAIRN_DATA:
 * a number that is not finite; CAIRN_NUMBERS.  Come to cairn_trainer_sum() all the same.
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_feed(cairn_trainer *trainer, uint64_t m,
                                                        const struct cairn_samples *samples);

/**
 * The next update's batch: its first position in the epochs laid end to end, its samples and its
 * micro-batches.
 *
 * Ranks   local; alike on all
 * Errors  CAIRN_USAGE: the run is complete
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_batch(const cairn_trainer *trainer,
                                                         uint64_t *first, uint64_t *n_samples,
                                                         uint64_t *n_micro);

/**
 * Sum over all ranks, divide, clip, change the weights.  With train.reproducible a gradient may
 * leave the range of the sum: then *again is true, nothing was changed, and the update is worked
 * once more from cairn_trainer_zero() on.
 *
 * st      this rank's status so far
 * Ranks   collective
 * Errors  the agreed one; CAIRN_NUMBERS: the gradient is not finite; CAIRN_USAGE: the run is
 * complete; some micro-batch was added twice or never, over all ranks: nothing was changed
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_sum(cairn_trainer *trainer, cairn_status st,
                                                       bool *again,
                                                       struct cairn_update_record *out);

/**
 * One update of the weights from one global batch: zero, micro-batches, sum, new weights.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA, CAIRN_NUMBERS; CAIRN_USAGE: the run is complete
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_update(cairn_trainer *trainer,
                                                          struct cairn_update_record *out);

/**
 * From the next update on the learning rate is this one, whatever the schedule says; a number below
 * 0 gives it back to the schedule.
 *
 * Ranks   local; alike on all
 * Errors  none
 */
CAIRN_API void cairn_trainer_set_rate(cairn_trainer *trainer, double lr);

/** One tensor of the model, weights before buffers; what it points at is borrowed, and changes with
 * each update. */
struct cairn_tensor {
    const char *name;           /**< as in PyTorch's state_dict: "1.weight" */
    const size_t *dim;          /**< [n_dims] */
    size_t n_dims, n;           /**< n: its elements */
    const cairn_real *value;    /**< [n] */
    const cairn_real *gradient; /**< [n] of the last update, divided and clipped; NULL: none yet */
    const cairn_real *average;  /**< [n] the moving average (train.ema); NULL: there is none */
};

/**
 * How many tensors there are.
 *
 * Ranks   local; alike on all
 * Errors  none
 */
CAIRN_API size_t cairn_trainer_tensors(const cairn_trainer *trainer);

/**
 * Tensor i of them.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: no such tensor
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_tensor(const cairn_trainer *trainer, size_t i,
                                                          struct cairn_tensor *out);

/**
 * Set the values [n] of a tensor; rank 0's count on all ranks.
 *
 * Ranks   collective
 * Errors  the agreed one; CAIRN_USAGE: no such tensor, another number of elements
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_set_tensor(cairn_trainer *trainer,
                                                              const char *name,
                                                              const cairn_real *value, size_t n);

/**
 * How many outputs the model has for each sample.
 *
 * Ranks   local; alike on all
 * Errors  none
 */
CAIRN_API size_t cairn_trainer_outputs(const cairn_trainer *trainer);

/**
 * The model's outputs [n, cairn_trainer_outputs()] for inputs [n, ...] as they would stand in the
 * data, any number of them; without dropout, and with running averages.  Tokens are
 * windows of data.context whole numbers.
 *
 * average  with the moving average of the weights (train.ema)
 *
 * Ranks   local; not between cairn_trainer_zero() and cairn_trainer_sum()
 * Errors  CAIRN_USAGE: no moving average; CAIRN_DATA: a number that is no token
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_predict(cairn_trainer *trainer, bool average,
                                                           const cairn_real *x, size_t n,
                                                           cairn_real *out);

/**
 * The weights, [*n] in checkpoint order; borrowed.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API const cairn_real *cairn_trainer_weights(const cairn_trainer *trainer, size_t *n);

/**
 * XXH64, seed 0, over the bytes of all weights: `weights_hash` of summary.json.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API uint64_t cairn_trainer_weights_hash(const cairn_trainer *trainer);

/**
 * Write a checkpoint of the trainer as it stands between two updates, in the place of an older file
 * of that name: what cairn_trainer_load(), `cairn train --resume` and `cairn predict` read.  Rank 0
 * writes.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_FILES: it cannot be written, the older file is as it was;
 * CAIRN_NUMBERS: the replicas drifted apart, or weights are not finite
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_save(cairn_trainer *trainer, const char *path);

/**
 * Go on from a checkpoint: weights, optimizer, progress and all else that the bits depend on, as if
 * the trainer had never stopped.  After an error the trainer is as it was.
 *
 * Ranks   collective; rank 0 reads
 * Errors  the agreed one: CAIRN_DATA: missing, damaged, of another model or other data;
 * CAIRN_USAGE: keys of the options changed that a run cannot go on with; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_load(cairn_trainer *trainer, const char *path);

/**
 * Loss (sum / W) and accuracy over the group `split` ("train", "val" or "test"); accuracy is NaN
 * where it has no meaning.
 *
 * Ranks   collective; the ranks share the samples
 * Errors  the agreed one: CAIRN_DATA where there is no such group
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_trainer_evaluate(cairn_trainer *trainer,
                                                            const char *split, double *loss,
                                                            double *accuracy);

#ifdef __cplusplus
}
#endif

#endif
