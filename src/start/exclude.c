/* SPDX-License-Identifier: BSD-3-Clause
 * data.exclude: from a text file to the samples of a dataset that is open on all ranks. */
#include <stdlib.h>
#include <string.h>

#include "comm/exchange.h"
#include "run/excluded.h"
#include "start/start.h"

static cairn_status read_file(const struct cairn_config *config, char **text, size_t *n)
{
    CAIRN_TRY(cairn_file_read_given(config->data_exclude, text));
    if (*text == NULL)
        return cairn_fail(CAIRN_DATA, "%s: data.exclude %s: there is no such file",
                          cairn_config_place(config, "data.exclude"), config->data_exclude);
    *n = strlen(*text) + 1;
    return CAIRN_OK;
}

cairn_status cairn_start_exclude(const struct cairn_config *config, cairn_comm *comm,
                                 struct cairn_dataset *dataset)
{
    char *text = NULL;
    size_t n = 0;
    cairn_status st = CAIRN_OK;
    if (strcmp(config->data_exclude, CAIRN_NOTHING_EXCLUDED) == 0)
        return cairn_dataset_exclude(dataset, NULL, "");
    if (cairn_comm_rank(comm) == 0) st = read_file(config, &text, &n);
    if (comm != NULL) st = cairn_comm_broadcast_block(comm, st, &text, &n);
    if (st == CAIRN_OK) st = cairn_dataset_exclude(dataset, text, config->data_exclude);
    free(text);
    return cairn_comm_agree(comm, st);
}

cairn_status cairn_start_excluded_then(const struct cairn_config *config,
                                       struct cairn_dataset *dataset, const char *checkpoint)
{
    CAIRN_TRY(cairn_start_exclude(config, NULL, dataset));
    const cairn_status st = cairn_excluded_check(dataset, config->train_seed, checkpoint);
    if (st != CAIRN_USAGE) return st;
    return cairn_fail(CAIRN_DATA,
                      "%s left out other samples than data.exclude %s names now; put that file "
                      "back as it was",
                      checkpoint, config->data_exclude);
}
