/* SPDX-License-Identifier: BSD-3-Clause
 * Beginning with weights from elsewhere, and resuming from a checkpoint. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "comm/exchange.h"
#include "run/excluded.h"
#include "run/inside.h"

/* Name the parts, between commas, that differ: "1 thread", say, where the program is the same. */
static void warn_of_platform(const char *path, const char *before, const char *now)
{
    size_t first = 0; /* of the parts that differ */
    size_t n = 0;     /* of what is equal after them */
    size_t n_before = strlen(before);
    size_t n_now = strlen(now);
    for (size_t i = 0; before[i] != '\0' && before[i] == now[i]; i++)
        if (before[i] == ',') first = i + 1;
    for (size_t i = 1; i <= n_before - first && i <= n_now - first; i++) {
        if (before[n_before - i] != now[n_now - i]) break;
        if (before[n_before - i] == ',') n = i;
    }
    first += first > 0; /* the blank after the comma */
    cairn_log_warning("%s was made with %.*s, this is %.*s: the bits may differ", path,
                      (int)(n_before - first - n), before + first, (int)(n_now - first - n),
                      now + first);
}

/* The order of samples that a checkpoint counts in: sizes of blocks and windows are its own,
 * whatever has become of the file since; the kind too where it was chosen.  Rank 0. */
static cairn_status read_order(const cairn_trainer *t, const char *path, struct cairn_shuffle *out)
{
    char mine[CAIRN_SHUFFLE_BYTES];
    char *text = NULL;
    const struct cairn_shuffle now = *cairn_loader_get_shuffle(t->parts.loader[CAIRN_SPLIT_TRAIN]);
    CAIRN_TRY(cairn_checkpoint_text(path, "/progress/order", &text));
    cairn_status st = CAIRN_OK;
    const bool known = cairn_shuffle_read(text, out) && out->window <= t->parts.rule.n_samples;
    if (!known || (out->kind != now.kind && !now.automatic))
        st = cairn_fail(CAIRN_DATA,
                        "%s uses the order of samples %s, this run has %s; begin another run with "
                        "its weights: --init %s --out NEW",
                        path, text, cairn_shuffle_text(&now, mine), path);
    out->automatic = now.automatic;
    free(text);
    return st;
}

/* Whether the checkpoint belongs to this run's data.  Of several files it says what each was, and
 * the one that is another now is named; checkpoints of earlier versions have a fingerprint of all
 * alone.  Rank 0. */
static cairn_status check_data(const struct cairn_run *run, const char *path,
                               const struct cairn_stored *stored)
{
    const struct cairn_run_options *options = &run->options;
    char *files = NULL;
    CAIRN_TRY(cairn_checkpoint_text_if_any(path, "/progress/files", &files));
    cairn_status st =
        files == NULL ? CAIRN_OK : cairn_dataset_check_files(run->t->parts.dataset, files, path);
    free(files);
    if (st == CAIRN_OK && stored->data != options->data_fingerprint)
        st = cairn_fail(
            CAIRN_DATA,
            "%s was made with other data (fingerprint %016" PRIx64 ", now %016" PRIx64
            "); set data.file to the data it was made with, or begin another run with its "
            "weights: --init %s --out NEW",
            path, stored->data, options->data_fingerprint, path);
    return st;
}

/* Read into `state`, and check that the file belongs to this run.  Rank 0. */
static cairn_status read_checkpoint(const struct cairn_run *run, const char *path,
                                    const struct cairn_state *state,
                                    const struct cairn_stored *stored)
{
    const struct cairn_run_options *options = &run->options;
    char *text = NULL;
    CAIRN_TRY(cairn_checkpoint_read(path, state));
    CAIRN_TRY(check_data(run, path, stored));
    CAIRN_TRY(cairn_excluded_check(run->t->parts.dataset, run->t->parts.seed, path));
    CAIRN_TRY(cairn_checkpoint_text(path, "/progress/platform", &text));
    if (options->reproducible && strcmp(text, options->platform) != 0)
        warn_of_platform(path, text, options->platform);
    free(text);
    return CAIRN_OK;
}

enum {
    UNREAD = -1,                                        /* in a range that no file filled */
    MOST_EXPONENT = CAIRN_REAL_BITS == 64 ? 1100 : 1024 /* of a range */
};

static bool is_exponent(int64_t value)
{
    return value >= -MOST_EXPONENT && value <= MOST_EXPONENT;
}

static bool ranges_fit(const cairn_trainer *t)
{
    const struct cairn_range *range = t->sum->range;
    for (size_t p = 0; range != NULL && p < t->params->n_tensors; p++)
        if (!is_exponent(range[p].top) || !is_exponent(range[p].below) ||
            range[p].n_below < UNREAD || range[p].n_below > MOST_EXPONENT)
            return false;
    return true;
}

/* What no run has written, whatever the checksums say.  Rank 0. */
static cairn_status check_progress(const cairn_trainer *t, const char *path,
                                   const struct cairn_stored *stored)
{
    const uint64_t most = (uint64_t)1 << 50;
    bool fits = stored->seed == t->parts.seed && stored->position < t->parts.rule.n_samples &&
                stored->epoch < most && stored->epoch < UINT64_MAX / 2 / t->parts.rule.n_samples &&
                t->at.update < most && ranges_fit(t);
    if (fits) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: its /progress (update %" PRIu64 ", epoch %" PRIu64 ", position %" PRIu64
                      ", seed %" PRIu64 ") is not of this run; take another checkpoint",
                      path, t->at.update, stored->epoch, stored->position, stored->seed);
}

cairn_status cairn_run_init(cairn_trainer *t, const char *path, bool partial)
{
    struct cairn_state state = {0};
    cairn_comm *comm = t->parts.comm;
    cairn_status st = cairn_state_add_weights(&state, t->params, t->w);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        st = cairn_weights_read(path, &state, partial);
    cairn_state_free(&state);
    st = cairn_comm_agree_root(comm, st);
    return cairn_comm_broadcast(comm, st, t->w, t->params->n_values * sizeof *t->w);
}

/* The ranges as they were, or none yet: then the next update learns them, as the first one does in
 * any case. */
static void take_ranges(cairn_trainer *t, const char *path)
{
    bool read = t->sum->range->n_below != UNREAD;
    if (!read) t->sum->range->n_below = 0;
    if (t->at.update == 0) return;
    if (read)
        cairn_sum_range_restored(t->sum);
    else if (cairn_comm_rank(t->parts.comm) == 0)
        cairn_log_warning("%s was written by a version whose reproducible sums were less precise: "
                          "the bits will differ from those of an uninterrupted run",
                          path);
}

cairn_status cairn_run_resume(struct cairn_run *run, const char *path)
{
    struct cairn_state state = {0};
    struct cairn_stored stored = {0};
    struct cairn_shuffle order = {.kind = CAIRN_SHUFFLE_NONE};
    cairn_trainer *t = run->t;
    cairn_comm *comm = t->parts.comm;
    cairn_status st = cairn_run_state(run, &stored, &state);
    if (t->sum->range != NULL) t->sum->range->n_below = UNREAD;
    run->snapshot.n_lines[CAIRN_RUN_METRICS] =
        UINT64_MAX; /* an older file says nothing: one an update */
    if (st == CAIRN_OK && run->root) st = read_checkpoint(run, path, &state, &stored);
    if (st == CAIRN_OK && run->root) st = check_progress(t, path, &stored);
    if (st == CAIRN_OK && run->root) st = read_order(t, path, &order);
    st = cairn_comm_agree_root(comm, st);
    st = cairn_comm_broadcast(comm, st, &order, sizeof order);
    for (size_t i = 0; i < state.n_arrays && st == CAIRN_OK; i++)
        st =
            cairn_comm_broadcast(comm, st, state.array[i].data, cairn_array_bytes(&state.array[i]));
    cairn_state_free(&state);
    if (st != CAIRN_OK) return st;
    t->at.position = stored.epoch * t->parts.rule.n_samples + stored.position;
    cairn_optim_set_count(t->parts.optim, t->at.update);
    if (t->sum->range != NULL) take_ranges(t, path);
    cairn_trainer_find_window(t);
    run->resumed = true;
    CAIRN_TRY(cairn_comm_agree(
        comm, cairn_loader_set_shuffle(t->parts.loader[CAIRN_SPLIT_TRAIN], &order)));
    return cairn_run_recall_decision(run);
}

/* From the file, or as it was: `before` is a twin of `state`.  What a file of update 0, or an older
 * one, does not say of the ranges is learnt.  Collective. */
static cairn_status read_or_undo(struct cairn_run *run, const char *path,
                                 const struct cairn_state *state, const struct cairn_state *before)
{
    cairn_trainer *t = run->t;
    const struct cairn_progress_state at = t->at;
    const bool range_known = t->sum->range_known;
    cairn_state_copy(state, before);
    t->sum->range_known = false;
    cairn_status st = cairn_comm_agree(t->parts.comm, CAIRN_OK); /* a team's weights are one */
    if (st == CAIRN_OK) st = cairn_run_resume(run, path);
    if (st == CAIRN_OK) st = cairn_trainer_prepare(t, st);
    if (st == CAIRN_OK) return CAIRN_OK;
    cairn_state_copy(before, state); /* alike on all of a team */
    t->at = at;
    t->sum->range_known = range_known;
    cairn_optim_set_count(t->parts.optim, at.update);
    cairn_trainer_find_window(t);
    (void)cairn_team_wait(t->parts.sums.team); /* st is what is said */
    return st;
}

cairn_status cairn_run_read_file(cairn_trainer *t, const struct cairn_run_options *about,
                                 const char *path)
{
    struct cairn_run run = {.t = t, .options = *about, .root = cairn_comm_rank(t->parts.comm) == 0};
    struct cairn_stored unused = {0};
    struct cairn_state state = {0}, before = {0};
    void *block = NULL;
    cairn_status st = cairn_run_state(&run, &unused, &state);
    if (st == CAIRN_OK) st = cairn_state_twin(&state, false, &before, &block);
    st = cairn_comm_agree(t->parts.comm, st);
    if (st == CAIRN_OK) st = read_or_undo(&run, path, &state, &before);
    free(before.array);
    free(block);
    cairn_state_free(&state);
    return st;
}
