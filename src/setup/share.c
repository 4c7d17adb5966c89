/* SPDX-License-Identifier: BSD-3-Clause
 * A dataset for all ranks, of which rank 0 alone opens and checks the files: the others take what
 * it knows, so that a hundred ranks do not open ten thousand files each. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "comm/exchange.h"
#include "setup/setup.h"

/* Each group's, straight to where they belong.  Collective. */
static cairn_status hand_out_labels(cairn_comm *comm, struct cairn_dataset *dataset)
{
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        int32_t *label = cairn_dataset_room_for_labels(dataset, (enum cairn_split)split);
        const size_t n = cairn_dataset_size(dataset, (enum cairn_split)split);
        if (label != NULL) st = cairn_comm_broadcast(comm, st, label, n * sizeof *label);
    }
    return st;
}

/* From rank 0 to the others, where the files are looked at, too.  Collective. */
static cairn_status hand_out(cairn_comm *comm, cairn_status st, struct cairn_dataset **dataset)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    const bool main = cairn_comm_rank(comm) == 0;
    st = cairn_comm_agree_root(comm, st);
    if (st != CAIRN_OK || cairn_comm_size(comm) == 1) return st;
    if (main) st = cairn_dataset_pack(*dataset, &bytes, &n_bytes);
    CAIRN_TRY(cairn_comm_broadcast_block(comm, st, &bytes, &n_bytes));
    if (!main) st = cairn_dataset_unpack(bytes, n_bytes, dataset);
    free(bytes);
    st = cairn_comm_agree(comm, st);
    return st == CAIRN_OK ? hand_out_labels(comm, *dataset) : st;
}

cairn_status cairn_setup_dataset_for_all(cairn_comm *comm, const struct cairn_config *config,
                                         const struct cairn_setup_other *other,
                                         struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = cairn_setup_dataset(config, other, &dataset);
    st = hand_out(comm, st, &dataset);
    if (st == CAIRN_OK && !(other != NULL && other->as_stored))
        st = cairn_comm_agree(comm, cairn_setup_adapt(config, dataset));
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

/* Open on rank 0 what some rank lacks, and hand it out.  Collective. */
static cairn_status fetch(cairn_comm *comm, struct cairn_setup_data *data,
                          const struct cairn_config *config)
{
    struct cairn_dataset *dataset = NULL;
    cairn_status st = CAIRN_OK;
    const bool main = cairn_comm_rank(comm) == 0;
    if (main) st = cairn_setup_data_open(data, config, &dataset);
    st = hand_out(comm, st, &dataset);
    if (st == CAIRN_OK && !main) st = cairn_setup_data_keep(data, config, dataset);
    if (main || st != CAIRN_OK) cairn_dataset_close(dataset);
    return cairn_comm_agree(comm, st);
}

cairn_status cairn_setup_data_open_for_all(cairn_comm *comm, cairn_status st,
                                           struct cairn_setup_data *data,
                                           const struct cairn_config *config,
                                           struct cairn_dataset **out)
{
    struct cairn_setup_data own = {.dataset = NULL};
    bool open = false;
    if (data == NULL) data = &own;
    if (st == CAIRN_OK) st = cairn_setup_data_is_open(data, config, &open);
    double lacks = open ? 0 : 1;
    st = cairn_comm_max(comm, st, &lacks, 1);
    if (st == CAIRN_OK && lacks > 0) st = fetch(comm, data, config);
    if (st == CAIRN_OK) st = cairn_comm_agree(comm, cairn_setup_data_open(data, config, out));
    cairn_setup_data_close(&own);
    return st;
}

/* ---- names of files */

const char *cairn_setup_data_file(const struct cairn_config *config)
{
    const struct cairn_node *file = config->data_file;
    return file->kind == CAIRN_NODE_LIST ? file->child->text : file->text;
}

static uint64_t bytes_of(const struct cairn_node *names)
{
    struct stat about;
    uint64_t bytes = 0;
    if (names == NULL) return 0;
    for (const struct cairn_node *name = names->child; name != NULL; name = name->next)
        bytes += bytes_of(name);
    if (names->text != NULL && cairn_file_is_named(names->text) && stat(names->text, &about) == 0)
        bytes += (uint64_t)about.st_size;
    return bytes;
}

uint64_t cairn_setup_data_file_bytes(const struct cairn_config *config)
{
    return bytes_of(config->data_file) + bytes_of(config->data_train) + bytes_of(config->data_val) +
           bytes_of(config->data_test);
}
