/* SPDX-License-Identifier: BSD-3-Clause
 * What each rank did in this start, collected on rank 0 at its end. */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "record/ranks.h"
#include "record/system.h"
#include "run/inside.h"

/* The least of any rank in each window.  Collective. */
static cairn_status find_wait(const struct cairn_run *run, double *wait_s)
{
    double least_s[CAIRN_WAITS_BINS];
    for (size_t i = 0; i < CAIRN_WAITS_BINS; i++) least_s[i] = -run->waits.bin_s[i];
    CAIRN_TRY(cairn_comm_max(run->t->parts.comm, CAIRN_OK, least_s, CAIRN_WAITS_BINS));
    for (size_t i = 0; i < CAIRN_WAITS_BINS; i++) least_s[i] = -least_s[i];
    *wait_s = cairn_waits_above(&run->waits, least_s);
    return CAIRN_OK;
}

static struct cairn_rank_line mine(const struct cairn_run *run, double wait_s)
{
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    const struct cairn_where *where = &run->t->where;
    struct cairn_rank_line line = {
        .rank = cairn_comm_rank(run->t->parts.comm),
        .micro_batches = where->n_micro,
        .samples = where->n_samples,
        .data_s = where->total_s[CAIRN_PHASE_DATA],
        .compute_s = where->total_s[CAIRN_PHASE_COMPUTE],
        .wait_s = wait_s,
        .reduce_s = where->total_s[CAIRN_PHASE_REDUCE],
        .update_s = where->total_s[CAIRN_PHASE_UPDATE],
        .evaluate_s = where->total_s[CAIRN_PHASE_EVALUATE],
        .save_s = where->total_s[CAIRN_PHASE_SAVE],
        .peak_rss_bytes = cairn_system_peak_rss_bytes(),
    };
    cairn_system_host(host);
    snprintf(line.host, sizeof line.host, "%.*s", (int)sizeof line.host - 1, host);
    return line;
}

/* What an earlier start did says more than a start without an update.  Rank 0. */
static bool stays(const struct cairn_run *run)
{
    return run->first == run->t->at.update &&
           cairn_ranks_are_there(cairn_run_folder_path(run->options.folder));
}

cairn_status cairn_run_tell_ranks(const struct cairn_run *run)
{
    double wait_s = 0;
    struct cairn_rank_line *all = NULL;
    cairn_comm *comm = run->t->parts.comm;
    size_t n = (size_t)cairn_comm_size(comm);
    CAIRN_TRY(find_wait(run, &wait_s));
    const struct cairn_rank_line line = mine(run, wait_s);
    cairn_status st =
        run->main ? cairn_memory_get(n, sizeof *all, "the table of ranks", &all) : CAIRN_OK;
    st = cairn_comm_gather(comm, st, &line, sizeof line, all);
    if (st == CAIRN_OK && run->main && !stays(run)) {
        st = cairn_ranks_write(cairn_run_folder_path(run->options.folder), all, n);
        if (st == CAIRN_OK) cairn_ranks_show(all, n);
    }
    free(all);
    return cairn_comm_agree_main(comm, st);
}
