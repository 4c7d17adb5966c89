/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution of 1 to 3 dimensions, with stride, padding, dilation and groups: y[o] = sum over the
 * channels c of o's group and the places k of the kernel of w[o, c, k] x[c, stride * place +
 * dilation * k - before] + bias[o].  Who does it is known here alone (tensor/convs.def).
 *
 * Planned once: planning may fail and takes memory, the rest does neither.  All that a call needs
 * besides its arrays is a workspace, which calls may share.  Compiled in two precisions
 * (tensor/real.h).  Local. */
#ifndef CAIRN_TENSOR_CONV_H
#define CAIRN_TENSOR_CONV_H

#include "cairn/status.h"
#include "tensor/backend.h"
#include "tensor/patches.h"
#include "tensor/real.h"

#define cairn_conv_plan       CAIRN_R(cairn_conv_plan)
#define cairn_conv_plan_by    CAIRN_R(cairn_conv_plan_by)
#define cairn_conv_free       CAIRN_R(cairn_conv_free)
#define cairn_conv_forward    CAIRN_R(cairn_conv_forward)
#define cairn_conv_by_data    CAIRN_R(cairn_conv_by_data)
#define cairn_conv_by_weights CAIRN_R(cairn_conv_by_weights)
#define cairn_conv_numbers    CAIRN_R(cairn_conv_numbers)
#define cairn_conv_intensity  CAIRN_R(cairn_conv_intensity)

/** A convolution: what it is, and what planning made of it. */
struct cairn_conv {
    struct cairn_patches
        patches;                /* of the input; C are its channels, `out` may be less than fits */
    size_t channels;            /* K, of the output */
    size_t n_groups;            /* divides C and K */
    size_t micro;               /* most samples of one call */
    bool rounds;                /* its operands to bfloat16; doubles never are */
    enum cairn_backend backend; /* whose kernels the model uses */

    const struct cairn_conv_kind *kind; /* who does it */
    void *self;                         /* the kind's own plan, owned */
    size_t workspace_bytes;             /* of one call */
    bool copies;                        /* of operands, rounded, are given to it ... */
    size_t rounded_at;                  /* ... and lie here in the workspace */
};

/** The arrays of one call; those that it does not name are not looked at. */
struct cairn_conv_job {
    size_t n;         /* samples */
    const real *x;    /* [n, C, in] */
    const real *w;    /* [K, C / groups, kernel] */
    const real *bias; /* [K], or NULL */
    real *y;          /* [n, K, out] */
    const real *dy;   /* [n, K, out] */
    real *dx;         /* [n, C, in] */
    real *dw;         /* [K, C / groups, kernel] */
    real *dbias;      /* [K], or NULL */
    real beta;        /* dw = beta * dw + gradient, dbias likewise; 0: they are not read */
    void *workspace;
};

/** One way to do it: y, dx and dw. */
struct cairn_conv_kind {
    bool (*takes)(const struct cairn_conv *conv); /* NULL: all */
    bool (*rounds)(void); /* whether it rounds operands by itself, where the convolution says so;
                             NULL: it is given rounded ones */
    cairn_status (*plan)(struct cairn_conv *conv); /* sets self and workspace_bytes */
    void (*free)(struct cairn_conv *conv);         /* also after a plan that failed */
    void (*forward)(const struct cairn_conv *conv, const struct cairn_conv_job *job);
    void (*by_data)(const struct cairn_conv *conv, const struct cairn_conv_job *job);
    void (*by_weights)(const struct cairn_conv *conv, const struct cairn_conv_job *job);
};

/**
 * Choose who does it and how, from patches, channels, n_groups and micro.  Free it, also after a
 * failure.
 *
 * Ranks   local; equal convolutions are done alike, with the same bits
 * Errors  CAIRN_USAGE: sizes that cannot be counted; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_conv_plan(struct cairn_conv *conv);

/** The same by one of the kinds.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_conv_plan_by(struct cairn_conv *conv,
                                              const struct cairn_conv_kind *kind);

/** Release what was planned; a zeroed one is fine.  Ranks: local.  Errors: none. */
void cairn_conv_free(struct cairn_conv *conv);

/** Numbers of a sample, of input and output; and products for each of them, of a convolution of one
 * group.  Ranks: local.  Errors: none. */
size_t cairn_conv_numbers(const struct cairn_conv *conv);
double cairn_conv_intensity(const struct cairn_conv *conv);

/** y from x, w, bias.  Ranks: local.  Errors: none. */
void cairn_conv_forward(const struct cairn_conv *conv, const struct cairn_conv_job *job);

/** dx from dy, w.  Ranks: local.  Errors: none. */
void cairn_conv_by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job);

/** dw and dbias from dy, x.  Ranks: local.  Errors: none. */
void cairn_conv_by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job);

#endif
