/* SPDX-License-Identifier: BSD-3-Clause
 * cairn audit RUN: trains between two checkpoints of a run once more and compares what comes out
 * with what the run folder has, which is only read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "cli/command.h"
#include "cli/past.h"
#include "comm/exchange.h"
#include "report/run_files.h"
#include "setup/setup.h"
#include "start/replay.h"
#include "start/start.h"

struct request {
    const char *folder; /* first: cairn_single_operand() */
    const char *updates;
    double tolerance;
};

static const struct cairn_option flags[] = {
    {"--updates", "A:B", CAIRN_KEY_TEXT, offsetof(struct request, updates),
     .doc = "only between the checkpoints of these updates; 0: the initial weights.  Default: all "
            "that are kept, and of a single one from the initial weights"},
    {"--tolerance", "T", CAIRN_KEY_REAL, offsetof(struct request, tolerance), .low = 1e-30,
     .high = 1,
     .doc = "ask only that the weights differ by no more than this part of their norm: for a run "
            "without train.reproducible, or on another machine"},
    {.name = NULL},
};

struct audit {
    const struct request *request;
    cairn_comm *comm;
    bool main;
    uint64_t *point; /* [n_points] the checkpoints, rising; owned */
    size_t n_points;
    bool from_scratch; /* the first is the initial weights, ... */
    bool joined;       /* ... from which another run trained first; rank 0 */
    size_t n_failed;
    struct cairn_replayed failed; /* the first of them */
};

/* ---- which spans, on rank 0 */

static cairn_status read_updates(const char *text, uint64_t *first, uint64_t *last)
{
    int n = 0;
    *first = 0;
    *last = UINT64_MAX;
    if (text == NULL) return CAIRN_OK;
    const bool digits = strspn(text, "0123456789:") == strlen(text);
    if (digits && sscanf(text, "%" SCNu64 ":%" SCNu64 "%n", first, last, &n) == 2 &&
        text[n] == '\0' && *first < *last)
        return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "--updates %.40s: wants two numbers that rise, as in 100:300",
                      text);
}

/* Those of the folder within the bounds; newest first as they are listed. */
static cairn_status choose(struct audit *audit, uint64_t first, uint64_t last)
{
    char folder[CAIRN_PATH_BYTES];
    uint64_t *all = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_path_join(audit->request->folder, "checkpoints", folder));
    CAIRN_TRY(cairn_checkpoint_list(folder, &all, &n));
    const bool has_initial = n > 0 && all[n - 1] == 0;
    const bool given = audit->request->updates != NULL;
    audit->from_scratch = !has_initial && (given ? first == 0 : n == 1);
    cairn_status st = cairn_memory_get(n + 1, sizeof *audit->point, "checkpoints", &audit->point);
    if (st == CAIRN_OK && audit->from_scratch) audit->point[audit->n_points++] = 0;
    for (size_t i = n; st == CAIRN_OK && i-- > 0;)
        if (all[i] >= first && all[i] <= last) audit->point[audit->n_points++] = all[i];
    free(all);
    if (st != CAIRN_OK || audit->n_points > 1) return st;
    if (n == 0) return cairn_fail(CAIRN_DATA, "%s: there is no checkpoint to compare with", folder);
    return cairn_fail(CAIRN_USAGE,
                      "%s keeps no two checkpoints there; checkpoint.keep and "
                      "checkpoint.milestones say which stay, and --updates 0:B begins with the "
                      "initial weights",
                      folder);
}

static cairn_status choose_spans(struct audit *audit)
{
    uint64_t first = 0, last = 0;
    struct cairn_run_origin origin;
    CAIRN_TRY(read_updates(audit->request->updates, &first, &last));
    CAIRN_TRY(choose(audit, first, last));
    if (!audit->from_scratch) return CAIRN_OK;
    cairn_run_files_origin(audit->request->folder, &origin);
    audit->joined = origin.checkpoint[0] != '\0';
    return cairn_past_check_initial(audit->request->folder);
}

/* ---- one span, on rank 0 */

static void print_parts(const struct cairn_replayed *replayed)
{
    static const char *const name[] = {"weights", "buffers", "ema", "optimizer"};
    const char *blank = "";
    for (int part = 0; part < CAIRN_N_COMPARED; part++) {
        if (!replayed->compared.differs[part]) continue;
        printf("%s%s", blank, name[part]);
        blank = " ";
    }
    if (replayed->first_line != 0) printf("%smetrics", blank);
}

static void judge(struct audit *audit, const struct cairn_span *span,
                  const struct cairn_replayed *replayed)
{
    const struct cairn_compared *compared = &replayed->compared;
    const double tolerance = audit->request->tolerance;
    bool equal = replayed->first_line == 0;
    for (int part = 0; part < CAIRN_N_COMPARED; part++) equal = equal && !compared->differs[part];
    const bool close = tolerance > 0 && compared->difference <= tolerance;
    printf("%" PRIu64 ",%" PRIu64 ",%016" PRIx64 ",%016" PRIx64 ",%.3g,%s,", span->from, span->to,
           compared->then, compared->now, compared->difference,
           equal   ? "equal"
           : close ? "close"
                   : "differs");
    if (replayed->first_line != 0) printf("%" PRIu64, replayed->first_line);
    printf(",");
    print_parts(replayed);
    printf("\n");
    fflush(stdout); /* a span may take hours */
    if (equal || close) return;
    if (audit->n_failed == 0) audit->failed = *replayed;
    audit->n_failed++;
}

static cairn_status verdict(const struct audit *audit)
{
    const struct cairn_replayed *failed = &audit->failed;
    const bool same = strcmp(failed->made_with, failed->now) == 0;
    if (audit->n_failed == 0) return CAIRN_OK;
    return cairn_fail(
        CAIRN_DATA, "%s: %zu of %zu spans give other results than were recorded%s%s%s%s",
        audit->request->folder, audit->n_failed, audit->n_points - 1,
        same ? "" : ", which may be rounding: they were made with ", same ? "" : failed->made_with,
        same ? "" : ", this is ", same ? "" : failed->now);
}

/* ---- all of them */

/* Collective. */
static cairn_status audit_spans(struct audit *audit)
{
    cairn_status st = CAIRN_OK;
    size_t n_bytes = audit->n_points * sizeof *audit->point;
    char *block = (char *)audit->point;
    st = cairn_comm_broadcast_block(audit->comm, st, &block, &n_bytes);
    audit->point = (uint64_t *)(void *)block;
    audit->n_points = n_bytes / sizeof *audit->point;
    if (st == CAIRN_OK)
        st =
            cairn_comm_broadcast(audit->comm, st, &audit->from_scratch, sizeof audit->from_scratch);
    if (st == CAIRN_OK && audit->main)
        printf("from,to,recorded,replayed,difference,verdict,first_update,what\n");
    for (size_t i = 1; i < audit->n_points && st == CAIRN_OK; i++) {
        struct cairn_replayed replayed;
        const struct cairn_span span = {.folder = audit->request->folder,
                                        .from = audit->point[i - 1],
                                        .to = audit->point[i],
                                        .from_scratch = i == 1 && audit->from_scratch,
                                        .joined = i == 1 && audit->joined};
        st = cairn_start_replay(audit->comm, &span, &replayed);
        if (st == CAIRN_OK && audit->main) judge(audit, &span, &replayed);
    }
    return st;
}

/* Rank 0. */
static cairn_status check_run(const struct audit *audit, const struct cairn_config *config)
{
    if (config->train_reproducible || audit->request->tolerance > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s was trained without train.reproducible, so equal bits are not promised; "
                      "--tolerance 1e-3 asks that the weights are as close as that",
                      audit->request->folder);
}

static cairn_status audit_run(struct audit *audit)
{
    char path[CAIRN_PATH_BYTES];
    struct cairn_config *config = NULL;
    cairn_status st = cairn_path_join(audit->request->folder, "config.yaml", path);
    CAIRN_TRY(cairn_comm_agree(audit->comm, st));
    CAIRN_TRY_IN(cairn_setup_config(audit->comm, path, NULL, &config), "%s is no run folder",
                 audit->request->folder);
    if (audit->main) st = check_run(audit, config);
    cairn_config_free(config);
    if (audit->main && st == CAIRN_OK) st = choose_spans(audit);
    CAIRN_TRY(cairn_comm_agree_root(audit->comm, st));
    enum cairn_log_level level = cairn_log_get_level();
    if (audit->main) cairn_log_set_level(CAIRN_LOG_QUIET);
    st = audit_spans(audit);
    if (audit->main) cairn_log_set_level(level);
    if (audit->main && st == CAIRN_OK) st = verdict(audit);
    return cairn_comm_agree_root(audit->comm, st);
}

static cairn_status run_audit(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.folder = NULL};
    struct audit audit = {.request = &request, .comm = comm, .main = cairn_comm_rank(comm) == 0};
    CAIRN_TRY(cairn_arguments_read(&cairn_command_audit, arguments, &request)); /* same on all */
    if (request.folder == NULL) return cairn_usage_fail(&cairn_command_audit, "which run folder?");
    const cairn_status st = audit_run(&audit);
    free(audit.point);
    return st;
}

const struct cairn_command cairn_command_audit = {
    .name = "audit",
    .launch = "mpirun -n RANKS",
    .operands = "RUN",
    .doc = "trains between the checkpoints of a run once more and compares the bits",
    .about =
        "RUN is a run folder; it is only read.  Each span between two checkpoints that are kept "
        "there is trained again, on these ranks, with the run file of the later one, and gives "
        "a line: both hashes of the weights, how far they are from each other, whether all is "
        "equal (weights, buffers, moving average, optimizer, and the lines of metrics.csv up "
        "to grad_norm), and else the first update whose line differs, and what does.",
    .notes = "Ends with 3 where a span differs.",
    .tables = {{.flags = flags}},
    .take = cairn_single_operand,
    .precision = CAIRN_PRECISION_OF_FOLDER,
    .collective = true,
    .saves = true,
    .watched = true,
    .run = run_audit,
};
