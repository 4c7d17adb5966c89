/* SPDX-License-Identifier: BSD-3-Clause
 * The products of a linear map by matmul primitives of oneDNN (2.x): one for each pass and number
 * of rows, made when the layer is planned.  oneDNN keeps the code of equal ones.  All calls are in
 * single precision: another instance of this file is never asked. */
#include <dnnl.h>
#include <stdlib.h>

#include "base/memory.h"
#include "tensor/matmul.h"

/* A planned C = op(A) op(B) and the places of its arrays. */
struct product {
    dnnl_primitive_t primitive;
    dnnl_memory_t a, b, c, bias, scratch;
};

enum pass { FORWARD, BY_DATA, BY_WEIGHTS, BY_WEIGHTS_ADDED, N_PASSES };

/* The plan. */
struct onednn {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    struct product product[CAIRN_MICRO_SIZES][N_PASSES];
};

/* What a product is made from: row-major matrices as stored, as in struct cairn_gemm. */
struct wanted {
    size_t m, n, k;
    bool a_transposed, b_transposed, adds, has_bias;
};

static cairn_status check(dnnl_status_t status)
{
    if (status == dnnl_success) return CAIRN_OK;
    if (status == dnnl_out_of_memory)
        return cairn_fail(CAIRN_MEMORY, "oneDNN has no memory for a product of matrices");
    return cairn_fail(CAIRN_BUG, "oneDNN refuses a product of matrices (status %d)", (int)status);
}

static dnnl_memory_desc_t matrix(size_t rows, size_t columns, bool transposed)
{
    dnnl_memory_desc_t desc = {0};
    const dnnl_dims_t dims = {(dnnl_dim_t)rows, (dnnl_dim_t)columns};
    const dnnl_dims_t by_rows = {(dnnl_dim_t)columns, 1};
    const dnnl_dims_t by_columns = {1, (dnnl_dim_t)rows};
    dnnl_memory_desc_init_by_strides(&desc, 2, dims, dnnl_f32, transposed ? by_columns : by_rows);
    return desc;
}

/* Memory that is given with each call. */
static cairn_status place(const struct onednn *self, const dnnl_memory_desc_t *desc,
                          dnnl_memory_t *memory)
{
    return check(dnnl_memory_create(memory, desc, self->engine, DNNL_MEMORY_NONE));
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

static cairn_status make(const struct onednn *self, const struct wanted *wanted,
                         const_dnnl_primitive_attr_t attr, struct product *out,
                         size_t *scratch_bytes)
{
    const dnnl_memory_desc_t a = matrix(wanted->m, wanted->k, wanted->a_transposed);
    const dnnl_memory_desc_t b = matrix(wanted->k, wanted->n, wanted->b_transposed);
    const dnnl_memory_desc_t c = matrix(wanted->m, wanted->n, false);
    const dnnl_memory_desc_t bias = matrix(1, wanted->n, false);
    dnnl_matmul_desc_t desc;
    dnnl_primitive_desc_t planned = NULL;
    CAIRN_TRY(check(dnnl_matmul_desc_init(&desc, &a, &b, wanted->has_bias ? &bias : NULL, &c)));
    CAIRN_TRY(check(dnnl_primitive_desc_create(&planned, &desc, attr, self->engine, NULL)));
    const dnnl_memory_desc_t *scratch =
        dnnl_primitive_desc_query_md(planned, dnnl_query_scratchpad_md, 0);
    const size_t bytes = dnnl_memory_desc_get_size(scratch);
    if (bytes > *scratch_bytes) *scratch_bytes = bytes;
    cairn_status st = check(dnnl_primitive_create(&out->primitive, planned));
    if (st == CAIRN_OK) st = place(self, scratch, &out->scratch);
    dnnl_primitive_desc_destroy(planned);
    if (st == CAIRN_OK) st = place(self, &a, &out->a);
    if (st == CAIRN_OK) st = place(self, &b, &out->b);
    if (st == CAIRN_OK) st = place(self, &c, &out->c);
    if (st == CAIRN_OK && wanted->has_bias) st = place(self, &bias, &out->bias);
    return st;
}

static cairn_status plan_product(const struct onednn *self, const struct wanted *wanted,
                                 struct product *out, size_t *scratch_bytes)
{
    dnnl_primitive_attr_t attr = NULL;
    CAIRN_TRY(check(dnnl_primitive_attr_create(&attr)));
    cairn_status st = describe(wanted, attr);
    if (st == CAIRN_OK) st = make(self, wanted, attr, out, scratch_bytes);
    dnnl_primitive_attr_destroy(attr);
    return st;
}

/* All passes over n rows. */
static cairn_status plan_size(const struct cairn_matmul *matmul, size_t n, struct onednn *self,
                              struct product *product, size_t *scratch_bytes)
{
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
        if (pass != BY_DATA || matmul->wants_dx)
            CAIRN_TRY(plan_product(self, &wanted[pass], &product[pass], scratch_bytes));
    return CAIRN_OK;
}

static cairn_status plan(struct cairn_matmul *matmul)
{
    struct onednn *self = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *self, "the products of a layer", &self));
    matmul->self = self;
    matmul->scratch_bytes = 0;
    CAIRN_TRY(check(dnnl_engine_create(&self->engine, dnnl_cpu, 0)));
    CAIRN_TRY(check(dnnl_stream_create(&self->stream, self->engine, dnnl_stream_default_flags)));
    for (size_t i = 0; i < CAIRN_MICRO_SIZES && matmul->rows[i] > 0; i++)
        CAIRN_TRY(
            plan_size(matmul, matmul->rows[i], self, self->product[i], &matmul->scratch_bytes));
    return CAIRN_OK;
}

static void free_product(struct product *product)
{
    dnnl_memory_t memory[] = {product->a, product->b, product->c, product->bias, product->scratch};
    for (size_t i = 0; i < sizeof memory / sizeof memory[0]; i++)
        if (memory[i] != NULL) dnnl_memory_destroy(memory[i]);
    if (product->primitive != NULL) dnnl_primitive_destroy(product->primitive);
}

static void release(struct cairn_matmul *matmul)
{
    struct onednn *self = matmul->self;
    if (self == NULL) return;
    for (int i = 0; i < CAIRN_MICRO_SIZES; i++)
        for (int pass = 0; pass < N_PASSES; pass++) free_product(&self->product[i][pass]);
    if (self->stream != NULL) dnnl_stream_destroy(self->stream);
    if (self->engine != NULL) dnnl_engine_destroy(self->engine);
    free(self);
}

/* The product planned for n rows; NULL: there is none. */
static const struct product *find(const struct cairn_matmul *matmul, size_t n, enum pass pass)
{
    const struct onednn *self = matmul->self;
    for (size_t i = 0; i < CAIRN_MICRO_SIZES && matmul->rows[i] > 0; i++)
        if (matmul->rows[i] == n) return &self->product[i][pass];
    return NULL;
}

/* oneDNN's places are not const, whatever a primitive does with them. */
static void put(dnnl_memory_t memory, const real *array)
{
    dnnl_memory_set_data_handle(memory, (void *)(uintptr_t)array);
}

static void run(const struct cairn_matmul *matmul, const struct product *product, const real *a,
                const real *b, real *c, const struct cairn_matmul_job *job)
{
    const struct onednn *self = matmul->self;
    put(product->a, a);
    put(product->b, b);
    put(product->c, c);
    dnnl_memory_set_data_handle(product->scratch, job->scratch);
    const dnnl_exec_arg_t args[] = {{DNNL_ARG_SRC, product->a},
                                    {DNNL_ARG_WEIGHTS, product->b},
                                    {DNNL_ARG_DST, product->c},
                                    {DNNL_ARG_SCRATCHPAD, product->scratch},
                                    {DNNL_ARG_BIAS, product->bias}};
    dnnl_primitive_execute(product->primitive, self->stream, product->bias == NULL ? 4 : 5, args);
}

static void forward(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const struct product *product = find(matmul, job->n, FORWARD);
    if (product == NULL) {
        cairn_matmul_blas.forward(matmul, job);
        return;
    }
    if (product->bias != NULL) put(product->bias, job->bias);
    run(matmul, product, job->x, job->w, job->y, job);
}

static void by_data(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const struct product *product = find(matmul, job->n, BY_DATA);
    if (product == NULL)
        cairn_matmul_blas.by_data(matmul, job);
    else
        run(matmul, product, job->dy, job->w, job->dx, job);
}

static void by_weights(const struct cairn_matmul *matmul, const struct cairn_matmul_job *job)
{
    const enum pass pass = job->beta == 0 ? BY_WEIGHTS : BY_WEIGHTS_ADDED;
    const struct product *product = find(matmul, job->n, pass);
    if (product == NULL)
        cairn_matmul_blas.by_weights(matmul, job);
    else
        run(matmul, product, job->dy, job->x, job->dw, job);
}

const struct cairn_matmul_kind cairn_matmul_onednn = {
    .plan = plan,
    .free = release,
    .forward = forward,
    .by_data = by_data,
    .by_weights = by_weights,
};
