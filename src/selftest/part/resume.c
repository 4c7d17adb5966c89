/* SPDX-License-Identifier: BSD-3-Clause
 * A run of one rank that was killed in the middle of a checkpoint (kill.c) goes on, on some ranks,
 * is stopped there, and goes on to its end on all of them in the reverse order: with the bits of a
 * run that nobody disturbed.  Then every rank reads its last checkpoint, whose checksums are
 * Fletcher's. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cairn/run.h"
#include "selftest/kill.h"
#include "selftest/work.h"

enum { STOP_AFTER = 5 }; /* updates of the second leg: between two checkpoints */

/* A leg of a run. */
struct leg {
    const char *run_file, *folder;
    char hang_timeout[48]; /* "train.hang_timeout=..." */
    int most;              /* updates until it wants to stop; 0: to the end */
    int done;
    uint64_t hash, first; /* of the weights; the first update that was made here */
};

static bool wants_stop(void *context)
{
    const struct leg *leg = context;
    return leg->most > 0 && leg->done >= leg->most;
}

static cairn_status go(struct leg *leg, cairn_run *run)
{
    struct cairn_update_record record = {0};
    bool more = true;
    cairn_status st = CAIRN_OK;
    for (leg->done = 0; more && st == CAIRN_OK; leg->done++) {
        st = cairn_run_step(run, &record, &more);
        if (leg->done == 0 && more) leg->first = record.update;
    }
    if (st == CAIRN_STOPPED && leg->most > 0) st = CAIRN_OK; /* as it was to be */
    if (st == CAIRN_OK) leg->hash = cairn_trainer_weights_hash(cairn_run_trainer(run));
    return st;
}

static cairn_status run_leg(void *context, cairn_comm *part)
{
    struct leg *leg = context;
    cairn_options *options = NULL;
    cairn_run *run = NULL;
    const struct cairn_run_settings settings = {.size = sizeof settings,
                                                .folder = leg->folder,
                                                .events = {.stops = wants_stop, .context = leg}};
    const char *const overrides[] = {leg->hang_timeout, NULL};
    cairn_status st = cairn_options_read_on(part, leg->run_file, overrides, &options);
    if (st == CAIRN_OK) st = cairn_run_open(options, part, &settings, &run);
    if (st == CAIRN_OK) st = go(leg, run);
    cairn_run_close(run);
    cairn_options_free(options);
    return st;
}

/* ---- every rank reads */

static cairn_status read_checkpoint(void *context, cairn_comm *part)
{
    struct leg *leg = context;
    char path[CAIRN_PATH_BYTES];
    cairn_options *options = NULL;
    cairn_trainer *t = NULL;
    CAIRN_TRY(cairn_path_join(leg->folder, "checkpoints/latest.h5", path));
    cairn_status st = cairn_options_read_on(part, leg->run_file, NULL, &options);
    if (st == CAIRN_OK) st = cairn_trainer_open(options, part, &t);
    if (st == CAIRN_OK) st = cairn_trainer_load(t, path);
    if (st == CAIRN_OK) leg->hash = cairn_trainer_weights_hash(t);
    cairn_trainer_close(t);
    cairn_options_free(options);
    return st;
}

/* Collective; the answer is on rank 0. */
static cairn_status compare_reads(const struct cairn_selftest *test, struct leg *leg,
                                  uint64_t wanted, struct cairn_selftest_result *out)
{
    uint64_t *all = NULL;
    char who[160];
    CAIRN_TRY(cairn_selftest_on(test, test->rank, 0, read_checkpoint, leg));
    cairn_status st = cairn_memory_get((size_t)test->n_ranks, sizeof *all, "hashes", &all);
    st = cairn_comm_gather(test->comm, st, &leg->hash, sizeof leg->hash, all);
    for (int r = 0; r < test->n_ranks && st == CAIRN_OK && test->rank == 0; r++) {
        if (all[r] == wanted) continue;
        cairn_selftest_who(test, &r, 1, who, sizeof who);
        cairn_selftest_fail(
            out, CAIRN_FILES,
            "%s: read another checkpoint than rank 0 wrote: weights_hash %016" PRIx64
            " in place of %016" PRIx64,
            who, all[r], wanted);
    }
    free(all);
    return st;
}

/* ---- the story */

struct names {
    char run[CAIRN_PATH_BYTES], killed[CAIRN_PATH_BYTES], whole[CAIRN_PATH_BYTES];
    char why[CAIRN_PATH_BYTES];
};

static cairn_status find_names(const struct cairn_selftest *test, struct names *names)
{
    CAIRN_TRY(cairn_path_join(test->folder, CAIRN_SELFTEST_RUN, names->run));
    CAIRN_TRY(cairn_path_join(test->folder, CAIRN_SELFTEST_KILLED, names->killed));
    CAIRN_TRY(cairn_path_join(test->folder, CAIRN_SELFTEST_WHOLE, names->whole));
    return cairn_path_join(test->folder, CAIRN_SELFTEST_WHY, names->why);
}

/* Rank 0. */
static void judge(const struct names *names, const struct leg *second, const struct leg *third,
                  uint64_t wanted, struct cairn_selftest_result *out)
{
    char *why = NULL;
    if (cairn_file_read(names->why, &why) != CAIRN_OK) why = NULL;
    if (third->hash != wanted)
        cairn_selftest_fail(out, CAIRN_NUMBERS,
                            "a run that was killed and resumed twice has weights_hash %016" PRIx64
                            ", and one left alone %016" PRIx64,
                            third->hash, wanted);
    if (why == NULL && second->first != CAIRN_SELFTEST_EVERY + 1)
        cairn_selftest_fail(out, CAIRN_FILES,
                            "a run killed while it wrote its second checkpoint went on at update "
                            "%" PRIu64 " in place of %d",
                            second->first, CAIRN_SELFTEST_EVERY + 1);
    if (why != NULL)
        cairn_selftest_skip(out, "no kill was tried (%.300s); stopped and resumed: the same bits",
                            why);
    else
        cairn_selftest_pass(out,
                            "killed in a checkpoint on 1 rank, resumed at update %" PRIu64
                            " on part of the ranks, at %" PRIu64
                            " on all in reverse: the same bits",
                            second->first, third->first);
    free(why);
}

/* Collective. */
static cairn_status try_all(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct names names;
    CAIRN_TRY(cairn_comm_agree(test->comm, find_names(test, &names)));
    const int part = (test->n_ranks + 1) / 2;
    const int group = test->rank < part ? 0 : CAIRN_COMM_NO_GROUP;
    struct leg whole = {.run_file = names.run, .folder = names.whole};
    snprintf(whole.hang_timeout, sizeof whole.hang_timeout, "train.hang_timeout=%gs",
             test->wishes->hang_s);
    struct leg third = whole;
    third.folder = names.killed;
    struct leg second = third;
    second.most = STOP_AFTER;
    uint64_t wanted = 0;
    CAIRN_TRY(cairn_selftest_on(test, 0, test->rank, run_leg, &whole));
    CAIRN_TRY(cairn_selftest_on(test, group, test->rank, run_leg, &second));
    CAIRN_TRY(cairn_selftest_on(test, 0, -test->rank, run_leg, &third));
    wanted = whole.hash;
    if (test->rank == 0) judge(&names, &second, &third, wanted, out);
    return compare_reads(test, &third, wanted, out);
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    cairn_selftest_skip(out, "the file system is not fit for it: see files");
    return test->folder_st == CAIRN_OK && test->shared ? try_all(test, out) : CAIRN_OK;
}

const struct cairn_selftest_part cairn_selftest_resume = {
    .name = "resume",
    .doc = "a run killed in a checkpoint goes on, on other ranks, to the same bits",
    .run = run,
};
