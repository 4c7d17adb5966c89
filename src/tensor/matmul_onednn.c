/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map by matmul primitives of oneDNN (2.x): one for each pass and number
 * of rows, made when the layer is planned.  oneDNN keeps the code of equal ones.  Numbers are
 * floats (another instance of this file is never asked) or, of operands, rounded to bfloat16. */
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/bf16.h"
#include "tensor/matmul.h"
#include "tensor/onednn.h"

enum pass { FORWARD, BY_DATA, BY_WEIGHTS, BY_WEIGHTS_ADDED, N_PASSES };
enum { KEPT_PASSES = BY_DATA + 1 /* those that read W */ };

enum { CODE_BYTES = 84 << 10 /* of a product, about: what a process grows by */ };

/* A planned C = op(A) op(B) and the places of its arrays. */
struct product {
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, c, bias, scratch;
};

/* The product of the first number of rows from W in the layout that it wants, which it would make
 * in every call else; the bits are the same. */
struct kept {
    struct product product;
    dnnl_primitive_t reorder;
    dnnl_memory_t w;
    size_t at;        /* in job->kept, bytes */
    uint64_t weights; /* that were put there */
};

/* The plan. */
struct onednn {
    struct cairn_onednn library;
    struct product product[CAIRN_MICRO_SIZES][N_PASSES];
    struct kept kept[KEPT_PASSES];
    size_t scratch_bytes, kept_bytes, n_products;
    size_t a_at, b_at; /* in job->scratch: rounded operands */
};

/* What a product is made from: row-major matrices as stored, as in struct cairn_gemm. */
struct wanted {
    size_t m, n, k;
    bool a_transposed, b_transposed, adds, has_bias;
    bool any_b;                /* B may be in whatever layout is best */
    dnnl_data_type_t operands; /* of A and B */
};

static const char subject[] = "a product of matrices";

static cairn_status check(dnnl_status_t status)
{
    return cairn_onednn_check(status, subject);
}

static dnnl_memory_desc_t matrix(size_t rows, size_t columns, bool transposed,
                                 dnnl_data_type_t type)
{
    dnnl_memory_desc_t desc = {0};
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    const dnnl_dims_t by_rows = {(dnnl_dim_t)columns, 1};
    const dnnl_dims_t by_columns = {1, (dnnl_dim_t)rows};
    dnnl_memory_desc_init_by_strides(&desc, 2, dims, type, transposed ? by_columns : by_rows);
    return desc;
}

static dnnl_memory_desc_t b_of(const struct wanted *wanted)
{
    dnnl_memory_desc_t desc = matrix(wanted->k, wanted->n, wanted->b_transposed, wanted->operands);
    const dnnl_dims_t dims = {(dnnl_dim_t)wanted->k, (dnnl_dim_t)wanted->n};
    if (wanted->any_b)
        dnnl_memory_desc_init_by_tag(&desc, 2, dims, wanted->operands, dnnl_format_tag_any);
    return desc;
}

/* With memory of ours for scratch, and C added to where that is wanted. */
static cairn_status describe(const struct wanted *wanted, dnnl_primitive_attr_t attr)
{
    dnnl_post_ops_t post_ops = NULL;
    CAIRN_TRY(check(dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user)));
    if (!wanted->adds) return CAIRN_OK;
    CAIRN_TRY(check(dnnl_post_ops_create(&post_ops)));
    cairn_status st = check(dnnl_post_ops_append_sum(post_ops, 1));
    if (st == CAIRN_OK) st = check(dnnl_primitive_attr_set_post_ops(attr, post_ops));
    dnnl_post_ops_destroy(post_ops);
    return st;
}

/* The places of the arrays as the product has them. */
static cairn_status place_all(const struct onednn *self, const_dnnl_primitive_desc_t planned,
                              bool has_bias, struct product *out)
{
    const struct {
        dnnl_query_t what;
        int index;
        dnnl_memory_t *memory;
    } array[] = {{dnnl_query_src_md, 0, &out->a},
                 {dnnl_query_weights_md, 0, &out->b},
                 {dnnl_query_dst_md, 0, &out->c},
                 {dnnl_query_scratchpad_md, 0, &out->scratch},
                 {dnnl_query_weights_md, 1, &out->bias}};
    for (size_t i = 0; i < (has_bias ? 5 : 4); i++)
        CAIRN_TRY(cairn_onednn_place(
            &self->library, dnnl_primitive_desc_query_md(planned, array[i].what, array[i].index),
            array[i].memory));
    return CAIRN_OK;
}

static cairn_status make(struct onednn *self, const struct wanted *wanted,
                         const_dnnl_primitive_attr_t attr, struct product *out)
{
    const dnnl_memory_desc_t a =
        matrix(wanted->m, wanted->k, wanted->a_transposed, wanted->operands);
    const dnnl_memory_desc_t b = b_of(wanted);
    const dnnl_memory_desc_t c = matrix(wanted->m, wanted->n, false, dnnl_f32);
    const dnnl_memory_desc_t bias = matrix(1, wanted->n, false, dnnl_f32);
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t planned = NULL;
    CAIRN_TRY(check(dnnl_matmul_desc_init(&desc, &a, &b, wanted->has_bias ? &bias : NULL, &c)));
    CAIRN_TRY(check(dnnl_primitive_desc_create(&planned, &desc, attr, self->library.engine, NULL)));
    const size_t bytes = dnnl_memory_desc_get_size(
        dnnl_primitive_desc_query_md(planned, dnnl_query_scratchpad_md, 0));
    if (bytes > self->scratch_bytes) self->scratch_bytes = bytes;
    cairn_status st = check(dnnl_primitive_create(&out->primitive, planned));
    if (st == CAIRN_OK) st = place_all(self, planned, wanted->has_bias, out);
    dnnl_primitive_desc_destroy(planned);
    return st;
}

static cairn_status plan_product(struct onednn *self, const struct wanted *wanted,
                                 struct product *out)
{
    dnnl_primitive_attr_t attr = NULL;
    CAIRN_TRY(check(dnnl_primitive_attr_create(&attr)));
    self->n_products++;
    cairn_status st = describe(wanted, attr);
    if (st == CAIRN_OK) st = make(self, wanted, attr, out);
    dnnl_primitive_attr_destroy(attr);
    return st;
}

/* From W as it is into the layout that the product has chosen. */
static cairn_status plan_reorder(struct onednn *self, const struct wanted *wanted,
                                 struct kept *kept)
{
    const dnnl_memory_desc_t from = matrix(wanted->k, wanted->n, wanted->b_transposed, dnnl_f32);
    const dnnl_memory_desc_t *to = NULL;
    CAIRN_TRY(check(dnnl_memory_get_memory_desc(kept->product.b, &to)));
    CAIRN_TRY(cairn_onednn_plan_reorder(&self->library, &from, to, &kept->reorder));
    kept->at = self->kept_bytes;
    self->kept_bytes += cairn_memory_whole(dnnl_memory_desc_get_size(to));
    return cairn_onednn_place(&self->library, &from, &kept->w);
}

static cairn_status plan_with_kept(struct onednn *self, const struct wanted *wanted,
                                   struct kept *kept)
{
    struct wanted any = *wanted;
    any.any_b = true;
    CAIRN_TRY(plan_product(self, &any, &kept->product));
    return plan_reorder(self, wanted, kept);
}

/* All passes over one number of rows, the first of all or another. */
static cairn_status plan_size(const struct cairn_matmul *matmul, size_t i, struct onednn *self)
{
    const size_t n = matmul->rows[i];
    struct wanted wanted[N_PASSES] = {
        [FORWARD] = {.m = n,
                     .n = matmul->out,
                     .k = matmul->in,
                     .b_transposed = true,
                     .has_bias = matmul->has_bias},
        [BY_DATA] = {.m = n, .n = matmul->in, .k = matmul->out},
        [BY_WEIGHTS] = {.m = matmul->out, .n = matmul->in, .k = n, .a_transposed = true},
    };
    wanted[BY_WEIGHTS_ADDED] = wanted[BY_WEIGHTS];
    wanted[BY_WEIGHTS_ADDED].adds = true;
    for (int pass = 0; pass < N_PASSES; pass++)
        wanted[pass].operands = matmul->rounds ? dnnl_bf16 : dnnl_f32;
    const bool keeps = matmul->keeps && i == 0 && matmul->in <= CAIRN_KEPT_MOST / matmul->out;
    for (int pass = 0; pass < N_PASSES; pass++) {
        if (pass == BY_DATA && !matmul->wants_dx) continue;
        CAIRN_TRY(plan_product(self, &wanted[pass], &self->product[i][pass]));
        if (keeps && pass < KEPT_PASSES)
            CAIRN_TRY(plan_with_kept(self, &wanted[pass], &self->kept[pass]));
    }
    return CAIRN_OK;
}

/* Room for rounded operands after oneDNN's own: A has rows of x or dy, B is W or, for its gradient,
 * has rows of x. */
static void plan_operands(const struct cairn_matmul *matmul, struct onednn *self)
{
    size_t rows = 0;
    if (!matmul->rounds) return;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES; i++)
        if (matmul->rows[i] > rows) rows = matmul->rows[i];
    const size_t widest = matmul->in > matmul->out ? matmul->in : matmul->out;
    const size_t longest = rows > matmul->out ? rows : matmul->out;
    self->a_at = cairn_memory_whole(self->scratch_bytes);
    self->b_at = self->a_at + cairn_memory_whole(rows * widest * sizeof(uint16_t));
    self->scratch_bytes = self->b_at + longest * matmul->in * sizeof(uint16_t);
}

static cairn_status plan(struct cairn_matmul *matmul)
{
    struct onednn *self = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "the products of a layer", &self));
    matmul->self = self;
    CAIRN_TRY(cairn_onednn_open(subject, &self->library));
    for (size_t i = 0; i < CAIRN_MICRO_SIZES && matmul->rows[i] > 0; i++)
        CAIRN_TRY(plan_size(matmul, i, self));
    plan_operands(matmul, self);
    matmul->scratch_bytes = self->scratch_bytes;
    matmul->kept_bytes = self->kept_bytes;
    matmul->code_bytes = self->n_products * CODE_BYTES;
    return CAIRN_OK;
}

static void free_product(struct product *product)
{
    cairn_onednn_free_memory(product->a);
    cairn_onednn_free_memory(product->b);
    cairn_onednn_free_memory(product->c);
    cairn_onednn_free_memory(product->bias);
    cairn_onednn_free_memory(product->scratch);
    cairn_onednn_free_primitive(product->primitive);
}

static void release(struct cairn_matmul *matmul)
{
    struct onednn *self = matmul->self;
    if (self == NULL) return;
    for (int i = 0; i < CAIRN_MICRO_SIZES; i++)
        for (int pass = 0; pass < N_PASSES; pass++) free_product(&self->product[i][pass]);
    for (int pass = 0; pass < KEPT_PASSES; pass++) {
        free_product(&self->kept[pass].product);
        cairn_onednn_free_memory(self->kept[pass].w);
        cairn_onednn_free_primitive(self->kept[pass].reorder);
    }
    cairn_onednn_close(&self->library);
    free(self);
}

/* The product planned for the rows of a call; NULL: there is none. */
static const struct product *find(const struct cairn_matmul *matmul, size_t n, enum pass pass)
{
    const struct onednn *self = matmul->self;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES && matmul->rows[i] > 0; i++)
        if (matmul->rows[i] == n && self->product[i][pass].primitive != NULL)
            return &self->product[i][pass];
    return NULL;
}

/* The same from kept weights, which are put there where they are new; *w becomes what it reads. */
static const struct product *find_kept(const struct cairn_matmul *matmul,
                                       const struct cairn_matmul_job *job, enum pass pass,
                                       const void **w)
{
    struct onednn *self = matmul->self;
    struct kept *kept = &self->kept[pass];
    *w = job->w;
    if (job->weights == 0 || kept->reorder == NULL || job->n != matmul->rows[0])
        return find(matmul, job->n, pass);
    *w = (char *)job->kept + kept->at;
    if (kept->weights == job->weights) return &kept->product;
    cairn_onednn_put(kept->w, job->w);
    cairn_onednn_put(kept->product.b, *w);
    cairn_onednn_reorder(&self->library, kept->reorder, kept->w, kept->product.b);
    kept->weights = job->weights;
    return &kept->product;
}

/* An operand of n numbers as the products want it: rounded, at `at` in the scratch memory, or as it
 * is.  What is there may be just that. */
static const void *operand(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job,
                           size_t at, const real *x, size_t n)
{
    if (!matmul->rounds) return x;
    uint16_t *rounded = (uint16_t *)((char *)job->scratch + at);
    if (!job->same_dy || x != job->dy) cairn_bf16_round(x, n, rounded);
    return rounded;
}

static void run(const struct cairn_matmul *matmul, const struct product *product, const void *a,
                const void *b, real *c, const struct cairn_matmul_job *job)
{
    const struct onednn *self = matmul->self;
    cairn_onednn_put(product->a, a);
    cairn_onednn_put(product->b, b);
    cairn_onednn_put(product->c, c);
    cairn_onednn_put(product->scratch, job->scratch);
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, product->a},
                                    {DNNL_ARG_WEIGHTS, product->b},
                                    {DNNL_ARG_DST, product->c},
                                    {DNNL_ARG_SCRATCHPAD, product->scratch},
                                    {DNNL_ARG_BIAS, product->bias}};
    dnnl_primitive_execute(product->primitive, self->library.stream, product->bias == NULL ? 4 : 5,
                           args);
}

/* What a pass reads: a [n, width], and W as it is or as it is kept. */
struct reads {
    const real *a;
    size_t width;
    const void *w;
};

static void run_with_weights(const struct cairn_matmul *matmul, const struct product *product,
                             const struct cairn_matmul_job *job, const struct reads *reads, real *c)
{
    const struct onednn *self = matmul->self;
    const void *a = operand(matmul, job, self->a_at, reads->a, job->n * reads->width);
    const void *w = reads->w;
    if (w == job->w) w = operand(matmul, job, self->b_at, job->w, matmul->in * matmul->out);
    run(matmul, product, a, w, c, job);
}

static void forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const void *w = NULL;
    const struct product *product = find_kept(matmul, job, FORWARD, &w);
    if (product == NULL) {
        cairn_matmul_blas.forward(matmul, job);
        return;
    }
    if (product->bias != NULL) cairn_onednn_put(product->bias, job->bias);
    const struct reads reads = {job->x, matmul->in, w};
    run_with_weights(matmul, product, job, &reads, job->y);
}

static void by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const void *w = NULL;
    const struct product *product = find_kept(matmul, job, BY_DATA, &w);
    const struct reads reads = {job->dy, matmul->out, w};
    if (product == NULL)
        cairn_matmul_blas.by_data(matmul, job);
    else
        run_with_weights(matmul, product, job, &reads, job->dx);
}

static void by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const struct onednn *self = matmul->self;
    const enum pass pass = job->beta == 0 ? BY_WEIGHTS : BY_WEIGHTS_ADDED;
    const struct product *product = find(matmul, job->n, pass);
    if (product == NULL) {
        cairn_matmul_blas.by_weights(matmul, job);
        return;
    }
    const void *dy = operand(matmul, job, self->a_at, job->dy, job->n * matmul->out);
    const void *x = operand(matmul, job, self->b_at, job->x, job->n * matmul->in);
    run(matmul, product, dy, x, job->dw, job);
}

const struct cairn_matmul_kind cairn_matmul_onednn = {
    .outer = &cairn_outer_registers,
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};
