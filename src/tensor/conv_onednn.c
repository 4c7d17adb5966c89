/* SPDX-License-Identifier: BSD-3-Clause
 * Convolution of operands that are rounded to bfloat16 by primitives of oneDNN, where the CPU has
 * AMX: tiles that multiply 16 times what vectors of floats do, and want channels side by side.  So
 * operands are rounded and turned into the layout that a primitive chooses, and what it makes is
 * turned back.  Primitives are made for whole micro-batches; a kind after this one does others. */
#include "tensor/conv.h"

#include <stdlib.h>

#include "base/build_config.h"
#include "base/memory.h"
#include "tensor/backend.h"

#if defined(CAIRN_HAVE_ONEDNN) && CAIRN_R_BITS == 32

#include "tensor/onednn.h"

static const char subject[] = "a convolution";

enum { MOST_DIMS = CAIRN_PATCH_DIMS + 2 };
enum pass { FORWARD, BY_DATA, BY_WEIGHTS, N_PASSES };

/* An array as it is given, and as a primitive wants it, which is at `at` in the workspace. */
struct array {
    dnnl_memory_t plain, wanted;
    dnnl_primitive_t reorder; /* from one to the other */
    size_t at;
};

/* One primitive with what it reads and makes. */
struct step {
    dnnl_primitive_t primitive;
    struct array a, b, c;
    dnnl_memory_t scratch;
    size_t scratch_at, dw_at; /* dw_at: the gradient by the weights, before it is added */
};

/* The plan. */
struct onednn {
    struct cairn_onednn library;
    struct step step[N_PASSES];
    dnnl_memory_t bias;
    real *no_bias;          /* [channels] zeros; owned */
    struct cairn_conv rest; /* other numbers of samples */
};

static cairn_status check(dnnl_status_t status)
{
    return cairn_onednn_check(status, subject);
}

/* ---- geometry */

/* Of a convolution, in oneDNN's words. */
struct geometry {
    int n_dims; /* of an array: with samples and channels */
    dnnl_dims_t x, w, y, stride, dilation, before, after;
};

static struct geometry geometry_of(const struct cairn_conv *conv)
{
    const struct cairn_patches *patches = &conv->patches;
    struct geometry g = {.n_dims = (int)patches->n_dims + 2};
    g.x[0] = g.y[0] = (dnnl_dim_t)conv->micro;
    g.x[1] = g.w[1] = (dnnl_dim_t)patches->channels;
    g.y[1] = g.w[0] = (dnnl_dim_t)conv->channels;
    for (size_t i = 0; i < patches->n_dims; i++) {
        const size_t d = CAIRN_PATCH_DIMS - patches->n_dims + i;
        const size_t seen = (patches->kernel[d] - 1) * patches->dilation[d] + 1;
        g.x[i + 2] = (dnnl_dim_t)patches->in[d];
        g.w[i + 2] = (dnnl_dim_t)patches->kernel[d];
        g.y[i + 2] = (dnnl_dim_t)patches->out[d];
        g.stride[i] = (dnnl_dim_t)patches->stride[d];
        g.dilation[i] = (dnnl_dim_t)patches->dilation[d] - 1;
        g.before[i] = (dnnl_dim_t)patches->before[d];
        /* what the last output sees beyond the end, which may be less than all the padding */
        g.after[i] = (g.y[i + 2] - 1) * g.stride[i] + (dnnl_dim_t)seen - g.x[i + 2] - g.before[i];
    }
    return g;
}

/* With few channels most of a tile would be empty; what is not seen at the end has no name there;
 * and the code of a primitive is as long as a row, which takes its time to be made. */
static bool takes(const struct cairn_conv *conv)
{
    enum { CHANNELS = 16, ROW = 2048 };
    const struct cairn_patches *patches = &conv->patches;
    const struct geometry g = geometry_of(conv);
    bool fits = patches->out[2] * patches->kernel[2] <= ROW;
    for (int i = 0; i < g.n_dims - 2; i++) fits &= g.after[i] >= 0;
    return conv->rounds && cairn_backend_has_amx() && fits && conv->n_groups == 1 &&
           patches->channels >= CHANNELS && conv->channels >= CHANNELS;
}

/* ---- planning */

/* As tensors lie in memory. */
static dnnl_memory_desc_t plain(int n_dims, const dnnl_dims_t dims)
{
    static const dnnl_format_tag_t tag[MOST_DIMS + 1] = {
        [1] = dnnl_a, [3] = dnnl_abc, [4] = dnnl_abcd, [5] = dnnl_abcde};
    dnnl_memory_desc_t desc = {0};
    dnnl_memory_desc_init_by_tag(&desc, n_dims, dims, dnnl_f32, tag[n_dims]);
    return desc;
}

/* In whatever layout is best. */
static dnnl_memory_desc_t any(int n_dims, const dnnl_dims_t dims, dnnl_data_type_t type)
{
    dnnl_memory_desc_t desc = {0};
    dnnl_memory_desc_init_by_tag(&desc, n_dims, dims, type, dnnl_format_tag_any);
    return desc;
}

static dnnl_memory_desc_t bias_of(const struct geometry *g)
{
    const dnnl_dims_t channels = {g->y[1]};
    return plain(1, channels);
}

static cairn_status describe(const struct geometry *g, enum pass pass,
                             dnnl_convolution_desc_t *desc)
{
    const dnnl_alg_kind_t way = dnnl_convolution_direct;
    const dnnl_data_type_t x_type = pass == BY_DATA ? dnnl_f32 : dnnl_bf16;
    const dnnl_data_type_t w_type = pass == BY_WEIGHTS ? dnnl_f32 : dnnl_bf16;
    const dnnl_data_type_t y_type = pass == FORWARD ? dnnl_f32 : dnnl_bf16;
    const dnnl_memory_desc_t x = any(g->n_dims, g->x, x_type), w = any(g->n_dims, g->w, w_type),
                             y = any(g->n_dims, g->y, y_type), bias = bias_of(g);
    switch (pass) {
    case FORWARD:
        return check(dnnl_dilated_convolution_forward_desc_init(desc, dnnl_forward_training, way,
                                                                &x, &w, &bias, &y, g->stride,
                                                                g->dilation, g->before, g->after));
    case BY_DATA:
        return check(dnnl_dilated_convolution_backward_data_desc_init(
            desc, way, &x, &w, &y, g->stride, g->dilation, g->before, g->after));
    default:
        return check(dnnl_dilated_convolution_backward_weights_desc_init(
            desc, way, &x, &w, NULL, &y, g->stride, g->dilation, g->before, g->after));
    }
}

/* So many bytes, after those before. */
static size_t reserve(size_t *bytes, size_t n)
{
    const size_t at = *bytes;
    *bytes += cairn_memory_whole(n);
    return at;
}

/* An array that is read, or made. */
static cairn_status plan_array(const struct onednn *self, const dnnl_memory_desc_t *given,
                               const dnnl_memory_desc_t *wanted, bool made, size_t *bytes,
                               struct array *array)
{
    const struct cairn_onednn *library = &self->library;
    CAIRN_TRY(cairn_onednn_place(library, given, &array->plain));
    CAIRN_TRY(cairn_onednn_place(library, wanted, &array->wanted));
    array->at = reserve(bytes, dnnl_memory_desc_get_size(wanted));
    return cairn_onednn_plan_reorder(library, made ? wanted : given, made ? given : wanted,
                                     &array->reorder);
}

static const dnnl_memory_desc_t *asked(const_dnnl_primitive_desc_t planned, dnnl_query_t what)
{
    return dnnl_primitive_desc_query_md(planned, what, 0);
}

/* What a pass reads, a and b, and makes, c: as given, and what it is called. */
static cairn_status plan_arrays(const struct onednn *self, const struct geometry *g, enum pass pass,
                                const_dnnl_primitive_desc_t planned, size_t *bytes,
                                struct step *step)
{
    const dnnl_memory_desc_t x = plain(g->n_dims, g->x), w = plain(g->n_dims, g->w),
                             y = plain(g->n_dims, g->y);
    const struct {
        const dnnl_memory_desc_t *a, *b, *c;
        dnnl_query_t a_is, b_is, c_is;
    } of[N_PASSES] = {
        [FORWARD] = {&x, &w, &y, dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md},
        [BY_DATA] = {&y, &w, &x, dnnl_query_diff_dst_md, dnnl_query_weights_md,
                     dnnl_query_diff_src_md},
        [BY_WEIGHTS] = {&y, &x, &w, dnnl_query_diff_dst_md, dnnl_query_src_md,
                        dnnl_query_diff_weights_md},
    };
    const dnnl_memory_desc_t *scratch = asked(planned, dnnl_query_scratchpad_md);
    CAIRN_TRY(plan_array(self, of[pass].a, asked(planned, of[pass].a_is), false, bytes, &step->a));
    CAIRN_TRY(plan_array(self, of[pass].b, asked(planned, of[pass].b_is), false, bytes, &step->b));
    CAIRN_TRY(plan_array(self, of[pass].c, asked(planned, of[pass].c_is), true, bytes, &step->c));
    step->scratch_at = reserve(bytes, dnnl_memory_desc_get_size(scratch));
    if (pass == BY_WEIGHTS) step->dw_at = reserve(bytes, dnnl_memory_desc_get_size(&w));
    return cairn_onednn_place(&self->library, scratch, &step->scratch);
}

/* A pass, and in *forward that of the first one, by which oneDNN knows what the others belong to.
 */
static cairn_status plan_step(struct onednn *self, const struct geometry *g, enum pass pass,
                              dnnl_primitive_desc_t *forward, size_t *bytes)
{
    struct step *step = &self->step[pass];
    dnnl_convolution_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_primitive_desc_t planned = NULL;
    CAIRN_TRY(describe(g, pass, &desc));
    CAIRN_TRY(check(dnnl_primitive_attr_create(&attr)));
    cairn_status st =
        check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user));
    if (st == CAIRN_OK)
        st = check(
            dnnl_primitive_desc_create(&planned, &desc, attr, self->library.engine, *forward));
    dnnl_primitive_attr_destroy(attr);
    CAIRN_TRY(st);
    st = check(dnnl_primitive_create(&step->primitive, planned));
    if (st == CAIRN_OK) st = plan_arrays(self, g, pass, planned, bytes, step);
    if (pass == FORWARD)
        *forward = planned;
    else
        dnnl_primitive_desc_destroy(planned);
    return st;
}

static cairn_status plan_steps(struct onednn *self, const struct geometry *g, size_t *bytes)
{
    dnnl_primitive_desc_t forward = NULL;
    cairn_status st = CAIRN_OK;
    for (int pass = 0; pass < N_PASSES && st == CAIRN_OK; pass++) {
        size_t n = 0;
        st = plan_step(self, g, (enum pass)pass, &forward, &n);
        if (n > *bytes) *bytes = n;
    }
    if (forward != NULL) dnnl_primitive_desc_destroy(forward);
    return st;
}

static cairn_status plan(struct cairn_conv *conv)
{
    const struct geometry g = geometry_of(conv);
    const dnnl_memory_desc_t bias = bias_of(&g);
    struct onednn *self = NULL;
    size_t bytes = 0;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, subject, &self));
    self->rest = *conv;
    self->rest.kind = NULL;
    conv->self = self;
    CAIRN_TRY(cairn_memory_get(conv->channels, sizeof *self->no_bias, subject, &self->no_bias));
    CAIRN_TRY(cairn_onednn_open(subject, &self->library));
    CAIRN_TRY(cairn_onednn_place(&self->library, &bias, &self->bias));
    CAIRN_TRY(plan_steps(self, &g, &bytes));
    CAIRN_TRY(cairn_conv_plan_after(&self->rest, conv->kind));
    conv->workspace_bytes = bytes > self->rest.workspace_bytes ? bytes : self->rest.workspace_bytes;
    return CAIRN_OK;
}

static void free_array(struct array *array)
{
    cairn_onednn_free_memory(array->plain);
    cairn_onednn_free_memory(array->wanted);
    cairn_onednn_free_primitive(array->reorder);
}

static void release(struct cairn_conv *conv)
{
    struct onednn *self = conv->self;
    if (self == NULL) return;
    for (int pass = 0; pass < N_PASSES; pass++) {
        struct step *step = &self->step[pass];
        free_array(&step->a);
        free_array(&step->b);
        free_array(&step->c);
        cairn_onednn_free_memory(step->scratch);
        cairn_onednn_free_primitive(step->primitive);
    }
    cairn_onednn_free_memory(self->bias);
    cairn_onednn_close(&self->library);
    cairn_conv_free(&self->rest);
    free(self->no_bias);
    free(self);
}

/* ---- calls */

static void read_array(const struct onednn *self, const struct array *array, const real *x,
                       char *workspace)
{
    cairn_onednn_put(array->plain, x);
    cairn_onednn_put(array->wanted, workspace + array->at);
    cairn_onednn_reorder(&self->library, array->reorder, array->plain, array->wanted);
}

/* c from a and b. */
static void run(const struct onednn *self, enum pass pass, const real *a, const real *b, real *c,
                char *workspace)
{
    static const int called[N_PASSES][3] = {
        [FORWARD] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
        [BY_DATA] = {DNNL_ARG_DIFF_DST, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_SRC},
        [BY_WEIGHTS] = {DNNL_ARG_DIFF_DST, DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS}};
    const struct step *step = &self->step[pass];
    const dnnl_exec_arg_t args[] = {{called[pass][0], step->a.wanted},
                                    {called[pass][1], step->b.wanted},
                                    {called[pass][2], step->c.wanted},
                                    {DNNL_ARG_SCRATCHPAD, step->scratch},
                                    {DNNL_ARG_BIAS, self->bias}};
    read_array(self, &step->a, a, workspace);
    read_array(self, &step->b, b, workspace);
    cairn_onednn_put(step->c.plain, c);
    cairn_onednn_put(step->c.wanted, workspace + step->c.at);
    cairn_onednn_put(step->scratch, workspace + step->scratch_at);
    dnnl_primitive_execute(step->primitive, self->library.stream, pass == FORWARD ? 5 : 4, args);
    cairn_onednn_reorder(&self->library, step->c.reorder, step->c.wanted, step->c.plain);
}

static void forward(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct onednn *self = conv->self;
    if (job->n != conv->micro) {
        cairn_conv_forward(&self->rest, job);
        return;
    }
    cairn_onednn_put(self->bias, job->bias == NULL ? self->no_bias : job->bias);
    run(self, FORWARD, job->x, job->w, job->y, job->workspace);
}

static void by_data(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct onednn *self = conv->self;
    if (job->n != conv->micro)
        cairn_conv_by_data(&self->rest, job);
    else
        run(self, BY_DATA, job->dy, job->w, job->dx, job->workspace);
}

static void by_weights(const struct cairn_conv *conv, const struct cairn_conv_job *job)
{
    const struct onednn *self = conv->self;
    const size_t n =
        conv->channels * conv->patches.channels * cairn_patches_count(conv->patches.kernel);
    real *added = (real *)((char *)job->workspace + self->step[BY_WEIGHTS].dw_at);
    if (job->n != conv->micro) {
        struct cairn_conv_job without_bias = *job;
        without_bias.dbias = NULL;
        cairn_conv_by_weights(&self->rest, &without_bias);
    } else if (job->beta == 0) {
        run(self, BY_WEIGHTS, job->dy, job->x, job->dw, job->workspace);
    } else {
        run(self, BY_WEIGHTS, job->dy, job->x, added, job->workspace);
        for (size_t i = 0; i < n; i++) job->dw[i] = job->beta * job->dw[i] + added[i];
    }
}

static bool rounds(void)
{
    return true;
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_onednn) = {
    .takes = takes,
    .rounds = rounds,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};

#else

static bool takes(const struct cairn_conv *conv)
{
    (void)conv;
    return false;
}

const struct cairn_conv_kind CAIRN_R(cairn_conv_onednn) = {.takes = takes};

#endif
