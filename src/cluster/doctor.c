/* SPDX-License-Identifier: BSD-3-Clause
 * The doctor: asks every rank, gathers on rank 0, judges there.  What is asked and judged: check/.
 */
#include "cluster/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "comm/exchange.h"
#include "record/system.h"

#define X(name) extern const struct cairn_check cairn_check_##name;
#include "cluster/check/checks.def"
#undef X

static const struct cairn_check *const checks[] = {
#define X(name) &cairn_check_##name,
#include "cluster/check/checks.def"
#undef X
};
enum { N_CHECKS = sizeof checks / sizeof checks[0] };

const struct cairn_check *cairn_check_at(size_t index)
{
    return index < N_CHECKS ? checks[index] : NULL;
}

const struct cairn_check *cairn_check_find(const char *name)
{
    for (size_t i = 0; i < N_CHECKS; i++)
        if (strcmp(checks[i]->name, name) == 0) return checks[i];
    return NULL;
}

/* One examination. */
struct visit {
    cairn_comm *comm;
    bool everything;
    struct cairn_launch launch;
    struct cairn_rank_facts *all; /* [n_ranks] on rank 0, owned */
};

static bool has_turn(const struct visit *visit, const struct cairn_check *check)
{
    if (!check->quick && !visit->everything) return false;
    return check->wants == NULL || check->wants(&visit->launch.wanted);
}

static void inspect(const struct visit *visit, bool is_first, struct cairn_rank_facts *mine)
{
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    memset(mine, 0, sizeof *mine);
    mine->is_first = is_first;
    cairn_system_host(host);
    snprintf(mine->host, sizeof mine->host, "%.*s", (int)sizeof mine->host - 1, host);
    for (size_t i = 0; i < N_CHECKS; i++)
        if (has_turn(visit, checks[i]) && checks[i]->inspect != NULL)
            checks[i]->inspect(&visit->launch.wanted, mine);
}

/* What the first rank of a host saw of files is what the others see. */
static void share_files(const struct cairn_launch *launch, struct cairn_rank_facts *all)
{
    for (int h = 0; h < launch->n_hosts; h++) {
        const struct cairn_host *host = &launch->host[h];
        for (int i = 1; i < host->n; i++) {
            all[host->rank[i]].run_file = all[host->rank[0]].run_file;
            all[host->rank[i]].data = all[host->rank[0]].data;
        }
    }
}

/* All ranks' facts on rank 0.  Collective. */
static cairn_status gather(struct visit *visit)
{
    struct cairn_rank_facts mine;
    size_t n = (size_t)visit->launch.n_ranks;
    bool main_rank = cairn_comm_rank(visit->comm) == 0;
    cairn_status st = CAIRN_OK;
    inspect(visit, cairn_comm_node(visit->comm).first == cairn_comm_rank(visit->comm), &mine);
    if (main_rank) st = cairn_memory_get(n, sizeof mine, "what the ranks say", &visit->all);
    st = cairn_comm_agree_root(visit->comm, st);
    if (st != CAIRN_OK) return st;
    mine.wall_s = cairn_clock_unix_s(); /* after an agreement: about one moment on all */
    st = cairn_comm_gather(visit->comm, st, &mine, sizeof mine, visit->all);
    visit->launch.rank = visit->all;
    if (st == CAIRN_OK && main_rank) st = cairn_launch_sort(&visit->launch);
    if (st == CAIRN_OK && main_rank) share_files(&visit->launch, visit->all);
    return cairn_comm_agree_root(visit->comm, st);
}

static cairn_status measure(struct visit *visit)
{
    if (cairn_comm_rank(visit->comm) == 0)
        for (size_t i = 0; i < N_CHECKS; i++)
            if (has_turn(visit, checks[i]) && checks[i]->peek != NULL)
                checks[i]->peek(&visit->launch);
    if (!visit->everything) return CAIRN_OK;
    for (size_t i = 0; i < N_CHECKS; i++)
        if (has_turn(visit, checks[i]) && checks[i]->measure != NULL)
            CAIRN_TRY(checks[i]->measure(visit->comm, &visit->launch)); /* agreed */
    return CAIRN_OK;
}

static cairn_status judge(struct visit *visit, struct cairn_findings *out)
{
    for (size_t i = 0; i < N_CHECKS; i++) {
        double begin_s = cairn_clock_s();
        if (!has_turn(visit, checks[i])) continue;
        out->check = checks[i]->name;
        checks[i]->judge(&visit->launch, out);
        if (checks[i]->quick) visit->launch.quick_s += cairn_clock_s() - begin_s;
    }
    return out->st;
}

cairn_status cairn_doctor_run(cairn_comm *comm, const struct cairn_wanted *wanted, bool everything,
                              struct cairn_findings *out)
{
    struct visit visit = {.comm = comm,
                          .everything = everything,
                          .launch = {.n_ranks = cairn_comm_size(comm), .wanted = *wanted}};
    double begin_s = cairn_clock_s();
    cairn_status st = gather(&visit);
    visit.launch.quick_s = cairn_clock_s() - begin_s;
    if (st == CAIRN_OK) st = measure(&visit);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = judge(&visit, out);
    cairn_launch_free(&visit.launch);
    free(visit.all);
    free(visit.launch.rate);
    free(visit.launch.ahead_s);
    free(visit.launch.round_s);
    return cairn_comm_agree_root(comm, st);
}

/* A line for each finding, of each check the first few. */
static void warn(const struct cairn_findings *list)
{
    enum { MOST = 3 };
    size_t of_this = 0;
    size_t left_out = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct cairn_finding *f = &list->item[i];
        if (i > 0 && f->check != list->item[i - 1].check) of_this = 0;
        if (f->severity == CAIRN_FINDING_OK)
            cairn_log_detail("launch: %s: %s%s%s", f->check, f->where,
                             f->where[0] == '\0' ? "" : ": ", f->message);
        else if (of_this++ >= MOST)
            left_out++;
        else
            cairn_log_warning("%s%s%s; %s", f->where, f->where[0] == '\0' ? "" : ": ", f->message,
                              f->fix);
    }
    if (left_out > 0)
        cairn_log_warning("and %zu more like these; cairn doctor shows them all", left_out);
}

cairn_status cairn_doctor_start(cairn_comm *comm, const struct cairn_wanted *wanted)
{
    struct cairn_findings list = {0};
    cairn_status st = cairn_doctor_run(comm, wanted, false, &list);
    if (st == CAIRN_OK && cairn_log_get_level() > CAIRN_LOG_QUIET) warn(&list);
    cairn_findings_free(&list);
    return st;
}
