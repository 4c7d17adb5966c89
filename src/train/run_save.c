/* SPDX-License-Identifier: BSD-3-Clause
 * A run's checkpoints: when one is due, and what is done around it. */
#include "base/clock.h"
#include "comm/exchange.h"
#include "train/run.h"

cairn_status cairn_run_share_times(struct cairn_run *run, cairn_status st)
{
    struct cairn_times *times = &run->t->times;
    _Static_assert(sizeof *times % sizeof(double) == 0, "times are doubles and nothing else");
    times->wall_s = cairn_run_wall_s(run);
    return cairn_comm_max(run->t->parts.comm, st, &times->wall_s, sizeof *times / sizeof(double));
}

void cairn_run_take_deadline(struct cairn_run *run)
{
    cairn_trainer *t = run->t;
    const char *name = NULL;
    float *block = NULL;
    size_t n = t->average == NULL ? 1 : 2;
    for (size_t slot = 0; cairn_optim_slot(t->parts.optim, slot, &name, &block); slot++) n++;
    t->deadline.end_s = run->options->deadline_s;
    t->deadline.end_unix_s = run->options->deadline_unix_s;
    t->deadline.save_s = cairn_deadline_guess_save_s(n * t->params->n_values * sizeof *t->w);
}

cairn_status cairn_run_save(struct cairn_run *run)
{
    double begin_s = cairn_clock_s();
    cairn_trainer *t = run->t;
    cairn_where_enter(&t->where, CAIRN_PHASE_SAVE);
    cairn_status st = run->main ? cairn_run_folder_flush(run->options->folder) : CAIRN_OK;
    st = cairn_run_share_times(run, st);
    /* the lines stand before the checkpoint */
    if (st == CAIRN_OK) st = cairn_train_save(t, &run->options->save);
    cairn_where_enter(&t->where, CAIRN_PHASE_OTHER);
    double took_s = cairn_clock_s() - begin_s;
    t->times.checkpoint_s += took_s;
    cairn_deadline_note_save(&t->deadline, took_s);
    if (st == CAIRN_OK) run->saved_update = t->at.update;
    return st;
}
