/* SPDX-License-Identifier: BSD-3-Clause
 * Snapshots: a copy of what a checkpoint holds, written by a thread of rank 0. */
#include "run/snapshot.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "comm/exchange.h"
#include "data/loader.h"
#include "h5/h5.h"
#include "nn/class_rows.h"
#include "run/excluded.h"
#include "run/inside.h"
#include "tensor/norm.h"
#include "tensor/threads.h"
#include "train/average.h"

/* The libraries that wrote the file. */
struct versions {
    char mpi[256], blas[256], hdf5[32], kernels[64];
};

static cairn_status add_versions(struct cairn_state *state, const struct cairn_trainer *t,
                                 struct versions *versions)
{
    cairn_comm_library(versions->mpi, sizeof versions->mpi);
    cairn_threads_blas(versions->blas, sizeof versions->blas);
    cairn_h5_version(versions->hdf5);
    cairn_backend_text(cairn_model_backend(t->parts.model), versions->kernels,
                       sizeof versions->kernels);
    CAIRN_TRY(cairn_state_add_attribute(state, "mpi_version", versions->mpi));
    CAIRN_TRY(cairn_state_add_attribute(state, "blas_version", versions->blas));
    CAIRN_TRY(cairn_state_add_attribute(state, "kernels", versions->kernels));
    return cairn_state_add_attribute(state, "hdf5_version", versions->hdf5);
}

/* What the model takes, so that it can be planned where the data are not. */
static cairn_status add_input(struct cairn_state *state, const struct cairn_trainer *t,
                              char text[CAIRN_SHAPE_TEXT_BYTES])
{
    cairn_shape_text(cairn_dataset_input(t->parts.dataset), text);
    return cairn_state_add_attribute(state, "input", text);
}

/* What the outputs stand for, so that the model can be asked where nobody knows the labels. */
static cairn_status add_loss(struct cairn_state *state, const struct cairn_trainer *t)
{
    const bool classes = cairn_dataset_classes(t->parts.dataset) > 0;
    const bool positions = classes && cairn_dataset_y(t->parts.dataset)->ndim > 0;
    const char *labels = positions ? cairn_class_dim_name(cairn_model_rows(t->parts.model)->first)
                         : classes ? "classes"
                                   : "targets";
    CAIRN_TRY(cairn_state_add_attribute(state, "loss", cairn_model_loss_name(t->parts.model)));
    return cairn_state_add_attribute(state, "labels", labels);
}

/* What tokens or the names of labels are, so that the model can be asked where the data are not. */
static cairn_status add_words(struct cairn_state *state, const struct cairn_dataset *dataset,
                              uint64_t *vocabulary)
{
    const char *characters = cairn_dataset_characters(dataset);
    const char *names = cairn_dataset_class_names(dataset);
    if (names != NULL) CAIRN_TRY(cairn_state_add_text(state, "/classes", names));
    *vocabulary = cairn_dataset_vocabulary(dataset);
    if (*vocabulary == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_state_add_number(state, "/vocabulary", CAIRN_ARRAY_U64, vocabulary));
    return characters == NULL ? CAIRN_OK : cairn_state_add_text(state, "/characters", characters);
}

/* What rank 0 needs for saving. */
struct cairn_saver {
    struct cairn_stored stored;
    struct versions versions;
    char order[CAIRN_SHUFFLE_BYTES];
    char input[CAIRN_SHAPE_TEXT_BYTES];
    char *files;    /* what tells the files of the data; NULL: a fingerprint does; owned */
    char *excluded; /* samples that are left out; NULL: none; owned */
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

/* One that a checkpoint may change yet has room for any. */
static cairn_status add_order(struct cairn_saver *saver, const struct cairn_shuffle *shuffle)
{
    const bool fixed = shuffle->kind != CAIRN_SHUFFLE_BLOCKS && !shuffle->automatic;
    cairn_shuffle_text(shuffle, saver->order);
    return cairn_state_add_field(&saver->state, "/progress/order", saver->order,
                                 fixed ? strlen(saver->order) + 1 : sizeof saver->order);
}

/* Everything that a checkpoint holds, in its order. */
static cairn_status fill_saver(struct cairn_saver *saver, struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    const struct cairn_run_options *options = &run->options;
    struct cairn_state *state = &saver->state;
    saver->stored.data = options->data_fingerprint;
    saver->stored.seed = t->parts.seed;
    CAIRN_TRY(cairn_run_state(run, &saver->stored, state));
    CAIRN_TRY(add_order(saver, cairn_loader_get_shuffle(t->parts.loader[CAIRN_SPLIT_TRAIN])));
    CAIRN_TRY(cairn_state_add_text(state, "/progress/platform", options->platform));
    CAIRN_TRY(cairn_dataset_files_text(t->parts.dataset, &saver->files));
    if (saver->files != NULL)
        CAIRN_TRY(cairn_state_add_text(state, "/progress/files", saver->files));
    CAIRN_TRY(cairn_excluded_text(t->parts.dataset, &saver->excluded));
    if (saver->excluded != NULL)
        CAIRN_TRY(cairn_state_add_text(state, "/progress/excluded", saver->excluded));
    CAIRN_TRY(add_words(state, t->parts.dataset, &saver->stored.vocabulary));
    CAIRN_TRY(cairn_state_add_text(state, "/config", options->config));
    CAIRN_TRY(add_versions(state, t, &saver->versions));
    CAIRN_TRY(add_input(state, t, saver->input));
    return add_loss(state, t);
}

/* In a host's process HDF5 is the host's threads'.  Training goes on meanwhile, but at the end of a
 * run there is none. */
static enum cairn_writing writing_of(const struct cairn_run_options *options)
{
    const struct cairn_keep *keep = &options->place.keep;
    const bool in_between = options->checkpoint_every != 0 || options->checkpoint_mtbf_s > 0 ||
                            keep->every != 0 || keep->n_at != 0 ||
                            options->keep_best != CAIRN_SCORE_NONE;
    if (!cairn_process_is_ours()) return CAIRN_WRITING_IMAGE;
    if (!in_between) return CAIRN_WRITING_NOW;
    return options->saves_in_place ? CAIRN_WRITING_LENT : CAIRN_WRITING_COPY;
}

static cairn_status start_writer(struct cairn_saver *saver, const struct cairn_run_options *options)
{
    struct cairn_checkpoint_place place = options->place;
    saver->lines = options->folder;
    if (saver->lines != NULL) place.before_name = sync_lines;
    place.context = saver;
    return cairn_checkpoint_writer_create(&saver->state, &place, writing_of(options),
                                          &saver->writer);
}

cairn_status cairn_snapshot_create(struct cairn_run *run)
{
    struct cairn_saver **saver = &run->snapshot.saver;
    CAIRN_TRY(cairn_memory_get(1, sizeof **saver, "what is saved", saver));
    CAIRN_TRY(fill_saver(*saver, run));
    CAIRN_TRY(start_writer(*saver, &run->options));
    cairn_log_detail("rank 0 takes %zu bytes for the copy that checkpoints are made of",
                     cairn_checkpoint_writer_bytes((*saver)->writer));
    return CAIRN_OK;
}

bool cairn_snapshot_is_lent(const struct cairn_run *run)
{
    return writing_of(&run->options) == CAIRN_WRITING_LENT && cairn_snapshot_is_busy(run);
}

void cairn_snapshot_wait(struct cairn_run *run)
{
    cairn_checkpoint_writer_wait(run->snapshot.saver->writer);
}

void cairn_snapshot_free(struct cairn_run *run)
{
    struct cairn_saver *saver = run->snapshot.saver;
    if (saver == NULL) return;
    cairn_checkpoint_writer_free(saver->writer);
    cairn_state_free(&saver->state);
    free(saver->files);
    free(saver->excluded);
    free(saver);
    run->snapshot.saver = NULL;
}

bool cairn_snapshot_is_busy(const struct cairn_run *run)
{
    return run->snapshot.saver != NULL &&
           cairn_checkpoint_writer_is_busy(run->snapshot.saver->writer);
}

bool cairn_snapshot_collect(struct cairn_run *run, bool wait, struct cairn_written *out)
{
    struct cairn_snapshot *snapshot = &run->snapshot;
    if (snapshot->saver == NULL ||
        !cairn_checkpoint_writer_collect(snapshot->saver->writer, wait, out))
        return false;
    snapshot->saves.write_s += out->write_s;
    return true;
}

void cairn_snapshot_again(struct cairn_run *run)
{
    cairn_checkpoint_writer_again(run->snapshot.saver->writer);
}

/* What is saved and stands nowhere else, as it is now.  Rank 0. */
static void take_stored(struct cairn_saver *saver, struct cairn_run *run)
{
    const cairn_trainer *t = run->t;
    saver->stored.epoch = t->at.position / t->parts.rule.n_samples;
    saver->stored.position = t->at.position % t->parts.rule.n_samples;
    saver->stored.learning_rate = cairn_trainer_rate(t);
    cairn_shuffle_text(cairn_loader_get_shuffle(t->parts.loader[CAIRN_SPLIT_TRAIN]), saver->order);
    if (saver->lines != NULL) cairn_run_folder_count(saver->lines, run->snapshot.n_lines);
    cairn_trainer_average(t); /* before the first update it is the weights */
}

/* Equal on all ranks, and finite.  Collective. */
static cairn_status check_weights(cairn_trainer *t)
{
    cairn_status st = CAIRN_OK;
    int odd = -1;
    if (cairn_fault("train.drift")) t->w[0] += 1;
    CAIRN_TRY(cairn_comm_all_equal(t->parts.comm, st, cairn_trainer_weights_hash(t), &odd));
    if (odd >= 0)
        return cairn_fail(CAIRN_NUMBERS,
                          "update %" PRIu64
                          ": the weights of rank %d differ from the others'; leave its node out "
                          "and start again from the newest checkpoint",
                          t->at.update, odd);
    if (!isfinite(cairn_norm(t->w, t->params->n_values))) /* alike on all ranks */
        return cairn_fail(CAIRN_NUMBERS,
                          "update %" PRIu64
                          ": the weights are not finite and were not saved; lower "
                          "optim.lr or set optim.clip_norm, and start again with --overwrite",
                          t->at.update);
    return CAIRN_OK;
}

cairn_status cairn_snapshot_begin(struct cairn_run *run, bool best)
{
    struct cairn_saver *saver = run->snapshot.saver;
    CAIRN_TRY(check_weights(run->t));
    run->snapshot.saves.n++;
    if (saver == NULL) return CAIRN_OK;
    take_stored(saver, run);
    cairn_checkpoint_writer_begin(saver->writer, run->t->at.update, best);
    return CAIRN_OK;
}

cairn_status cairn_run_save_now(struct cairn_run *run)
{
    struct cairn_written written;
    cairn_status st = cairn_snapshot_begin(run, false);
    if (st == CAIRN_OK && cairn_snapshot_collect(run, true, &written) && written.st != CAIRN_OK)
        st = cairn_fail(written.st, "%s", written.text);
    return cairn_comm_agree_root(run->t->parts.comm, st);
}

/* Rank 0. */
static cairn_status write_file(cairn_trainer *t, const struct cairn_run_options *about,
                               const char *path)
{
    struct cairn_run run = {.t = t, .options = *about, .root = true};
    struct cairn_saver saver = {.lines = NULL};
    cairn_status st = fill_saver(&saver, &run);
    take_stored(&saver, &run);
    if (st == CAIRN_OK) st = cairn_checkpoint_write_to(path, &saver.state);
    cairn_state_free(&saver.state);
    free(saver.files);
    free(saver.excluded);
    return st;
}

cairn_status cairn_run_write_file(cairn_trainer *t, const struct cairn_run_options *about,
                                  const char *path)
{
    cairn_status st = check_weights(t);
    if (st == CAIRN_OK && cairn_comm_rank(t->parts.comm) == 0) st = write_file(t, about, path);
    return cairn_comm_agree_root(t->parts.comm, st);
}
