/* SPDX-License-Identifier: BSD-3-Clause
 * From a config to what the doctor compares with the machine. */
#include "cli/start.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/deadline.h"
#include "cluster/doctor.h"
#include "cluster/launcher.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "setup/setup.h"

struct cairn_wanted cairn_start_wanted(const struct cairn_config *config,
                                       const struct cairn_setup_opened *opened,
                                       const char *run_file, const char *folder)
{
    const struct cairn_planned *planned = &opened->planned;
    return (struct cairn_wanted){
        .known = true,
        .reproducible = config->train_reproducible,
        .threads = (uint32_t)config->train_threads,
        .batch = planned->batch,
        .micro = planned->micro,
        .rank_bytes = cairn_setup_planned_rank(planned) - planned->data,
        .held_bytes = planned->data,
        .refused = opened->hold.refused,
        .why_held = opened->hold.text[0] == '\0' ? NULL : opened->hold.text,
        .first_bytes = planned->snapshot,
        .wire_bytes = planned->on_wire,
        .checkpoint_bytes = planned->checkpoint,
        .keep = config->checkpoint_keep,
        .n_saves = planned->n_saves,
        .n_stay = planned->n_stay,
        .run_file = run_file,
        .data_file = config->data_file,
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
