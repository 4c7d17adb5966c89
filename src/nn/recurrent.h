/* SPDX-License-Identifier: BSD-3-Clause
 * One direction of a recurrent layer over x [T, D], for lstm.c, gru.c and bidirectional.c: what all
 * cells have in common.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_RECURRENT_H
#define CAIRN_NN_RECURRENT_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/layer.h"

#define cairn_recurrent_keys     CAIRN_R(cairn_recurrent_keys)
#define cairn_recurrent_plan     CAIRN_R(cairn_recurrent_plan)
#define cairn_recurrent_init     CAIRN_R(cairn_recurrent_init)
#define cairn_recurrent_forward  CAIRN_R(cairn_recurrent_forward)
#define cairn_recurrent_backward CAIRN_R(cairn_recurrent_backward)
#define cairn_recurrent_one_init CAIRN_R(cairn_recurrent_one_init)
#define cairn_recurrent_one      CAIRN_R(cairn_recurrent_one)
#define cairn_recurrent_one_back CAIRN_R(cairn_recurrent_one_back)
#define cairn_cell_lstm          CAIRN_R(cairn_cell_lstm)
#define cairn_cell_gru           CAIRN_R(cairn_cell_gru)

enum { CAIRN_CELL_SUMS = 4, CAIRN_CELL_PARTS = 2, CAIRN_RECURRENT_KEYS = 4 };

/** One step of one sample.  Before the first, what is `before` are zeros. */
struct cairn_step {
    real *a; /* [4 H]: sums, which become gates; in backward gates, which become the gradients by
                the sums */
    const real *h_before, *c_before; /* [H] */
    real *h, *c;                     /* [H] */
    real *dh, *dc; /* [H]: by h and c; then by those before, without what goes through W_hh */
};

/** A kind of cell.  Its sums of a step are four blocks of H; those of x W_ih^T are the first
 * `n_gates` of them, and the rows of W_hh go where `part` says. */
struct cairn_cell {
    const char *name; /* of the layer */
    size_t n_gates;   /* blocks of H rows in W_ih and W_hh */
    bool has_c;
    struct {
        size_t row, n_rows; /* of W_hh, in blocks of H */
        size_t column;      /* of the sums, likewise */
    } part[CAIRN_CELL_PARTS];
    void (*forward)(size_t H, const struct cairn_step *step);
    void (*backward)(size_t H, const struct cairn_step *step);
};

extern const struct cairn_cell cairn_cell_lstm, cairn_cell_gru;

/** What the run file says; first in the layer's `self`. */
struct cairn_recurrent_options {
    size_t units; /* H */
    int output;   /* all steps, or the last */
    bool has_bias;
    int init; /* enum cairn_init_scheme */
};

extern const struct cairn_key cairn_recurrent_keys[CAIRN_RECURRENT_KEYS];

/** One direction.  h lies in the layer's output where that has all steps, else in memory of its
 * own. */
struct cairn_recurrent {
    struct cairn_recurrent_options options;
    const struct cairn_cell *cell;
    size_t T, D, H;
    size_t direction, n_directions; /* 1 of 2 walks from the last position to the first */
    size_t a, c, h;                 /* in the arena: [b, T, 4 H], [b, T, H], [b, T, H] */
    size_t weight_ih, weight_hh, bias_ih, bias_hh; /* tensors */
};

/** Set cell, direction and n_directions before.  Sets layer->out.  Ranks: local.
 * Errors: CAIRN_USAGE: not [T, D], or too large; as cairn_plan_param(). */
CAIRN_CHECKED cairn_status cairn_recurrent_plan(struct cairn_recurrent *self,
                                                struct cairn_layer *layer, struct cairn_plan *plan);

/** Its weights.  Ranks: local.  Errors: none. */
void cairn_recurrent_init(const struct cairn_recurrent *self, const struct cairn_params *params,
                          uint64_t seed, real *w);

/** Its part of layer->y.  Ranks: local.  Errors: none. */
void cairn_recurrent_forward(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                             const struct cairn_pass *pass);

/** Gradients by its weights into the sink; dx, unless NULL, = beta dx + its part.  dy are those of
 * the whole layer.  Ranks: local.  Errors: none. */
void cairn_recurrent_backward(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                              const struct cairn_pass *pass, const real *dy, real beta, real *dx);

/** The functions of a layer of one direction, whose `self` is a cairn_recurrent.  Ranks: local.
 * Errors: none. */
void cairn_recurrent_one_init(const struct cairn_layer *layer, const struct cairn_params *params,
                              uint64_t seed, real *w);
void cairn_recurrent_one(const struct cairn_layer *layer, const struct cairn_pass *pass);
void cairn_recurrent_one_back(const struct cairn_layer *layer, const struct cairn_pass *pass,
                              const real *dy, real *dx);

#endif
