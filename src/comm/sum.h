/* SPDX-License-Identifier: BSD-3-Clause
 * The sum of an update: micro-batches are added up on this rank, then the ranks, by one
 * MPI_Allreduce or between nodes round a ring.  Loss, normalizer, metric sums, failure and stop
 * flags travel after the gradient in the same buffer.  With a team (comm.sum: node) these alone are
 * sent, and each rank of a node adds up its part of the gradients where they lie.  Ways to sum:
 * sums.def. */
#ifndef CAIRN_COMM_SUM_H
#define CAIRN_COMM_SUM_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "cairn/comm.h"
#include "comm/addends.h"
#include "comm/team.h"
#include "comm/wire.h"
#include "tensor/exact_sum.h"
#include "tensor/gradient.h"
#include "tensor/micro.h"
#include "tensor/norm.h"
#include "tensor/params.h"
#include "tensor/sink.h"

/** What travels after the gradient. */
enum cairn_scalar {
    CAIRN_SCALAR_LOSS,
    CAIRN_SCALAR_WEIGHT,
    CAIRN_SCALAR_CORRECT,
    CAIRN_SCALAR_COUNT,
    CAIRN_SCALAR_UNITS,     /* of the noise scale, and ... */
    CAIRN_SCALAR_UNIT_SIZE, /* ... how large these are together */
    CAIRN_SCALAR_MICRO,     /* micro-batches that were added, and ... */
    CAIRN_SCALAR_MARKS,     /* ... a sum that shows whether each of them was added once, and whether
                               what was worked twice has the same bits */
    CAIRN_N_SCALARS
};
enum cairn_flag {
    CAIRN_FLAG_FAILED,     /* ranks in trouble */
    CAIRN_FLAG_STOP,       /* ranks that were asked to stop */
    CAIRN_FLAG_RANGE,      /* ranks where a gradient does not fit the fixed-point range */
    CAIRN_FLAG_NOT_FINITE, /* ranks with a gradient that is not a number */
    CAIRN_N_FLAGS
};

/** Whose gradients are known alone, so that their squares show the noise in them (train.noise).
 */
enum cairn_noise {
    CAIRN_NOISE_OFF,
    CAIRN_NOISE_RANK,  /* what a rank has added up at some moment: cairn_sum_unit() */
    CAIRN_NOISE_MICRO, /* each micro-batch's; not with every way to sum */
    CAIRN_N_NOISES
};

/** What train.noise: auto takes without train.reproducible: of a few micro-batches the sum of a
 * rank tells as much, and costs less.  Ranks: local.  Errors: none. */
enum cairn_noise cairn_noise_auto(size_t n_micro, size_t n_ranks);

struct cairn_sum;
struct cairn_ring_load;

/** What a sum of some kind takes for each weight, and how exact it is. */
struct cairn_sum_cost {
    size_t memory_bytes; /* of the sum, the gradient included */
    size_t wire_bytes;   /* of what is summed over the ranks */
    int kept_bits; /* an addend is rounded to 2^-this of its tensor's largest, or finer; 0: a float
                      sum */
};

/** Where a rank adds up: planes of elements, [n_planes, n_values]. */
struct cairn_added {
    void *memory;
    size_t element_bytes, n_planes;
};

/** A way to sum: one row of functions. */
struct cairn_sum_kind {
    const char *name;
    const char *doc;
    bool has_range;            /* keeps exponents for each tensor, which go into the checkpoint */
    bool sees_micro;           /* the gradient of a micro-batch is alone before it is added */
    enum cairn_wire_type wire; /* of what is summed over the ranks */
    size_t most_planes; /* what it adds up has at most so many elements of the wire for a value */
    struct cairn_sum_cost (*cost)(size_t n_micro); /* with so many micro-batches in an update */
    cairn_status (*create)(struct cairn_sum *sum); /* with cairn_sum_take_wire() */
    void (*destroy)(struct cairn_sum *sum);
    void (*begin)(struct cairn_sum *sum); /* nothing is added up yet; NULL: no tensor is started */
    /* where this rank adds up a tensor; NULL: in `added` */
    struct cairn_added (*added)(const struct cairn_sum *sum, size_t param);
    /* elements [first, first + n) of what this rank has added up of a tensor that is started, there
       or put into block [n] */
    const real *(*partial)(const struct cairn_sum *sum, size_t param, size_t first, size_t n,
                           real *block);
    void (*ready)(struct cairn_sum *sum);   /* before the ranks sum: what is on the wire is whole */
    void (*arrived)(struct cairn_sum *sum); /* after it: set flags that follow from all ranks */
    /* of a team on several nodes: what this node's ranks have of elements [first, first + n), n at
       most CAIRN_GRADIENT_BLOCK, into added, which the nodes sum then */
    void (*collect)(const struct cairn_sum *sum, size_t param, size_t first, size_t n);
    /* all went well: make elements [first, first + n) of a tensor in out, n at most
       CAIRN_GRADIENT_BLOCK, in any thread; NULL: they are there */
    void (*take)(const struct cairn_sum *sum, size_t param, size_t first, size_t n);
    void (*finish)(struct cairn_sum *sum); /* out is whole */
    /* what goes round between nodes: values, whose sums lie in g; NULL: elements of the wire */
    struct cairn_ring_load (*load)(struct cairn_sum *sum);
    void (*fit)(struct cairn_sum *sum); /* after CAIRN_FLAG_RANGE: agree on ranges that fit */
};

/** Squares of the gradients of units a: for each weight tensor the sum of |sum_a|^2 / size_a over
 * the units, with the summed gradient sum_a: what the noise scale is made from (train/noise.h).
 * The size of a unit is its part of W, by which the update is divided; its samples where the update
 * is not.  A unit of size 0 is none. */
struct cairn_gradient_squares {
    enum cairn_noise units;
    bool by_samples;
    double *value; /* [n_items] over all ranks, after the reduction; owned; NULL: none */
    double *micro; /* [CAIRN_PLACE_MOST, n_items] |sum_a|^2 of each of the running group; owned */
    double size[CAIRN_PLACE_MOST]; /* of each of them */
    real **shared; /* [n_items] of tensors that layers share: their micro-batch's gradient; owned */
    size_t *n_closed; /* [n_items] how many of its layers have come in this micro-batch; owned */
};

/** What is found in this rank's part of a tensor before it leaves, where it is asked for. */
struct cairn_whole {
    double square;                 /* |sum_a|^2, for CAIRN_NOISE_RANK */
    struct cairn_magnitudes shown; /* for cairn_sum_partial() */
};

/** Which part of the sum has begun before the last micro-batch ended (early.h). */
struct cairn_early {
    bool goes_round; /* weights go round a ring, their last piece after the others: alike on all */
    size_t n_pieces; /* 0: nothing begins early */
    size_t n_closed; /* of this rank, in this update */
    size_t n_begun;  /* of those that all ranks of the team have closed */
    uint64_t n_before; /* pieces of all earlier updates */
    size_t *first; /* [n_pieces] the first tensor of each; the first piece ends with the last one */
    size_t lowest; /* this tensor and those after it are complete */
    size_t round;  /* weights from this one on go round; all of them: none */
    bool expected; /* the last micro-batch has been announced */
    bool shown;    /* what this rank has added up is asked for after it */
    bool under_way;            /* at looked_s something was */
    double looked_s;           /* of cairn_clock_s() */
    double overlap_s;          /* in this update: sums under way while this rank worked on */
    size_t *n_open;            /* [n_items] parts of the gradient that are still to come; owned */
    struct cairn_whole *whole; /* [n_items] of complete tensors; owned */
};

/** What a rank of a team lets the others see, in a line of memory of its own. */
struct cairn_sum_mate {
    alignas(CAIRN_ALIGNMENT) _Atomic uint64_t n_closed; /* pieces, in all updates */
    bool wants_magnitudes;
};

/** What a kind with has_range knows of the magnitudes of one tensor; the same on all ranks, and
 * saved as numbers. */
struct cairn_range {
    int64_t top;     /* |gradient of a micro-batch| is below 2^top */
    int64_t n_below; /* so many updates in a row stayed far below it, ... */
    int64_t below;   /* ... all of them below 2^this */
};

/** A sum in progress.  The functions below are its users' side; the fields are for the ways to
 * sum. */
struct cairn_sum {
    struct cairn_sink sink;                               /* the first field: a sink is a sum */
    void (*close)(struct cairn_sink *sink, size_t param); /* of the kind, with the hash */
    const struct cairn_sum_kind *kind;
    cairn_comm *comm;                  /* borrowed */
    const struct cairn_params *params; /* borrowed */
    size_t n_micro;                    /* the most micro-batches of an update, over all ranks */
    struct cairn_wire wire;            /* what the ranks sum: [n_payload], the kind's, ... */
    size_t n_payload, n_tail;          /* ... then [n_tail]: exact sums and flags */
    void *added; /* [n_planes, n_values] what this rank adds up: words of a value; the first of
                    the payload, or with a team apart */
    size_t n_planes;
    struct {
        void (*close)(struct cairn_sink *sink, size_t param); /* of the kind */
        uint64_t value;
        bool taken;
        bool of_added;       /* of what is added up, so no gradient may stay in g */
    } hash;                  /* sum_hash.c */
    struct cairn_team *team; /* borrowed; NULL: MPI sums */
    bool lasting, last;      /* last: no other micro-batch of this rank follows the running one */
    size_t most_held;        /* micro-batches of a group, at most; 0 is 1 */
    size_t n_expected;       /* of this rank, announced; 0: it is not known */
    size_t n_apart;          /* the next so many are no group */
    struct cairn_addends of_node;   /* what its ranks have added up, and ... */
    struct cairn_addends gradients; /* ... where they put gradients of micro-batches */
    struct cairn_early early;
    struct cairn_place place;         /* of the tensor that is being put into its place, and ... */
    const struct cairn_param *placed; /* ... which it is, until it is closed; NULL: none */
    real *g;   /* [n_values], 64-byte aligned, of the kind: gradients of micro-batches */
    real *out; /* [n_values] the sum over all ranks, after cairn_sum_gradient(): g, or the team's */
    bool *started; /* [n_tensors] the kind has added up something in this update; else what is
                      there has no meaning; owned */
    struct cairn_sum_piece *piece; /* [n_pieces] of the gradient; owned */
    struct cairn_figures *figures; /* [n_pieces] of these; the team's */
    struct cairn_sum_mate *mate;   /* [ranks of the team]; the team's */
    size_t n_pieces;
    size_t first_piece, end_piece; /* those that this rank of the team takes, ... */
    bool takes_magnitudes;         /* ... and more than squares of them, which some rank wants */
    struct cairn_gradient gradient;
    struct cairn_magnitudes *magnitudes; /* [n_items] of it, where they are wanted; borrowed */
    void *buffer;                        /* of the kind, owned by it */
    struct cairn_range *range;           /* [n_tensors]; NULL without has_range */
    struct cairn_exact_sum *exact; /* [n_exact]: scalars, then the squares; of this rank, until the
                                  reduction; owned */
    size_t n_exact;
    int64_t flag[CAIRN_N_FLAGS];
    bool range_known, again;
    struct cairn_gradient_squares squares;
    size_t micro_samples; /* of the running micro-batch */
};

/** Over all ranks, after cairn_sum_reduce(). */
struct cairn_totals {
    double loss, weight, correct, count; /* as in cairn_scores */
    bool stop;                           /* some rank was asked to stop */
    const double
        *squares; /* [n_items] as in cairn_gradient_squares; borrowed; NULL without noise */
    double n_units, unit_size;
    double n_micro, marks; /* how many micro-batches were added, and the sum of their marks */
    bool apart;            /* hashes of what was worked twice differ; marks says nothing then */
};

/** What a sum of this kind costs with so many micro-batches in an update; zeros: there is no such
 * kind.  Ranks: local.  Errors: none. */
struct cairn_sum_cost cairn_sum_cost(const char *kind, size_t n_micro);

/**
 * Make a sum of this kind (sums.def) for gradients of this layout, of at most n_micro
 * micro-batches over all ranks.  comm NULL: of this process alone, without MPI, for who wants to
 * know what its own part costs; then nothing below is collective.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY, or more micro-batches than the kind can take; CAIRN_BUG: no such
 * kind, or one that does not see micro-batches alone for CAIRN_NOISE_MICRO
 */
CAIRN_CHECKED cairn_status cairn_sum_create(cairn_comm *comm, const char *kind,
                                            enum cairn_noise noise,
                                            const struct cairn_params *params, size_t n_micro,
                                            struct cairn_sum **out);
void cairn_sum_free(struct cairn_sum *sum);

/** Which sums begin while the last micro-batch of a rank still walks backward (early.h). */
enum cairn_overlap {
    CAIRN_OVERLAP_AUTO, /* between nodes, where there is a wait to fill */
    CAIRN_OVERLAP_ON,
    CAIRN_OVERLAP_OFF
};

/** Where a sum is made. */
struct cairn_sum_place {
    cairn_comm *comm;        /* as above */
    struct cairn_team *team; /* of it; each of its ranks makes a sum alike; NULL: MPI sums all */
    bool lasting; /* with a team: the gradient stays as it is until the next cairn_sum_reduce(),
                     also where another rank has begun its next update: for who looks in between */
    enum cairn_overlap overlap; /* with a team between its nodes alone */
    size_t bucket_bytes;        /* least of the weights that begin together; 0: what is best here */
};

/** The same there. */
CAIRN_CHECKED cairn_status cairn_sum_create_in(const struct cairn_sum_place *place,
                                               const char *kind, enum cairn_noise noise,
                                               const struct cairn_params *params, size_t n_micro,
                                               struct cairn_sum **out);

/** Bytes that it takes of the team's block, for so many ranks.  Ranks: local.  Errors: none. */
size_t cairn_sum_team_bytes(const char *kind, const struct cairn_params *params, size_t n_ranks,
                            bool lasting);

/** Add the scores of a micro-batch to sum [CAIRN_N_SCALARS]; false: one of them is 2^300 or more,
 * or not finite.  Ranks: local.  Errors: none. */
bool cairn_sum_scores(struct cairn_exact_sum *sum, const struct cairn_scores *scores);

/** The update is not divided by W: units of the noise scale are as large as their samples.
 * Ranks: local.  Errors: none. */
void cairn_sum_is_not_divided(struct cairn_sum *sum);

/** A new update: then micro-batches write into &sum->sink.  Ranks: local.  Errors: none. */
void cairn_sum_begin(struct cairn_sum *sum);

/** The gradient of a micro-batch of n samples comes next.  Ranks: local.  Errors: none. */
void cairn_sum_begin_micro(struct cairn_sum *sum, size_t n_samples);

/** Layers can hold operands of so many micro-batches (struct cairn_group).  Ranks: local.
 * Errors: none. */
void cairn_sum_set_most_held(struct cairn_sum *sum, size_t most);

/** This rank has n micro-batches left before cairn_sum_reduce(), the next one included, whatever
 * happens: they may come in groups.  The tensors of the last one are summed between nodes as they
 * come, and in a team its gradient may stay where it was put.  Ranks: local.  Errors: none. */
void cairn_sum_expect(struct cairn_sum *sum, size_t n);

/** What this rank has added up may be looked at after each of the next n micro-batches of this
 * update, so they are no group.  Ranks: local.  Errors: none. */
void cairn_sum_apart(struct cairn_sum *sum, size_t n);

/** Until the next cairn_sum_begin(), cairn_sum_partial() is asked after the last micro-batch too:
 * its figures are taken of each tensor before that leaves; micro-batches are apart.  Ranks: local.
 * Errors: none. */
void cairn_sum_show_partials(struct cairn_sum *sum);

/** Its gradient is in the sink; these are its scores.  Ranks: local.
 * Errors: CAIRN_NUMBERS: 2^300 or more, or not finite. */
CAIRN_CHECKED cairn_status cairn_sum_end_micro(struct cairn_sum *sum,
                                               const struct cairn_scores *scores);

/** It was the micro-batch of this mark, a whole number below 2^24.  Ranks: local.  Errors: none. */
void cairn_sum_mark_micro(struct cairn_sum *sum, uint32_t mark);

/** Hash what this rank has added up once the next micro-batch has ended, its scores with it: equal
 * micro-batches one after the other since cairn_sum_begin() give equal hashes on all ranks.  Not
 * while the sum needs a range.  Ranks: local.  Errors: none. */
void cairn_sum_hash_next(struct cairn_sum *sum);
uint64_t cairn_sum_hash(struct cairn_sum *sum);

/** That hash goes into the sum over the ranks, from the owner of the micro-batches with one sign
 * and from who works them again with the other: cairn_totals.apart.  Ranks: local.  Errors: none.
 */
void cairn_sum_mark_hash(struct cairn_sum *sum, uint64_t hash, bool owner);

/** With CAIRN_NOISE_RANK: what this rank has added up so far, of n samples, is a unit of the noise
 * scale.  Does nothing else where it is not.  Ranks: local.  Errors: none. */
void cairn_sum_unit(struct cairn_sum *sum, size_t n_samples);

/** Figures of what this rank has added up so far of one tensor; after the last micro-batch only as
 * cairn_sum_show_partials() says.  Ranks: local.  Errors: none. */
struct cairn_magnitudes cairn_sum_partial(const struct cairn_sum *sum, size_t param);

/**
 * My sum -> the sum over all ranks.  A rank in trouble comes with its status, and one asked to stop
 * with stop = true.
 *
 * Ranks   collective
 * Errors  the agreed one; CAIRN_NUMBERS: a gradient is not finite
 */
CAIRN_CHECKED cairn_status cairn_sum_reduce(struct cairn_sum *sum, cairn_status st, bool stop,
                                            struct cairn_totals *totals);

/** After it, once: the gradient, which is the sum over `divisor`, borrowed until the next begin;
 * its squares [n_items], tensor by tensor; the answer is its norm.  Ranks: local; alike on all.
 * Errors: none. */
double cairn_sum_gradient(struct cairn_sum *sum, double divisor, double *squares,
                          struct cairn_gradient **out);

/** In this update cairn_sum_gradient() also puts figures of the gradient into out [n_items].
 * Ranks: local.  Errors: none. */
void cairn_sum_want_magnitudes(struct cairn_sum *sum, struct cairn_magnitudes *out);

/** Whether the update must be worked once more, in another range (same answer on all ranks).
 * Ranks: local. */
bool cairn_sum_again(const struct cairn_sum *sum);

/** Whether the sum still needs a range: then the gradients of micro-batch 0 are put into the sink
 * by every rank, and cairn_sum_learn() takes the largest magnitude of each tensor over the ranks.
 * Ranks: local; learn collective. */
bool cairn_sum_needs_range(const struct cairn_sum *sum);
CAIRN_CHECKED cairn_status cairn_sum_learn(struct cairn_sum *sum, cairn_status st);

/** The range was read from a checkpoint into sum->range.  Ranks: local. */
void cairn_sum_range_restored(struct cairn_sum *sum);

#endif
