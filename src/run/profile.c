/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of this start went (cairn train --profile): layers by the model's own clock, the
 * rest by that of the phases, brought together on rank 0.  Only sums, least and most are exchanged,
 * so it takes no more of many ranks than of one. */
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "nn/profile.h"
#include "record/profile.h"
#include "run/inside.h"
#include "tensor/peak.h"
#include "tensor/threads.h"

/* What is no layer; COMPUTE is what computing a gradient takes besides layers and loss. */
enum part { DATA, COMPUTE, WAIT, SUM, UPDATE, EVALUATE, SAVE, OTHER, N_PARTS };

static const char *const PARTS[N_PARTS] = {"data",   "compute",  "wait", "sum",
                                           "update", "evaluate", "save", "other"};
static const char *const DIRECTIONS[CAIRN_N_DIRECTIONS] = {
    [CAIRN_FORWARD] = "forward", [CAIRN_BACKWARD] = "backward", [CAIRN_RECOMPUTE] = "recompute"};
static const double NS = 1e9;

/* Of each row, those of the model and then the parts.  Sums are whole numbers, three a row. */
struct gathered {
    size_t n_layers, n;
    double *least_s, *most_s;        /* [n] */
    uint64_t *sum;                   /* [n, 3]: nanoseconds, calls, samples; then two of the peak */
    struct cairn_profile_line *line; /* [n] */
};

static void release(const struct gathered *all)
{
    free(all->least_s);
    free(all->most_s);
    free(all->sum);
    free(all->line);
}

static cairn_status take(const struct cairn_model *model, struct gathered *all)
{
    static const char what[] = "the profile";
    all->n_layers = cairn_profile_count(model);
    all->n = all->n_layers + N_PARTS;
    CAIRN_TRY(cairn_memory_get(all->n, sizeof *all->least_s, what, &all->least_s));
    CAIRN_TRY(cairn_memory_get(all->n, sizeof *all->most_s, what, &all->most_s));
    CAIRN_TRY(cairn_memory_get(3 * all->n + 2, sizeof *all->sum, what, &all->sum));
    return cairn_memory_get(all->n, sizeof *all->line, what, &all->line);
}

static void set(struct gathered *all, size_t i, const struct cairn_work *work)
{
    const double s = work->s > 0 ? work->s : 0;
    all->least_s[i] = -s; /* the most of it is agreed on */
    all->most_s[i] = s;
    all->sum[3 * i] = (uint64_t)(s * NS);
    all->sum[3 * i + 1] = work->calls;
    all->sum[3 * i + 2] = work->samples;
}

/* This rank's. */
static void set_all(const struct cairn_run *run, double wait_s, struct gathered *all)
{
    const double *spent_s = run->t->phases.total_s;
    double part_s[N_PARTS] = {[DATA] = spent_s[CAIRN_PHASE_DATA],
                              [COMPUTE] = spent_s[CAIRN_PHASE_COMPUTE],
                              [WAIT] = wait_s,
                              [SUM] = spent_s[CAIRN_PHASE_REDUCE] - wait_s,
                              [UPDATE] = spent_s[CAIRN_PHASE_UPDATE],
                              [SAVE] = spent_s[CAIRN_PHASE_SAVE],
                              [EVALUATE] = spent_s[CAIRN_PHASE_EVALUATE],
                              [OTHER] = spent_s[CAIRN_PHASE_OTHER]};
    for (size_t i = 0; i < all->n_layers; i++) {
        const struct cairn_profile_row row = cairn_profile_row(run->t->parts.model, i);
        set(all, i, &row.work);
        part_s[COMPUTE] -= row.work.s;
    }
    for (size_t i = 0; i < N_PARTS; i++)
        set(all, all->n_layers + i, &(struct cairn_work){.s = part_s[i]});
    const struct cairn_peak peak = cairn_peak_measure(cairn_threads_now());
    all->sum[3 * all->n] = (uint64_t)peak.flops_per_s;
    all->sum[3 * all->n + 1] = (uint64_t)peak.bytes_per_s;
}

/* From numbers of all ranks to lines; rows that nobody called have none.  How many there are. */
static size_t make_lines(const struct cairn_model *model, struct gathered *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct cairn_work work = {.calls = all->sum[3 * i + 1],
                                        .samples = all->sum[3 * i + 2]};
        struct cairn_profile_line line = {.layer = "",
                                          .type = "",
                                          .calls = work.calls,
                                          .total_s = (double)all->sum[3 * i] / NS,
                                          .least_s = -all->least_s[i],
                                          .most_s = all->most_s[i]};
        if (i < all->n_layers) {
            const struct cairn_profile_row row = cairn_profile_row(model, i);
            if (work.calls == 0) continue;
            line.layer = row.layer;
            line.type = row.type;
            line.phase = DIRECTIONS[row.direction];
            line.flops = cairn_profile_flops(model, i, work.samples);
            line.bytes = cairn_profile_bytes(model, i, &work);
        } else {
            line.phase = PARTS[i - all->n_layers];
        }
        all->line[n++] = line;
    }
    return n;
}

/* Rank 0. */
static cairn_status write(struct cairn_run *run, struct gathered *all)
{
    const cairn_comm *comm = run->t->parts.comm;
    const size_t n = make_lines(run->t->parts.model, all);
    const struct cairn_profile_facts facts = {
        .n_ranks = cairn_comm_size(comm),
        .threads = cairn_threads_now(),
        .bits = CAIRN_REAL_BITS,
        .updates = run->t->at.update - run->first,
        .peak_flops_per_s = (double)all->sum[3 * all->n] / cairn_comm_size(comm),
        .peak_bytes_per_s = (double)all->sum[3 * all->n + 1] / cairn_comm_size(comm),
    };
    const char *folder = cairn_run_folder_path(run->options.folder);
    CAIRN_TRY(cairn_profile_write(folder, &facts, all->line, n));
    return cairn_profile_table(&facts, all->line, n, &run->profile);
}

cairn_status cairn_run_write_profile(struct cairn_run *run)
{
    struct gathered all = {0};
    double wait_s = 0;
    cairn_comm *comm = run->t->parts.comm;
    if (!run->options.profile || run->first == run->t->at.update) return CAIRN_OK;
    CAIRN_TRY(cairn_run_find_wait(run, &wait_s));
    cairn_status st = cairn_comm_agree(comm, take(run->t->parts.model, &all));
    if (st == CAIRN_OK) {
        set_all(run, wait_s, &all);
        st = cairn_comm_max(comm, st, all.least_s, all.n);
    }
    if (st == CAIRN_OK) st = cairn_comm_max(comm, st, all.most_s, all.n);
    if (st == CAIRN_OK) st = cairn_comm_sum_counts(comm, all.sum, 3 * all.n + 2);
    if (st == CAIRN_OK && run->root) st = write(run, &all);
    release(&all);
    return cairn_comm_agree_root(comm, st);
}
