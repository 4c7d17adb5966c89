/* SPDX-License-Identifier: BSD-3-Clause
 * Runs by public functions: step by step, followed, stopped and opened again, saved in between,
 * fed; checkpoints without a run; and misuse, which is the same error on all ranks and changes
 * nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/linear.h"
#include "support/mpi.h"

static const char *const keys[] = {"batch.global=64",
                                   "batch.micro=16",
                                   "optim.name=adam",
                                   "optim.lr=0.01",
                                   "train.epochs=3",
                                   "train.reproducible=true",
                                   "train.evaluate_every=5",
                                   "checkpoint.every_updates=4",
                                   "train.ema=0.9",
                                   "checkpoint.keep=9",
                                   NULL};

enum { UPDATES = 18 };

/* What was seen of a run. */
struct seen {
    uint64_t n_updates, n_scores, n_saves, last_save, stop_after;
    double loss;
};

static void updated(void *context, const struct cairn_update_record *record)
{
    struct seen *seen = context;
    seen->n_updates++;
    seen->loss = record->loss;
}

static void evaluated(void *context, const struct cairn_run_scores *scores)
{
    struct seen *seen = context;
    seen->n_scores += scores->loss > 0 && strncmp(scores->split, "test", 4) == 0;
}

static void saved(void *context, uint64_t update)
{
    struct seen *seen = context;
    seen->n_saves++;
    seen->last_save = update;
}

/* One rank's wish is enough. */
static bool stops(void *context)
{
    const struct seen *seen = context;
    return seen->stop_after != 0 && seen->n_updates + 1 >= seen->stop_after &&
           cairn_comm_rank(world) == cairn_comm_size(world) - 1;
}

static struct cairn_run_settings settings_of(const char *folder, struct seen *seen)
{
    return (struct cairn_run_settings){.size = sizeof(struct cairn_run_settings),
                                       .folder = folder,
                                       .overwrite = true,
                                       .events = {.updated = updated,
                                                  .evaluated = evaluated,
                                                  .saved = saved,
                                                  .stops = stops,
                                                  .context = seen}};
}

static cairn_status open_run(const struct cairn_run_settings *settings, cairn_run **run)
{
    cairn_options *options = linear_options(settings->data != NULL, keys);
    *run = NULL;
    cairn_status st = cairn_comm_agree(world, options == NULL ? CAIRN_BUG : CAIRN_OK);
    if (st == CAIRN_OK) st = cairn_run_open(options, world, settings, run);
    cairn_options_free(options);
    return st;
}

/* The weights of nobody's run. */
static uint64_t wanted(void)
{
    struct cairn_update_record record;
    cairn_trainer *t = linear_trainer(world, keys);
    while (t != NULL && !cairn_trainer_done(t))
        if (cairn_trainer_update(t, &record) != CAIRN_OK) break;
    const uint64_t hash = t == NULL ? 0 : cairn_trainer_weights_hash(t);
    cairn_trainer_close(t);
    return hash;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void test_step_by_step(void **state)
{
    (void)state;
    struct seen seen = {.n_updates = 0};
    struct cairn_update_record record;
    const struct cairn_run_settings settings = settings_of("steps", &seen);
    cairn_run *run = NULL;
    bool more = true;
    const bool root = cairn_comm_rank(world) == 0;
    assert_on_all(open_run(&settings, &run) == CAIRN_OK && cairn_run_summary(run) == NULL);
    cairn_status st = CAIRN_OK;
    uint64_t n = 0;
    while (st == CAIRN_OK && more) {
        st = cairn_run_step(run, &record, &more);
        n += more;
        if (more && n == 6) { /* in between: a second time there is nothing to do */
            assert_on_all(cairn_run_save(run) == CAIRN_OK && cairn_run_save(run) == CAIRN_OK);
            assert_on_all(is_there("steps/checkpoints/update-00000006.h5"));
            assert_on_all(!root || seen.last_save == 6);
        }
    }
    assert_on_all(st == CAIRN_OK && n == UPDATES && seen.n_updates == n && record.update == n);
    assert_on_all(seen.n_scores == 2 * (UPDATES / 5 + 1)); /* weights and average; the end */
    assert_on_all(seen.n_saves == (root ? 6 : 0));         /* 4, 6, 8, 12, 16, 18 */
    const char *summary = cairn_run_summary(run);
    assert_on_all(root ? summary != NULL && strstr(summary, "\"done\"") != NULL : summary == NULL);
    assert_on_all(cairn_trainer_weights_hash(cairn_run_trainer(run)) == wanted());
    assert_on_all(cairn_run_step(run, &record, &more) == CAIRN_USAGE && !more);
    assert_on_all(cairn_run_save(run) == CAIRN_USAGE && cairn_run_go(run) == CAIRN_USAGE);
    cairn_run_close(run);
}

static void test_stopped_and_opened_again(void **state)
{
    (void)state;
    struct seen seen = {.stop_after = 7};
    struct cairn_run_settings settings = settings_of("stopped", &seen);
    cairn_run *run = NULL;
    assert_on_all(open_run(&settings, &run) == CAIRN_OK && cairn_run_go(run) == CAIRN_STOPPED);
    assert_on_all(seen.n_updates == 7);
    cairn_run_close(run);

    settings.overwrite = false;
    seen = (struct seen){.n_updates = 0};
    assert_on_all(open_run(&settings, &run) == CAIRN_OK);
    cairn_run_close(run); /* opened, and nothing done */
    assert_on_all(open_run(&settings, &run) == CAIRN_OK && cairn_run_go(run) == CAIRN_OK);
    assert_on_all(seen.n_updates == UPDATES - 7);
    const uint64_t hash = cairn_trainer_weights_hash(cairn_run_trainer(run));
    cairn_run_close(run);
    assert_on_all(hash == wanted());

    /* from a file, in another folder */
    settings = settings_of("from", &seen);
    settings.overwrite = false;
    settings.resume = "stopped/checkpoints/update-00000007.h5";
    assert_on_all(open_run(&settings, &run) == CAIRN_OK && cairn_run_go(run) == CAIRN_OK);
    assert_on_all(cairn_trainer_weights_hash(cairn_run_trainer(run)) == hash);
    cairn_run_close(run);
}

static void test_misuse(void **state)
{
    (void)state;
    struct seen seen = {.n_updates = 0};
    struct cairn_update_record record;
    bool more = true;
    const struct cairn_run_settings good = settings_of("misuse", &seen);
    cairn_run *run = NULL;
    struct cairn_run_settings bad[6];
    for (int i = 0; i < 6; i++) bad[i] = good;
    bad[0].size = 8;
    bad[1].folder = NULL;
    bad[2].resume = "never"; /* and overwrite */
    bad[3].init_partial = true;
    bad[4].overwrite = false;
    bad[4].resume = bad[4].init = "state.h5";
    bad[5].events.feed = (cairn_status(*)(void *, cairn_trainer *))abort; /* reads its data */
    for (int i = 0; i < 6; i++) assert_on_all(open_run(&bad[i], &run) == CAIRN_USAGE);
    assert_on_all(!is_there("misuse"));
    cairn_options *options = linear_options(false, keys);
    assert_on_all(options != NULL && cairn_run_open(options, NULL, &good, &run) == CAIRN_USAGE);
    cairn_trainer *t = NULL;
    assert_on_all(cairn_trainer_open(options, NULL, &t) == CAIRN_USAGE && t == NULL);
    assert_on_all(cairn_options_set(options, "train.precision",
                                    CAIRN_REAL_BITS == 32 ? "float64" : "float32") == CAIRN_OK);
    assert_on_all(cairn_run_open(options, world, &good, &run) == CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "this library computes in float"));
    cairn_options_free(options);

    struct cairn_run_settings check = good;
    check.check = true;
    assert_on_all(open_run(&check, &run) == CAIRN_OK);
    assert_on_all(cairn_run_step(run, &record, &more) == CAIRN_USAGE && !more);
    assert_on_all(cairn_run_save(run) == CAIRN_USAGE && cairn_run_summary(run) == NULL);
    cairn_run_close(run);
    assert_on_all(!is_there("misuse"));
}

/* ---- samples that are fed */

static struct linear all;

/* Rank m mod R has micro-batch m; the same samples at the same positions in each epoch. */
static cairn_status feed(void *context, cairn_trainer *t)
{
    uint64_t first = 0, n = 0, n_micro = 0;
    size_t *n_calls = context;
    (*n_calls)++;
    CAIRN_TRY(cairn_trainer_batch(t, &first, &n, &n_micro));
    for (uint64_t m = 0; m < n_micro; m++) {
        cairn_real x[16 * LINEAR_INPUTS], y[16];
        const size_t left = (size_t)(n - 16 * m);
        const struct cairn_samples samples = {.n = left < 16 ? left : 16, .x = x, .target = y};
        if ((int)(m % (uint64_t)cairn_comm_size(world)) != cairn_comm_rank(world)) continue;
        for (size_t i = 0; i < samples.n; i++) {
            const size_t sample = (size_t)(first + 16 * m + i) % all.n;
            memcpy(x + i * LINEAR_INPUTS, all.x + sample * LINEAR_INPUTS, sizeof x / 16);
            y[i] = all.y[sample];
        }
        CAIRN_TRY(cairn_trainer_feed(t, m, &samples));
    }
    return CAIRN_OK;
}

static uint64_t fed_run(const char *folder, uint64_t stop_after, bool overwrite, cairn_data *data)
{
    size_t n_calls = 0;
    struct cairn_run_settings settings = {.size = sizeof settings,
                                          .folder = folder,
                                          .overwrite = overwrite,
                                          .data = data,
                                          .events = {.feed = feed, .context = &n_calls}};
    cairn_run *run = NULL;
    struct cairn_update_record record;
    bool more = true;
    cairn_status st = open_run(&settings, &run);
    for (uint64_t n = 0; st == CAIRN_OK && more && (stop_after == 0 || n < stop_after); n++)
        st = cairn_run_step(run, &record, &more);
    if (st == CAIRN_OK && more) st = cairn_run_save(run);
    const uint64_t hash = st == CAIRN_OK ? cairn_trainer_weights_hash(cairn_run_trainer(run)) : 0;
    cairn_run_close(run);
    return hash;
}

static void test_fed(void **state)
{
    (void)state;
    static const size_t dim[] = {LINEAR_INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    cairn_data *data = NULL;
    assert_on_all(linear_read(&all) && cairn_data_create(&form, &data) == CAIRN_OK &&
                  cairn_data_fed(data, all.n) == CAIRN_OK);
    struct seen seen = {.n_updates = 0};
    struct cairn_run_settings settings = settings_of("unfed", &seen);
    cairn_run *run = NULL;
    settings.data = data;
    assert_on_all(open_run(&settings, &run) == CAIRN_USAGE &&
                  strstr(cairn_error_text(), "feed") != NULL && !is_there("unfed"));
    const uint64_t whole = fed_run("fed", 0, true, data);
    const uint64_t part = fed_run("fed_twice", 5, true, data);
    assert_on_all(whole != 0 && part != 0 && part != whole);
    assert_on_all(fed_run("fed_twice", 0, false, data) == whole);
    cairn_data_free(data);
    linear_free(&all);
}

/* ---- without a run */

/* A copy in which the numbers of /progress, the last in the file, are others: weights and optimizer
 * are read before.  Rank 0 makes it. */
static bool damage(const char *path, const char *copy)
{
    static char bytes[1 << 20];
    if (cairn_comm_rank(world) != 0) return true;
    FILE *from = fopen(path, "rb"), *to = fopen(copy, "wb");
    const size_t n = from == NULL ? 0 : fread(bytes, 1, sizeof bytes, from);
    for (size_t i = 3 * n / 4; i < n; i++) bytes[i] = (char)~bytes[i];
    const bool ok = to != NULL && n > 0 && fwrite(bytes, 1, n, to) == n;
    if (from != NULL) fclose(from);
    if (to != NULL) fclose(to);
    return ok;
}

static void test_save_and_load(void **state)
{
    (void)state;
    static const char *const other[] = {"batch.global=32", "batch.micro=16", "optim.name=adam",
                                        "train.epochs=3", NULL};
    struct cairn_update_record record;
    const uint64_t end = wanted();
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all(t != NULL);
    cairn_status st = CAIRN_OK;
    for (int i = 0; i < 5 && st == CAIRN_OK; i++) st = cairn_trainer_update(t, &record);
    assert_on_all(st == CAIRN_OK && cairn_trainer_save(t, "state.h5") == CAIRN_OK);
    assert_on_all(cairn_trainer_save(t, "no/such/state.h5") == CAIRN_FILES);
    const uint64_t at_5 = cairn_trainer_weights_hash(t);
    for (int i = 0; i < 3 && st == CAIRN_OK; i++) st = cairn_trainer_update(t, &record);
    const uint64_t at_8 = cairn_trainer_weights_hash(t);

    /* what cannot be loaded changes nothing */
    assert_on_all(cairn_trainer_load(t, "none.h5") == CAIRN_DATA);
    cairn_trainer *u = linear_trainer(world, other);
    assert_on_all(u != NULL && cairn_trainer_load(u, "state.h5") == CAIRN_USAGE &&
                  cairn_trainer_save(u, "other.h5") == CAIRN_OK);
    assert_on_all(cairn_trainer_load(t, "other.h5") == CAIRN_USAGE);
    cairn_trainer_close(u);
    assert_on_all(cairn_trainer_weights_hash(t) == at_8);

    assert_on_all(damage("state.h5", "damaged.h5") &&
                  cairn_trainer_load(t, "damaged.h5") == CAIRN_DATA);
    assert_on_all(cairn_trainer_weights_hash(t) == at_8);
    assert_on_all(cairn_trainer_update(t, &record) == CAIRN_OK && record.update == 9 &&
                  cairn_trainer_save(t, "nine.h5") == CAIRN_OK);
    while (!cairn_trainer_done(t) && cairn_trainer_update(t, &record) == CAIRN_OK) continue;
    assert_on_all(cairn_trainer_weights_hash(t) == end); /* as if nothing had been tried */

    /* back to the beginning, as cairn train leaves it; then back, and on; in another trainer too */
    struct seen seen = {.stop_after = 1};
    struct cairn_run_settings settings = settings_of("begun", &seen);
    cairn_run *run = NULL;
    assert_on_all(open_run(&settings, &run) == CAIRN_OK && cairn_run_save(run) == CAIRN_OK);
    cairn_run_close(run);
    assert_on_all(cairn_trainer_load(t, "begun/checkpoints/update-00000000.h5") == CAIRN_OK);
    while (!cairn_trainer_done(t) && cairn_trainer_update(t, &record) == CAIRN_OK) continue;
    assert_on_all(cairn_trainer_weights_hash(t) == end);
    assert_on_all(cairn_trainer_load(t, "state.h5") == CAIRN_OK &&
                  cairn_trainer_weights_hash(t) == at_5);
    while (!cairn_trainer_done(t) && cairn_trainer_update(t, &record) == CAIRN_OK) continue;
    assert_on_all(cairn_trainer_weights_hash(t) == end && record.update == UPDATES);
    cairn_trainer_close(t);
    t = linear_trainer(world, keys);
    assert_on_all(t != NULL && cairn_trainer_load(t, "state.h5") == CAIRN_OK);
    while (!cairn_trainer_done(t) && cairn_trainer_update(t, &record) == CAIRN_OK) continue;
    assert_on_all(cairn_trainer_weights_hash(t) == end);
    cairn_trainer_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step_by_step),  cmocka_unit_test(test_stopped_and_opened_again),
        cmocka_unit_test(test_misuse),        cmocka_unit_test(test_fed),
        cmocka_unit_test(test_save_and_load),
    };
    return RUN_ON_ALL("run", tests);
}
