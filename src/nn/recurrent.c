/* SPDX-License-Identifier: BSD-3-Clause
 * One direction of a recurrent layer:
 *
 *   a_t = W_ih x_t + b_ih + W_hh h_before + b_hh    h_t = cell(a_t, h_before)
 *
 * The product with W_ih is one over all samples and positions; that with W_hh is one for each step,
 * over all samples.  Backward turns the gates of each step into the gradients by its sums, and
 * makes one product over all steps of each weight.  Weights are named as in torch.nn.LSTM and GRU.
 */
#include "nn/recurrent.h"

#include <stdio.h>
#include <string.h>

#include "nn/init.h"
#include "tensor/blas.h"
#include "tensor/kernels.h"

#define CAIRN_WORDS_OUTPUT(FIRST, NEXT) FIRST(OUTPUT_ALL, "all") NEXT(OUTPUT_LAST, "last")
CAIRN_CHOICE(output, CAIRN_WORDS_OUTPUT);

const struct cairn_key cairn_recurrent_keys[CAIRN_RECURRENT_KEYS] = {
    {"units", CAIRN_KEY_COUNT, offsetof(struct cairn_recurrent_options, units), NULL, 1, 1e6, NULL,
     "numbers that go from step to step, and outputs of each"},
    {"output", CAIRN_KEY_CHOICE, offsetof(struct cairn_recurrent_options, output), "all", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_OUTPUT),
     "all: that of each step, [T, units]; last: that of the last step alone, [units]"},
    {"bias", CAIRN_KEY_BOOL, offsetof(struct cairn_recurrent_options, has_bias), "true", 0, 0, NULL,
     "add learned numbers to the sums"},
    {"init", CAIRN_KEY_CHOICE, offsetof(struct cairn_recurrent_options, init), "pytorch", 0, 0,
     CAIRN_CHOICE_TEXT(CAIRN_WORDS_INIT), "initial weights; pytorch: within 1 / sqrt(units)"},
};

static bool gives_all(const struct cairn_recurrent *self)
{
    return self->options.output == CAIRN_OUTPUT_ALL;
}

static cairn_status plan_sizes(struct cairn_recurrent *self, struct cairn_layer *layer,
                               const struct cairn_plan *plan)
{
    char text[CAIRN_SHAPE_TEXT_BYTES];
    cairn_shape_text(&layer->in, text);
    if (layer->in.ndim != 2)
        return cairn_fail(CAIRN_USAGE, "the input of one sample is %s, but it takes [T, D]", text);
    size_t T = layer->in.dim[0];
    size_t H = self->options.units;
    self->T = T;
    self->D = layer->in.dim[1];
    self->H = H;
    if (T > CAIRN_GEMM_MOST / (CAIRN_CELL_SUMS * H) || plan->micro > CAIRN_GEMM_MOST / T ||
        self->D > CAIRN_GEMM_MOST)
        return cairn_fail(CAIRN_USAGE,
                          "%zu samples of %s with %zu units are more than BLAS can count; use a "
                          "smaller batch.micro or fewer units",
                          plan->micro, text, H);
    const size_t width = self->n_directions * H;
    layer->out =
        gives_all(self) ? (struct cairn_shape){2, {T, width}} : (struct cairn_shape){1, {width}};
    return CAIRN_OK;
}

static cairn_status plan_tensor(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                                struct cairn_plan *plan, const char *name,
                                const struct cairn_shape *shape, size_t *index)
{
    char full[32];
    snprintf(full, sizeof full, "%s_l0%s", name, self->direction == 1 ? "_reverse" : "");
    return cairn_plan_param(plan, layer, full, shape, index);
}

static cairn_status plan_tensors(struct cairn_recurrent *self, const struct cairn_layer *layer,
                                 struct cairn_plan *plan)
{
    const size_t rows = self->cell->n_gates * self->H;
    const struct cairn_shape ih = {2, {rows, self->D}}, hh = {2, {rows, self->H}};
    const struct cairn_shape bias = {1, {rows}};
    CAIRN_TRY(plan_tensor(self, layer, plan, "weight_ih", &ih, &self->weight_ih));
    CAIRN_TRY(plan_tensor(self, layer, plan, "weight_hh", &hh, &self->weight_hh));
    if (!self->options.has_bias) return CAIRN_OK;
    CAIRN_TRY(plan_tensor(self, layer, plan, "bias_ih", &bias, &self->bias_ih));
    return plan_tensor(self, layer, plan, "bias_hh", &bias, &self->bias_hh);
}

cairn_status cairn_recurrent_plan(struct cairn_recurrent *self, struct cairn_layer *layer,
                                  struct cairn_plan *plan)
{
    CAIRN_TRY(plan_sizes(self, layer, plan));
    CAIRN_TRY(plan_tensors(self, layer, plan));
    const size_t H = self->H;
    cairn_plan_flops(layer,
                     (double)self->T * (double)(self->cell->n_gates * H) * (double)(self->D + H));
    self->a = cairn_plan_activation(plan, self->T * CAIRN_CELL_SUMS * H, sizeof(real));
    if (self->cell->has_c) self->c = cairn_plan_activation(plan, self->T * H, sizeof(real));
    if (!gives_all(self)) self->h = cairn_plan_activation(plan, self->T * H, sizeof(real));
    cairn_plan_workspace(plan, (CAIRN_CELL_SUMS + 1 + 2 * plan->micro) * H * sizeof(real));
    return CAIRN_OK;
}

static void init_bias(const struct cairn_recurrent *self, const struct cairn_param *param,
                      uint64_t seed, real *w)
{
    cairn_init_bias(&(struct cairn_fan){self->options.init, self->H, self->H}, param, seed, w);
}

void cairn_recurrent_init(const struct cairn_recurrent *self, const struct cairn_params *params,
                          uint64_t seed, real *w)
{
    const int scheme = self->options.init;
    const size_t in = scheme == CAIRN_INIT_PYTORCH ? self->H : self->D; /* as torch.nn.LSTM */
    const struct cairn_param *item = params->item;
    cairn_init_weight(&(struct cairn_fan){scheme, in, self->H}, &item[self->weight_ih], seed, w);
    cairn_init_weight(&(struct cairn_fan){scheme, self->H, self->H}, &item[self->weight_hh], seed,
                      w);
    if (!self->options.has_bias) return;
    init_bias(self, &item[self->bias_ih], seed, w);
    init_bias(self, &item[self->bias_hh], seed, w);
}

/* A running pass: where everything lies. */
struct walk {
    const struct cairn_recurrent *self;
    size_t n;
    real *a; /* [n, T, 4 H] */
    real *c; /* [n, T, H] */
    real *h; /* [n, T, H], rows h_row apart */
    size_t h_row;
    real *sums;    /* [4 H], of the workspace, as the rest */
    real *zeros;   /* [H] */
    real *dh, *dc; /* [n, H] */
};

static struct walk walk_of(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                           const struct cairn_pass *pass)
{
    const size_t H = self->H;
    struct walk walk = {.self = self, .n = pass->micro->n, .sums = pass->workspace};
    walk.zeros = walk.sums + CAIRN_CELL_SUMS * H;
    walk.dh = walk.zeros + H;
    walk.dc = walk.dh + walk.n * H;
    walk.a = cairn_arena_at(pass->arena, self->a);
    if (self->cell->has_c) walk.c = cairn_arena_at(pass->arena, self->c);
    walk.h =
        gives_all(self) ? layer->y + self->direction * H : cairn_arena_at(pass->arena, self->h);
    walk.h_row = gives_all(self) ? self->n_directions * H : H;
    memset(walk.zeros, 0, H * sizeof *walk.zeros);
    return walk;
}

/* Where step s is. */
static size_t position_of(const struct cairn_recurrent *self, size_t s)
{
    return self->direction == 1 ? self->T - 1 - s : s;
}

static struct cairn_step step_at(const struct walk *walk, size_t s, size_t i)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t H = self->H;
    const size_t row = i * self->T + position_of(self, s);
    struct cairn_step step = {.a = walk->a + row * CAIRN_CELL_SUMS * H,
                              .h = walk->h + row * walk->h_row,
                              .h_before = walk->zeros,
                              .c_before = walk->zeros,
                              .dh = walk->dh + i * H,
                              .dc = walk->dc + i * H};
    const size_t before = s == 0 ? row : i * self->T + position_of(self, s - 1);
    if (s > 0) step.h_before = walk->h + before * walk->h_row;
    if (!self->cell->has_c) return step;
    step.c = walk->c + row * H;
    if (s > 0) step.c_before = walk->c + before * H;
    return step;
}

/* b_ih + b_hh, as the sums lie */
static const real *biases(const struct walk *walk, const struct cairn_pass *pass)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t H = self->H;
    const real *ih = cairn_pass_tensor(pass, self->bias_ih);
    const real *hh = cairn_pass_tensor(pass, self->bias_hh);
    memset(walk->sums, 0, CAIRN_CELL_SUMS * H * sizeof *walk->sums);
    memcpy(walk->sums, ih, self->cell->n_gates * H * sizeof *ih);
    for (int p = 0; p < CAIRN_CELL_PARTS; p++) {
        real *sums = walk->sums + self->cell->part[p].column * H;
        cairn_add(sums, hh + self->cell->part[p].row * H, self->cell->part[p].n_rows * H, sums);
    }
    return walk->sums;
}

static void add_input(const struct walk *walk, const struct cairn_pass *pass, const real *x)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t n_sums = CAIRN_CELL_SUMS * self->H;
    const size_t rows = walk->n * self->T;
    if (self->options.has_bias)
        cairn_rows_fill(biases(walk, pass), rows, n_sums, walk->a);
    else
        memset(walk->a, 0, rows * n_sums * sizeof *walk->a);
    cairn_gemm(&(struct cairn_gemm){.m = rows,
                                    .n = self->cell->n_gates * self->H,
                                    .k = self->D,
                                    .a = x,
                                    .b = cairn_pass_tensor(pass, self->weight_ih),
                                    .b_transposed = true,
                                    .beta = 1,
                                    .c = walk->a,
                                    .ldc = n_sums});
}

/* The sums of step s, of all samples: + W_hh h_before. */
static void add_state(const struct walk *walk, const struct cairn_pass *pass, size_t s)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t H = self->H;
    const struct cairn_step step = step_at(walk, s, 0);
    const real *w = cairn_pass_tensor(pass, self->weight_hh);
    for (int p = 0; p < CAIRN_CELL_PARTS && self->cell->part[p].n_rows > 0; p++)
        cairn_gemm(&(struct cairn_gemm){.m = walk->n,
                                        .n = self->cell->part[p].n_rows * H,
                                        .k = H,
                                        .a = step.h_before,
                                        .lda = self->T * walk->h_row,
                                        .b = w + self->cell->part[p].row * H * H,
                                        .b_transposed = true,
                                        .beta = 1,
                                        .c = step.a + self->cell->part[p].column * H,
                                        .ldc = self->T * CAIRN_CELL_SUMS * H});
}

void cairn_recurrent_forward(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                             const struct cairn_pass *pass)
{
    const struct walk walk = walk_of(self, layer, pass);
    add_input(&walk, pass, layer->x);
    for (size_t s = 0; s < self->T; s++) {
        if (s > 0) add_state(&walk, pass, s);
        for (size_t i = 0; i < walk.n; i++) {
            const struct cairn_step step = step_at(&walk, s, i);
            self->cell->forward(self->H, &step);
        }
    }
    for (size_t i = 0; i < walk.n && !gives_all(self); i++)
        memcpy(layer->y + i * layer->n_out + self->direction * self->H,
               step_at(&walk, self->T - 1, i).h, self->H * sizeof *walk.h);
}

/* dy of step s: NULL where the output has no part of it */
static const real *dy_at(const struct walk *walk, const struct cairn_layer *layer, const real *dy,
                         size_t s, size_t i)
{
    const struct cairn_recurrent *self = walk->self;
    const real *of_sample = dy + i * layer->n_out + self->direction * self->H;
    if (gives_all(self)) return of_sample + position_of(self, s) * walk->h_row;
    return s == self->T - 1 ? of_sample : NULL;
}

/* dh of the step before s: + da W_hh */
static void state_backward(const struct walk *walk, const struct cairn_pass *pass, size_t s)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t H = self->H;
    const real *a = step_at(walk, s, 0).a;
    const real *w = cairn_pass_tensor(pass, self->weight_hh);
    for (int p = 0; p < CAIRN_CELL_PARTS && self->cell->part[p].n_rows > 0; p++)
        cairn_gemm(&(struct cairn_gemm){.m = walk->n,
                                        .n = H,
                                        .k = self->cell->part[p].n_rows * H,
                                        .a = a + self->cell->part[p].column * H,
                                        .lda = self->T * CAIRN_CELL_SUMS * H,
                                        .b = w + self->cell->part[p].row * H * H,
                                        .beta = 1,
                                        .c = walk->dh});
}

static void add_to(real *sum, const real *addend, size_t n)
{
    cairn_add(sum, addend, n, sum);
}

static void biases_backward(const struct walk *walk, const struct cairn_pass *pass)
{
    const struct cairn_recurrent *self = walk->self;
    const struct cairn_cell *cell = self->cell;
    const size_t H = self->H;
    cairn_columns_sum(walk->a, walk->n * self->T, CAIRN_CELL_SUMS * H, 0, walk->sums);
    add_to(cairn_pass_open_sum(pass, self->bias_ih), walk->sums, cell->n_gates * H);
    pass->sink->close(pass->sink, self->bias_ih);
    real *hh = cairn_pass_open_sum(pass, self->bias_hh);
    for (int p = 0; p < CAIRN_CELL_PARTS; p++)
        add_to(hh + cell->part[p].row * H, walk->sums + cell->part[p].column * H,
               cell->part[p].n_rows * H);
    pass->sink->close(pass->sink, self->bias_hh);
}

static void input_backward(const struct walk *walk, const struct cairn_pass *pass, const real *x,
                           real beta, real *dx)
{
    const struct cairn_recurrent *self = walk->self;
    struct cairn_sink *sink = pass->sink;
    const size_t n_gates = self->cell->n_gates * self->H;
    const size_t rows = walk->n * self->T;
    cairn_gemm(&(struct cairn_gemm){.m = n_gates,
                                    .n = self->D,
                                    .k = rows,
                                    .a = walk->a,
                                    .a_transposed = true,
                                    .lda = CAIRN_CELL_SUMS * self->H,
                                    .b = x,
                                    .beta = cairn_sink_beta(sink, self->weight_ih),
                                    .c = sink->open(sink, self->weight_ih)});
    sink->close(sink, self->weight_ih);
    if (dx == NULL) return;
    cairn_gemm(&(struct cairn_gemm){.m = rows,
                                    .n = self->D,
                                    .k = n_gates,
                                    .a = walk->a,
                                    .lda = CAIRN_CELL_SUMS * self->H,
                                    .b = cairn_pass_tensor(pass, self->weight_ih),
                                    .beta = beta,
                                    .c = dx});
}

/* dW_hh: each row of da meets the row of h that was before it, which lies one row further up (down,
 * the other way round), so that one product has them all.  First steps meet the last of another
 * sample there: they are set to 0, which nobody misses any more. */
static void weight_hh_backward(const struct walk *walk, const struct cairn_pass *pass)
{
    const struct cairn_recurrent *self = walk->self;
    const size_t H = self->H;
    const size_t a_row = CAIRN_CELL_SUMS * H;
    const bool reverse = self->direction == 1;
    for (size_t i = 0; i < walk->n; i++) memset(step_at(walk, 0, i).a, 0, a_row * sizeof *walk->a);
    real *dw = cairn_pass_open_sum(pass, self->weight_hh);
    for (int p = 0; p < CAIRN_CELL_PARTS && self->cell->part[p].n_rows > 0; p++)
        cairn_gemm(&(struct cairn_gemm){.m = self->cell->part[p].n_rows * H,
                                        .n = H,
                                        .k = walk->n * self->T - 1,
                                        .a = walk->a + (reverse ? 0 : a_row) +
                                             self->cell->part[p].column * H,
                                        .a_transposed = true,
                                        .lda = a_row,
                                        .b = walk->h + (reverse ? walk->h_row : 0),
                                        .ldb = walk->h_row,
                                        .beta = 1,
                                        .c = dw + self->cell->part[p].row * H * H});
    pass->sink->close(pass->sink, self->weight_hh);
}

void cairn_recurrent_backward(const struct cairn_recurrent *self, const struct cairn_layer *layer,
                              const struct cairn_pass *pass, const real *dy, real beta, real *dx)
{
    const struct walk walk = walk_of(self, layer, pass);
    memset(walk.dh, 0, 2 * walk.n * self->H * sizeof *walk.dh); /* and dc */
    for (size_t s = self->T; s-- > 0;) {
        for (size_t i = 0; i < walk.n; i++) {
            const struct cairn_step step = step_at(&walk, s, i);
            const real *by_output = dy_at(&walk, layer, dy, s, i);
            if (by_output != NULL) add_to(step.dh, by_output, self->H);
            self->cell->backward(self->H, &step);
        }
        if (s > 0) state_backward(&walk, pass, s);
    }
    if (self->options.has_bias) biases_backward(&walk, pass);
    input_backward(&walk, pass, layer->x, beta, dx);
    weight_hh_backward(&walk, pass);
}

void cairn_recurrent_one_init(const struct cairn_layer *layer, const struct cairn_params *params,
                              uint64_t seed, real *w)
{
    cairn_recurrent_init(layer->self, params, seed, w);
}

void cairn_recurrent_one(const struct cairn_layer *layer, const struct cairn_pass *pass)
{
    cairn_recurrent_forward(layer->self, layer, pass);
}

void cairn_recurrent_one_back(const struct cairn_layer *layer, const struct cairn_pass *pass,
                              const real *dy, real *dx)
{
    cairn_recurrent_backward(layer->self, layer, pass, dy, 0, dx);
}
