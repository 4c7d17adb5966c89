/* SPDX-License-Identifier: BSD-3-Clause
 * What a run leaves in its folder (launch/guide/contract.md 5), apart from checkpoints:
 * config.yaml, metrics.csv, eval.csv, gradflow.csv, accumulation.csv, ledger.csv, provenance.json,
 * summary.json, and the lock that keeps two jobs apart.  Used by rank 0 only.  Local. */
#ifndef CAIRN_RECORD_RUN_FOLDER_H
#define CAIRN_RECORD_RUN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** A line of metrics.csv. */
struct cairn_metrics {
    uint64_t update, epoch, samples, batch_samples; /* update counts from 1, epoch from 0 */
    double normalizer, loss, lr, grad_norm;
    double noise_scale; /* NaN: an empty field */
    int ranks;
    double wall_s, data_s, compute_s, reduce_s, update_s, samples_per_s, overlap_s;
    double noise_scale_se, noise_scale_updates; /* NaN: an empty field */
};

enum { CAIRN_MOST_METRICS = 16 }; /* besides accuracy */

/** A line of eval.csv.  NaN: an empty field. */
struct cairn_eval_metrics {
    uint64_t update, epoch, samples;
    double wall_s;
    const char *split;
    double loss, accuracy;
    double more[CAIRN_MOST_METRICS]; /* those whose names the folder was given */
};

/** A line of gradflow.csv: `param` "1.weight" is written as layer 1, param weight (split at the
 * last point). */
struct cairn_gradflow {
    uint64_t update;
    const char *param;
    double mean_abs, max_abs, norm, weight_norm;
    double noise_scale, noise_scale_se, noise_scale_updates; /* NaN: an empty field */
};

/** A line of accumulation.csv: rank 0's partial sum G of one tensor, which nothing divides, after
 * some of its micro-batches. */
struct cairn_accumulation {
    uint64_t update, micro_batches, samples;
    const char *param;
    double mean_abs, max_abs, norm;
};

/** A line of ledger.csv: the samples of one epoch that an update was given. */
struct cairn_ledger_line {
    uint64_t update, epoch;
    uint64_t first;         /* position of the first, in the epochs laid end to end */
    uint64_t samples;       /* how many */
    uint64_t hash;          /* sum of cairn_random_key(0, CAIRN_RANDOM_LEDGER, epoch, row) */
    uint64_t epoch_samples; /* N: rows of the group */
};

/** summary.json.  NaN is written as null. */
struct cairn_summary {
    const char *status;     /* "done" or "stopped" */
    const char *stopped_by; /* the key that ended it before its last update; NULL: none */
    uint64_t updates, epochs, samples;
    int ranks;
    size_t micro_batch, global_batch;
    bool is_guarded; /* with train.guard, which compared so many in this process and the others */
    uint64_t guarded_micro_batches;
    double train_loss;
    struct cairn_eval_metrics eval; /* on test; of it the scores alone */
    bool has_ema;                   /* there is a moving average of the weights, with ... */
    struct cairn_eval_metrics ema;
    uint64_t weights_hash;
    double samples_per_s, wall_s, compute_s, reduce_s, data_s;
    double checkpoint_s; /* what training stood still for checkpoints */
    uint64_t checkpoints;
    double checkpoint_write_s; /* what writing them took, beside training */
    size_t peak_rss_bytes, n_parameters;
};

/** One member of an entry of provenance.json; a list of them ends with a name that is NULL. */
struct cairn_fact {
    const char *name;
    const char *value; /* NULL: null */
    bool raw;          /* it is JSON already: a number, a list (record/json.h helps to write one) */
};

/** The files that a run adds lines to. */
enum cairn_run_csv {
    CAIRN_RUN_METRICS,
    CAIRN_RUN_EVAL,
    CAIRN_RUN_GRADFLOW,
    CAIRN_RUN_ACCUMULATION,
    CAIRN_RUN_N_COUNTED, /* those above have their number of lines in checkpoints */
    CAIRN_RUN_LEDGER = CAIRN_RUN_N_COUNTED, /* only with data.ledger */
    CAIRN_RUN_N_CSVS
};

/** What an earlier run left, checkpoints apart: lines of updates, as a run leaves them that was
 * killed before its first checkpoint, or more than such a run can leave. */
enum cairn_run_left { CAIRN_RUN_LEFT_NOTHING, CAIRN_RUN_LEFT_LINES, CAIRN_RUN_LEFT_RESULTS };

struct cairn_run_folder;

/**
 * Make the folder (and checkpoints/ in it) where needed, take the lock.
 *
 * Ranks   local (rank 0)
 * Errors  CAIRN_FILES: cannot be made or written; CAIRN_USAGE: another job holds it (names host,
 * process, job), it is the folder of a study, or files of a run's names were not written by one
 */
CAIRN_CHECKED cairn_status cairn_run_folder_open(const char *path, struct cairn_run_folder **out);

/** Flush (what the disk refuses is a warning), give the lock back; NULL is fine.  Ranks: local.
 * Errors: none. */
void cairn_run_folder_close(struct cairn_run_folder *folder);

/** The folder, absolute.  Ranks: local.  Errors: none. */
const char *cairn_run_folder_path(const struct cairn_run_folder *folder);

/** Its checkpoints/, absolute.  Ranks: local.  Errors: none. */
const char *cairn_run_folder_checkpoints(const struct cairn_run_folder *folder);

/** What an earlier run left that has no checkpoint; before the start below.  One that was killed
 * before its first checkpoint left lines up to update `most`, and its checkpoints/.  Ranks: local.
 * Errors: CAIRN_FILES: its lines cannot be read. */
CAIRN_CHECKED cairn_status cairn_run_folder_left(const struct cairn_run_folder *folder,
                                                 uint64_t most, enum cairn_run_left *out);

/** There is a ledger.csv, too; before the start below.  Without this, one that is there is cut as
 * the others are, and gets no line.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_folder_keep_ledger(struct cairn_run_folder *folder);

/** TensorBoard is to read metrics.csv and eval.csv, too: record/events.h; before the start below.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_folder_keep_events(struct cairn_run_folder *folder);

/** What `more` of an evaluation holds: a name each, kept as it is, or NULL where it is not
 * evaluated; before the start below.  Ranks: local.  Errors: none. */
void cairn_run_folder_evaluates(struct cairn_run_folder *folder,
                                const char *const metric[CAIRN_MOST_METRICS]);

/** These names [CAIRN_MOST_METRICS].  Ranks: local; borrowed.  Errors: none. */
const char *const *cairn_run_folder_metric_names(const struct cairn_run_folder *folder);

/**
 * Write config.yaml and open the CSVs, cut to lines of updates <= `update` (0 cuts all), with a
 * header where they are new. One with another header is kept as <name>.damaged with a warning.
 *
 * finished  there is no update left to do: a config.yaml that is there says how the updates were
 *           made, and stays
 *
 * Ranks   local
 * Errors  CAIRN_FILES
 */
CAIRN_CHECKED cairn_status cairn_run_folder_start(struct cairn_run_folder *folder, uint64_t update,
                                                  bool finished, const char *config_yaml);

/** Lines of each file, those included that are kept in memory.  Ranks: local.  Errors: none. */
void cairn_run_folder_count(const struct cairn_run_folder *folder,
                            uint64_t n_lines[CAIRN_RUN_N_COUNTED]);

/** Warn, in one line, of files that have fewer lines up to `update` than there were, `n_lines`,
 * when its checkpoint was made; metrics.csv has one for each update.  Ranks: local.  Errors: none.
 */
void cairn_run_folder_log_missing(const struct cairn_run_folder *folder, uint64_t update,
                                  const uint64_t n_lines[CAIRN_RUN_N_COUNTED]);

/**
 * Add a line.  Kept in memory, written by flush and every few seconds; allocates nothing.
 *
 * Ranks   local
 * Errors  CAIRN_FILES: the disk refuses and the memory for lines (256 KiB a file) is full; before
 * that it is a warning
 */
CAIRN_CHECKED cairn_status cairn_run_folder_metrics(struct cairn_run_folder *folder,
                                                    const struct cairn_metrics *line);
/** As above.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_folder_eval(struct cairn_run_folder *folder,
                                                 const struct cairn_eval_metrics *line);
/** As above.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_folder_gradflow(struct cairn_run_folder *folder,
                                                     const struct cairn_gradflow *line);
/** As above.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_folder_accumulation(struct cairn_run_folder *folder,
                                                         const struct cairn_accumulation *line);
/** As above.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_folder_ledger(struct cairn_run_folder *folder,
                                                   const struct cairn_ledger_line *line);

/**
 * Write what is kept, without waiting for the disk: before a checkpoint is begun.
 *
 * Ranks   local; allocates nothing
 * Errors  CAIRN_FILES: what was not written is kept and tried again; in mid-run the caller makes it
 * a warning
 */
CAIRN_CHECKED cairn_status cairn_run_folder_write(struct cairn_run_folder *folder);

/** Bring to the disk what was written: before a checkpoint is named, by the thread that writes it,
 * while lines are added.  Ranks: local.  Errors: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_run_folder_sync(const struct cairn_run_folder *folder);

/** Write what is kept and sync: at the end.  Ranks: local.  Errors: CAIRN_FILES, as above. */
CAIRN_CHECKED cairn_status cairn_run_folder_flush(struct cairn_run_folder *folder);

/** Call visit for each line of eval.csv of this split, as far as they are in the file; no file has
 * none.  Ranks: local.  Errors: CAIRN_FILES: it cannot be read. */
CAIRN_CHECKED cairn_status cairn_run_folder_each_eval(
    const struct cairn_run_folder *folder, const char *split,
    void (*visit)(void *context, const struct cairn_eval_metrics *line), void *context);

/** The last line of eval.csv for this split and update, for a run that was finished; `split` is
 * kept in it.  *found false where there is none.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_run_folder_last_eval(const struct cairn_run_folder *folder,
                                                      const char *split, uint64_t update,
                                                      bool *found, struct cairn_eval_metrics *out);

/**
 * Begin an entry of provenance.json: "begin" now, the facts, "end" and "status" null; written at
 * once, by rename.
 *
 * Ranks   local
 * Errors  CAIRN_FILES; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_run_folder_provenance_begin(struct cairn_run_folder *folder,
                                                             const struct cairn_fact *facts);

/** End that entry with the time and a status.  Ranks: local.  Errors: CAIRN_FILES; CAIRN_USAGE:
 * memory. */
CAIRN_CHECKED cairn_status cairn_run_folder_provenance_end(struct cairn_run_folder *folder,
                                                           const char *status);

/** Write summary.json (by rename) and the same text to `text`, to be released with free(), where it
 * is not NULL.  Ranks: local.  Errors: CAIRN_FILES; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_folder_summary(struct cairn_run_folder *folder,
                                                    const struct cairn_summary *summary,
                                                    char **text);

/** The text of summary.json where it is that of a complete run with this many updates and these
 * weights, to be released with free(); NULL elsewhere.  Ranks: local.  Errors: CAIRN_FILES;
 * CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_run_folder_summary_before(const struct cairn_run_folder *folder,
                                                           uint64_t updates, uint64_t weights_hash,
                                                           char **text);

#endif
