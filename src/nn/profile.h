/* SPDX-License-Identifier: BSD-3-Clause
 * What each layer of a model takes in training passes, and what it computes and moves meanwhile.
 * Off, it costs a comparison for each call of a layer; on, two looks at the clock.  Compiled in two
 * precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_PROFILE_H
#define CAIRN_NN_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "nn/layer.h"
#include "nn/model.h"

#define cairn_profile_begin CAIRN_R(cairn_profile_begin)
#define cairn_profile_end   CAIRN_R(cairn_profile_end)
#define cairn_model_profile CAIRN_R(cairn_model_profile)
#define cairn_profile_count CAIRN_R(cairn_profile_count)
#define cairn_profile_row   CAIRN_R(cairn_profile_row)
#define cairn_profile_flops CAIRN_R(cairn_profile_flops)
#define cairn_model_flops   CAIRN_R(cairn_model_flops)
#define cairn_profile_bytes CAIRN_R(cairn_profile_bytes)
#define cairn_profile_free  CAIRN_R(cairn_profile_free)

/** RECOMPUTE is forward once more, in backward: of segments (train.recompute), and of what is not
 * kept. */
enum cairn_direction { CAIRN_FORWARD, CAIRN_BACKWARD, CAIRN_RECOMPUTE, CAIRN_N_DIRECTIONS };

/** Calls of one layer in one direction. */
struct cairn_work {
    double s; /* without what layers of lists inside it took */
    uint64_t calls, samples;
};

/** All layers of a model. */
struct cairn_profile {
    size_t n_layers;
    const struct cairn_layer **layer;              /* [n_layers], as they are planned */
    struct cairn_work (*work)[CAIRN_N_DIRECTIONS]; /* [n_layers] */
    struct cairn_work loss;                        /* with its gradient by the outputs */
    enum cairn_direction forward;                  /* or RECOMPUTE, meanwhile */
    double inner_s; /* of layers inside the running one, that have ended */
};

/** A call that is being timed. */
struct cairn_span {
    double begin_s, inner_s;
};

/** Begin to time a call.  Ranks: local.  Errors: none. */
struct cairn_span cairn_profile_begin(struct cairn_profile *profile);

/** It is over: n samples more are done.  Ranks: local.  Errors: none. */
void cairn_profile_end(struct cairn_profile *profile, struct cairn_span span, size_t n,
                       struct cairn_work *work);

/** Time all training passes of this model from now on.  Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_model_profile(struct cairn_model *model);

/** What was timed. */
struct cairn_profile_row {
    const char *layer, *type; /* of the loss "loss", and its name; borrowed */
    enum cairn_direction direction;
    struct cairn_work work;
};

/** How many there are, alike on all ranks: each layer in each direction, and the loss.
 * Ranks: local.  Errors: none. */
size_t cairn_profile_count(const struct cairn_model *model);

/** One of them.  Ranks: local.  Errors: none. */
struct cairn_profile_row cairn_profile_row(const struct cairn_model *model, size_t index);

/** Floating-point operations of so many samples there, those of its products alone; 0: it has none.
 * Ranks: local.  Errors: none. */
double cairn_profile_flops(const struct cairn_model *model, size_t index, uint64_t samples);

/** The same of one sample in the whole model, which need not be timed.  Ranks: local.
 * Errors: none. */
double cairn_model_flops(const struct cairn_model *model);

/** Bytes of the arrays that it reads and writes, each once for a call, whatever caches save.
 * Ranks: local.  Errors: none. */
double cairn_profile_bytes(const struct cairn_model *model, size_t index,
                           const struct cairn_work *work);

/** Ranks: local.  Errors: none. */
void cairn_profile_free(struct cairn_profile *profile);

#endif
