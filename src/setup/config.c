/* SPDX-License-Identifier: BSD-3-Clause
 * From a run file, or from the one inside a checkpoint, to the config on every rank. */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/checkpoint.h"
#include "comm/exchange.h"
#include "setup/setup.h"

/* A run file's bytes on rank 0, and what they are called in messages. */
struct source {
    char *text;
    size_t n_bytes;
    const char *name;
};

/* Rank 0's bytes to all, who parse them alike.  Takes the text. */
static cairn_status parse_everywhere(cairn_comm *comm, cairn_status st, struct source *source,
                                     const char *const *overrides, struct cairn_config **out)
{
    struct cairn_config *config = NULL;
    st = cairn_comm_broadcast_block(comm, st, &source->text, &source->n_bytes);
    if (st == CAIRN_OK)
        st = cairn_config_read(source->text, source->n_bytes, source->name, overrides, &config);
    free(source->text);
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK)
        cairn_config_free(config);
    else
        *out = config;
    return st;
}

cairn_status cairn_setup_config(cairn_comm *comm, const char *path, const char *const *overrides,
                                struct cairn_config **out)
{
    struct source source = {.name = path};
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = cairn_config_load(path, &source.text, &source.n_bytes);
    return parse_everywhere(comm, st, &source, overrides, out);
}

cairn_status cairn_options_read_on(cairn_comm *comm, const char *path, const char *const *overrides,
                                   cairn_options **out)
{
    cairn_options *options = NULL;
    char *text = NULL;
    size_t n_bytes = 0;
    cairn_status st = CAIRN_OK;
    if (comm == NULL) return cairn_options_read(path, overrides, out);
    if (cairn_comm_rank(comm) == 0) st = cairn_config_load(path, &text, &n_bytes);
    st = cairn_comm_broadcast_block(comm, st, &text, &n_bytes);
    if (st == CAIRN_OK)
        st = cairn_options_parse(path, text, n_bytes, overrides, &options);
    else
        free(text);
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK)
        cairn_options_free(options);
    else
        *out = options;
    return st;
}

cairn_status cairn_setup_stored_config(cairn_comm *comm, const char *checkpoint,
                                       const char *const *overrides, struct cairn_config **out)
{
    struct source source = {.name = checkpoint};
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = cairn_checkpoint_text(checkpoint, "/config", &source.text);
    if (source.text != NULL) source.n_bytes = strlen(source.text);
    st = parse_everywhere(comm, st, &source, overrides, out);
    return st == CAIRN_USAGE ? cairn_fail_in(CAIRN_DATA, "the run file in the checkpoint") : st;
}
