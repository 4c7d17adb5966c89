/* SPDX-License-Identifier: BSD-3-Clause
 * Lines of MLPerf: each is ":::MLLOG " and a JSON object of fixed members. */
#include "run/mlperf.h"

#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "record/number.h"
#include "record/run_own.h"
#include "run/inside.h"

enum { LINE_BYTES = 512 };
#define BEGIN ":::MLLOG "

/* ---- a line */

static cairn_status path_of(const struct cairn_run *run, char path[CAIRN_PATH_BYTES])
{
    return cairn_path_join(cairn_run_folder_path(run->options.folder), CAIRN_RUN_MLPERF, path);
}

static void give_up(struct cairn_run *run)
{
    char path[CAIRN_PATH_BYTES];
    cairn_status st = path_of(run, path);
    if (st == CAIRN_OK) st = cairn_file_refused(path, "cannot be written");
    if (st != CAIRN_OK) cairn_log_warning("%s; log.mlperf is off from here on", cairn_error_text());
    if (run->mlperf.fd >= 0) close(run->mlperf.fd);
    run->mlperf.fd = -1;
}

/* event: POINT_IN_TIME, INTERVAL_START, INTERVAL_END; value and metadata are JSON. */
static void add(struct cairn_run *run, double unix_s, const char *event, const char *key,
                const char *value, const char *metadata)
{
    char line[LINE_BYTES];
    if (run->mlperf.fd < 0) return;
    const int n = snprintf(line, sizeof line,
                           BEGIN "{\"namespace\": \"\", \"time_ms\": %.0f, \"event_type\": "
                                 "\"%s\", \"key\": \"%s\", \"value\": %s, \"metadata\": {%s}}\n",
                           unix_s * 1e3, event, key, value, metadata);
    if (write(run->mlperf.fd, line, (size_t)n) != n) give_up(run);
}

static void say(struct cairn_run *run, const char *key, const char *value)
{
    add(run, cairn_clock_unix_s(), "POINT_IN_TIME", key, value, "");
}

static void say_count(struct cairn_run *run, const char *key, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    say(run, key, text);
}

static void say_number(struct cairn_run *run, const char *key, double value)
{
    char text[CAIRN_NUMBER_BYTES];
    cairn_number_text(value, text);
    say(run, key, isfinite(value) ? text : "null");
}

static void say_epoch(struct cairn_run *run, const char *event, const char *key, uint64_t epoch)
{
    char metadata[64];
    snprintf(metadata, sizeof metadata, "\"epoch_num\": %" PRIu64, epoch);
    add(run, cairn_clock_unix_s(), event, key, "null", metadata);
}

/* ---- the run */

/* Whether a file begins as ours do; a pipe or device was put there for these lines. */
static bool is_ours(int fd)
{
    struct stat about;
    char text[sizeof BEGIN - 1];
    if (fstat(fd, &about) == 0 && !S_ISREG(about.st_mode)) return true;
    const ssize_t n = pread(fd, text, sizeof text, 0);
    return n <= 0 || (n == sizeof text && memcmp(text, BEGIN, sizeof text) == 0);
}

static void open_file(struct cairn_run *run)
{
    char path[CAIRN_PATH_BYTES];
    if (path_of(run, path) == CAIRN_OK)
        run->mlperf.fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (run->mlperf.fd < 0) {
        give_up(run);
    } else if (!is_ours(run->mlperf.fd)) {
        cairn_log_warning("%s has no lines of MLPerf: it stays as it is, and gets none", path);
        close(run->mlperf.fd);
        run->mlperf.fd = -1;
    }
}

void cairn_mlperf_begin(struct cairn_run *run)
{
    const struct cairn_trainer_parts *parts = &run->t->parts;
    const uint64_t n_ranks = (uint64_t)cairn_comm_size(parts->comm);
    const uint64_t batch = cairn_window_batch(&parts->rule, run->t->at.position);
    const uint64_t n_micro = (batch + parts->rule.micro - 1) / parts->rule.micro;
    const double begun_s = run->options.begun_s;
    char name[64];
    if (!run->options.mlperf || run->options.folder == NULL) return; /* not rank 0 */
    open_file(run);
    add(run, cairn_clock_unix_s() - (cairn_clock_s() - begun_s), "INTERVAL_START", "init_start",
        "null", "");
    say_count(run, "seed", parts->seed);
    say_count(run, "global_batch_size", batch);
    say_count(run, "gradient_accumulation_steps", (n_micro + n_ranks - 1) / n_ranks);
    say_count(run, "train_samples", parts->rule.n_samples);
    if (cairn_run_split(run) != CAIRN_N_SPLITS)
        say_count(run, "eval_samples", cairn_dataset_size(parts->dataset, cairn_run_split(run)));
    snprintf(name, sizeof name, "\"%s\"", cairn_optim_name(parts->optim));
    say(run, "opt_name", name);
    say_number(run, "opt_base_learning_rate", parts->schedule.lr);
    say_count(run, "opt_learning_rate_warmup_steps", parts->schedule.warmup_updates);
    add(run, cairn_clock_unix_s(), "INTERVAL_END", "init_stop", "null", "");
    add(run, cairn_clock_unix_s(), "INTERVAL_START", "run_start", "null", "");
}

static uint64_t epochs_done(const struct cairn_run *run)
{
    return run->t->at.position / run->t->parts.rule.n_samples;
}

void cairn_mlperf_before_update(struct cairn_run *run)
{
    if (run->mlperf.fd < 0 || run->mlperf.epoch != 0) return;
    run->mlperf.epoch = epochs_done(run) + 1;
    say_epoch(run, "INTERVAL_START", "epoch_start", run->mlperf.epoch);
}

void cairn_mlperf_after_update(struct cairn_run *run)
{
    if (run->mlperf.fd < 0 || epochs_done(run) < run->mlperf.epoch) return;
    say_epoch(run, "INTERVAL_END", "epoch_stop", run->mlperf.epoch);
    run->mlperf.epoch = 0;
}

/* ---- evaluations */

/* "epoch_num": 1.5 */
static void epochs_text(const struct cairn_run *run, char text[64])
{
    const double n = (double)run->t->parts.rule.n_samples;
    snprintf(text, 64, "\"epoch_num\": %.6g", (double)run->t->at.position / n);
}

void cairn_mlperf_before_evaluation(struct cairn_run *run)
{
    char metadata[64];
    epochs_text(run, metadata);
    add(run, cairn_clock_unix_s(), "INTERVAL_START", "eval_start", "null", metadata);
}

void cairn_mlperf_evaluated(struct cairn_run *run, const struct cairn_eval_metrics *line)
{
    const bool accurate = isfinite(line->accuracy);
    char metadata[64], value[CAIRN_NUMBER_BYTES];
    const double score = accurate ? line->accuracy : line->loss;
    epochs_text(run, metadata);
    cairn_number_text(score, value);
    add(run, cairn_clock_unix_s(), "POINT_IN_TIME", accurate ? "eval_accuracy" : "eval_error",
        isfinite(score) ? value : "null", metadata);
    add(run, cairn_clock_unix_s(), "INTERVAL_END", "eval_stop", "null", metadata);
}

void cairn_mlperf_end(struct cairn_run *run, bool complete)
{
    const char *status = complete ? "\"status\": \"success\"" : "\"status\": \"aborted\"";
    if (run->mlperf.fd < 0) return;
    if (run->mlperf.epoch != 0) say_epoch(run, "INTERVAL_END", "epoch_stop", run->mlperf.epoch);
    add(run, cairn_clock_unix_s(), "INTERVAL_END", "run_stop", "null", status);
    if (run->mlperf.fd >= 0) close(run->mlperf.fd);
    run->mlperf.fd = -1;
}
