/* SPDX-License-Identifier: BSD-3-Clause
 * What each rank did in this start, collected on rank 0 at its end. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "record/ranks.h"
#include "record/system.h"
#include "run/inside.h"

/* The least of any rank in each window.  Collective. */
cairn_status cairn_run_find_wait(const struct cairn_run *run, double *wait_s)
{
    double least_s[CAIRN_WAIT_HISTOGRAM_BINS];
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++) least_s[i] = -run->waits.bin_s[i];
    CAIRN_TRY(cairn_comm_max(run->t->parts.comm, CAIRN_OK, least_s, CAIRN_WAIT_HISTOGRAM_BINS));
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++) least_s[i] = -least_s[i];
    *wait_s = cairn_wait_histogram_above(&run->waits, least_s);
    return CAIRN_OK;
}

static struct cairn_rank_line mine(const struct cairn_run *run, double wait_s)
{
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    const struct cairn_phase_clock *phases = &run->t->phases;
    struct cairn_rank_line line = {
        .rank = cairn_comm_rank(run->t->parts.comm),
        .micro_batches = phases->n_micro,
        .samples = phases->n_samples,
        .data_s = phases->total_s[CAIRN_PHASE_DATA],
        .compute_s = phases->total_s[CAIRN_PHASE_COMPUTE],
        .wait_s = wait_s,
        .reduce_s = phases->total_s[CAIRN_PHASE_REDUCE],
        .update_s = phases->total_s[CAIRN_PHASE_UPDATE],
        .evaluate_s = phases->total_s[CAIRN_PHASE_EVALUATE],
        .save_s = phases->total_s[CAIRN_PHASE_SAVE],
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

cairn_status cairn_run_write_ranks(const struct cairn_run *run)
{
    double wait_s = 0;
    struct cairn_rank_line *all = NULL;
    cairn_comm *comm = run->t->parts.comm;
    size_t n = (size_t)cairn_comm_size(comm);
    CAIRN_TRY(cairn_run_find_wait(run, &wait_s));
    const struct cairn_rank_line line = mine(run, wait_s);
    cairn_status st =
        run->root ? cairn_memory_get(n, sizeof *all, "the table of ranks", &all) : CAIRN_OK;
    st = cairn_comm_gather(comm, st, &line, sizeof line, all);
    if (st == CAIRN_OK && run->root && !stays(run)) {
        st = cairn_ranks_write(cairn_run_folder_path(run->options.folder), all, n);
        if (st == CAIRN_OK) cairn_ranks_show(all, n);
    }
    free(all);
    return cairn_comm_agree_root(comm, st);
}

static void merge(struct cairn_wait_histogram *waits)
{
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++) {
        size_t from = 2 * i;
        waits->bin_s[i] =
            from < CAIRN_WAIT_HISTOGRAM_BINS ? waits->bin_s[from] + waits->bin_s[from + 1] : 0;
    }
    waits->width *= 2;
}

void cairn_wait_histogram_add(struct cairn_wait_histogram *waits, double reduce_s)
{
    if (waits->width == 0) waits->width = 1;
    if (waits->n / waits->width == CAIRN_WAIT_HISTOGRAM_BINS) merge(waits);
    waits->bin_s[waits->n++ / waits->width] += reduce_s;
}

double cairn_wait_histogram_above(const struct cairn_wait_histogram *waits, const double *least_s)
{
    double above_s = 0;
    for (size_t i = 0; i < CAIRN_WAIT_HISTOGRAM_BINS; i++)
        above_s += fmax(0, waits->bin_s[i] - least_s[i]);
    return above_s;
}
