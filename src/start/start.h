/* SPDX-License-Identifier: BSD-3-Clause
 * The start of a command that trains, until the first update: the launch as the doctor sees it,
 * what is opened and known before memory is taken, the trainer. */
#ifndef CAIRN_START_START_H
#define CAIRN_START_START_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/comm.h"
#include "cairn/run.h"
#include "cluster/launch.h"
#include "comm/watchdog.h"
#include "config/config.h"
#include "data/dataset.h"
#include "plan/memory.h"
#include "record/run_folder.h"
#include "run/run.h"
#include "setup/setup.h"
#include "tensor/backend.h"

/** Which groups of the data a rank holds in memory. */
struct cairn_hold {
    unsigned groups; /* a bit each */
    bool refused;    /* data.in_memory: true is more than some node has */
    bool train;      /* every node holds the training samples */
    bool shared;     /* once for the ranks of this node, ... */
    bool first;      /* ... of which this is the first */
    char text[512];  /* on rank 0: why not all are held; "" */
};

/** What is known of a run before its memory is taken; zeroed at first. */
struct cairn_opened {
    struct cairn_dataset *dataset;
    struct cairn_window_rule rule;
    size_t recompute;             /* N of train.recompute, decided; 0: all activations are kept */
    struct cairn_planned planned; /* for this rank and what it holds */
    struct cairn_hold hold;
    struct cairn_shuffle shuffle; /* of the training samples */
};

/** With data.stage: have the files of the data copied to the disk of each node, by one rank of it,
 * and let `data` open the copies.  Nothing where these data are open already on all ranks, or data
 * is NULL.
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_FILES: the folder or the disk refuses, there is no room;
 *         CAIRN_DATA: a file is not there, or changed meanwhile */
CAIRN_CHECKED cairn_status cairn_start_stage(const struct cairn_config *config, cairn_comm *comm,
                                             struct cairn_setup_data *data);

/** Open the data and solve the batch, choose the micro-batch, plan the memory, and decide what of
 * the data is held in it, once for all ranks of a node.
 *
 * data      stays open in it; NULL: it need not
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA; CAIRN_USAGE, also where data.in_memory: true is more than a
 *         node has */
CAIRN_CHECKED cairn_status cairn_start_open(const struct cairn_config *config, cairn_comm *comm,
                                            struct cairn_setup_data *data,
                                            struct cairn_opened *out);

/** The same, where nothing is to be run: rank 0 alone opens the data, and batch.micro: auto stays
 * unknown, as in cairn_planned_on().  Ranks: collective.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_start_foresee(const struct cairn_config *config, cairn_comm *comm,
                                               struct cairn_setup_data *data,
                                               struct cairn_opened *out);

/** data.exclude where there is none. */
#define CAIRN_NOTHING_EXCLUDED "none"

/** Leave out what data.exclude names, of data that are open on all ranks.
 *
 * comm  NULL: this process is alone
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA: there is no such file, or it names other than training
 *         samples */
CAIRN_CHECKED cairn_status cairn_start_exclude(const struct cairn_config *config, cairn_comm *comm,
                                               struct cairn_dataset *dataset);

/** The same, alone, and see that this is what a checkpoint of the run left out, as far as it used
 * it: another file has other samples today.  Ranks: local (rank 0).  Errors: CAIRN_DATA: it is not,
 * and as above; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_start_excluded_then(const struct cairn_config *config,
                                                     struct cairn_dataset *dataset,
                                                     const char *checkpoint);

/** Close and release.  Ranks: local.  Errors: none. */
void cairn_opened_close(struct cairn_opened *opened);

/** What rank 0 planned, for all, and the decision what is held: opened->planned and ->hold.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_start_decide_hold(cairn_comm *comm, cairn_status st, int n_beside,
                                                   struct cairn_opened *opened);

/** What comm.overlap and comm.bucket_mb say; and by comm.sum, make the ranks of each node a team
 * for what these parts, made on every rank, will train, or leave parts->team NULL.  Ranks:
 * collective.  Errors: the agreed one: CAIRN_USAGE, CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_start_team(const struct cairn_config *config, cairn_status st,
                                            struct cairn_trainer_parts *parts);

/** Model, optimizer, weights, from what was opened.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_start_trainer_from(const struct cairn_config *config,
                                                    cairn_comm *comm, struct cairn_opened *opened,
                                                    cairn_trainer **out);

/** Both.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_start_trainer(const struct cairn_config *config, cairn_comm *comm,
                                               struct cairn_setup_data *data, cairn_trainer **out);

/** Whether there is a world to work on.  Ranks: local.  Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_start_check_comm(const cairn_comm *comm);

/** The host's samples, or none, in the place of data.file.  Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_start_given_data(const struct cairn_config *config,
                                                  cairn_data *data, struct cairn_setup_data *out);

/** Resolve what was decided when the trainer was made, and keep with it what its checkpoints say of
 * that.  Ranks: local.  Errors: memory. */
CAIRN_CHECKED cairn_status cairn_start_origin(struct cairn_config *config, cairn_trainer *t);

/** What checkpoints of this trainer say: its config, platform and, on rank 0, data; borrowed from
 * it.  Ranks: local.  Errors: CAIRN_DATA: cannot be read; memory. */
CAIRN_CHECKED cairn_status cairn_start_about(const cairn_trainer *t,
                                             struct cairn_run_options *options);

/** Whether a run of this config can go on from a checkpoint: the one in there, to be freed also on
 * failure.  Ranks: local (rank 0).  Errors: CAIRN_USAGE: keys changed that matter; CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_start_check_same(const struct cairn_config *config,
                                                  const char *checkpoint,
                                                  struct cairn_config **before);

/** What would end a run on so many ranks at its start, except for memory: data, batch, model and
 * optimizer are looked at together.  Ranks: local.  Errors: CAIRN_USAGE, CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_start_check(const struct cairn_config *config,
                                             struct cairn_setup_data *data, size_t n_ranks);

/** Warn of ranks that would have no work.  Ranks: local.  Errors: none; silent where the run could
 * not begin at all. */
void cairn_start_log_idle(const struct cairn_config *config, struct cairn_setup_data *data,
                          size_t n_ranks);

/** Warn of what in the data is rarely meant, cairn_dataset_doubts().  Ranks: local.
 * Errors: none. */
void cairn_start_log_doubts(const struct cairn_config *config, const struct cairn_dataset *dataset);

/** What the bits depend on beside the run file: binary, BLAS and core, threads; text holds n_bytes.
 *  Ranks: local.  Errors: none. */
void cairn_start_platform(const struct cairn_config *config, char *text, size_t n_bytes);

/** With train.kernels: auto, take the library that made the checkpoint to go on from, where there
 * is one: its path on rank 0, or "".  comm NULL: this process is alone.  Ranks: collective.
 * Errors: CAIRN_USAGE: this program has not got it; alike on all. */
CAIRN_CHECKED cairn_status cairn_start_kernels(struct cairn_config *config, cairn_comm *comm,
                                               const char *checkpoint);

/** With data.shuffle: auto, take the order of a checkpoint of the run, which is to be trained from
 * its beginning again; path and comm as above.  Ranks: collective.  Errors: the agreed one:
 * CAIRN_DATA: it cannot be read. */
CAIRN_CHECKED cairn_status cairn_start_order(struct cairn_config *config, cairn_comm *comm,
                                             const char *checkpoint);

/** train.kernels and data.shuffle as they now are: "auto" where they are and nothing was taken.
 * Ranks: local.  Errors: none. */
const char *cairn_start_kernels_word(const struct cairn_config *config);
const char *cairn_start_order_word(const struct cairn_config *config);

/** cairn_start_kernels() for a run that is about to be opened, by what its folder holds.
 * Ranks: collective.  Errors: as there; CAIRN_DATA: the folder cannot be read. */
CAIRN_CHECKED cairn_status cairn_start_kernels_of_run(struct cairn_config *config, cairn_comm *comm,
                                                      const struct cairn_run_settings *settings);

/** What the run of this config takes, by what was opened for it or foreseen.  All is borrowed:
 * `run_file` and `folder` may be NULL.  Ranks: local.  Errors: none. */
struct cairn_wanted cairn_start_wanted(const struct cairn_config *config,
                                       const struct cairn_opened *opened, const char *run_file,
                                       const char *folder);

/** The quick part of `cairn doctor` for a command that trains nothing and takes little: warnings.
 * That a command in a job of several tasks is a single process is meant then.
 *
 * Ranks   collective
 * Errors  the agreed one: memory */
CAIRN_CHECKED cairn_status cairn_start_small(const struct cairn_config *config, cairn_comm *comm);

/** What the launcher says of this process, and how long its start may stand at one thing:
 * CAIRN_START_TIMEOUT, or a minute, a tenth of a second for each rank, and a second for each rank
 * to a core.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: the variable is not a span of time */
CAIRN_CHECKED cairn_status cairn_start_watched(const struct cairn_launcher_claim *claim,
                                               struct cairn_watched_start *out);

/** Let the start stand for longer where there is much data, or sizes of a micro-batch to try.
 *
 * Ranks   collective
 * Errors  the agreed one */
CAIRN_CHECKED cairn_status cairn_start_allow(const struct cairn_config *config, cairn_comm *comm,
                                             cairn_status st);

/** The same for the memory that a run takes.  Ranks: local.  Errors: none. */
void cairn_start_allow_memory(cairn_comm *comm, const struct cairn_planned *planned);

/** train.hang_timeout as cairn_watchdog_limit() takes it.  Ranks: local.  Errors: none. */
double cairn_start_hang_timeout_s(const struct cairn_config *config);

/** When a run must have stopped by itself, by train.deadline: as in cairn_run_options; 0 where it
 * need not.  `begin_s`: of the process.  Ranks: local.  Errors: CAIRN_USAGE: the end of the job is
 * not available. */
CAIRN_CHECKED cairn_status cairn_start_deadline(const struct cairn_config *config, double begin_s,
                                                double *deadline_s, double *deadline_unix_s);

/** runs/<name of the run file>, for `all` "runs": where a run goes that has no --out.  Ranks:
 * local. Errors: CAIRN_USAGE: too long. */
CAIRN_CHECKED cairn_status cairn_start_folder(const char *all, const char *run_file,
                                              char path[CAIRN_PATH_BYTES]);

/** What main parts of a start the entry names; versions, machine and job are found out. */
struct cairn_start {
    const struct cairn_dataset *dataset;
    const char *config_text;  /* the resolved run file */
    const char *resumed_from; /* "" for a fresh start */
    const char *init_from;    /* weights made elsewhere; NULL for none */
    uint64_t init_hash;       /* of the weights then */
    uint64_t data_fingerprint;
    size_t threads;
    enum cairn_backend backend; /* of products ... */
    bool rounds;                /* ... of operands that are rounded to bfloat16 */
};

/** Gather the hosts and write the entry into the folder, which rank 0 has open.
 *  Ranks: collective.  Errors: the agreed one: CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_provenance_begin(cairn_comm *comm, const struct cairn_start *about,
                                                  struct cairn_run_folder *folder);

/** Let a run call these functions of the host, which stay where they are; `fed` says whether its
 * samples are.  Ranks: local.  Errors: CAIRN_USAGE: events.feed is given where they are not, or is
 * not where they are. */
CAIRN_CHECKED cairn_status cairn_start_follow(struct cairn_run_events *events, bool fed,
                                              struct cairn_run_callbacks *out);

/** The table of profile.csv on rank 0, once a run with settings.profile has ended; else NULL.
 * Borrowed.  Ranks: local.  Errors: none. */
const char *cairn_start_profile(const cairn_run *run);

#endif
