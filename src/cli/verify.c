/* SPDX-License-Identifier: BSD-3-Clause
 * cairn verify RUN.yaml: proves that the splits of one global batch agree.  --ledger DIR:
 * verify_ledger.c. */
#include "train/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"
#include "cli/verify_ledger.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "start/start.h"

/* The largest difference from double precision that passes: rounding of float32 sums, with room to
 * spare. */
#define BOUND 1e-4

/* What all splits are compared with, and how that went. */
struct job {
    cairn_comm *comm;
    bool main;
    struct cairn_config *config;
    struct cairn_setup_data data;      /* open over all splits */
    struct cairn_reference *reference; /* rank 0 */
    uint64_t given_micro, given_bits;  /* of the split of the run file on one rank */
    bool bits_known, failed;
};

/* The same config with one batch, cut into micro-batches of this size. */
static void set_split(struct cairn_config *config, uint64_t global, uint64_t micro)
{
    config->batch_global = (size_t)global;
    config->batch_micro = (size_t)micro;
    config->batch_accumulate = CAIRN_NONE;
    config->batch_ramp = NULL;
    config->batch_ramp_kind = 0;
}

/* Rank 0: the batch in double precision, once. */
static cairn_status work_reference(struct job *job, cairn_trainer *t)
{
    if (!job->main || job->reference != NULL) return CAIRN_OK;
    struct cairn_model_options options =
        cairn_setup_model_options(job->config, t->parts.dataset, (size_t)t->parts.rule.micro);
    CAIRN_TRY(cairn_reference_create(&options, &job->reference));
    return cairn_verify_reference(t, job->reference);
}

/* Rank 0: a line of the table. */
static void judge(struct job *job, const cairn_trainer *t, const struct cairn_totals *totals)
{
    struct cairn_difference d = cairn_verify_compare(t, totals, job->reference);
    bool given = t->parts.rule.micro == job->given_micro;
    bool same = !given || !job->bits_known || d.bits == job->given_bits;
    bool passes =
        d.loss <= BOUND && d.gradient <= BOUND && (same || !job->config->train_reproducible);
    if (given && !job->bits_known) {
        job->given_bits = d.bits;
        job->bits_known = true;
    }
    printf("%5d  %6" PRIu64 " x %-6" PRIu64 "  %.9g  %9.2e  %9.2e  %016" PRIx64 "  %s\n",
           cairn_comm_size(t->parts.comm), t->window.n_micro, t->parts.rule.micro, d.loss_value,
           d.loss, d.gradient, d.bits, passes ? "ok" : "FAILS");
    job->failed = job->failed || !passes;
}

/* One split on one world.  Collective over `part`. */
static cairn_status try_on(struct job *job, cairn_comm *part)
{
    cairn_trainer *t = NULL;
    struct cairn_totals totals;
    CAIRN_TRY(cairn_start_trainer(job->config, part, &job->data, &t));
    cairn_status st = cairn_comm_agree(part, work_reference(job, t));
    if (st == CAIRN_OK) st = cairn_verify_gradient(t, &totals);
    if (st == CAIRN_OK && job->main) judge(job, t, &totals);
    cairn_trainer_close(t);
    return st;
}

/* One split on the first n_ranks of the world, while the others wait.  Collective. */
static cairn_status try_split(struct job *job, uint64_t global, uint64_t micro, int n_ranks)
{
    cairn_comm *part = NULL;
    cairn_status st = cairn_comm_subset(job->comm, CAIRN_OK, n_ranks, &part);
    if (st != CAIRN_OK) return st;
    set_split(job->config, global, micro);
    if (part != NULL) st = try_on(job, part);
    cairn_comm_close(part);
    return cairn_comm_agree(job->comm, st);
}

/* The batch of the run file, and whether its gradient depends on b. */
static cairn_status find_batch(struct job *job, struct cairn_window_rule *rule, bool *ghost)
{
    cairn_trainer *t = NULL;
    CAIRN_TRY(cairn_start_trainer(job->config, job->comm, &job->data, &t));
    *rule = t->parts.rule;
    rule->global = cairn_window_batch(rule, 0);
    if (rule->global > rule->n_samples) rule->global = rule->n_samples;
    *ghost = cairn_model_is_ghost(t->parts.model);
    cairn_trainer_close(t);
    return CAIRN_OK;
}

/* The run file's own split on 1, 2, ... all ranks. */
static cairn_status try_worlds(struct job *job, const struct cairn_window_rule *rule)
{
    cairn_status st = try_split(job, rule->global, rule->micro, 1);
    for (int n_ranks = 2; n_ranks <= cairn_comm_size(job->comm) && st == CAIRN_OK; n_ranks++)
        st = try_split(job, rule->global, rule->micro, n_ranks);
    return st;
}

/* Other micro-batches: all in one, small ones, and ragged ones. */
static cairn_status try_others(struct job *job, const struct cairn_window_rule *rule)
{
    int size = cairn_comm_size(job->comm);
    uint64_t small = rule->micro / 4 > 0 ? rule->micro / 4 : 1;
    uint64_t ragged = rule->micro;
    while (ragged > 1 && (ragged == rule->micro || rule->global % ragged == 0)) ragged--;
    cairn_status st = try_split(job, rule->global, rule->global, 1);
    if (st == CAIRN_OK) st = try_split(job, rule->global, small, size);
    if (st == CAIRN_OK) st = try_split(job, rule->global, ragged, size);
    return st;
}

static cairn_status verify(struct job *job)
{
    struct cairn_window_rule rule;
    bool ghost = false;
    CAIRN_TRY(find_batch(job, &rule, &ghost));
    job->given_micro = rule.micro;
    if (job->main)
        printf("one global batch of %" PRIu64
               " samples; differences from double precision, relative; bound %g\n"
               "ranks  micro-batches    loss         of loss  of gradient  bits of gradient\n",
               rule.global, BOUND);
    enum cairn_log_level level = cairn_log_get_level();
    if (job->main) cairn_log_set_level(CAIRN_LOG_QUIET);
    cairn_status st = try_worlds(job, &rule);
    if (st == CAIRN_OK && !ghost) st = try_others(job, &rule);
    if (job->main && ghost)
        printf("other sizes of micro-batch are not compared: batchnorm takes its statistics from "
               "each, so b is part of the model\n");
    if (job->main) cairn_log_set_level(level);
    if (st == CAIRN_OK && job->failed)
        st = cairn_fail(CAIRN_NUMBERS,
                        "the splits of one global batch do not agree; see the lines that fail");
    return cairn_comm_agree(job->comm, st);
}

struct request {
    struct cairn_run_operands run;
    const char *ledger; /* a run folder; NULL: a run file is verified */
};

static const struct cairn_option flags[] = {
    {"--ledger", "DIR", CAIRN_KEY_PATH, offsetof(struct request, ledger),
     .doc =
         "instead: prove from the ledger.csv of a run folder (data.ledger) that every sample was "
         "used exactly once in each epoch, whatever was killed and resumed"},
    {.name = NULL},
};

/* Rank 0 reads it. */
static cairn_status run_ledger(const struct request *request, cairn_comm *comm)
{
    cairn_status st = CAIRN_OK;
    if (request->run.run_file != NULL)
        return cairn_fail(CAIRN_USAGE,
                          "--ledger DIR takes the run file from the folder: leave %s out",
                          request->run.run_file);
    if (cairn_comm_rank(comm) == 0) st = cairn_verify_ledger(request->ledger);
    return cairn_comm_agree_root(comm, st);
}

static cairn_status run_verify(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.ledger = NULL};
    struct job job = {.comm = comm, .main = cairn_comm_rank(comm) == 0};
    CAIRN_TRY(cairn_arguments_read(&cairn_command_verify, arguments, &request)); /* same on all */
    if (request.ledger != NULL) return run_ledger(&request, comm);
    if (request.run.run_file == NULL)
        return cairn_usage_fail(&cairn_command_verify, "which run file?");
    CAIRN_TRY(cairn_setup_config(comm, request.run.run_file, request.run.overrides, &job.config));
    job.config->data_stage = CAIRN_NO_STAGE; /* one batch is read */
    cairn_status st = cairn_start_small(job.config, comm);
    if (st == CAIRN_OK) st = verify(&job);
    cairn_reference_free(job.reference);
    cairn_setup_data_close(&job.data);
    cairn_config_free(job.config);
    return st;
}

const struct cairn_command cairn_command_verify = {
    .name = "verify",
    .launch = "mpirun -n RANKS",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "proves that the splits of one global batch agree",
    .about = "The gradient of the first global batch is computed as the run file says on 1, 2, ... "
             "all ranks, as one micro-batch, as small ones and as ragged ones, and each is "
             "compared with double precision.  With train.reproducible the bits must be the same "
             "on every number of ranks.  A model with batchnorm has its statistics from each "
             "micro-batch, so only the run file's own split is tried, on all these ranks.",
    .tables = {{.flags = flags}},
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .collective = true,
    .run = run_verify,
};
