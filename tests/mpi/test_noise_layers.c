/* SPDX-License-Identifier: BSD-3-Clause
 * What the noise scale is where samples are not alike or not alone: with dropout, augmentation,
 * masked tokens and batch normalisation.  The oracle is differences: the loss in double with one
 * weight a little larger and a little smaller, for every weight, of a single sample, or of a
 * micro-batch where its samples are coupled.  The weights stay where they are (lr 0), and the
 * estimates of many updates are held against their exact mean. */
#include "support/mpi.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "config/config.h"
#include "data/writer.h"
#include "nn/model.h"
#include "nn/reference.h"
#include "start/start.h"
#include "train/noise.h"
#include "train/trainer.h"

enum { SIDE = 4, PIXELS = SIDE * SIDE, CLASSES = 3, SAMPLES = 16, TOKENS = 6, TEXT = 1024 };
enum { DOZEN = 12, B = 4, MOST_WEIGHTS = 128, MOST_SETS = 512, UPDATES = 400 };

/* Means of some hundred updates scatter by 1 to 2 %. */
static const double WITHIN = 0.05;
static const double WITHIN_RANKS = 0.2; /* of three units an update, and S by 8 % */
static const real STEP = 1e-3F;

/* S and |mu|^2 as the estimates are in the mean. */
struct scale {
    double noise, signal;
};

/* A trainer and the same model in double. */
struct pair {
    struct cairn_config *config;
    cairn_trainer *trainer;
    struct cairn_reference *reference;
    size_t n_weights;
};

static uint32_t bits_of(uint64_t i, uint64_t k)
{
    uint32_t bits[4];
    cairn_random_block(5, i, k, bits);
    return bits[0];
}

/* Images of noise with a bright row for each class, most of them of the first class, so that the
 * mean gradient is not small. */
static cairn_status write_images(const char *path, size_t n)
{
    static real x[SAMPLES * PIXELS];
    static int32_t label[SAMPLES];
    const struct cairn_about about = {.title = "rows"};
    const struct cairn_table table = {
        .n = n, .input = {3, {1, SIDE, SIDE}}, .x_type = CAIRN_H5_REAL, .x = x, .label = label};
    struct cairn_writer *writer = NULL;
    for (size_t i = 0; i < n; i++) {
        label[i] = i % 4 == 0 ? 1 + (int32_t)(i % 8 == 0) : 0;
        for (size_t k = 0; k < PIXELS; k++)
            x[i * PIXELS + k] = 2 * cairn_random_unit(bits_of(i, k)) - 1 +
                                (k / SIDE == (size_t)label[i] ? 3.0F : 0.0F);
    }
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

/* Runs of tokens that count and of the token 0, which is masked: windows have 0 to 6 labels. */
static cairn_status write_text(const char *path)
{
    static uint8_t token[TEXT];
    const struct cairn_about about = {.title = "runs"};
    const struct cairn_token_table table = {
        .n = TEXT, .type = CAIRN_H5_U8, .token = token, .vocabulary = CLASSES};
    struct cairn_writer *writer = NULL;
    for (size_t i = 0; i < TEXT; i++)
        token[i] = bits_of(i / 8, 1) % 2 == 0 ? 0 : (uint8_t)(1 + (bits_of(i, 2) % 8 == 0));
    token[0] = 2;
    CAIRN_TRY(cairn_writer_create(path, true, &about, &writer));
    cairn_status st = cairn_writer_tokens(writer, CAIRN_SPLIT_TRAIN, &table);
    if (st == CAIRN_OK) st = cairn_writer_finish(writer);
    cairn_writer_free(writer);
    return st;
}

static cairn_status open_pair(const char *keys, const char *noise, struct pair *out)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "%s\noptim: {lr: 0}\n"
                     "train: {updates: %d, evaluate_every: none, noise: %s, seed: 3}\n",
                     keys, UPDATES, noise);
    CAIRN_TRY(cairn_config_read(text, (size_t)n, "a run file", NULL, &out->config));
    CAIRN_TRY(cairn_start_trainer(out->config, world, NULL, &out->trainer));
    const struct cairn_model_options options = cairn_setup_model_options(
        out->config, out->trainer->parts.dataset, (size_t)out->trainer->parts.rule.micro);
    out->n_weights = out->trainer->params->n_weights;
    return cairn_reference_create(&options, &out->reference);
}

static void close_pair(struct pair *pair)
{
    cairn_reference_free(pair->reference);
    cairn_trainer_close(pair->trainer);
    cairn_config_free(pair->config);
}

static double loss_of(struct pair *pair, const struct cairn_micro *micro)
{
    struct cairn_scores scores = {0};
    cairn_reference_begin(pair->reference, pair->trainer->w);
    if (cairn_reference_add(pair->reference, micro) != CAIRN_OK) return (double)NAN;
    (void)cairn_reference_gradient(pair->reference, &scores);
    return scores.loss;
}

/* The gradient h [n_weights] of the summed loss of a micro-batch, by differences; its W. */
static double differences(struct pair *pair, const struct cairn_micro *micro, double *h)
{
    struct cairn_scores scores = {0};
    real *w = pair->trainer->w;
    for (size_t i = 0; i < pair->n_weights; i++) {
        const real at = w[i], above = at + STEP, below = at - STEP;
        w[i] = above;
        double more = loss_of(pair, micro);
        w[i] = below;
        h[i] = (more - loss_of(pair, micro)) / ((double)above - (double)below);
        w[i] = at;
    }
    (void)loss_of(pair, micro);
    (void)cairn_reference_gradient(pair->reference, &scores);
    return scores.weight;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* The single samples at n positions of the order from `first` on: h [n][MOST_WEIGHTS], their
 * weights. */
static bool singly(struct pair *pair, uint64_t first, size_t n, double (*h)[MOST_WEIGHTS],
                   double *weight)
{
    for (size_t i = 0; i < n; i++) {
        struct cairn_micro micro;
        if (cairn_loader_read(pair->trainer->parts.loader[CAIRN_SPLIT_TRAIN], first + i, 1,
                              &micro) != CAIRN_OK)
            return false;
        weight[i] = differences(pair, &micro, h[i]);
        if (!isfinite(weight[i] + dot(h[i], h[i], pair->n_weights))) return false;
    }
    return true;
}

/* Mean S and |mu|^2 of the updates, each by itself. */
static cairn_status draw(cairn_trainer *t, struct scale *out)
{
    struct cairn_noise_history *history = cairn_trainer_observer(t, &cairn_observer_noise);
    struct cairn_noise_history *all = &history[t->params->n_items];
    cairn_status st = CAIRN_OK;
    *out = (struct scale){0};
    for (size_t u = 0; u < UPDATES && st == CAIRN_OK; u++) {
        struct cairn_update_record record;
        *all = (struct cairn_noise_history){0};
        st = cairn_trainer_update(t, &record);
        out->noise += all->block[0].noise / UPDATES;
        out->signal += all->block[0].signal / UPDATES;
    }
    return st;
}

static bool close_to(double value, double wanted, double within)
{
    return fabs(value / wanted - 1) < within;
}

/* Draw and compare on rank 0, which alone has the oracle. */
static void compare(struct pair *pair, const char *what, double within, const struct scale *wanted)
{
    struct scale drawn;
    const bool root = cairn_comm_rank(world) == 0;
    assert_on_all(draw(pair->trainer, &drawn) == CAIRN_OK);
    if (root)
        print_message("%s: S %.4f, exact %.4f; |mu|^2 %.4f, exact %.4f; scale %.3f, exact %.3f\n",
                      what, drawn.noise, wanted->noise, drawn.signal, wanted->signal,
                      drawn.noise / drawn.signal, wanted->noise / wanted->signal);
    assert_on_all(!root || close_to(drawn.noise, wanted->noise, within));
    assert_on_all(!root || close_to(drawn.signal, wanted->signal, within));
    close_pair(pair);
}

/* Epochs of SAMPLES samples, each shown in another way every time.  Two of an epoch tell of mu, all
 * of them of what a sample scatters by, its own chance included. */
static bool ask_chance(struct pair *pair, size_t n_epochs, struct scale *out)
{
    static double h[SAMPLES][MOST_WEIGHTS];
    const size_t n = pair->n_weights;
    *out = (struct scale){0};
    for (size_t e = 0; e < n_epochs; e++) {
        double weight[SAMPLES], sum[MOST_WEIGHTS] = {0}, own = 0;
        if (!singly(pair, e * SAMPLES, SAMPLES, h, weight)) return false;
        for (size_t i = 0; i < SAMPLES; i++) {
            own += dot(h[i], h[i], n);
            for (size_t k = 0; k < n; k++) sum[k] += h[i][k];
        }
        double pairs = (dot(sum, sum, n) - own) / (SAMPLES * (SAMPLES - 1));
        out->noise += (own / SAMPLES - pairs) / (double)n_epochs;
        out->signal += pairs / (double)n_epochs;
    }
    return true;
}

static void chance(const char *what, const char *keys)
{
    struct pair pair = {0};
    struct scale wanted = {0};
    assert_on_all(open_pair(keys, "micro", &pair) == CAIRN_OK);
    assert_on_all(cairn_comm_rank(world) != 0 || ask_chance(&pair, UPDATES, &wanted));
    compare(&pair, what, WITHIN, &wanted);
}

static void dropout(void **state)
{
    (void)state;
    chance("dropout", "data: {file: rows.h5}\nbatch: {global: 16, micro: 2}\n"
                      "model: [{type: flatten}, {type: dense, units: 4}, {type: tanh}, "
                      "{type: dropout, p: 0.4}, {type: dense, units: 3}]");
}

static void augmentation(void **state)
{
    (void)state;
    chance("augmentation", "data: {file: rows.h5}\nbatch: {global: 16, micro: 2}\n"
                           "augment: {crop_padding: 1, flip: true}\n"
                           "model: [{type: flatten}, {type: dense, units: 4}, {type: tanh}, "
                           "{type: dense, units: 3}]");
}

/* An update is sum h / sum w.  What it is off by is sum (h_i - w_i mu) / sum w, with mu of all. */
static bool ask_masked(struct pair *pair, struct scale *out)
{
    static double h[MOST_SETS][MOST_WEIGHTS], weight[MOST_SETS];
    const size_t n = pair->n_weights, n_samples = (size_t)pair->trainer->parts.rule.n_samples;
    double mu[MOST_WEIGHTS] = {0}, all = 0, apart = 0;
    if (n_samples > MOST_SETS || !singly(pair, 0, n_samples, h, weight)) return false;
    for (size_t i = 0; i < n_samples; i++) {
        all += weight[i];
        for (size_t k = 0; k < n; k++) mu[k] += h[i][k];
    }
    for (size_t k = 0; k < n; k++) mu[k] /= all;
    for (size_t i = 0; i < n_samples; i++)
        for (size_t k = 0; k < n; k++) apart += pow(h[i][k] - weight[i] * mu[k], 2);
    double of_sample = all / (double)n_samples;
    out->noise = apart / (double)(n_samples - 1);
    out->signal = dot(mu, mu, n) * of_sample * of_sample - out->noise / (double)n_samples;
    return true;
}

static void masked_tokens(void **state)
{
    static const char *const noise[] = {"micro", "rank"};
    (void)state;
    for (size_t k = 0; k < (cairn_comm_size(world) > 1 ? 2 : 1); k++) {
        char keys[512];
        struct pair pair = {0};
        struct scale wanted = {0};
        snprintf(keys, sizeof keys,
                 "data: {file: runs.h5, context: %d}\nbatch: {global: 128, micro: 8, tail: drop}\n"
                 "loss: {type: cross_entropy, ignore_index: 0}\n"
                 "model: [{type: embedding, units: 3}, {type: dense, units: %d}]",
                 TOKENS, CLASSES);
        assert_on_all(open_pair(keys, noise[k], &pair) == CAIRN_OK);
        assert_on_all(cairn_comm_rank(world) != 0 || ask_masked(&pair, &wanted));
        compare(&pair, noise[k], k == 0 ? WITHIN : WITHIN_RANKS, &wanted);
    }
}

/* Samples of a dozen as one micro-batch; the arrays are ours. */
static bool gather(struct pair *pair, real *x, int32_t *label)
{
    for (size_t i = 0; i < DOZEN; i++) {
        struct cairn_micro micro;
        if (cairn_loader_read(pair->trainer->parts.loader[CAIRN_SPLIT_TRAIN], i, 1, &micro) !=
            CAIRN_OK)
            return false;
        memcpy(x + i * PIXELS, micro.x, PIXELS * sizeof *x);
        label[i] = micro.label[0];
    }
    return true;
}

/* The mean gradient of every micro-batch of B samples of a dozen, into g; who is in it, into set.
 * The answer is how many there are; 0: trouble. */
static size_t all_sets(struct pair *pair, double (*g)[MOST_WEIGHTS], unsigned *set)
{
    real x[DOZEN * PIXELS], part[B * PIXELS];
    int32_t label[DOZEN], part_label[B];
    const uint64_t zero[B] = {0};
    const struct cairn_micro micro = {
        .n = B, .x = part, .n_labels = 1, .label = part_label, .sample = zero, .epoch = zero};
    size_t n_sets = 0;
    if (!gather(pair, x, label)) return 0;
    for (unsigned members = 0; members < 1U << DOZEN; members++) {
        size_t n = 0;
        for (size_t i = 0; i < DOZEN; i++) {
            if ((members >> i & 1) == 0) continue;
            if (n < B) memcpy(part + n * PIXELS, x + i * PIXELS, PIXELS * sizeof *x);
            if (n < B) part_label[n] = label[i];
            n++;
        }
        if (n != B) continue;
        if (!(differences(pair, &micro, g[n_sets]) == B)) return 0;
        for (size_t k = 0; k < pair->n_weights; k++) g[n_sets][k] /= B;
        set[n_sets++] = members;
    }
    return n_sets;
}

/* The gradient of a sample depends on its neighbours, and what scatters is that of a micro-batch:
 * S is b times its variance, mu its mean, over all micro-batches of b.  Two of an update share no
 * sample. */
static bool ask_coupled(struct pair *pair, struct scale *out)
{
    static double g[MOST_SETS][MOST_WEIGHTS];
    static unsigned set[MOST_SETS];
    const size_t n = all_sets(pair, g, set);
    double own = 0, pairs = 0, n_pairs = 0;
    for (size_t a = 0; a < n; a++) {
        own += dot(g[a], g[a], pair->n_weights) / (double)n;
        for (size_t c = 0; c < a; c++) {
            if ((set[a] & set[c]) != 0) continue;
            pairs += dot(g[a], g[c], pair->n_weights);
            n_pairs++;
        }
    }
    out->signal = pairs / n_pairs;
    out->noise = B * (own - out->signal);
    return n > 0;
}

static void batchnorm(void **state)
{
    struct pair pair = {0};
    struct scale wanted = {0};
    (void)state;
    assert_on_all(
        open_pair("data: {file: dozen.h5}\nbatch: {global: 12, micro: 4}\n"
                  "model: [{type: flatten}, {type: dense, units: 3}, {type: batchnorm, eps: 1}, "
                  "{type: tanh}, {type: dense, units: 3}]",
                  "micro", &pair) == CAIRN_OK);
    assert_on_all(cairn_comm_rank(world) != 0 || ask_coupled(&pair, &wanted));
    compare(&pair, "batchnorm", WITHIN, &wanted);
}

static int write_data(void **state)
{
    bool root = cairn_comm_rank(world) == 0;
    cairn_status st = CAIRN_OK;
    (void)state;
    if (root) st = write_images("rows.h5", SAMPLES);
    if (root && st == CAIRN_OK) st = write_images("dozen.h5", DOZEN);
    if (root && st == CAIRN_OK) st = write_text("runs.h5");
    return cairn_comm_agree(world, st) != CAIRN_OK;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(dropout, write_data),
        cmocka_unit_test(augmentation),
        cmocka_unit_test(masked_tokens),
        cmocka_unit_test(batchnorm),
    };
    return RUN_ON_ALL("noise_layers", tests);
}
