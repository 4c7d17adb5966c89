/* SPDX-License-Identifier: BSD-3-Clause
 * How much faster are more ranks?  Two nets on 1, 2, 4, ... all ranks: with the batch of all
 * (strong), and with a batch that grows with the ranks (weak).  A rank that is slow among all of
 * them is named. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/sort.h"
#include "comm/watchdog.h"
#include "selftest/work.h"

enum { MICROS = 4, MOST_WORLDS = 6, MOST_UPDATES = 1000 };
#define SHARE      0.5 /* of the time that there is */
#define MOST_S     5.0 /* for one timing */
#define QUICK_S    0.1
#define TIMINGS_OF 4 /* of a world: two nets, strong and weak */

/* ---- one timing */

struct job {
    const struct cairn_selftest *test;
    const struct cairn_selftest_net *net;
    size_t global;
    double for_s;
    double update_s;  /* of the ranks that took part: the longest */
    double compute_s; /* of this rank, in an update */
};

static cairn_status update(cairn_trainer *t, cairn_comm *part, double *compute_s)
{
    struct cairn_update_record record;
    cairn_watchdog_phase(part, CAIRN_PHASE_READY);
    CAIRN_TRY(cairn_trainer_update(t, &record)); /* agreed */
    *compute_s += record.compute_s;
    return CAIRN_OK;
}

/* n updates.  Collective over part. */
static cairn_status time_updates(struct job *job, cairn_trainer *t, cairn_comm *part, int n)
{
    cairn_status st = cairn_comm_agree(part, CAIRN_OK); /* so that all begin together */
    const double begin_s = cairn_clock_s();
    job->compute_s = 0;
    for (int i = 0; i < n && st == CAIRN_OK; i++) st = update(t, part, &job->compute_s);
    job->update_s = (cairn_clock_s() - begin_s) / n;
    job->compute_s /= n;
    return cairn_comm_max(part, st, &job->update_s, 1);
}

static cairn_status time_on(void *context, cairn_comm *part)
{
    struct job *job = context;
    const struct cairn_selftest_training training = {job->net, job->global, NULL};
    cairn_trainer *t = NULL;
    CAIRN_TRY(cairn_selftest_open(&training, part, &t)); /* agreed */
    cairn_status st = time_updates(job, t, part, 1);     /* warms up */
    if (st == CAIRN_OK) st = time_updates(job, t, part, 1);
    const double n = st == CAIRN_OK ? job->for_s / job->update_s : 0;
    if (st == CAIRN_OK && n > 1)
        st = time_updates(job, t, part, n > MOST_UPDATES ? MOST_UPDATES : (int)n);
    cairn_trainer_close(t);
    return st;
}

/* On the first n ranks; the time is known to all of them, and the first is rank 0.  Collective. */
static cairn_status time_world(struct job *job, int n, size_t global)
{
    const int group = job->test->rank < n ? 0 : CAIRN_COMM_NO_GROUP;
    job->global = global;
    return cairn_selftest_on(job->test, group, job->test->rank, time_on, job);
}

/* ---- worlds */

/* 1, 2, 4, ... and all; of many the last ones.  The answer is how many. */
static size_t list_worlds(int n_ranks, int world[MOST_WORLDS])
{
    int all[40];
    size_t n = 0;
    for (int64_t ranks = 1; ranks < n_ranks; ranks *= 2) all[n++] = (int)ranks;
    all[n++] = n_ranks;
    const size_t left_out = n > MOST_WORLDS ? n - MOST_WORLDS : 0;
    for (size_t i = 0; i < n - left_out; i++) world[i] = all[i == 0 ? 0 : i + left_out];
    return n - left_out;
}

/* ---- what rank 0 makes of it */

static void judge_efficiency(const struct job *job, int n_ranks, const char *kind,
                             double efficiency, struct cairn_selftest_result *out)
{
    const struct cairn_selftest *test = job->test;
    cairn_selftest_figure(out, efficiency, "%s_%s_efficiency_%d_ranks", job->net->key, kind,
                          n_ranks);
    if (n_ranks == test->n_ranks)
        cairn_selftest_figure(out, efficiency, "%s_%s_efficiency", job->net->key, kind);
    if (n_ranks < test->n_ranks || efficiency >= test->least_scaling) return;
    cairn_selftest_fail(out, CAIRN_USAGE,
                        "%s on %d ranks, %s: %.2f of what one rank does, below %.2f; look at "
                        "binding (doctor) and at sums",
                        job->net->name, n_ranks, kind, efficiency, test->least_scaling);
}

/* The slowest rank, where its passes take much longer than those of most. */
static void judge_ranks(const struct job *job, const double *compute_s, double *sorted,
                        struct cairn_selftest_result *out)
{
    const struct cairn_selftest *test = job->test;
    char who[160];
    int slowest = 0;
    memcpy(sorted, compute_s, (size_t)test->n_ranks * sizeof *sorted);
    cairn_sort_numbers(sorted, (size_t)test->n_ranks);
    const double typical_s = sorted[(test->n_ranks - 1) / 2];
    for (int r = 1; r < test->n_ranks; r++)
        if (compute_s[r] > compute_s[slowest]) slowest = r;
    cairn_selftest_figure(out, compute_s[slowest] / typical_s, "%s_slowest_rank", job->net->key);
    if (compute_s[slowest] <= test->slow * typical_s) return;
    cairn_selftest_who(test, &slowest, 1, who, sizeof who);
    cairn_selftest_fail(out, CAIRN_USAGE,
                        "slow: %s: %s, %.4g ms of work in an update, where most ranks take %.4g; "
                        "look for other work or a quota there (top, cpu.max), or leave that host "
                        "out",
                        who, job->net->name, 1e3 * compute_s[slowest], 1e3 * typical_s);
}

/* What each rank's work took with all of them.  Collective. */
static cairn_status compare_ranks(const struct job *job, struct cairn_selftest_result *out)
{
    const size_t n = (size_t)job->test->n_ranks;
    double *all = NULL;
    cairn_status st = cairn_memory_get(2 * n, sizeof *all, "times", &all);
    st = cairn_comm_gather(job->test->comm, st, &job->compute_s, sizeof job->compute_s, all);
    if (st == CAIRN_OK && job->test->rank == 0 && n > 1) judge_ranks(job, all, all + n, out);
    free(all);
    return st;
}

static double seconds_of_each(const struct cairn_selftest *test, size_t n_worlds)
{
    const double all_s = SHARE * 60 * test->wishes->minutes / (TIMINGS_OF * (double)n_worlds);
    if (test->wishes->quick) return QUICK_S;
    return all_s > MOST_S ? MOST_S : all_s;
}

/* A net on all worlds.  Collective. */
static cairn_status try_net(struct cairn_selftest *test, const struct cairn_selftest_net *net,
                            struct cairn_selftest_result *out)
{
    struct job job = {.test = test, .net = net};
    int world[MOST_WORLDS];
    double strong_1_s = 0, weak_1_s = 0;
    const size_t n_worlds = list_worlds(test->n_ranks, world), each = MICROS * net->micro;
    job.for_s = seconds_of_each(test, n_worlds);
    for (size_t i = 0; i < n_worlds; i++) {
        const int n = world[i];
        CAIRN_TRY(time_world(&job, n, each * (size_t)n));
        const double weak_s = job.update_s;
        if (n == test->n_ranks) CAIRN_TRY(compare_ranks(&job, out));
        if (n < test->n_ranks) CAIRN_TRY(time_world(&job, n, each * (size_t)test->n_ranks));
        if (i == 0) strong_1_s = job.update_s;
        if (i == 0) weak_1_s = weak_s;
        if (test->rank != 0) continue;
        const double strong = strong_1_s / job.update_s / n, weak = weak_1_s / weak_s;
        cairn_selftest_line(out, "%-8s %4d rank%s strong %8.4g ms %5.2f   weak %8.4g ms %5.2f",
                            net->name, n, n == 1 ? ", " : "s,", 1e3 * job.update_s, strong,
                            1e3 * weak_s, weak);
        judge_efficiency(&job, n, "strong", strong, out);
        judge_efficiency(&job, n, "weak", weak, out);
    }
    if (test->rank == 0) cairn_selftest_figure(out, job.update_s, "%s_update_s", net->key);
    if (net == cairn_selftest_net_at(0, false)) test->update_s = job.update_s;
    return CAIRN_OK;
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    const struct cairn_selftest_net *net = NULL;
    for (size_t i = 0; (net = cairn_selftest_net_at(i, false)) != NULL; i++)
        CAIRN_TRY(try_net(test, net, out)); /* agreed */
    cairn_selftest_pass(out, "no rank is slow; time of an update and efficiency against one rank%s",
                        test->least_scaling > 0 ? "" : " are not judged");
    return CAIRN_OK;
}

const struct cairn_selftest_part cairn_selftest_scaling = {
    .name = "scaling",
    .doc = "more ranks are faster by as much as stated, and none of them is slow",
    .run = run,
};
