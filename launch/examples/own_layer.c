/* SPDX-License-Identifier: BSD-3-Clause
 * A layer of your own: swish with a learned beta, y = x / (1 + e^(-beta x)).  It is registered, its
 * gradient is checked, and it is trained like any other, with samples from memory.
 *
 *   mpicc own_layer.c -o own_layer $(pkg-config --cflags --libs cairn) -lm
 *   mpirun -n 2 ./own_layer
 */
#include <cairn/cairn.h>
#include <inttypes.h>
#include <stdio.h>
#include <tgmath.h>

/* What one layer has: its key, and what its plan found. */
struct swish {
    double beta;
    size_t n_features;
};

#define real    cairn_real
#define NAME(f) f
#include "own_layer_pass.h"
#undef real
#undef NAME
#define real    double
#define NAME(f) f##_double
#include "own_layer_pass.h"

static const struct cairn_key keys[] = {
    {"beta", CAIRN_KEY_REAL, offsetof(struct swish, beta), "1", 0, 10, NULL, "beta at the start"},
};

/* y has the shape of x, which is there already. */
static cairn_status plan(void *self, struct cairn_own_plan *plan)
{
    struct swish *swish = self;
    swish->n_features = plan->in.dim[plan->in.n_dims - 1];
    plan->n_weights = 1;
    plan->weight[0].name = "beta";
    plan->weight[0].shape.n_dims = 1;
    plan->weight[0].shape.dim[0] = swish->n_features;
    plan->weight[0].value = swish->beta;
    return CAIRN_OK;
}

static const struct cairn_own_layer swish = {
    .size = sizeof(struct cairn_own_layer),
    .name = "swish",
    .doc = "y = x / (1 + exp(-beta x)), with a learned beta for each feature",
    .keys = keys,
    .n_keys = sizeof keys / sizeof keys[0],
    .self_bytes = sizeof(struct swish),
    .plan = plan,
    .forward = forward,
    .backward = backward,
    .forward_double = forward_double,
    .backward_double = backward_double,
};

enum { SAMPLES = 256 };

/* To be learned: (a, b) -> a b. */
static void draw(cairn_real x[SAMPLES][2], cairn_real target[SAMPLES])
{
    for (int i = 0; i < SAMPLES; i++) {
        x[i][0] = (cairn_real)(i % 16) / 8 - 1;
        x[i][1] = (cairn_real)(i / 16) / 8 - 1;
        target[i] = x[i][0] * x[i][1];
    }
}

static cairn_status set_keys(cairn_options *options)
{
    static const char *const keys_of_run[][2] = {
        {"model", "[{type: dense, units: 16}, {type: swish, beta: 1.5}, {type: dense, units: 1}]"},
        {"loss", "squared_error"},
        {"batch.global", "64"},
        {"batch.micro", "8"},
        {"optim.name", "adam"},
        {"optim.lr", "0.02"},
        {"train.epochs", "20"},
        {"train.reproducible", "true"},
    };
    for (size_t i = 0; i < sizeof keys_of_run / sizeof keys_of_run[0]; i++)
        CAIRN_TRY(cairn_options_set(options, keys_of_run[i][0], keys_of_run[i][1]));
    return CAIRN_OK;
}

/* All that is local. */
static cairn_status prepare(cairn_options **options, cairn_data **data)
{
    static const size_t dim[] = {2};
    static const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    static cairn_real x[SAMPLES][2], target[SAMPLES];
    const struct cairn_samples samples = {.n = SAMPLES, .x = x[0], .target = target};
    draw(x, target);
    CAIRN_TRY(cairn_layer_register(&swish));
    CAIRN_TRY(cairn_options_create(options));
    CAIRN_TRY(set_keys(*options));
    CAIRN_TRY(cairn_check_gradient(*options, &form, NULL));
    CAIRN_TRY(cairn_data_create(&form, data));
    return cairn_data_arrays(*data, "train", &samples);
}

int main(void)
{
    cairn_comm *comm = NULL;
    cairn_options *options = NULL;
    cairn_data *data = NULL;
    cairn_trainer *trainer = NULL;
    struct cairn_update_record record = {0};
    cairn_status st = cairn_comm_open(&comm);
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, prepare(&options, &data));
    if (st == CAIRN_OK) st = cairn_trainer_open_with(options, data, comm, &trainer);
    while (st == CAIRN_OK && !cairn_trainer_done(trainer))
        st = cairn_trainer_update(trainer, &record);
    if (st != CAIRN_OK && cairn_comm_rank(comm) == 0)
        fprintf(stderr, "own_layer: %s\n", cairn_error_text());
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        printf("%" PRIu64 " updates, loss %.6g, weights %016" PRIx64 "\n", record.update,
               record.loss, cairn_trainer_weights_hash(trainer));
    cairn_trainer_close(trainer);
    cairn_data_free(data);
    cairn_options_free(options);
    cairn_comm_close(comm);
    return cairn_exit_code(st);
}
