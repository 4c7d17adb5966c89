/* SPDX-License-Identifier: BSD-3-Clause
 * What was chosen for the keys that are auto, by a checkpoint of the run: train.kernels, the
 * library that made it, and data.shuffle, so that the bits stay. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cairn/real.h"
#include "checkpoint/checkpoint.h"
#include "comm/exchange.h"
#include "data/shuffle.h"
#include "start/start.h"

enum { NOTHING_TO_GO_ON_FROM = -1 };

static const int words_of_backends[CAIRN_N_BACKENDS] = {
    [CAIRN_BACKEND_OPENBLAS] = CAIRN_KERNELS_OPENBLAS,
    [CAIRN_BACKEND_ONEDNN] = CAIRN_KERNELS_ONEDNN,
    [CAIRN_BACKEND_AMX] = CAIRN_KERNELS_AMX,
};

/* Who made the checkpoint; those before there was a choice are OpenBLAS's.  What cannot be read now
 * is an error later.  Rank 0. */
static int backend_of(const char *checkpoint)
{
    char *text = NULL;
    int backend = CAIRN_BACKEND_OPENBLAS;
    if (cairn_checkpoint_attribute(checkpoint, "kernels", &text) != CAIRN_OK)
        return NOTHING_TO_GO_ON_FROM;
    for (int i = 0; i < CAIRN_N_BACKENDS && text != NULL; i++) {
        const char *name = cairn_backend_name((enum cairn_backend)i);
        if (strncmp(text, name, strlen(name)) == 0) backend = i;
    }
    free(text);
    return backend;
}

/* Whether this rank has what made the checkpoint. */
static cairn_status check_backend(const struct cairn_config *config, enum cairn_backend backend,
                                  const char *checkpoint)
{
    const bool rounds = config->train_precision == CAIRN_PRECISION_BF16;
    if (cairn_backend_is_there(backend) && (!rounds || cairn_backend_rounds(backend)))
        return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s was made with the kernels of %s, which this program was built without or "
                      "this CPU does not have; train.kernels=%s goes on with other bits",
                      checkpoint[0] == '\0' ? "the checkpoint" : checkpoint,
                      cairn_backend_name(backend),
                      cairn_backend_name(rounds ? cairn_backend_best() : CAIRN_BACKEND_OPENBLAS));
}

cairn_status cairn_start_kernels(struct cairn_config *config, cairn_comm *comm,
                                 const char *checkpoint)
{
    int backend = NOTHING_TO_GO_ON_FROM;
    const bool rounds = config->train_precision == CAIRN_PRECISION_BF16;
    if (config->train_kernels != CAIRN_KERNELS_AUTO || CAIRN_REAL_BITS == 64) return CAIRN_OK;
    if (cairn_comm_rank(comm) == 0 && checkpoint[0] != '\0') backend = backend_of(checkpoint);
    if (comm != NULL) CAIRN_TRY(cairn_comm_broadcast(comm, CAIRN_OK, &backend, sizeof backend));
    if (backend == NOTHING_TO_GO_ON_FROM) return CAIRN_OK;
    if (rounds && backend == CAIRN_BACKEND_OPENBLAS) return CAIRN_OK; /* it was in float32 */
    cairn_status st = check_backend(config, (enum cairn_backend)backend, checkpoint);
    if (comm != NULL) st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK) return st;
    if (backend != (int)cairn_setup_backend(config))
        cairn_log_info("train.kernels: auto takes %s, which made the checkpoint; on this machine "
                       "%s is faster, with other bits",
                       cairn_backend_name((enum cairn_backend)backend),
                       cairn_backend_name(cairn_setup_backend(config)));
    config->auto_kernels = words_of_backends[backend];
    return CAIRN_OK;
}

/* Rank 0. */
static cairn_status read_order(const char *checkpoint, int *kind)
{
    static const int kinds[] = {
        [CAIRN_SHUFFLE_NONE] = CAIRN_DATA_SHUFFLE_NONE,
        [CAIRN_SHUFFLE_FULL] = CAIRN_DATA_SHUFFLE_FULL,
        [CAIRN_SHUFFLE_BLOCKS] = CAIRN_DATA_SHUFFLE_BLOCKS,
    };
    struct cairn_shuffle shuffle;
    char *text = NULL;
    CAIRN_TRY(cairn_checkpoint_text(checkpoint, "/progress/order", &text));
    const bool known = cairn_shuffle_read(text, &shuffle);
    free(text);
    if (!known)
        return cairn_fail(CAIRN_DATA, "%s uses an order of samples which is not known here",
                          checkpoint);
    *kind = kinds[shuffle.kind];
    return CAIRN_OK;
}

cairn_status cairn_start_order(struct cairn_config *config, cairn_comm *comm,
                               const char *checkpoint)
{
    int kind = config->data_shuffle;
    cairn_status st = CAIRN_OK;
    if (kind != CAIRN_DATA_SHUFFLE_AUTO) return CAIRN_OK;
    if (cairn_comm_rank(comm) == 0 && checkpoint[0] != '\0') st = read_order(checkpoint, &kind);
    if (comm != NULL) st = cairn_comm_broadcast(comm, st, &kind, sizeof kind);
    if (st == CAIRN_OK) config->data_shuffle = kind;
    return st;
}

const char *cairn_start_kernels_word(const struct cairn_config *config)
{
    static const char *const words[] = {[CAIRN_KERNELS_AUTO] = "auto",
                                        [CAIRN_KERNELS_OPENBLAS] = "openblas",
                                        [CAIRN_KERNELS_ONEDNN] = "onednn",
                                        [CAIRN_KERNELS_AMX] = "amx"};
    const bool automatic = config->train_kernels == CAIRN_KERNELS_AUTO;
    return words[automatic ? config->auto_kernels : config->train_kernels];
}

const char *cairn_start_order_word(const struct cairn_config *config)
{
    static const char *const words[] = {[CAIRN_DATA_SHUFFLE_FULL] = "full",
                                        [CAIRN_DATA_SHUFFLE_BLOCKS] = "blocks",
                                        [CAIRN_DATA_SHUFFLE_NONE] = "none",
                                        [CAIRN_DATA_SHUFFLE_AUTO] = "auto"};
    return words[config->data_shuffle];
}

/* Which checkpoint a run will probably go on from; "": none.  Rank 0. */
static cairn_status find_checkpoint(const struct cairn_run_settings *settings,
                                    char path[CAIRN_PATH_BYTES])
{
    char folder[CAIRN_PATH_BYTES];
    const char *resume = settings->resume == NULL ? "auto" : settings->resume;
    if (settings->check || settings->overwrite || strcmp(resume, "never") == 0) return CAIRN_OK;
    if (strcmp(resume, "auto") != 0) return cairn_path_copy(resume, path);
    CAIRN_TRY(cairn_path_join(settings->folder, "checkpoints", folder));
    if (cairn_checkpoint_last(folder, path) != CAIRN_OK) path[0] = '\0'; /* is an error later */
    return CAIRN_OK;
}

cairn_status cairn_start_kernels_of_run(struct cairn_config *config, cairn_comm *comm,
                                        const struct cairn_run_settings *settings)
{
    char checkpoint[CAIRN_PATH_BYTES] = "";
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = find_checkpoint(settings, checkpoint);
    CAIRN_TRY(cairn_comm_agree_root(comm, st));
    return cairn_start_kernels(config, comm, checkpoint);
}
