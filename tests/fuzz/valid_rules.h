/* SPDX-License-Identifier: BSD-3-Clause
 * How each layer of a random model is written: valid_rules.c has a rule for every one that is
 * registered, valid_model.c makes stacks of them. */
#ifndef CAIRN_TESTS_VALID_RULES_H
#define CAIRN_TESTS_VALID_RULES_H

#include "fuzz/valid.h"

/** Samples of 1 to 4 dimensions, as bits: 1 << ndim. */
enum { VALID_ANY_SHAPE = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 };

/** A list of layers that is being written. */
struct valid_stack {
    struct valid *run;
    struct cairn_shape shape; /* of a sample after its last layer */
    char prefix[VALID_NAME_BYTES - 16];
    char name[VALID_NAME_BYTES]; /* of the layer that is being written */
    int depth;
    bool convolves; /* there is a convolution in it */
};

/** How a layer is written; the keys that are words or reals are written by all alike. */
struct valid_rule {
    const char *name;
    unsigned ndims;                                /* those it takes, as VALID_ANY_SHAPE */
    const char *own;                               /* keys that `write` writes, or leaves out */
    bool (*fits)(const struct valid_stack *stack); /* NULL: whatever the shape */
    void (*write)(struct valid_stack *stack); /* own keys, and the shape after it; NULL: nothing */
};

/** The rule of a registered layer; ends the program where there is none. */
const struct valid_rule *valid_rule_of(const char *layer);

/** Layers into a list, with the shape after them. */
void valid_write_layers(struct valid_stack *stack, size_t n);

/** What layers over [T, D] write, in valid_sequence.c. */
void valid_write_heads(struct valid_stack *stack);
void valid_write_block(struct valid_stack *stack);
void valid_write_recurrent(struct valid_stack *stack);
void valid_write_bidirectional(struct valid_stack *stack);

/** That the layer which is being written has weights. */
void valid_note(struct valid_stack *stack, bool has_bias);

#endif
