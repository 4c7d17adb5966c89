/* SPDX-License-Identifier: BSD-3-Clause
 * From a config to what the doctor compares with the machine. */
#include "start/start.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster/doctor.h"
#include "cluster/launcher.h"
#include "comm/exchange.h"

/* What is read or taken at least, on a file system that many ranks share. */
static const double SLOW_BYTES_PER_S = 1e7;

static const char TIMEOUT[] = "CAIRN_START_TIMEOUT";

/* Which a launcher needs longer for many ranks, and much longer where they share cores. */
static double default_limit_s(long ranks)
{
    static const double LEAST_S = 60, OF_RANK_S = 0.1, OF_RANK_ON_CORE_S = 1;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    double crowd = (double)cairn_launcher_local_ranks() / (double)(cores < 1 ? 1 : cores);
    return LEAST_S + OF_RANK_S * (double)ranks + OF_RANK_ON_CORE_S * crowd;
}

cairn_status cairn_start_watched(const struct cairn_launcher_claim *claim,
                                 struct cairn_watched_start *out)
{
    const char *text = getenv(TIMEOUT);
    int rank = cairn_launcher_rank();
    bool known = rank >= 0 && !claim->is_job && rank < claim->least && claim->least <= INT_MAX;
    *out = (struct cairn_watched_start){
        .rank = known ? rank : 0,
        .size = known ? (int)claim->least : 0,
        .limit_s = default_limit_s(claim->least),
    };
    if (text == NULL || text[0] == '\0') return CAIRN_OK;
    if (strcmp(text, "none") == 0) {
        out->limit_s = (double)INFINITY;
        return CAIRN_OK;
    }
    cairn_status st = cairn_duration_read(text, &out->limit_s);
    if (st == CAIRN_OK && out->limit_s < 1)
        st = cairn_fail(CAIRN_USAGE, "'%.64s' is less than a second; say none for no limit", text);
    return st == CAIRN_OK ? st : cairn_fail_in(st, "%s", TIMEOUT);
}

cairn_status cairn_start_allow(const struct cairn_config *config, cairn_comm *comm, cairn_status st)
{
    static const double TRIES_S = 600;
    double seconds = 0;
    if (st == CAIRN_OK && config->batch_micro == CAIRN_KEY_WORD(CAIRN_MICRO_AUTO))
        seconds += TRIES_S;
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        seconds += (double)cairn_setup_data_file_bytes(config) / SLOW_BYTES_PER_S;
    CAIRN_TRY(cairn_comm_broadcast(comm, st, &seconds, sizeof seconds));
    cairn_watchdog_allow(comm, seconds);
    return CAIRN_OK;
}

void cairn_start_allow_memory(cairn_comm *comm, const struct cairn_planned *planned)
{
    cairn_watchdog_allow(comm, (double)cairn_planned_total_bytes(planned) / SLOW_BYTES_PER_S);
}

struct cairn_wanted cairn_start_wanted(const struct cairn_config *config,
                                       const struct cairn_opened *opened, const char *run_file,
                                       const char *folder)
{
    const struct cairn_planned *planned = &opened->planned;
    return (struct cairn_wanted){
        .known = true,
        .reproducible = config->train_reproducible,
        .threads = (uint32_t)config->train_threads,
        .batch = planned->batch,
        .micro = planned->micro,
        .rank_bytes = cairn_planned_rank_bytes(planned) - planned->data,
        .held_bytes = opened->hold.shared && !opened->hold.first ? 0 : planned->data,
        .refused = opened->hold.refused,
        .why_held = opened->hold.text[0] == '\0' ? NULL : opened->hold.text,
        .first_bytes = planned->snapshot,
        .wire_bytes = planned->on_wire,
        .checkpoint_bytes = planned->checkpoint,
        .keep = config->checkpoint_keep,
        .n_saves = planned->n_saves,
        .n_stay = planned->n_stay,
        .run_file = run_file,
        .data_file = cairn_setup_data_file(config),
        .dataset = opened->dataset,
        .folder = folder,
    };
}

cairn_status cairn_start_small(const struct cairn_config *config, cairn_comm *comm)
{
    struct cairn_wanted wanted = {.threads = (uint32_t)config->train_threads,
                                  .claim = cairn_launcher_claim()};
    if (wanted.claim.is_job) wanted.claim = (struct cairn_launcher_claim){.least = 1};
    return cairn_doctor_start(comm, &wanted);
}

cairn_status cairn_start_deadline(const struct cairn_config *config, double begin_s,
                                  double *deadline_s, double *deadline_unix_s)
{
    double deadline = config->train_deadline;
    if (deadline == CAIRN_KEY_DURATION_WORD(CAIRN_DEADLINE_NONE)) return CAIRN_OK;
    *deadline_s = begin_s + deadline;
    if (deadline != CAIRN_KEY_DURATION_WORD(CAIRN_DEADLINE_SLURM) &&
        deadline != CAIRN_KEY_DURATION_WORD(CAIRN_DEADLINE_JOB))
        return CAIRN_OK;
    CAIRN_TRY(cairn_job_end(deadline_unix_s));
    *deadline_s = cairn_clock_s() + *deadline_unix_s - cairn_clock_unix_s();
    return CAIRN_OK;
}

double cairn_start_hang_timeout_s(const struct cairn_config *config)
{
    double timeout_s = config->train_hang_timeout;
    if (timeout_s == CAIRN_KEY_DURATION_WORD(CAIRN_HANG_TIMEOUT_AUTO)) return CAIRN_HANG_AUTO;
    return timeout_s == CAIRN_KEY_DURATION_WORD(CAIRN_HANG_TIMEOUT_NONE) ? (double)INFINITY
                                                                         : timeout_s;
}

cairn_status cairn_start_folder(const char *all, const char *run_file, char path[CAIRN_PATH_BYTES])
{
    const char *slash = strrchr(run_file, '/');
    const char *name = slash == NULL ? run_file : slash + 1;
    const char *point = strrchr(name, '.');
    int n = point == NULL || point == name ? (int)strlen(name) : (int)(point - name);
    int written = snprintf(path, CAIRN_PATH_BYTES, "%s/%.*s", all, n, name);
    if (written >= 0 && written < CAIRN_PATH_BYTES) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "the name of the run file %.80s... is too long for a folder",
                      name);
}
