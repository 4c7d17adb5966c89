/* SPDX-License-Identifier: BSD-3-Clause
 * What dataset, fingerprint and loader share.  Not for other modules. */
#ifndef CAIRN_DATA_INTERNAL_H
#define CAIRN_DATA_INTERNAL_H

#include "data/dataset.h"
#include "h5/h5.h"
#include "tensor/real.h"

/** One group of a dataset; x is NULL where the file has none. */
struct cairn_group {
    size_t n;                 /* samples; of tokens those that the context makes, 0 until then */
    size_t n_tokens;          /* t; 0: x and y */
    struct cairn_h5_array *x; /* [n, input] uint8, int16 or float32; or tokens [t] */
    struct cairn_h5_array *y; /* [n, d] real targets; NULL for classes */
    struct cairn_h5_array *weight; /* [n] of samples or [t] of tokens as labels; NULL for 1 */
    int32_t *label;                /* [n] classes; NULL for real targets */
    size_t n_scale, n_shift;       /* 1, or one for each channel */
    real *scale, *shift;           /* [n_scale], [n_shift] */
};

struct cairn_dataset {
    char *path;     /* absolute */
    size_t n_users; /* besides the first */
    struct cairn_h5 *file;
    struct cairn_group group[CAIRN_N_SPLITS];
    struct cairn_shape input;
    size_t n_targets, n_classes;
    size_t vocabulary;        /* of tokens; 0: x and y */
    size_t context;           /* C, tokens of a sample; 0: not set */
    double *mean, *deviation; /* [channels] of normalisation, one block, owned; NULL for none */
    bool normalized_each;     /* they differ from channel to channel */
    char *characters;         /* UTF-8, in the order of their tokens; NULL: not known; owned */
    char *about[4];           /* in the order of cairn_about_names */
};

/** title, source, license, citation; NULL at the end. */
extern const char *const cairn_about_names[5];

/**
 * What a group's x are multiplied by and what is added, normalisation and all: one number, or where
 * channels differ one for each of the n_values of a sample.  To be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_group_factors(const struct cairn_dataset *dataset,
                                               const struct cairn_group *group, size_t n_values,
                                               real **scale, real **shift, bool *each);

/** Bytes of one row of an array in its own type.  Ranks: local.  Errors: none. */
size_t cairn_row_bytes(const struct cairn_h5_form *form);

#endif
