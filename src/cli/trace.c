/* SPDX-License-Identifier: BSD-3-Clause
 * cairn trace RUN --sample N: the updates that a training sample took part in.  Which samples an
 * update had is what metrics.csv says of it; where a sample stands among them, the inverse of the
 * order.  So neither the data nor the order is searched. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "cli/command.h"
#include "cli/past.h"
#include "record/updates.h"
#include "setup/setup.h"

struct request {
    const char *folder; /* first: cairn_single_operand() */
    const char *sample;
};

static const struct cairn_option flags[] = {
    {"--sample", "N[,N...]", CAIRN_KEY_TEXT, offsetof(struct request, sample), .required = true,
     .doc = "rows of the training data as they are stored, counted from 0; of several files one "
            "after the other; windows of data.context tokens"},
    {.name = NULL},
};

/* A sample on its way through the epochs. */
struct followed {
    uint64_t row, sample; /* as it is stored, and as the order counts */
    uint64_t epoch, next; /* its next position, in the epochs laid end to end */
};

struct trace {
    struct cairn_config *config;
    struct cairn_dataset *dataset;
    struct cairn_shuffled order; /* of an epoch */
    char *excluded;              /* samples, in its newest checkpoint; NULL for none; owned */
    struct followed *followed;   /* [n]; owned */
    size_t n;
    int ranks; /* that the rule is for; 0: none yet */
    struct cairn_window_rule rule;
    uint64_t update, position; /* done, and reached */
};

/* ---- what is asked */

static void find_next(struct trace *trace, struct followed *f)
{
    struct cairn_shuffled *order = &trace->order;
    const uint64_t n = cairn_dataset_size(trace->dataset, CAIRN_SPLIT_TRAIN);
    if (order->n == 0 || order->epoch != f->epoch) {
        const struct cairn_shuffle shuffle = order->shuffle;
        cairn_shuffle_begin(&shuffle, trace->config->train_seed, f->epoch, n, order);
    }
    f->next = f->epoch * n + cairn_shuffle_find(order, f->sample);
}

static bool is_excluded(const struct trace *trace, uint64_t sample)
{
    char *end = NULL;
    for (const char *at = trace->excluded; at != NULL && *at != '\0'; at = end) {
        if (strtoull(at, &end, 10) == sample) return true;
        end += strspn(end, "\n");
        if (end == at) break; /* no number */
    }
    return false;
}

static cairn_status follow(struct trace *trace, uint64_t row)
{
    struct followed f = {.row = row};
    const size_t n_rows = cairn_dataset_rows(trace->dataset, CAIRN_SPLIT_TRAIN);
    if (row >= n_rows)
        return cairn_fail(CAIRN_USAGE,
                          "--sample %" PRIu64 ": the training data of %s have rows 0 to %zu", row,
                          cairn_dataset_path(trace->dataset), n_rows - 1);
    if (!cairn_dataset_sample_of_row(trace->dataset, CAIRN_SPLIT_TRAIN, row, &f.sample)) {
        cairn_log_warning("row %" PRIu64 " is not trained on: data.val_fraction or "
                          "data.test_fraction put it into another group",
                          row);
        return CAIRN_OK;
    }
    if (is_excluded(trace, f.sample))
        cairn_log_warning("row %" PRIu64
                          " has the weight 0 in the updates that follow: data.exclude "
                          "leaves it out",
                          row);
    CAIRN_TRY(cairn_memory_room(trace->n, sizeof f, "the samples", &trace->followed));
    find_next(trace, &f);
    trace->followed[trace->n++] = f;
    return CAIRN_OK;
}

static cairn_status follow_all(struct trace *trace, const char *text)
{
    uint64_t row = 0;
    do {
        CAIRN_TRY_IN(cairn_past_number(&text, &row), "--sample");
        CAIRN_TRY(follow(trace, row));
    } while (*text != '\0');
    return CAIRN_OK;
}

/* ---- one update after the other */

/* The position of an update's first sample.  Tails that are left out stand in no line: epochs say
 * where they were, except before the first line that a run has written. */
static uint64_t first_of(const struct trace *trace, const struct cairn_update_line *line)
{
    const uint64_t epoch = line->epoch * trace->rule.n_samples;
    if (trace->rule.tail != CAIRN_TAIL_DROP) return line->samples - line->batch_samples;
    if (trace->update == 0 && line->update > 1) {
        struct cairn_window_rule rule = trace->rule;
        rule.epochs = rule.updates = UINT64_MAX;
        return cairn_window_walk(&rule, line->update - 1, UINT64_MAX).position;
    }
    return trace->position < epoch ? epoch : trace->position;
}

static cairn_status check_line(const struct trace *trace, const struct cairn_update_line *line,
                               uint64_t first)
{
    const uint64_t end = first + line->batch_samples, n = trace->rule.n_samples;
    if (trace->update > 0 && line->update != trace->update + 1)
        return cairn_fail(CAIRN_DATA,
                          "metrics.csv: update %" PRIu64 " follows %" PRIu64
                          "; what the updates between them had is not known",
                          line->update, trace->update);
    if (first >= trace->position && (end - 1) / n == line->epoch) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "metrics.csv: update %" PRIu64 " has samples up to %" PRIu64
                      " in epoch %" PRIu64 ", which does not follow from the lines before it and "
                      "%" PRIu64 " samples to an epoch",
                      line->update, line->samples, line->epoch, n);
}

static void print(const struct trace *trace, const struct followed *f, uint64_t update,
                  uint64_t first)
{
    printf("%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", f->row, f->epoch, update,
           f->next - f->epoch * trace->rule.n_samples);
    if (trace->rule.micro != UINT64_MAX) printf("%" PRIu64, (f->next - first) / trace->rule.micro);
    printf("\n");
}

static cairn_status take_update(void *context, const struct cairn_update_line *line)
{
    struct trace *trace = context;
    if (line->ranks != trace->ranks)
        CAIRN_TRY(cairn_setup_batch(trace->config, line->ranks,
                                    cairn_dataset_size(trace->dataset, CAIRN_SPLIT_TRAIN),
                                    &trace->rule));
    trace->ranks = line->ranks;
    const uint64_t first = first_of(trace, line), end = first + line->batch_samples;
    CAIRN_TRY(check_line(trace, line, first));
    if (trace->update == 0 && line->update > 1)
        cairn_log_warning("this run began with the checkpoint of update %" PRIu64
                          " of another: what is before that stands in the folder of that one",
                          line->update - 1);
    for (size_t i = 0; i < trace->n; i++)
        for (struct followed *f = &trace->followed[i]; f->next < end;) {
            if (f->next >= first) print(trace, f, line->update, first);
            f->epoch++;
            find_next(trace, f);
        }
    trace->update = line->update;
    trace->position = end;
    return CAIRN_OK;
}

static cairn_status trace_run(const struct request *request, struct trace *trace)
{
    char checkpoint[CAIRN_PATH_BYTES];
    bool known = false;
    CAIRN_TRY(cairn_past_config(request->folder, &trace->config));
    CAIRN_TRY(cairn_past_order(request->folder, trace->config, checkpoint, &known,
                               &trace->order.shuffle));
    CAIRN_TRY(cairn_past_data(trace->config, checkpoint, &trace->dataset));
    if (!known)
        return cairn_fail(CAIRN_DATA,
                          "%s: the order of its samples is not known: no checkpoint says it yet",
                          request->folder);
    if (checkpoint[0] != '\0')
        CAIRN_TRY(cairn_checkpoint_text_if_any(checkpoint, "/progress/excluded", &trace->excluded));
    CAIRN_TRY(follow_all(trace, request->sample));
    printf("sample,epoch,update,position,micro_batch\n");
    return cairn_updates_each(request->folder, take_update, trace);
}

static cairn_status run_trace(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.folder = NULL};
    struct trace trace = {.n = 0};
    (void)comm;
    CAIRN_TRY(cairn_arguments_read(&cairn_command_trace, arguments, &request));
    if (request.folder == NULL) return cairn_usage_fail(&cairn_command_trace, "which run folder?");
    CAIRN_TRY(cairn_arguments_complete(&cairn_command_trace, &request));
    cairn_status st = trace_run(&request, &trace);
    free(trace.followed);
    free(trace.excluded);
    cairn_dataset_close(trace.dataset);
    cairn_config_free(trace.config);
    return st;
}

const struct cairn_command cairn_command_trace = {
    .name = "trace",
    .operands = "RUN",
    .doc = "lists the updates that a training sample took part in",
    .about =
        "RUN is a run folder, of a run that is finished, stopped or still at work.  A line says "
        "that the sample was in this update (counted from 1), at this position of the order of "
        "this epoch (from 0), in this micro-batch of the update (from 0; empty where "
        "batch.micro is auto).  The data have to be where the run found them.",
    .tables = {{.flags = flags}},
    .take = cairn_single_operand,
    .once = true,
    .run = run_trace,
};
