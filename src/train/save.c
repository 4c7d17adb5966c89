/* SPDX-License-Identifier: BSD-3-Clause
 * What a checkpoint holds, saving one, and going on from one.  The file itself: checkpoint/. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/writer.h"
#include "comm/exchange.h"
#include "data/order.h"
#include "h5/h5.h"
#include "tensor/norm.h"
#include "tensor/threads.h"
#include "train/trainer.h"

/* The run's position as it stands in the file: epoch and position in that epoch's order. */
struct stored {
    uint64_t epoch, position, data, seed;
    uint64_t vocabulary;  /* of tokens */
    double learning_rate; /* of the next update */
};

static cairn_status add_optimizer(struct cairn_state *state, cairn_trainer *t)
{
    const char *name = NULL;
    float *block = NULL;
    for (size_t slot = 0; cairn_optim_slot(t->parts.optim, slot, &name, &block); slot++) {
        char group[64]; /* names of slots are short */
        snprintf(group, sizeof group, "/optimizer/%s", name);
        CAIRN_TRY(cairn_state_add_tensors(state, group, t->params, block));
    }
    return CAIRN_OK;
}

/* The history of the noise scale; where it is missing it begins anew. */
static cairn_status add_noise(struct cairn_state *state, cairn_trainer *t)
{
    const struct cairn_shape history = {
        .ndim = 2, .dim = {t->params->n_items + 1, sizeof *t->noise / sizeof(double)}};
    if (t->noise == NULL) return CAIRN_OK;
    CAIRN_TRY(
        cairn_state_add(state, "/progress/noise_history", CAIRN_ARRAY_F64, &history, t->noise));
    state->array[state->n_arrays - 1].optional = true; /* made with train.noise: off, or older */
    return CAIRN_OK;
}

/* Ranges of a reproducible sum; where they are missing they are learnt anew. */
static cairn_status add_ranges(struct cairn_state *state, cairn_trainer *t)
{
    const struct cairn_shape ranges = {
        .ndim = 2, .dim = {t->params->n_tensors, sizeof *t->sum->range / sizeof(int64_t)}};
    if (t->sum->range == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_state_add(state, "/progress/ranges", CAIRN_ARRAY_I64, &ranges, t->sum->range));
    state->array[state->n_arrays - 1].optional =
        true; /* 0.1.0 had others, in /progress/sum_range */
    return CAIRN_OK;
}

static cairn_status add_progress(struct cairn_state *state, cairn_trainer *t, struct stored *stored)
{
    const struct cairn_shape saves = {.ndim = 1, .dim = {sizeof t->saves / sizeof(double)}};
    const struct cairn_shape times = {.ndim = 1, .dim = {sizeof t->times / sizeof(double)}};
    const struct cairn_shape lines = {.ndim = 1, .dim = {CAIRN_RUN_N_CSVS}};
    const struct {
        const char *path;
        enum cairn_array_type type;
        void *data;
    } number[] = {
        {"/progress/update", CAIRN_ARRAY_U64, &t->at.update},
        {"/progress/epoch", CAIRN_ARRAY_U64, &stored->epoch},
        {"/progress/position", CAIRN_ARRAY_U64, &stored->position},
        {"/progress/samples", CAIRN_ARRAY_U64, &t->at.samples},
        {"/progress/seed", CAIRN_ARRAY_U64, &stored->seed},
        {"/progress/learning_rate", CAIRN_ARRAY_F64, &stored->learning_rate},
        {"/progress/last_rate", CAIRN_ARRAY_F64, &t->at.rate},
        {"/progress/data_fingerprint", CAIRN_ARRAY_U64, &stored->data},
        {"/progress/last_epoch", CAIRN_ARRAY_U64, &t->at.epoch},
        {"/progress/epoch_loss", CAIRN_ARRAY_F64, &t->at.epoch_loss},
        {"/progress/epoch_weight", CAIRN_ARRAY_F64, &t->at.epoch_weight},
    };
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        CAIRN_TRY(cairn_state_add_number(state, number[i].path, number[i].type, number[i].data));
    CAIRN_TRY(cairn_state_add(state, "/progress/times", CAIRN_ARRAY_F64, &times, &t->times));
    CAIRN_TRY(cairn_state_add(state, "/progress/saves", CAIRN_ARRAY_F64, &saves, &t->saves));
    state->array[state->n_arrays - 1].optional = true; /* older files have none */
    CAIRN_TRY(cairn_state_add(state, "/progress/lines", CAIRN_ARRAY_U64, &lines, t->n_lines));
    state->array[state->n_arrays - 1].optional = true; /* likewise */
    CAIRN_TRY(add_noise(state, t));
    return add_ranges(state, t);
}

/* Every array that is saved and restored, in checkpoint order.  Borrows from t and stored. */
static cairn_status collect(struct cairn_state *state, cairn_trainer *t, struct stored *stored)
{
    CAIRN_TRY(cairn_state_add_weights(state, t->params, t->w));
    if (t->average != NULL)
        CAIRN_TRY(cairn_state_add_tensors(state, "/ema", t->params, t->average));
    CAIRN_TRY(add_optimizer(state, t));
    return add_progress(state, t, stored);
}

/* The libraries that wrote the file. */
struct versions {
    char mpi[256], blas[256], hdf5[32];
};

static cairn_status add_versions(struct cairn_state *state, struct versions *versions)
{
    cairn_comm_library(versions->mpi, sizeof versions->mpi);
    cairn_threads_blas(versions->blas, sizeof versions->blas);
    cairn_h5_version(versions->hdf5);
    CAIRN_TRY(cairn_state_add_attribute(state, "mpi_version", versions->mpi));
    CAIRN_TRY(cairn_state_add_attribute(state, "blas_version", versions->blas));
    return cairn_state_add_attribute(state, "hdf5_version", versions->hdf5);
}

/* What the tokens of a language model are, so that it can be asked where the data are not. */
static cairn_status add_tokens(struct cairn_state *state, const struct cairn_dataset *dataset,
                               uint64_t *vocabulary)
{
    const char *characters = cairn_dataset_characters(dataset);
    *vocabulary = cairn_dataset_vocabulary(dataset);
    if (*vocabulary == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_state_add_number(state, "/vocabulary", CAIRN_ARRAY_U64, vocabulary));
    return characters == NULL ? CAIRN_OK : cairn_state_add_text(state, "/characters", characters);
}

/* What rank 0 needs for saving. */
struct cairn_saver {
    struct stored stored;
    struct versions versions;
    struct cairn_state state; /* borrows from here and from the trainer */
    const struct cairn_run_folder *lines;
    struct cairn_checkpoint_writer *writer;
};

/* The lines of updates are on the disk before a checkpoint of them is named.  Called by the thread
 * that writes it. */
static cairn_status sync_lines(void *context)
{
    const struct cairn_saver *saver = context;
    return cairn_run_folder_sync(saver->lines);
}

/* Everything that a checkpoint holds, in its order. */
static cairn_status fill_saver(struct cairn_saver *saver, cairn_trainer *t,
                               const struct cairn_save_options *options)
{
    struct cairn_state *state = &saver->state;
    saver->stored.data = options->data_fingerprint;
    saver->stored.seed = t->parts.seed;
    CAIRN_TRY(collect(state, t, &saver->stored));
    CAIRN_TRY(cairn_state_add_text(state, "/progress/order", CAIRN_ORDER_NAME));
    CAIRN_TRY(cairn_state_add_text(state, "/progress/platform", options->platform));
    CAIRN_TRY(add_tokens(state, t->parts.dataset, &saver->stored.vocabulary));
    CAIRN_TRY(cairn_state_add_text(state, "/config", options->config));
    CAIRN_TRY(add_versions(state, &saver->versions));
    struct cairn_checkpoint_place place = options->place;
    saver->lines = options->lines;
    if (saver->lines != NULL) place.before_name = sync_lines;
    place.context = saver;
    return cairn_checkpoint_writer_create(state, &place, &saver->writer);
}

/* Local. */
static cairn_status make_saver(cairn_trainer *t, const struct cairn_save_options *options)
{
    CAIRN_TRY(cairn_memory_get(1, sizeof *t->saver, "what is saved", &t->saver));
    CAIRN_TRY(fill_saver(t->saver, t, options));
    cairn_log_detail(
        "rank 0 takes %zu bytes for the copy that checkpoints are made of, and as much "
        "again for the file while it is written",
        cairn_checkpoint_writer_bytes(t->saver->writer));
    return CAIRN_OK;
}

cairn_status cairn_train_plan_saves(cairn_trainer *t, const struct cairn_save_options *options)
{
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(t->parts.comm) == 0) st = make_saver(t, options);
    return cairn_comm_agree_main(t->parts.comm, st);
}

void cairn_saver_free(struct cairn_saver *saver)
{
    if (saver == NULL) return;
    cairn_checkpoint_writer_free(saver->writer);
    cairn_state_free(&saver->state);
    free(saver);
}

bool cairn_train_is_saving(const cairn_trainer *t)
{
    return t->saver != NULL && cairn_checkpoint_writer_is_busy(t->saver->writer);
}

bool cairn_train_saved(cairn_trainer *t, bool wait, struct cairn_written *out)
{
    if (t->saver == NULL || !cairn_checkpoint_writer_collect(t->saver->writer, wait, out))
        return false;
    t->saves.write_s += out->write_s;
    return true;
}

/* A copy of all that is saved, handed over.  Rank 0. */
static void begin_checkpoint(cairn_trainer *t, bool best)
{
    struct stored *stored = &t->saver->stored;
    stored->epoch = t->at.position / t->parts.rule.n_samples;
    stored->position = t->at.position % t->parts.rule.n_samples;
    stored->learning_rate = cairn_trainer_rate(t);
    if (t->saver->lines != NULL) cairn_run_folder_count(t->saver->lines, t->n_lines);
    cairn_ema_weights(t); /* before the first update it is the weights */
    cairn_checkpoint_writer_begin(t->saver->writer, t->at.update, best);
}

void cairn_train_save_again(cairn_trainer *t)
{
    cairn_checkpoint_writer_again(t->saver->writer);
}

cairn_status cairn_train_save(cairn_trainer *t, bool best)
{
    cairn_status st = CAIRN_OK;
    int odd = -1;
    if (cairn_fault("train.drift")) t->w[0] += 1;
    CAIRN_TRY(cairn_comm_same(t->parts.comm, st, cairn_trainer_weights_hash(t), &odd));
    if (odd >= 0)
        return cairn_fail(CAIRN_NUMBERS,
                          "update %" PRIu64
                          ": the weights of rank %d differ from the others'; its node is at "
                          "fault: leave it out and start again from the newest checkpoint",
                          t->at.update, odd);
    if (!isfinite(cairn_norm(t->w, t->params->n_values))) /* alike on all ranks */
        return cairn_fail(CAIRN_NUMBERS,
                          "update %" PRIu64
                          ": the weights are not finite and were not saved; lower "
                          "optim.lr or set optim.clip_norm, and start afresh with --overwrite",
                          t->at.update);
    t->saves.n++;
    if (t->saver != NULL) begin_checkpoint(t, best);
    return CAIRN_OK;
}

cairn_status cairn_train_save_now(cairn_trainer *t)
{
    struct cairn_written written;
    cairn_status st = cairn_train_save(t, false);
    if (st == CAIRN_OK && cairn_train_saved(t, true, &written) && written.st != CAIRN_OK)
        st = cairn_fail(written.st, "%s", written.text);
    return cairn_comm_agree_main(t->parts.comm, st);
}

/* Name the parts, between commas, that differ: "1 thread", say, where the program is the same. */
static void warn_of_platform(const char *path, const char *before, const char *now)
{
    size_t first = 0; /* of the parts that differ */
    size_t n = 0;     /* of what is equal behind them */
    size_t n_before = strlen(before);
    size_t n_now = strlen(now);
    for (size_t i = 0; before[i] != '\0' && before[i] == now[i]; i++)
        if (before[i] == ',') first = i + 1;
    for (size_t i = 1; i <= n_before - first && i <= n_now - first; i++) {
        if (before[n_before - i] != now[n_now - i]) break;
        if (before[n_before - i] == ',') n = i;
    }
    first += first > 0; /* the blank behind the comma */
    cairn_log_warning("%s was made with %.*s, this is %.*s: the bits may differ", path,
                      (int)(n_before - first - n), before + first, (int)(n_now - first - n),
                      now + first);
}

/* Read into `state`, and check that the file belongs to this run's data.  Rank 0. */
static cairn_status read_checkpoint(const struct cairn_save_options *options, const char *path,
                                    const struct cairn_state *state, const struct stored *stored)
{
    char *text = NULL;
    CAIRN_TRY(cairn_checkpoint_read(path, state));
    if (stored->data != options->data_fingerprint)
        return cairn_fail(
            CAIRN_DATA,
            "%s was made with other data (fingerprint %016" PRIx64 ", now %016" PRIx64
            "); set data.file to the data it was made with, or begin another run with its "
            "weights: --init %s --out NEW",
            path, stored->data, options->data_fingerprint, path);
    CAIRN_TRY(cairn_checkpoint_text(path, "/progress/order", &text));
    bool known = strcmp(text, CAIRN_ORDER_NAME) == 0;
    cairn_status st =
        known ? CAIRN_OK
              : cairn_fail(CAIRN_DATA,
                           "%s uses the order of samples %s, this cairn has %s; begin another run "
                           "with its weights: --init %s --out NEW",
                           path, text, CAIRN_ORDER_NAME, path);
    free(text);
    if (st != CAIRN_OK) return st;
    CAIRN_TRY(cairn_checkpoint_text(path, "/progress/platform", &text));
    if (options->reproducible && strcmp(text, options->platform) != 0)
        warn_of_platform(path, text, options->platform);
    free(text);
    return CAIRN_OK;
}

enum { UNREAD = -1, MOST_EXPONENT = 1024 }; /* in a range that no file has filled; of a range */

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
                                   const struct stored *stored)
{
    const uint64_t most = (uint64_t)1 << 50;
    bool fits = stored->seed == t->parts.seed && stored->position < t->parts.rule.n_samples &&
                stored->epoch < most && stored->epoch < UINT64_MAX / 2 / t->parts.rule.n_samples &&
                t->at.update < most && ranges_fit(t);
    if (fits) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: its /progress (update %" PRIu64 ", epoch %" PRIu64 ", position %" PRIu64
                      ", seed %" PRIu64 ") is none of this run; take another checkpoint",
                      path, t->at.update, stored->epoch, stored->position, stored->seed);
}

cairn_status cairn_train_init(cairn_trainer *t, const char *path, bool partial)
{
    struct cairn_state state = {0};
    cairn_comm *comm = t->parts.comm;
    cairn_status st = cairn_state_add_weights(&state, t->params, t->w);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        st = cairn_weights_read(path, &state, partial);
    cairn_state_free(&state);
    st = cairn_comm_agree_main(comm, st);
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

cairn_status cairn_train_resume(cairn_trainer *t, const struct cairn_save_options *options,
                                const char *path)
{
    struct cairn_state state = {0};
    struct stored stored = {0};
    cairn_comm *comm = t->parts.comm;
    cairn_status st = collect(&state, t, &stored);
    if (t->sum->range != NULL) t->sum->range->n_below = UNREAD;
    t->n_lines[CAIRN_RUN_METRICS] = UINT64_MAX; /* an older file says nothing: one an update */
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        st = read_checkpoint(options, path, &state, &stored);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = check_progress(t, path, &stored);
    st = cairn_comm_agree_main(comm, st);
    for (size_t i = 0; i < state.n_arrays && st == CAIRN_OK; i++)
        st =
            cairn_comm_broadcast(comm, st, state.array[i].data, cairn_array_bytes(&state.array[i]));
    cairn_state_free(&state);
    if (st != CAIRN_OK) return st;
    t->at.position = stored.epoch * t->parts.rule.n_samples + stored.position;
    cairn_optim_set_count(t->parts.optim, t->at.update);
    if (t->sum->range != NULL) take_ranges(t, path);
    cairn_trainer_locate(t);
    return CAIRN_OK;
}
