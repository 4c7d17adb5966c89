/* SPDX-License-Identifier: BSD-3-Clause
 * Checkpoints of a trainer that no run owns, and what any checkpoint says of its trainer. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "start/start.h"

/* What data, other keys or the number of ranks decided is put into the config, to be kept: a global
 * batch that follows from the ranks must not change when the run goes on with others.  Local. */
static cairn_status resolve_config(struct cairn_config *config, const cairn_trainer *t)
{
    char global[32];
    if (!cairn_config_given(config, "loss"))
        CAIRN_TRY(cairn_config_resolve(config, "loss", cairn_model_loss_name(t->parts.model)));
    if (config->train_epochs == CAIRN_NONE && config->train_updates == CAIRN_NONE)
        CAIRN_TRY(cairn_config_resolve(config, "train.epochs", "1"));
    if (config->batch_global != CAIRN_NONE) return CAIRN_OK;
    snprintf(global, sizeof global, "%" PRIu64, t->parts.rule.global);
    CAIRN_TRY(cairn_config_resolve(config, "batch.global", global));
    return cairn_config_resolve(config, "batch.accumulate", "none");
}

cairn_status cairn_start_origin(struct cairn_config *config, cairn_trainer *t)
{
    struct cairn_origin *origin = &t->origin;
    CAIRN_TRY(resolve_config(config, t));
    cairn_start_platform(config, origin->platform, sizeof origin->platform);
    origin->reproducible = config->train_reproducible;
    return cairn_config_print(config, &origin->config);
}

cairn_status cairn_start_about(const cairn_trainer *t, struct cairn_run_options *options)
{
    options->config = t->origin.config;
    options->platform = t->origin.platform;
    options->reproducible = t->origin.reproducible;
    if (cairn_comm_rank(t->parts.comm) != 0) return CAIRN_OK;
    return cairn_dataset_fingerprint(t->parts.dataset, &options->data_fingerprint);
}

cairn_status cairn_start_check_same(const struct cairn_config *config, const char *checkpoint,
                                    struct cairn_config **before)
{
    char *text = NULL;
    char *changed = NULL;
    cairn_status st = cairn_checkpoint_text(checkpoint, "/config", &text);
    if (st == CAIRN_OK) st = cairn_config_read(text, strlen(text), checkpoint, NULL, before);
    if (st == CAIRN_USAGE) st = cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint");
    if (st == CAIRN_OK) st = cairn_config_changed(config, *before, &changed);
    if (st == CAIRN_OK && changed[0] != '\0')
        st = cairn_fail(
            CAIRN_USAGE,
            "cannot go on from %s: the run file changed: %s; take that back, or begin another run "
            "with its weights: --init %s --out NEW",
            checkpoint, changed, checkpoint);
    free(changed);
    free(text);
    return st;
}

cairn_status cairn_trainer_save(cairn_trainer *t, const char *path)
{
    struct cairn_run_options about = {.config = NULL};
    CAIRN_TRY(cairn_comm_agree(t->parts.comm, cairn_start_about(t, &about)));
    return cairn_run_write_file(t, &about, path);
}

/* Rank 0. */
static cairn_status check_file(const cairn_trainer *t, const char *path)
{
    const char *now = t->origin.config;
    struct cairn_config *config = NULL;
    struct cairn_config *before = NULL;
    cairn_status st = cairn_config_read(now, strlen(now), "the trainer's options", NULL, &config);
    if (st == CAIRN_OK) st = cairn_start_check_same(config, path, &before);
    cairn_config_free(before);
    cairn_config_free(config);
    return st;
}

cairn_status cairn_trainer_load(cairn_trainer *t, const char *path)
{
    struct cairn_run_options about = {.config = NULL};
    cairn_status st = cairn_start_about(t, &about);
    if (st == CAIRN_OK && cairn_comm_rank(t->parts.comm) == 0) st = check_file(t, path);
    CAIRN_TRY(cairn_comm_agree(t->parts.comm, st));
    return cairn_run_read_file(t, &about, path);
}
