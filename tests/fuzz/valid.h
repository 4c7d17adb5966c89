/* SPDX-License-Identifier: BSD-3-Clause
 * Random runs that Cairn has to take: a tiny dataset and a run file that fits it, of any mix of
 * layers, losses, optimizers and keys.  The registries are walked: what is listed there and not
 * known here ends the program with its name.  Started by tests/run/random_runs.sh. */
#ifndef CAIRN_TESTS_VALID_H
#define CAIRN_TESTS_VALID_H

#include <stdio.h>

#include "base/keys.h"
#include "fuzz/fuzz.h"
#include "nn/loss.h"
#include "tensor/shape.h"

enum { VALID_GROUPS = 3, VALID_MOST_NAMES = 64, VALID_NAME_BYTES = 64 };

/** A layer with weights, for patterns of optim.groups. */
struct valid_name {
    char text[VALID_NAME_BYTES];
    bool has_bias;
};

/** A run that is being made up. */
struct valid {
    struct fuzz_random random;
    FILE *out; /* run.yaml */
    /* the data */
    const struct cairn_loss_kind *loss;
    struct cairn_shape input;
    size_t n[VALID_GROUPS];      /* samples of train, val, test; 0: there is no such group */
    size_t n_classes, n_targets; /* one of them; the other 0 */
    size_t vocabulary, context;  /* 0 where x are numbers */
    int ignored;                 /* the label that has no part in the loss */
    size_t n_outputs;            /* of the last layer, for each label */
    struct cairn_shape y;        /* of a sample; ndim 0: one label, or targets in a row */
    struct cairn_shape outputs;  /* of the last layer then */
    bool classes_last;           /* the last of their dimensions counts classes; else the first */
    /* the model */
    size_t micro;
    struct valid_name name[VALID_MOST_NAMES];
    size_t n_names;
};

/** Loss and data, into <folder>/data.h5. */
void valid_write_data(struct valid *run, const char *folder);
/** The key model. */
void valid_write_model(struct valid *run);
/** Keys of a layer; the shape is that after it then.  Of a convolution, all but init, and whether
 * it has a bias. */
bool valid_write_conv(struct valid *run, struct cairn_shape *shape);
bool valid_write_conv_transpose(struct valid *run, struct cairn_shape *shape);
void valid_write_pool(struct valid *run, struct cairn_shape *shape, bool may_dilate);
void valid_write_reshape(struct valid *run, struct cairn_shape *shape);
void valid_write_transpose(struct valid *run, struct cairn_shape *shape);
void valid_write_factors(struct valid *run, struct cairn_shape *shape);
/** Layers that make one shape of another. */
void valid_write_way(struct valid *run, const struct cairn_shape *in,
                     const struct cairn_shape *out);
/** Whether `project: true` does: by a dense layer, which fits whatever it has to make, or by a
 * convolution of kernel 1 with a stride, and batchnorm. */
bool valid_projects(const struct valid *run, const struct cairn_shape *in,
                    const struct cairn_shape *out, bool convolves);
/** The key loss. */
void valid_write_loss(struct valid *run);
/** The section optim. */
void valid_write_optim(struct valid *run, size_t global, bool has_ramp, bool sums);

/** data.h5 and run.yaml in a folder; always the same of the same numbers. */
void valid_make(uint64_t seed, uint64_t index, const char *folder);

/** A number from low to high. */
size_t valid_count(struct valid *run, size_t low, size_t high);
double valid_real(struct valid *run, double low, double high);
/** Likewise, its logarithm evenly spread. */
double valid_scale(struct valid *run, double low, double high);
bool valid_once_in(struct valid *run, size_t n);

/** ", name: value", or nothing where it may be left out, for a key whose values are words, and for
 * one of reals that is known by name. */
void valid_write_key(struct valid *run, const struct cairn_key *key);

/** Whether that is so for a key. */
bool valid_knows(const struct cairn_key *key);
/** End the program where a registered layer, loss or optimizer, or a key of one, is not known. */
void valid_check_model(void);
void valid_check_loss(void);
void valid_check_optim(void);

/** End the program: there is something that the generator does not know. */
_Noreturn void valid_unknown(const char *what, const char *name, const char *of);

#endif
