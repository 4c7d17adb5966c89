/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale against an oracle: a multi-layer perceptron with fixed weights on the digits,
 * whose gradient for each single sample is worked out here in double.  For a dense layer that is
 * delta input^T with the bias's delta, so |g_i|^2 = sum over the layers |delta|^2 (|input|^2 + 1).
 */
#include "support/mpi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "cairn/cairn.h"
#include "comm/exchange.h"
#include "data/writer.h"
#include "support/nn.h"
#include "train/noise.h"
#include "train/trainer.h"

enum { N_IN = 64, HIDDEN = 12, N_OUT = 10, GLOBAL = 128, DRAWS = 400 };
enum { W1 = 0, B1 = N_IN * HIDDEN, W2 = B1 + HIDDEN, B2 = W2 + HIDDEN * N_OUT, ALL = B2 + N_OUT };

/* Means of 400 draws scatter by about 1 % for S and 2 % for |mu|^2 (3.5 % where one rank is known
 * by half of its micro-batches). */
static const double WITHIN = 0.05;

/* S and |mu|^2 over the training set, worked sample by sample. */
struct oracle {
    double noise, signal;
};

static cairn_trainer *open_with(cairn_comm *comm, const char *const keys[][2], size_t n)
{
    cairn_options *options = NULL;
    cairn_trainer *trainer = NULL;
    cairn_status st = cairn_options_create(&options);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++)
        st = cairn_options_set(options, keys[i][0], keys[i][1]);
    if (st == CAIRN_OK) st = cairn_trainer_open(options, comm, &trainer);
    cairn_options_free(options);
    return st == CAIRN_OK ? trainer : NULL;
}

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
    return open_with(comm, keys, sizeof keys / sizeof keys[0]);
}

static double squares(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += x[i] * x[i];
    return sum;
}

/* w x + b: w is [n_out, n_in] */
static void affine(const float *w, const float *b, const double *x, int n_in, int n_out, double *y)
{
    for (int o = 0; o < n_out; o++) {
        y[o] = (double)b[o];
        for (int i = 0; i < n_in; i++) y[o] += (double)w[o * n_in + i] * x[i];
    }
}

/* Add delta input^T and delta to a layer's part of the summed gradient. */
static void add_outer(const double *delta, const double *x, int n_in, int n_out, double *g)
{
    for (int o = 0; o < n_out; o++)
        for (int i = 0; i < n_in; i++) g[o * n_in + i] += delta[o] * x[i];
    for (int o = 0; o < n_out; o++) g[n_in * n_out + o] += delta[o];
}

/* |g_i|^2 of one sample; its gradient is added to g [ALL]. */
static double sample_gradient(const float *w, const double *x, int label, double *g)
{
    double z[HIDDEN], h[HIDDEN], p[N_OUT], d1[HIDDEN];
    double sum = 0;
    affine(w + W1, w + B1, x, N_IN, HIDDEN, z);
    for (int k = 0; k < HIDDEN; k++) h[k] = fmax(z[k], 0);
    affine(w + W2, w + B2, h, HIDDEN, N_OUT, p);
    for (int o = 0; o < N_OUT; o++) sum += exp(p[o]);
    for (int o = 0; o < N_OUT; o++) p[o] = exp(p[o]) / sum - (o == label); /* delta */
    for (int k = 0; k < HIDDEN; k++) {
        d1[k] = 0;
        for (int o = 0; o < N_OUT; o++) d1[k] += (double)w[W2 + o * HIDDEN + k] * p[o];
        if (z[k] <= 0) d1[k] = 0;
    }
    add_outer(d1, x, N_IN, HIDDEN, g + W1);
    add_outer(p, h, HIDDEN, N_OUT, g + W2);
    return squares(p, N_OUT) * (squares(h, HIDDEN) + 1) +
           squares(d1, HIDDEN) * (squares(x, N_IN) + 1);
}

/* Updates draw without replacement from n samples, so what they tell of |mu|^2 is that of endless
 * data of which these n are a sample: |mean|^2 - S / n. */
static bool ask_oracle(cairn_trainer *t, struct oracle *out)
{
    static double g[ALL];
    struct cairn_loader *loader = t->parts.loader[CAIRN_SPLIT_TRAIN];
    size_t n = (size_t)t->parts.rule.n_samples;
    double all = 0;
    memset(g, 0, sizeof g);
    const size_t b = (size_t)t->parts.rule.micro;
    for (size_t done = 0; done < n; done += b) {
        struct cairn_micro micro;
        size_t here = n - done < b ? n - done : b;
        if (cairn_loader_read(loader, done, here, &micro) != CAIRN_OK) return false;
        for (size_t i = 0; i < here; i++) {
            double x[N_IN];
            for (int k = 0; k < N_IN; k++) x[k] = (double)micro.x[i * N_IN + (size_t)k];
            all += sample_gradient(t->w, x, (int)micro.label[i], g);
        }
    }
    double mean2 = squares(g, ALL) / (double)n / (double)n;
    out->noise = (all - (double)n * mean2) / (double)(n - 1);
    out->signal = mean2 - out->noise / (double)n;
    return true;
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
        assert_on_all(ask_oracle(t, &wanted));
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
    float *g = NULL;
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
            st = cairn_sum_reduce(sum, st, false, &g, &totals);
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

enum { N_TRAIN = 8192, POINTS = 90 };

static double uniform(uint64_t i, uint64_t k)
{
    uint32_t bits[4];
    cairn_random_block(21, i, k, bits);
    return ((double)bits[0] + 0.5) * 0x1p-32;
}

/* Rank 0: samples whose label is the largest of ten noisy outputs of a linear teacher. */
static cairn_status write_samples(const char *path)
{
    static float x[N_TRAIN * N_IN];
    static int32_t label[N_TRAIN];
    const struct cairn_about about = {.title = "a noisy teacher"};
    const struct cairn_table table = {
        .n = N_TRAIN, .input = {1, {N_IN}}, .x_type = CAIRN_H5_F32, .x = x, .label = label};
    struct cairn_writer *writer = NULL;
    for (size_t i = 0; i < N_TRAIN; i++) {
        double best = -INFINITY;
        for (size_t k = 0; k < N_IN; k++) x[i * N_IN + k] = (float)(uniform(i, k) - 0.5);
        for (size_t o = 0; o < N_OUT; o++) {
            double out = -log(-log(uniform(i, 1000 + o)));
            for (size_t k = 0; k < N_IN; k++)
                out += 4 * (uniform(N_TRAIN + o, k) - 0.5) * (double)x[i * N_IN + k];
            if (out > best) label[i] = (int32_t)o;
            best = fmax(best, out);
        }
    }
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* A run, and how many updates lie between two looks at it; odd, since weights may oscillate. */
struct course {
    const char *optim, *lr, *global, *micro, *updates;
    uint64_t stride;
};

/* What was estimated and what was so, look by look. */
struct look {
    uint64_t update;
    struct cairn_noise_scale told;
    struct oracle exact;
};

static cairn_status follow(const struct course *course, struct look look[POINTS], size_t *n)
{
    const char *const keys[][2] = {
        {"data.file", "teacher.h5"},
        {"model", "[{type: dense, units: 12}, {type: relu}, {type: dense, units: 10}]"},
        {"batch.global", course->global},
        {"batch.micro", course->micro},
        {"optim.name", strcmp(course->optim, "adam") == 0 ? "adam" : "sgd"},
        {"optim.momentum", strcmp(course->optim, "momentum") == 0 ? "0.9" : "0"},
        {"optim.lr", course->lr},
        {"train.updates", course->updates},
        {"train.noise", "micro"},
        {"train.evaluate_every", "none"},
    };
    cairn_trainer *t = open_with(world, keys, sizeof keys / sizeof keys[0]);
    if (t == NULL) return CAIRN_USAGE;
    cairn_status st = CAIRN_OK;
    *n = 0;
    while (!cairn_trainer_done(t) && *n < POINTS && st == CAIRN_OK) {
        struct cairn_update_record record;
        st = cairn_trainer_update(t, &record);
        if (st != CAIRN_OK || record.update % course->stride != 0) continue;
        struct look *now = &look[(*n)++];
        now->update = record.update;
        now->told = cairn_trainer_noise(t, t->params->n_items);
        if (cairn_comm_rank(world) == 0 && !ask_oracle(t, &now->exact)) st = CAIRN_DATA;
    }
    cairn_trainer_close(t);
    return cairn_comm_agree(world, st);
}

/* The exact scale over the stretch that a look is told to be from. */
static double exact_over(const struct look *look, size_t at)
{
    struct oracle sum = {0};
    const double begin = (double)look[at].update - look[at].told.n_updates;
    for (size_t i = at + 1; i-- > 0 && (i == at || (double)look[i].update > begin);) {
        sum.noise += look[i].exact.noise;
        sum.signal += look[i].exact.signal;
    }
    return sum.noise / sum.signal;
}

/* Nine looks in ten are within two of their standard errors, and that error is mostly at most a
 * quarter where the scale is at most ten batches. */
static void runs_are_told_as_they_are(void **state)
{
    static const struct course courses[] = {
        {"sgd", "0.3", "2048", "64", "249", 3},
        {"momentum", "0.05", "2048", "64", "249", 3},
        {"adam", "0.003", "2048", "64", "249", 3},
    };
    static struct look look[POINTS];
    (void)state;
    assert_on_all(cairn_comm_agree(world, cairn_comm_rank(world) == 0 ? write_samples("teacher.h5")
                                                                      : CAIRN_OK) == CAIRN_OK);
    for (size_t c = 0; c < sizeof courses / sizeof courses[0]; c++) {
        size_t n = 0, n_looks = 0, n_within = 0, n_clear = 0, n_small = 0;
        double last = 0;
        assert_on_all(follow(&courses[c], look, &n) == CAIRN_OK);
        for (size_t i = 0; i < n && cairn_comm_rank(world) == 0; i++) {
            const struct cairn_noise_scale *told = &look[i].told;
            double exact = last = exact_over(look, i);
            /* exact values are too few for stretches that begin with the run, where all changes */
            if (!(told->n_updates >= 5 && told->n_updates < (double)look[i].update)) continue;
            n_looks++;
            n_within += fabs(told->value - exact) <= 2 * told->error;
            if (exact > 10 * atof(courses[c].global)) continue;
            n_clear++;
            n_small += told->error <= 0.25 * told->value;
        }
        if (cairn_comm_rank(world) == 0)
            print_message("%s, B = %s: %zu of %zu within two errors, %zu of %zu errors at most a "
                          "quarter; %.0f at the end\n",
                          courses[c].optim, courses[c].global, n_within, n_looks, n_small, n_clear,
                          last);
        assert_on_all(n_within * 10 >= n_looks * 9);
        assert_on_all(n_small * 10 >= n_clear * 8);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_the_oracle_says),
        cmocka_unit_test(same_bits_in_any_world),
        cmocka_unit_test(shared_tensors_are_squared_whole),
        cmocka_unit_test(runs_are_told_as_they_are),
    };
    return RUN_ON_ALL("noise", tests);
}
