/* SPDX-License-Identifier: BSD-3-Clause
 * Random run files but for model and loss, and numbers for all of them. */
#include "fuzz/valid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

enum { FEWEST_UPDATES = 6, MOST_UPDATES = 25 };

/* ---- numbers */

size_t valid_count(struct valid *run, size_t low, size_t high)
{
    return low + fuzz_below(&run->random, high - low + 1);
}

double valid_real(struct valid *run, double low, double high)
{
    return low + (high - low) * (double)(fuzz_next(&run->random) >> 11) * 0x1p-53;
}

double valid_scale(struct valid *run, double low, double high)
{
    return exp(valid_real(run, log(low), log(high)));
}

bool valid_once_in(struct valid *run, size_t n)
{
    return fuzz_once_in(&run->random, n);
}

_Noreturn void valid_unknown(const char *what, const char *name, const char *of)
{
    fprintf(stderr,
            "cairn_fuzz: random runs do not know the %s %s (%s): say in tests/fuzz/valid_*.c how "
            "it is written\n",
            what, name, of);
    exit(1);
}

/* ---- keys by what they take */

/* A real key, by its name without the section: from low to high, evenly or in its logarithm. */
static const struct {
    const char *name;
    double low, high;
    bool by_scale;
} reals[] = {
    {"p", 0, 0.9, false},         {"dropout", 0, 0.7, false},
    {"eps", 1e-8, 1e-2, true},    {"momentum", 0, 0.97, false},
    {"dampening", 0, 0.9, false}, {"weight_decay", 1e-5, 0.1, true},
    {"beta1", 0, 0.97, false},    {"beta2", 0.5, 0.9999, false},
    {"alpha", 0.1, 0.999, false}, {"trust_coefficient", 1e-3, 0.3, true},
    {"slope", 0, 0.9, false},     {"factor", -2, 2, false},
    {"beta", 0.1, 4, true},       {"threshold", 1, 30, false},
};

static void write_word(struct valid *run, const char *name, const char *words)
{
    size_t n = 1;
    for (const char *c = words; *c != '\0'; c++) n += *c == ' ';
    for (n = fuzz_below(&run->random, n); n > 0; n--) words = strchr(words, ' ') + 1;
    fprintf(run->out, ", %s: %.*s", name, (int)strcspn(words, " "), words);
}

/* Its name without the section. */
static const char *short_name(const struct cairn_key *key)
{
    const char *dot = strchr(key->name, '.');
    return dot == NULL ? key->name : dot + 1;
}

bool valid_knows(const struct cairn_key *key)
{
    if (key->type != CAIRN_KEY_REAL)
        return key->type == CAIRN_KEY_CHOICE || key->type == CAIRN_KEY_BOOL;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        if (strcmp(reals[i].name, short_name(key)) == 0) return true;
    return false;
}

static void write_real(struct valid *run, const char *name)
{
    size_t i = 0;
    while (strcmp(reals[i].name, name) != 0) i++;
    double value = reals[i].by_scale ? valid_scale(run, reals[i].low, reals[i].high)
                                     : valid_real(run, reals[i].low, reals[i].high);
    bool least = !reals[i].by_scale && valid_once_in(run, 6);
    fprintf(run->out, ", %s: %.4g", name, least ? reals[i].low : value);
}

void valid_write_key(struct valid *run, const struct cairn_key *key)
{
    const char *name = short_name(key);
    if (key->fallback != NULL && valid_once_in(run, 3)) return;
    if (key->type == CAIRN_KEY_CHOICE) write_word(run, name, key->words);
    if (key->type == CAIRN_KEY_BOOL)
        fprintf(run->out, ", %s: %s", name, valid_once_in(run, 2) ? "true" : "false");
    if (key->type == CAIRN_KEY_REAL) write_real(run, name);
}

/* ---- the sections */

/* What the sections have to know of each other. */
struct sizes {
    size_t global; /* at the start; above the data: their number */
    bool drops;
    bool has_ramp, sums;
};

static void write_some(struct valid *run, const char *name, size_t low, size_t high)
{
    if (valid_once_in(run, 2)) fprintf(run->out, ", %s: %zu", name, valid_count(run, low, high));
}

static void write_numbers(struct valid *run, const char *name, double low, double high)
{
    size_t n = valid_once_in(run, 2) ? 1 : run->input.dim[0];
    if (valid_once_in(run, 2)) return;
    fprintf(run->out, ", %s: [", name);
    for (size_t i = 0; i < n; i++)
        fprintf(run->out, "%s%.3g", i == 0 ? "" : ", ", valid_real(run, low, high));
    fprintf(run->out, "]");
}

static void write_data_keys(struct valid *run)
{
    fprintf(run->out, "data: {file: data.h5");
    if (valid_once_in(run, 3)) write_word(run, "in_memory", "true false auto");
    if (run->vocabulary > 0) {
        fprintf(run->out, ", context: %zu}\n", run->context);
        return;
    }
    write_numbers(run, "mean", -1, 1);
    write_numbers(run, "std", 0.3, 2);
    fprintf(run->out, "}\n");
    if (run->input.ndim != 3 || valid_once_in(run, 2)) return;
    size_t side = run->input.dim[1] < run->input.dim[2] ? run->input.dim[1] : run->input.dim[2];
    fprintf(run->out, "augment: {crop_padding: %zu, flip: %s}\n",
            valid_count(run, 0, side > 3 ? 3 : side - 1), valid_once_in(run, 2) ? "true" : "false");
}

static size_t a_batch(struct valid *run, const struct sizes *sizes)
{
    size_t n = run->n[0];
    if (sizes->drops) return run->micro * valid_count(run, 1, n / run->micro);
    return valid_count(run, 1, valid_once_in(run, 4) ? 2 * n + 7 : n);
}

/* A ramp that begins at 0 may stand in for batch.global. */
static void write_ramp(struct valid *run, const struct sizes *sizes)
{
    size_t position = valid_once_in(run, 2) ? 0 : valid_count(run, 1, 2 * run->n[0]);
    if (position > 0 || valid_once_in(run, 2)) fprintf(run->out, ", global: %zu", sizes->global);
    fprintf(run->out, ", ramp: [");
    for (size_t n = valid_count(run, 1, 4); n > 0; n--) {
        fprintf(run->out, "[%zu, %zu]%s", position, a_batch(run, sizes), n > 1 ? ", " : "]");
        position += valid_count(run, 1, 2 * run->n[0]);
    }
    write_word(run, "ramp_kind", "stepped linear");
}

static void write_batch(struct valid *run, struct sizes *sizes)
{
    size_t tail = fuzz_below(&run->random, 3);
    static const char *const tails[] = {"exact", "carry", "drop"};
    sizes->drops = tail == 2 && run->micro <= run->n[0];
    if (!sizes->drops) tail %= 2;
    sizes->sums = valid_once_in(run, 4);
    sizes->has_ramp = valid_once_in(run, 3);
    sizes->global = a_batch(run, sizes);
    if (sizes->drops && valid_once_in(run, 2)) sizes->global = valid_count(run, 1, run->n[0]);
    fprintf(run->out, "batch: {micro: %zu, tail: %s, normalize: %s", run->micro, tails[tail],
            sizes->sums ? "sum" : "mean");
    if (sizes->has_ramp)
        write_ramp(run, sizes);
    else
        fprintf(run->out, ", global: %zu", sizes->global);
    fprintf(run->out, "}\n");
    if (sizes->global > run->n[0] && tail == 0) sizes->global = run->n[0];
}

/* At most one of three ways to say a length. */
static void write_length(struct valid *run, const char *name)
{
    size_t n = run->n[0];
    switch (fuzz_below(&run->random, 4)) {
    case 0: fprintf(run->out, ", %s_updates: %zu", name, valid_count(run, 1, 12)); break;
    case 1: fprintf(run->out, ", %s_samples: %zu", name, valid_count(run, 1, 4 * n)); break;
    case 2: fprintf(run->out, ", %s_epochs: %.3g", name, valid_real(run, 0.1, 3)); break;
    default: break;
    }
}

static void write_schedule(struct valid *run, bool selects)
{
    static const char *const decays[] = {"constant", "cosine", "linear",     "polynomial",
                                         "step",     "wsd",    "milestones", "plateau"};
    size_t decay = fuzz_below(&run->random, sizeof decays / sizeof decays[0] - !selects);
    fprintf(run->out, "schedule: {decay: %s", decays[decay]);
    write_length(run, "warmup");
    if (strcmp(decays[decay], "step") == 0) {
        write_length(run, "step");
        fprintf(run->out, ", step_factor: %.3g", valid_real(run, 0, 1));
    } else if (strcmp(decays[decay], "wsd") == 0) {
        fprintf(run->out, ", fall_epochs: %.3g", valid_real(run, 0.1, 2));
    } else if (strcmp(decays[decay], "milestones") == 0) {
        write_word(run, "milestones_by", "epochs updates samples");
        fprintf(run->out, ", milestones: [[%zu, %.3g], [%zu, %.3g]]", valid_count(run, 0, 4),
                valid_real(run, 0, 2), valid_count(run, 5, 9), valid_real(run, 0, 1));
    } else if (strcmp(decays[decay], "plateau") == 0) {
        fprintf(run->out, ", plateau_patience: %zu, plateau_factor: %.3g, plateau_threshold: %.3g",
                valid_count(run, 0, 2), valid_real(run, 0.1, 0.9), valid_real(run, 0, 0.2));
        write_some(run, "plateau_cooldown", 0, 1);
    } else if (decay > 0) {
        write_word(run, "decay_by", "updates samples");
        fprintf(run->out, ", final_factor: %.3g", valid_real(run, 0, 1));
    }
    if (valid_once_in(run, 2)) fprintf(run->out, ", power: %.3g", valid_real(run, 0.2, 4));
    fprintf(run->out, "}\n");
}

static void write_train(struct valid *run, const struct sizes *sizes, bool *evaluates)
{
    size_t per_epoch =
        sizes->drops ? run->n[0] / sizes->global : (run->n[0] + sizes->global - 1) / sizes->global;
    bool epochs = per_epoch <= MOST_UPDATES / 2 && valid_once_in(run, 2) && !sizes->has_ramp;
    fprintf(run->out, "train: {reproducible: true, seed: %zu", valid_count(run, 0, 1000000));
    if (epochs)
        fprintf(run->out, ", epochs: %zu",
                valid_count(run, (FEWEST_UPDATES + per_epoch - 1) / per_epoch,
                            MOST_UPDATES / per_epoch));
    else
        fprintf(run->out, ", updates: %zu", valid_count(run, FEWEST_UPDATES, MOST_UPDATES));
    if (valid_once_in(run, 2)) fprintf(run->out, ", ema: %.3g", valid_real(run, 0.3, 0.999));
    write_word(run, "noise", "auto auto micro rank off");
    if (valid_once_in(run, 6)) fprintf(run->out, ", balance: auto, balance_every: 1");
    size_t every = fuzz_below(&run->random, 4);
    *evaluates = every != 0;
    if (every == 0) fprintf(run->out, ", evaluate_every: none");
    if (every > 1) fprintf(run->out, ", evaluate_every: %zu", valid_count(run, 1, 7));
    const bool selects = run->n[1] > 0 && *evaluates;
    if (selects && valid_once_in(run, 4))
        fprintf(run->out, ", patience: %zu", valid_count(run, 1, 3));
    if (selects && valid_once_in(run, 4)) fprintf(run->out, ", stop: eval_loss < 0.5");
    fprintf(run->out, "}\n");
}

/* Those that the outputs have whatever their number. */
static void write_metrics(struct valid *run)
{
    const bool classes = run->n_classes > 0 || run->loss->targets_are_classes;
    if (!valid_once_in(run, 2)) return;
    fprintf(run->out, "eval: {metrics: [%s]}\n",
            classes ? "dice, mean_iou" : "r2, mae, rmse, dice");
}

static void write_checkpoint(struct valid *run, bool evaluates)
{
    bool by_words = valid_once_in(run, 3);
    fprintf(run->out, "checkpoint: {%s: %zu", by_words ? "every" : "every_updates",
            valid_count(run, by_words ? 1 : 0, 7));
    write_some(run, "keep", 0, 3);
    if (run->n[1] > 0 && evaluates && valid_once_in(run, 2))
        write_word(run, "keep_best", run->n_classes > 0 ? "eval_loss eval_accuracy" : "eval_loss");
    if (valid_once_in(run, 4))
        fprintf(run->out, ", milestones: [%zu, %zu]", valid_count(run, 1, 5),
                valid_count(run, 6, 9));
    else
        write_some(run, "milestones", 1, 9);
    fprintf(run->out, "}\n");
    if (!valid_once_in(run, 3))
        fprintf(run->out, "log: {gradflow_every: %zu}\n", valid_count(run, 0, 5));
}

void valid_make(uint64_t seed, uint64_t index, const char *folder)
{
    static const size_t micros[] = {1, 2, 3, 4, 5, 7, 8, 16, 33};
    struct valid run = {.random = {.state = (seed << 40) ^ index * 0x2545f4914f6cdd1du}};
    struct sizes sizes = {0};
    char path[4096];
    bool evaluates = false;
    valid_check_model();
    valid_check_loss();
    valid_check_optim();
    fuzz_next(&run.random);
    valid_write_data(&run, folder);
    snprintf(path, sizeof path, "%s/run.yaml", folder);
    run.out = fopen(path, "w");
    if (run.out == NULL) fuzz_broken(path);
    run.micro = micros[fuzz_below(&run.random, sizeof micros / sizeof micros[0])];
    write_data_keys(&run);
    valid_write_model(&run);
    valid_write_loss(&run);
    write_batch(&run, &sizes);
    valid_write_optim(&run, sizes.global, sizes.has_ramp, sizes.sums);
    write_train(&run, &sizes, &evaluates);
    write_schedule(&run, run.n[1] > 0 && evaluates);
    write_metrics(&run);
    write_checkpoint(&run, evaluates);
    if (fclose(run.out) != 0) fuzz_broken(path);
}
