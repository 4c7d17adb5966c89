/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale against its exact value: a multi-layer perceptron with fixed weights on the
 * digits. */
#include "support/mpi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "cairn/cairn.h"
#include "comm/exchange.h"
#include "data/writer.h"
#include "support/nn.h"
#include "support/noise_oracle.h"
#include "support/sum.h"
#include "train/noise.h"
#include "train/trainer.h"

enum { GLOBAL = 128, DRAWS = 400 };

/* Means of 400 draws scatter by about 1 % for S and 2 % for |mu|^2 (3.5 % where one rank is known
 * by half of its micro-batches). */
static const double WITHIN = 0.05;

static cairn_trainer *open_trainer(cairn_comm *comm, const char *noise, const char *reproducible)
{
    const char *const keys[][2] = {
        {"data.file", CAIRN_SOURCE_DIR "/datasets/digits.h5"},
        {"model", "[{type: flatten}, {type: dense, units: 12}, {type: relu}, {type: dense, units: "
                  "10}]"},
        {"batch.global", "128"},
        {"batch.micro", "16"},
        {"batch.tail", "drop"},
        {"optim.lr", "0"},
        {"train.updates", "400"},
        {"train.noise", noise},
        {"train.reproducible", reproducible},
    };
    return noise_oracle_open(comm, keys, sizeof keys / sizeof keys[0]);
}

/* Mean S and |mu|^2 of the updates, each by itself. */
static cairn_status draw(cairn_trainer *t, struct oracle *out)
{
    struct cairn_update_record record;
    struct cairn_noise_history *history = cairn_trainer_observer(t, &cairn_observer_noise);
    struct cairn_noise_history *all = &history[t->params->n_items];
    cairn_status st = CAIRN_OK;
    *out = (struct oracle){0};
    for (int u = 0; u < DRAWS && st == CAIRN_OK; u++) {
        *all = (struct cairn_noise_history){0};
        st = cairn_trainer_update(t, &record);
        out->noise += all->block[0].noise / DRAWS;
        out->signal += all->block[0].signal / DRAWS;
    }
    return st;
}

static bool close_to(double value, double wanted)
{
    return fabs(value / wanted - 1) < WITHIN;
}

static void as_the_oracle_says(void **state)
{
    static const char *const how[][2] = {
        {"rank", "false"}, {"rank", "true"}, {"micro", "false"}, {"micro", "true"}};
    (void)state;
    for (size_t k = 0; k < sizeof how / sizeof how[0]; k++) {
        struct oracle wanted, drawn;
        cairn_trainer *t = open_trainer(world, how[k][0], how[k][1]);
        assert_on_all(t != NULL);
        assert_on_all(noise_oracle_ask(t, &wanted));
        assert_on_all(draw(t, &drawn) == CAIRN_OK);
        assert_on_all(close_to(drawn.noise, wanted.noise));
        assert_on_all(close_to(drawn.signal, wanted.signal));
        assert_on_all(close_to(drawn.noise / drawn.signal, wanted.noise / wanted.signal));
        cairn_trainer_close(t);
    }
}

/* Some updates; the histories of all tensors at their end are borrowed. */
static const struct cairn_noise_history *after_updates(cairn_trainer *t, int n)
{
    struct cairn_update_record record;
    for (int u = 0; u < n; u++)
        if (cairn_trainer_update(t, &record) != CAIRN_OK) return NULL;
    return cairn_trainer_observer(t, &cairn_observer_noise);
}

/* Micro-batches of fixed sums: the same bits for every split. */
static void same_bits_in_any_world(void **state)
{
    (void)state;
    cairn_comm *self = NULL;
    cairn_trainer *ours = open_trainer(world, "micro", "true");
    assert_on_all(ours != NULL);
    const struct cairn_noise_history *histories = after_updates(ours, 5);
    assert_on_all(histories != NULL);
    assert_on_all(cairn_comm_subset(world, CAIRN_OK, 1, &self) == CAIRN_OK);
    bool same = true;
    if (self != NULL) {
        cairn_trainer *alone = open_trainer(self, "micro", "true");
        const struct cairn_noise_history *of_alone = alone == NULL ? NULL : after_updates(alone, 5);
        same = of_alone != NULL && of_alone->n_blocks == 5 &&
               memcmp(histories, of_alone, (ours->params->n_items + 1) * sizeof *histories) == 0;
        cairn_trainer_close(alone);
    }
    cairn_comm_close(self);
    assert_on_all(same);
    cairn_trainer_close(ours);
}

/* Squares of two micro-batches of a language model whose last layer shares the embedding. */
static cairn_status squares_of(struct bench *bench, const struct samples *samples,
                               const struct cairn_model_options *options, const char *kind,
                               double *out)
{
    struct cairn_sum *sum = NULL;
    struct cairn_totals totals = {0};
    real *g = NULL;
    size_t half = options->micro / 2;
    cairn_status st = cairn_sum_create(world, kind, CAIRN_NOISE_MICRO, bench->params, 2, &sum);
    for (int turn = 0; turn < 2 && st == CAIRN_OK; turn++) { /* the first finds the range */
        cairn_sum_begin(sum);
        for (size_t m = 0; m < 2 && st == CAIRN_OK; m++) {
            struct cairn_scores scores = {0};
            struct cairn_micro micro = samples_part(samples, options, m * half, half);
            cairn_sum_begin_micro(sum, half);
            st = cairn_model_gradient(bench->model, bench->w, &micro, &sum->sink, &scores);
            if (st == CAIRN_OK) st = cairn_sum_end_micro(sum, &scores);
        }
        if (turn == 0 && cairn_sum_needs_range(sum))
            st = cairn_sum_learn(sum, st);
        else
            st = sum_reduce(sum, st, false, &g, &totals);
    }
    for (size_t p = 0; p < bench->params->n_items && st == CAIRN_OK; p++)
        out[p] = totals.squares[p];
    cairn_sum_free(sum);
    return st;
}

/* A tensor that layers share has a gradient only when the last of them has added its part: the
 * fixed sum, which sees the parts, squares what the sum in floats squares. */
static void shared_tensors_are_squared_whole(void **state)
{
    enum { TOKENS = 9, VOCABULARY = 11, SAMPLES = 6, MOST = 4 };
    (void)state;
    struct cairn_node *layers =
        tree_of("[{type: embedding, units: 6}, {type: dense, units: 11, tie: 0, bias: false}]");
    const struct cairn_model_options options = {.layers = layers,
                                                .input = {1, {TOKENS}},
                                                .n_classes = VOCABULARY,
                                                .n_labels = TOKENS,
                                                .vocabulary = VOCABULARY,
                                                .micro = SAMPLES,
                                                .seed = 2};
    struct samples samples = samples_make(&options, SAMPLES);
    struct bench *bench = bench_make(&options);
    double apart[MOST] = {0}, fixed[MOST] = {0};
    assert_on_all(bench->params->n_items == 1 && bench->params->item[0].n_uses == 2);
    assert_on_all(squares_of(bench, &samples, &options, "float_per_micro", apart) == CAIRN_OK);
    assert_on_all(squares_of(bench, &samples, &options, "fixed", fixed) == CAIRN_OK);
    assert_on_all(apart[0] > 0 && fabs(fixed[0] / apart[0] - 1) < 1e-5); /* sums in other orders */
    bench_free(bench);
    samples_free(&samples);
    cairn_node_free(layers);
}
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_oracle_says),
        cmocka_unit_test(same_bits_in_any_world),
        cmocka_unit_test(shared_tensors_are_squared_whole),
    };
    return RUN_ON_ALL("noise", tests);
}
