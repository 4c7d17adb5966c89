/* SPDX-License-Identifier: BSD-3-Clause
 * The parts, one after the other. */
#include "selftest/selftest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/watchdog.h"
#include "record/system.h"
#include "selftest/part.h"

#define X(name) extern const struct cairn_selftest_part cairn_selftest_##name;
#include "selftest/part/parts.def"
#undef X

static const struct cairn_selftest_part *const parts[] = {
#define X(name) &cairn_selftest_##name,
#include "selftest/part/parts.def"
#undef X
};
enum { N_PARTS = sizeof parts / sizeof parts[0] };

/* A rank is slow that takes so many times the median, what passes of efficiency, and how many times
 * a prediction may be off; where it is quick, and where ranks share cores, only what is absurd
 * fails. */
#define SLOW          1.5
#define COARSE_SLOW   8.0
#define LEAST_SUM     0.25
#define LEAST_SCALING 0.5
#define MOST_OFF      3.0

const struct cairn_selftest_part *cairn_selftest_part_at(size_t index)
{
    return index < N_PARTS ? parts[index] : NULL;
}

/* Whether ranks of some node share cores, and the names of all hosts.  Collective. */
static cairn_status know_hosts(struct cairn_selftest *test)
{
    struct cairn_selftest_host mine = {""};
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    double crowded = test->node.n_ranks > sysconf(_SC_NPROCESSORS_ONLN);
    cairn_system_host(host);
    snprintf(mine.name, sizeof mine.name, "%.*s", (int)sizeof mine.name - 1, host);
    cairn_status st =
        cairn_memory_get((size_t)test->n_ranks, sizeof *test->host, "names of hosts", &test->host);
    CAIRN_TRY(cairn_comm_gather_all(test->comm, st, &mine, sizeof mine, test->host));
    CAIRN_TRY(cairn_comm_max(test->comm, CAIRN_OK, &crowded, 1));
    test->crowded = crowded > 0;
    return CAIRN_OK;
}

/* The work folder, which cairn_selftest_prepare() has begun.  Where it cannot be made, that is what
 * `files` says.  Collective. */
static cairn_status open_folder(struct cairn_selftest *test)
{
    int32_t made = 0;
    if (test->rank == 0) {
        cairn_status st = cairn_selftest_folder(test->wishes->out, test->folder);
        if (st == CAIRN_OK) st = cairn_folder_make(test->folder);
        if (st != CAIRN_OK)
            snprintf(test->folder_why, sizeof test->folder_why, "%.511s", cairn_error_text());
        made = (int32_t)st;
    }
    CAIRN_TRY(cairn_comm_broadcast(test->comm, CAIRN_OK, &made, sizeof made));
    test->folder_st = (cairn_status)made;
    return cairn_comm_broadcast(test->comm, CAIRN_OK, test->folder, sizeof test->folder);
}

static double or_default(double wished, double usual)
{
    return wished > 0 ? wished : usual;
}

static void set_limits(struct cairn_selftest *test)
{
    const struct cairn_selftest_wishes *wishes = test->wishes;
    const bool coarse = wishes->quick || test->crowded;
    test->slow = or_default(wishes->slow, coarse ? COARSE_SLOW : SLOW);
    test->least_sum = or_default(wishes->least_sum, coarse ? 0 : LEAST_SUM);
    test->least_scaling = or_default(wishes->least_scaling, coarse ? 0 : LEAST_SCALING);
    test->most_off = or_default(wishes->most_off, coarse ? INFINITY : MOST_OFF);
}

/* Whether there is time for another part, by rank 0's clock.  Collective. */
static cairn_status has_time(const struct cairn_selftest *test, bool *out)
{
    int32_t has = cairn_clock_s() < test->end_s;
    CAIRN_TRY(cairn_comm_broadcast(test->comm, CAIRN_OK, &has, sizeof has));
    *out = has != 0;
    return CAIRN_OK;
}

/* Collective. */
static cairn_status run_part(struct cairn_selftest *test, const struct cairn_selftest_part *part,
                             struct cairn_selftest_result *out)
{
    const double begin_s = cairn_clock_s();
    bool begins = true;
    CAIRN_TRY(has_time(test, &begins));
    if (!begins) {
        cairn_selftest_skip(out, "the time was over: --minutes");
        return CAIRN_OK;
    }
    cairn_watchdog_limit(test->comm, test->wishes->hang_s); /* runs set their own */
    cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
    const cairn_status st = part->run(test, out);
    if (st != CAIRN_OK) cairn_selftest_fail(out, st, "%s", cairn_error_text());
    out->seconds = cairn_clock_s() - begin_s;
    return st == CAIRN_LOST ? st : CAIRN_OK;
}

/* Rank 0. */
static cairn_status write_file(const struct cairn_selftest *test,
                               const struct cairn_selftest_result *result)
{
    char path[CAIRN_PATH_BYTES], *text = NULL;
    CAIRN_TRY(test->wishes->json != NULL
                  ? cairn_path_copy(test->wishes->json, path)
                  : cairn_path_join(test->wishes->out, "selftest.json", path));
    CAIRN_TRY(cairn_selftest_json(test, result, &text));
    const cairn_status st = cairn_file_replace(path, text, strlen(text));
    free(text);
    return st;
}

/* Rank 0: the page, the file, the one line. */
static cairn_status report(const struct cairn_selftest *test,
                           const struct cairn_selftest_result *result)
{
    const struct cairn_selftest_result *failed = cairn_selftest_failure(result);
    cairn_selftest_print(test, result);
    const cairn_status st = write_file(test, result);
    if (failed == NULL) return st;
    return cairn_fail(failed->code, "selftest: %s: %s", parts[failed - result]->name,
                      failed->sentence);
}

/* Collective. */
static cairn_status run_parts(struct cairn_selftest *test, struct cairn_selftest_result *result)
{
    CAIRN_TRY(know_hosts(test));
    CAIRN_TRY(open_folder(test));
    set_limits(test);
    for (size_t i = 0; i < N_PARTS; i++) CAIRN_TRY(run_part(test, parts[i], &result[i]));
    const cairn_status st = test->rank == 0 ? report(test, result) : CAIRN_OK;
    return cairn_comm_agree_root(test->comm, st);
}

cairn_status cairn_selftest_run(cairn_comm *comm, const struct cairn_selftest_wishes *wishes)
{
    const double now_s = cairn_clock_s();
    struct cairn_selftest test = {.comm = comm,
                                  .wishes = wishes,
                                  .rank = cairn_comm_rank(comm),
                                  .n_ranks = cairn_comm_size(comm),
                                  .node = cairn_comm_node(comm),
                                  .begin_s = now_s,
                                  .end_s = now_s + 60 * wishes->minutes};
    struct cairn_selftest_result *result = NULL;
    const enum cairn_log_level level = cairn_log_get_level();
    cairn_status st = cairn_memory_get(N_PARTS, sizeof *result, "results", &result);
    st = cairn_comm_agree(comm, st);
    cairn_log_set_level(CAIRN_LOG_QUIET);
    if (st == CAIRN_OK) st = run_parts(&test, result);
    cairn_log_set_level(level);
    if (test.rank == 0 && test.folder[0] != '\0') cairn_selftest_remove(test.folder);
    free(result);
    free(test.host);
    return st;
}
