/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Samples from the memory of the process, in place of a file: arrays, a function that fills rows by
 * the number of a sample, or micro-batches that are handed over as they come.  A trainer that is
 * opened with them (cairn_trainer_open_with()) reads no data.file.  With arrays and functions the
 * order of samples and the shares of the ranks stay Cairn's, so each rank must be able to give each
 * sample; with feeding (cairn_trainer_feed()) a rank gives what it has.
 */
#ifndef CAIRN_DATA_H
#define CAIRN_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/real.h"
#include "cairn/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a sample is, and up to three groups of them. */
typedef struct cairn_dataset cairn_data;

/** A sample: its input x, targets, one label or one for each position, and maybe a weight in the
 * loss.  Or, for
 * language models, a window of tokens: data.context of them are x, and the label of each is the
 * next one. */
struct cairn_data_form {
    size_t size;         /**< sizeof(struct cairn_data_form) */
    const size_t *dim;   /**< [n_dims] of x: {features}, {channels, height, width}, ... */
    size_t n_dims;       /**< 1 to 4 */
    size_t n_targets;    /**< real targets; 0: a label */
    size_t n_classes;    /**< labels are 0 .. n_classes - 1; 0 where there are targets */
    bool weighted;       /**< each sample, or token as a label, has a weight; else all count 1 */
    size_t vocabulary;   /**< tokens are 0 .. vocabulary - 1, at most 2^24; all above but size and
                            weighted are 0 then.  0: no tokens */
    const size_t *y_dim; /**< [n_y_dims] of n_targets targets, or of labels, one for each position;
                            NULL: targets in a row, or one label */
    size_t n_y_dims;     /**< 0 to 4 */
    bool weight_each;    /**< each target or label of y_dim has a weight, where `weighted` */
};

/** n samples in arrays, one after the other. */
struct cairn_samples {
    size_t n;
    const cairn_real *x;      /**< [n, dim...] */
    const cairn_real *target; /**< [n, n_targets]; NULL for labels */
    const int32_t *label;     /**< [n], or [n, y_dim...]; NULL for targets */
    const cairn_real *weight; /**< [n], or [n, y_dim...] where weight_each, 0 or more; NULL where
                                 they have none */
    const uint32_t *token;    /**< [n, C + 1] windows of data.context C, in place of x and label, to
                                 be fed: weight, if any, is [n, C + 1] too, its first not used */
    const uint64_t *number;   /**< [n] cairn_trainer_feed() only: keys of the random numbers of
                                 dropout and augmentation; NULL: the position in the epoch */
};

/** Tokens in an array, of which Cairn makes windows: window i has tokens [i C, i C + C], so that
 * each is a label once, but for the first. */
struct cairn_token_stream {
    size_t n;                 /**< 2 or more */
    const void *token;        /**< [n] of uint8_t, uint16_t or uint32_t */
    size_t token_bytes;       /**< 1, 2 or 4 */
    const cairn_real *weight; /**< [n] of each as a label; NULL where they have none */
};

/** Where the rows of n samples go; arrays as in struct cairn_samples, NULL where there is none. */
struct cairn_rows_out {
    cairn_real *x;
    cairn_real *target;
    int32_t *label;
    cairn_real *weight;
    uint32_t *token;
};

/**
 * Fills the rows of n samples, whose numbers rise.  Called in the thread that called Cairn, during
 * that call.
 *
 * Errors  any; with cairn_fail() the update says why
 */
typedef cairn_status (*cairn_fill)(void *context, const uint64_t *sample, size_t n,
                                   const struct cairn_rows_out *out);

/**
 * Describe a sample; groups come next.
 *
 * Ranks   local; alike on all
 * Errors  CAIRN_USAGE: a form that makes no sense; CAIRN_MEMORY
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_data_create(const struct cairn_data_form *form,
                                                       cairn_data **out);

/**
 * The group "train", "val" or "test" is in these arrays, which must stay as they are until every
 * trainer that uses them is closed.
 *
 * Ranks   local; the same numbers on all
 * Errors  CAIRN_USAGE: no such group, there already, arrays missing or not of this form,
 *         tokens, which come by cairn_data_tokens()
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_data_arrays(cairn_data *data, const char *group,
                                                       const struct cairn_samples *samples);

/**
 * The group is this stream of tokens, which must stay as it is until every trainer that uses it is
 * closed.  The weights are those of the same tokens in a file.
 *
 * Ranks   local; the same tokens on all
 * Errors  CAIRN_USAGE: as above, or the form has no tokens
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_data_tokens(cairn_data *data, const char *group,
                                                       const struct cairn_token_stream *stream);

/**
 * The group has n samples, whose rows `fill` gives.
 *
 * Ranks   local; alike on all
 * Errors  CAIRN_USAGE: as above
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_data_function(cairn_data *data, const char *group,
                                                         size_t n, cairn_fill fill, void *context);

/**
 * The training samples come by cairn_trainer_feed(); n of them make an epoch (train.epochs,
 * evaluations and a schedule by epochs count in them).
 *
 * Ranks   local; alike on all
 * Errors  CAIRN_USAGE: as above
 */
CAIRN_API CAIRN_CHECKED cairn_status cairn_data_fed(cairn_data *data, size_t n);

/**
 * Release; a trainer that was opened with it keeps it until it is closed.  NULL is fine.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_API void cairn_data_free(cairn_data *data);

#ifdef __cplusplus
}
#endif

#endif
