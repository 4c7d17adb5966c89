/* SPDX-License-Identifier: BSD-3-Clause
 * A study: cell after cell, in as many groups of ranks as run at once.  Which cell
 * is next is decided by rank 0 of each group from the results in the study's folder: groups, jobs
 * and later starts do not talk, they share the folder. */
#include "study/run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "report/report.h"

enum { MOST_WANTED = 1024 };
/* Between two looks at a folder that has nothing for this group now, and between two writings of
 * what is collected. */
static const struct timespec WAIT = {.tv_nsec = 100000000};
static const double COLLECT_EVERY_S = 5;
/* Between two fits, which take up to some seconds: what a study that is killed leaves. */
static const double ANALYSE_EVERY_S = 60;

enum step { STEP_CELL, STEP_WAIT, STEP_DONE };

/* What rank 0 of a group sends the others. */
struct order {
    enum step step;
    size_t cell;
    struct cairn_judge_limits limits;
};

/* ---- which cell is next: rank 0 of a group */

/* Results of others, too; what is written is written by the first group now and then. */
static cairn_status look(struct cairn_study *study)
{
    CAIRN_TRY(
        cairn_study_folder_collect(&study->folder, &study->table, &study->axes, study->known));
    if (study->n_group != 0) return CAIRN_OK;
    bool news = study->n_logged < study->table.n_rows;
    cairn_study_log_rows(study);
    if (!news || cairn_clock_s() < study->collected_s + COLLECT_EVERY_S) return CAIRN_OK;
    CAIRN_TRY(cairn_study_write(study));
    if (cairn_clock_s() < study->analysed_s + ANALYSE_EVERY_S) return CAIRN_OK;
    return cairn_study_analyse_and_write(study, false);
}

/* What is left is claimed, and this group waits, maybe for one that will not end it. */
static void log_doubt(struct cairn_study *study, const char *claim)
{
    if (study->logged_doubt) return;
    study->logged_doubt = true;
    cairn_log_warning(
        "waits for cells that other jobs have claimed; this file system has no locks "
        "that would show whether they have ended: where one has, remove its claim, %s",
        claim);
}

static cairn_status choose(struct cairn_study *study, struct cairn_lock *claim, struct order *order)
{
    static size_t wanted[MOST_WANTED];
    bool claimed = false;
    CAIRN_TRY(look(study));
    /* cells that are timed run alone: no job takes a second one while the first is claimed */
    size_t most = study->file->kind == CAIRN_STUDY_TO_TARGET ? MOST_WANTED : 1;
    size_t n = cairn_study_pending_cells(&study->axes, study->known, most, wanted);
    order->step = n == 0 ? STEP_DONE : STEP_WAIT;
    for (size_t i = 0; i < n && !claimed; i++) {
        order->cell = wanted[i];
        CAIRN_TRY(cairn_study_claim(&study->folder, &study->axes, wanted[i], claim, &claimed));
    }
    if (!claimed) {
        if (n > 0 && claim->doubtful) log_doubt(study, claim->path);
        return CAIRN_OK;
    }
    order->step = STEP_CELL;
    order->limits = cairn_study_limits(study, order->cell);
    return CAIRN_OK;
}

/* ---- one cell */

/* The first ranks of the group run it, the others rest.  Collective over the group. */
static cairn_status run_on_some(struct cairn_study *study, const struct order *order,
                                struct cairn_study_row *row)
{
    cairn_comm *part = NULL;
    int n = cairn_study_ranks(study, order->cell);
    if (n == cairn_comm_size(study->group))
        return cairn_study_run_cell(study, study->group, order->cell, &order->limits, row);
    CAIRN_TRY(cairn_comm_subset(study->group, CAIRN_OK, n, &part));
    cairn_status st = CAIRN_OK;
    if (part != NULL) st = cairn_study_run_cell(study, part, order->cell, &order->limits, row);
    st = cairn_comm_idle_barrier(study->group, st);
    cairn_comm_close(part);
    return st;
}

/* Its values, from the axes. */
static cairn_status name_values(const struct cairn_study *study, size_t cell,
                                struct cairn_study_row *row)
{
    const struct cairn_study_axes *axes = &study->axes;
    CAIRN_TRY(cairn_memory_get(axes->n, sizeof *row->value, "a row", &row->value));
    for (size_t i = 0; i < axes->n; i++)
        CAIRN_TRY(cairn_memory_text(axes->axis[i].value[cairn_study_place(axes, cell, i)],
                                    &row->value[i]));
    return CAIRN_OK;
}

static cairn_status run_order(struct cairn_study *study, const struct order *order)
{
    struct cairn_study_row row = {.value = NULL};
    double begin_s = cairn_clock_s();
    cairn_status st = run_on_some(study, order, &row);
    study->n_run++;
    study->starts_s += fmax(0, cairn_clock_s() - begin_s - row.wall_s);
    if (st == CAIRN_OK && cairn_comm_rank(study->group) == 0) {
        st = name_values(study, order->cell, &row);
        if (st == CAIRN_OK)
            st = cairn_study_folder_put(&study->folder, &study->axes, order->cell, &study->table,
                                        &row);
    }
    cairn_study_row_free(&row, study->axes.n);
    return cairn_comm_agree_root(study->group, st);
}

/* ---- cell after cell */

/* One order, carried out.  Collective over the group. */
static cairn_status one_step(struct cairn_study *study, enum step *step)
{
    bool first = cairn_comm_rank(study->group) == 0;
    double asked = cairn_interrupted();
    struct order order = {.step = STEP_DONE};
    struct cairn_lock claim = {.fd = -1};
    cairn_watchdog_phase(study->comm, CAIRN_PHASE_READY); /* its time starts again */
    cairn_status st = cairn_comm_max(study->group, CAIRN_OK, &asked, 1);
    if (st == CAIRN_OK && asked != 0) return CAIRN_STOPPED;
    if (st == CAIRN_OK && first) st = choose(study, &claim, &order);
    st = cairn_comm_broadcast(study->group, st, &order, sizeof order);
    if (st == CAIRN_OK && order.step == STEP_CELL) st = run_order(study, &order);
    if (st == CAIRN_OK && order.step == STEP_WAIT) nanosleep(&WAIT, NULL);
    if (first) cairn_lock_release(&claim);
    *step = order.step;
    return st;
}

/* What the folder has in the end, or when it was stopped.  Rank 0 of the world. */
static cairn_status finish(struct cairn_study *study, bool complete)
{
    CAIRN_TRY(look(study));
    CAIRN_TRY(cairn_study_write(study));
    cairn_study_log_edges(study);
    if (complete) CAIRN_TRY(cairn_study_folder_tidy(&study->folder));
    if (complete) CAIRN_TRY(cairn_study_keep_best(study));
    if (study->table.n_rows > 0) CAIRN_TRY(cairn_study_analyse_and_write(study, complete));
    if (study->table.n_rows > 0) cairn_report_beside(study->folder.path);
    printf("%s/study.csv\n", study->folder.path);
    return CAIRN_OK;
}

static cairn_status run_cells(struct cairn_study *study)
{
    enum step step = STEP_WAIT;
    size_t cell = 0;
    bool is_left = false;
    bool main = cairn_comm_rank(study->comm) == 0;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(study->group) == 0) st = cairn_study_open(study, main);
    if (main && st == CAIRN_OK)
        is_left = cairn_study_pending_cells(&study->axes, study->known, 1, &cell) > 0;
    st = cairn_comm_broadcast(study->comm, st, &is_left, sizeof is_left);
    if (st == CAIRN_OK && is_left) st = cairn_study_measure(study);
    st = cairn_comm_idle_barrier(study->comm, st);
    if (st != CAIRN_OK) return st;
    if (main) cairn_study_log_plan(study);
    if (study->request.check) return CAIRN_OK;
    while (st == CAIRN_OK && step != STEP_DONE) st = one_step(study, &step);
    st = cairn_comm_idle_barrier(study->comm, st);
    cairn_status written = CAIRN_OK;
    if (main && (st == CAIRN_OK || st == CAIRN_STOPPED)) written = finish(study, st == CAIRN_OK);
    if (main && st == CAIRN_STOPPED)
        cairn_log_info("stopped; start it again to go on: %zu cells have ended and are kept",
                       study->table.n_rows);
    written = cairn_comm_agree_root(study->comm, written);
    return written != CAIRN_OK ? written : st;
}

cairn_status cairn_study_run(const struct cairn_study_request *request, cairn_comm *comm)
{
    struct cairn_study study = {.request = *request, .comm = comm};
    cairn_status st = cairn_study_prepare(&study);
    if (st == CAIRN_OK)
        st = cairn_comm_split(comm, st, study.n_groups, &study.n_group, &study.group);
    if (study.n_groups > 1) study.data.n_beside = cairn_comm_node(comm).n_ranks; /* share memory */
    if (st == CAIRN_OK) st = run_cells(&study);
    cairn_study_close(&study);
    return st;
}
