/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map: y = x W^T + bias, dx = dy W, dW = dy^T x.  Who does them is known
 * here alone (tensor/backend.h).
 *
 * Planned once: planning may fail and takes memory, the rest does neither.  All that a call needs
 * besides its arrays is scratch memory, which calls may share.  Compiled in two precisions
 * (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_MATMUL_H
#define CAIRN_TENSOR_MATMUL_H

#include <stdint.h>

#include "cairn/status.h"
#include "tensor/backend.h"
#include "tensor/micro.h"
#include "tensor/outer.h"
#include "tensor/place.h"
#include "tensor/real.h"

#define cairn_matmul_plan       CAIRN_R(cairn_matmul_plan)
#define cairn_matmul_free       CAIRN_R(cairn_matmul_free)
#define cairn_matmul_forward    CAIRN_R(cairn_matmul_forward)
#define cairn_matmul_by_data    CAIRN_R(cairn_matmul_by_data)
#define cairn_matmul_by_weights CAIRN_R(cairn_matmul_by_weights)
#define cairn_matmul_places     CAIRN_R(cairn_matmul_places)
#define cairn_matmul_outer      CAIRN_R(cairn_matmul_outer)

/** In how many calls W must stay the same for keeping it to pay; of more numbers it is not kept,
 * for memory is not to grow by much. */
enum { CAIRN_KEPT_FROM = 4, CAIRN_KEPT_MOST = 1 << 22 };

/** A linear map: what it is, and what planning made of it. */
struct cairn_matmul {
    size_t in, out;                 /* W is [out, in]; each at most CAIRN_GEMM_MOST */
    size_t rows[CAIRN_MICRO_SIZES]; /* n of the calls to expect, 0 after the last: a call with
                                        another n is done by BLAS */
    size_t held_rows; /* the gradient by W may be asked for of so many, of several calls, at once */
    bool keeps;       /* W may be kept in the layout that products want, while it stays the same */
    bool has_bias, wants_dx;    /* whether such calls are to expect */
    enum cairn_backend backend; /* who is asked first */
    bool rounds;                /* operands are rounded to bfloat16 where the backend can */

    const struct cairn_matmul_kind *kind; /* who does it */
    void *self;                           /* the kind's own plan, owned */
    size_t place_rows;    /* the gradient by W over at most so many is put into its place */
    size_t scratch_bytes; /* of one call */
    size_t code_bytes;    /* that the library made for it, unless for an equal one */
    size_t kept_bytes;    /* of W in that layout, 0 where it is not kept */
};

/** The arrays of one call; those that it does not name are not looked at. */
struct cairn_matmul_job {
    size_t n;         /* rows */
    const real *x;    /* [n, in] */
    const real *w;    /* [out, in] */
    const real *bias; /* [out], or NULL */
    real *y;          /* [n, out] */
    const real *dy;   /* [n, out] */
    bool same_dy;     /* by data: as in the call by weights before, and scratch is as it left it */
    real *dx;         /* [n, in] */
    real *dw;         /* [out, in] */
    real beta;        /* dw = beta * dw + gradient, with 0 (dw is not read) or 1 */
    struct cairn_place *place; /* of dw, instead of these two where cairn_matmul_places() ... */
    const size_t *rows;        /* ... and as in struct cairn_outer */
    void *scratch;             /* at a multiple of 64 */
    void *kept;                /* likewise; this map's own */
    uint64_t weights; /* numbers the weights: equal as long as W is; 0: nothing is known of it */
};

/** One way to do it. */
struct cairn_matmul_kind {
    const struct cairn_outer_way *outer;               /* that puts dw into a place */
    cairn_status (*plan)(struct cairn_matmul *matmul); /* sets self and scratch_bytes */
    void (*free)(struct cairn_matmul *matmul);         /* also after a plan that failed */
    void (*forward)(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);
    void (*by_data)(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);
    void (*by_weights)(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);
};

/** By BLAS, any number of rows: the reference of the others. */
#define cairn_matmul_blas CAIRN_R(cairn_matmul_blas)
extern const struct cairn_matmul_kind cairn_matmul_blas;

/** By primitives of oneDNN, in single precision. */
#define cairn_matmul_onednn CAIRN_R(cairn_matmul_onednn)
extern const struct cairn_matmul_kind cairn_matmul_onednn;

/** By the tiles of AMX, where they are there (tensor/amx.h). */
#define cairn_matmul_amx CAIRN_R(cairn_matmul_amx)
extern const struct cairn_matmul_kind cairn_matmul_amx;

/**
 * Choose who does it and how.  Free it, also after a failure.
 *
 * Ranks   local; equal maps are done alike, with the same bits
 * Errors  CAIRN_MEMORY; CAIRN_BUG: the library refuses
 */
CAIRN_CHECKED cairn_status cairn_matmul_plan(struct cairn_matmul *matmul);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_matmul_free(struct cairn_matmul *matmul);

/** y from x, w, bias.  Ranks: local.  Errors: none. */
void cairn_matmul_forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);

/** dx from dy, w.  Ranks: local.  Errors: none. */
void cairn_matmul_by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);

/** The way dw will be put into a place, before planning; NULL: in none.  Ranks: local.
 * Errors: none. */
const struct cairn_outer_way *cairn_matmul_outer(const struct cairn_matmul *matmul);

/** Whether dw of n rows can be put into a place.  Ranks: local.  Errors: none. */
bool cairn_matmul_places(const struct cairn_matmul *matmul, size_t n);

/** dw from dy, x.  Ranks: local.  Errors: none. */
void cairn_matmul_by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job);

#endif
