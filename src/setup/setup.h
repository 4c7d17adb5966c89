/* SPDX-License-Identifier: BSD-3-Clause
 * Options -> objects: the one place that sees the config and the modules together.  Relations
 * between keys are checked here; what a single key takes stands in config/options.def. */
#ifndef CAIRN_SETUP_SETUP_H
#define CAIRN_SETUP_SETUP_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "data/loader.h"
#include "nn/model.h"
#include "run/run.h"
#include "train/trainer.h"

/** Rank 0 reads the run file and all ranks parse the same bytes.
 *  Ranks: collective.  Errors: the agreed one: CAIRN_USAGE, with line and column. */
CAIRN_CHECKED cairn_status cairn_setup_config(cairn_comm *comm, const char *path,
                                              const char *const *overrides,
                                              struct cairn_config **out);

/** The run file that a checkpoint holds, read by rank 0.  Ranks: collective.  Errors: the agreed
 * one: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_setup_stored_config(cairn_comm *comm, const char *checkpoint,
                                                     const char *const *overrides,
                                                     struct cairn_config **out);

/** The batch of this config on n_ranks ranks and n_samples samples: fills global, micro, tail,
 * epochs, updates. batch.micro: auto is not known yet and left as UINT64_MAX.  Ranks: local.
 * Errors: CAIRN_USAGE: the keys do not fit together. */
CAIRN_CHECKED cairn_status cairn_setup_batch(const struct cairn_config *config, int n_ranks,
                                             size_t n_samples, struct cairn_window_rule *out);

/** batch.ramp into the rule.  Ranks: local.  Errors: CAIRN_USAGE: no list of pairs, samples that do
 * not rise, keys that do not fit together. */
CAIRN_CHECKED cairn_status cairn_setup_ramp(const struct cairn_config *config,
                                            struct cairn_window_rule *rule);

/** Words for what the ramp does, after "batch.global": "64, from sample 10000 on 256", of a long
 * one for its first entries; text holds n_bytes.  Ranks: local.  Errors: none. */
void cairn_setup_ramp_text(const struct cairn_window_rule *rule, char *text, size_t n_bytes);

/** Warn where a run that goes on has become longer than its checkpoint's config said, and its decay
 * lifts the learning rate by that.  Ranks: rank 0, local.  Errors: none. */
void cairn_setup_log_rate(const struct cairn_config *before, const cairn_trainer *t,
                          const char *checkpoint);

/** optim.scaling and optim.base_batch.  Ranks: local.  Errors: CAIRN_USAGE: one without the other,
 * with sums that are not divided, adam with a ramp. */
CAIRN_CHECKED cairn_status cairn_setup_scaling(const struct cairn_config *config,
                                               const struct cairn_window_rule *rule,
                                               struct cairn_scaling *out);

/** The part of the rule adam that changes the optimizer.  Ranks: local.  Errors: CAIRN_USAGE: an
 * optimizer without beta1 and beta2, or k that leaves no average. */
CAIRN_CHECKED cairn_status cairn_setup_scaling_adam(const struct cairn_config *config,
                                                    const struct cairn_scaling *scaling,
                                                    uint64_t batch, struct cairn_optim *optim);

/** Say what the rule makes of the settings.  Ranks: local.  Errors: none. */
void cairn_setup_log_scaling(const struct cairn_config *config, const struct cairn_scaling *scaling,
                             const struct cairn_window_rule *rule);

/** Optimizer for updates of `batch` samples.  Ranks: local.  Errors: CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_setup_optim(const struct cairn_config *config,
                                             const struct cairn_scaling *scaling, uint64_t batch,
                                             const struct cairn_params *params,
                                             struct cairn_optim **out);

/** How many blocks of the size of the weights that optimizer keeps.  Ranks: local.
 * Errors: CAIRN_USAGE: there is no such optimizer. */
CAIRN_CHECKED cairn_status cairn_setup_optim_slots(const struct cairn_config *config, size_t *out);

/** The schedule of the learning rate over the windows of this rule.  Ranks: local.  Errors:
 * CAIRN_USAGE: one length given in two counts, keys that the decay does not read. */
CAIRN_CHECKED cairn_status cairn_setup_schedule(const struct cairn_config *config,
                                                const struct cairn_window_rule *rule,
                                                struct cairn_schedule *out);

/** Other data than those of a config. */
struct cairn_setup_other {
    const char *file;       /* in place of all that the config names; NULL: those of the config */
    enum cairn_split split; /* what a file without groups is */
    bool labels_optional;
};

/** Open the dataset of this config, with its context; `other` NULL: without any difference.
 * Ranks: local.  Errors: CAIRN_DATA; CAIRN_USAGE: data.context is missing, or there are no
 * tokens. */
CAIRN_CHECKED cairn_status cairn_setup_dataset(const struct cairn_config *config,
                                               const struct cairn_setup_other *other,
                                               struct cairn_dataset **out);

/** All that says which data they are, as one text to be released with free().  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_data_name(const struct cairn_config *config, char **out);

/** Whether the model has an output for every label of the dataset.  Ranks: local.
 * Errors: CAIRN_DATA, CAIRN_USAGE: as cairn_dataset_check_labels(). */
CAIRN_CHECKED cairn_status cairn_setup_check_labels(const struct cairn_dataset *dataset,
                                                    const struct cairn_model *model);

/** What the model is made from, for micro-batches of b samples of this dataset.  Ranks: local.
 * Errors: none. */
struct cairn_model_options cairn_setup_model_options(const struct cairn_config *config,
                                                     const struct cairn_dataset *dataset,
                                                     size_t micro);

/** The same for a language model without its data: windows of data.context tokens.  Ranks: local.
 * Errors: none. */
struct cairn_model_options cairn_setup_text_model_options(const struct cairn_config *config,
                                                          size_t vocabulary, size_t micro);

/** What the loaders of the groups take, in bytes.  A set of groups is a bit for each. */
struct cairn_setup_data_bytes {
    enum cairn_word_in_memory in_memory;
    uint64_t held[CAIRN_N_SPLITS];     /* raw, of a group that is held in memory */
    uint64_t streamed[CAIRN_N_SPLITS]; /* rows of one that is not, on their way */
    uint64_t buffers;                  /* what they take in any case, with HDF5's chunks */
};

/** The groups that are held where there is room for all.  Ranks: local.  Errors: none. */
unsigned cairn_setup_data_preferred(enum cairn_word_in_memory in_memory);

/** Bytes of those that are held, and of the rows of the others.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_data_held(const struct cairn_setup_data_bytes *data, unsigned held);
uint64_t cairn_setup_data_streamed(const struct cairn_setup_data_bytes *data, unsigned held);

/** How the loader of a group is made.  Ranks: local.  Errors: none. */
struct cairn_loader_options cairn_setup_loader_options(const struct cairn_config *config,
                                                       enum cairn_split split, size_t micro,
                                                       bool held);

/** A loader of one group, held in memory or not; *out NULL where there is no such group.
 * Ranks: local.  Errors: CAIRN_DATA, CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_setup_loader(struct cairn_dataset *dataset,
                                              const struct cairn_loader_options *options,
                                              struct cairn_loader **out);

/** About how many bytes the loaders would take.  Ranks: local.  Errors: none. */
struct cairn_setup_data_bytes cairn_setup_loader_bytes(const struct cairn_config *config,
                                                       struct cairn_dataset *dataset, size_t micro);

/** Whether there is anything to learn from.  Ranks: local.  Errors: CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_setup_check_train(const struct cairn_dataset *dataset);

/** What one rank takes in memory, in bytes, and what it writes. */
struct cairn_planned {
    uint64_t batch;               /* samples of the largest update */
    uint64_t micro;               /* b: of so many samples */
    uint64_t n_weights, n_values; /* as in struct cairn_params */
    uint64_t n_shared; /* weights of tensors that layers share: squared once they are whole */
    uint64_t weights, average; /* and train.ema of them */
    uint64_t gradient, optimizer, activations;
    uint64_t sample;                      /* of the activations, for each sample */
    uint64_t data;                        /* held in memory, and ... */
    struct cairn_setup_data_bytes groups; /* ... what each group takes, held or not */
    uint64_t labels;                      /* of classes, which are held always */
    uint64_t buffers;                     /* rows of micro-batches on their way, and HDF5's */
    uint64_t exchange;                    /* of MPI_Allreduce, where there are several ranks */
    uint64_t snapshot;                    /* for writing checkpoints; rank 0 alone */
    uint64_t on_wire;                     /* what one update sums over the ranks */
    struct cairn_sum_cost fixed;          /* what train.reproducible takes, or would */
    uint64_t checkpoint;                  /* a file of it */
    uint64_t n_saves;                     /* checkpoints that the whole run writes */
    uint64_t n_stay; /* of which stay beside the newest: milestones, the best one */
};

/** The most micro-batches of an update, where the batch of this rule is cut into those of b
 * samples. Ranks: local.  Errors: none. */
size_t cairn_setup_n_micro(const struct cairn_window_rule *rule, uint64_t micro);

/**
 * Plan without taking the memory: what a run in micro-batches of b samples takes, with all the data
 * in memory that data.in_memory would have there (cairn_setup_planned_hold()).  `several`: on more
 * than one rank.
 *
 * Ranks   local
 * Errors  CAIRN_DATA, CAIRN_USAGE: as cairn_setup_trainer() will say
 */
CAIRN_CHECKED cairn_status cairn_setup_planned_for(const struct cairn_config *config,
                                                   struct cairn_dataset *dataset,
                                                   const struct cairn_window_rule *rule,
                                                   uint64_t micro, bool several,
                                                   struct cairn_planned *out);

/** The same with the batch of this config on n_ranks ranks, cut as it says: with batch.micro: auto,
 * where that is not known, in micro-batches of a single sample.  Ranks: local.  Errors: as above.
 */
CAIRN_CHECKED cairn_status cairn_setup_planned(const struct cairn_config *config,
                                               struct cairn_dataset *dataset, int n_ranks,
                                               struct cairn_planned *out);

/** Let the plan be one where these groups of the data are held.  Ranks: local.  Errors: none. */
void cairn_setup_planned_hold(struct cairn_planned *planned, unsigned held);

/** All that each rank holds.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_planned_rank(const struct cairn_planned *planned);

/** All that rank 0 holds at once.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_planned_total(const struct cairn_planned *planned);

/** The units of the noise scale where an update has so many micro-batches, and the way to sum
 * (comm/sums.def) that knows their gradients.  Ranks: local.  Errors: none. */
enum cairn_noise cairn_setup_noise(const struct cairn_config *config, size_t n_micro, int n_ranks);
const char *cairn_setup_sum_kind(const struct cairn_config *config, enum cairn_noise noise);

/** A dataset that stays open from one trainer to the next; zeroed at first. */
struct cairn_setup_data {
    struct cairn_dataset *dataset; /* NULL: none was opened yet; owned */
    char *name;                    /* cairn_setup_data_name() of them; owned */
    int n_beside; /* ranks on this host that take memory at the same time, where there are more than
                     those of a run; else 0 */
};

/** Open the data of this config, or take those that are open already if they are of the same file.
 * *out is to be closed, too.  Ranks: local.  Errors: as cairn_setup_dataset(). */
CAIRN_CHECKED cairn_status cairn_setup_data_open(struct cairn_setup_data *data,
                                                 const struct cairn_config *config,
                                                 struct cairn_dataset **out);

/** Close and release.  Ranks: local.  Errors: none. */
void cairn_setup_data_close(struct cairn_setup_data *data);

/** Which groups of the data a rank holds in memory. */
struct cairn_setup_hold {
    unsigned groups; /* a bit each */
    bool refused;    /* data.in_memory: true is more than some node has */
    char text[512];  /* on rank 0: why not all are held; "" */
};

/** What is known of a run before its memory is taken; zeroed at first. */
struct cairn_setup_opened {
    struct cairn_dataset *dataset;
    struct cairn_window_rule rule;
    struct cairn_planned planned; /* for this rank and what it holds */
    struct cairn_setup_hold hold;
};

/** Open the data and solve the batch, choose the micro-batch, plan the memory, and decide what of
 * the data is held in it, once for all ranks of a node.
 *
 * data      stays open in it; NULL: it need not
 *
 * Ranks   collective
 * Errors  the agreed one: CAIRN_DATA; CAIRN_USAGE, also where data.in_memory: true is more than a
 *         node has */
CAIRN_CHECKED cairn_status cairn_setup_open(const struct cairn_config *config, cairn_comm *comm,
                                            struct cairn_setup_data *data,
                                            struct cairn_setup_opened *out);

/** The same, where nothing is to be run: rank 0 alone opens the data, and batch.micro: auto stays
 * unknown, as in cairn_setup_planned().  Ranks: collective.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_setup_foresee(const struct cairn_config *config, cairn_comm *comm,
                                               struct cairn_setup_data *data,
                                               struct cairn_setup_opened *out);

/** Close and release.  Ranks: local.  Errors: none. */
void cairn_setup_opened_close(struct cairn_setup_opened *opened);

/** What rank 0 planned, for all, and the decision what is held: opened->planned and ->hold.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_setup_decide(cairn_comm *comm, cairn_status st, int n_beside,
                                              struct cairn_setup_opened *opened);

/** Model, optimizer, weights, from what was opened.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_setup_trainer_from(const struct cairn_config *config,
                                                    cairn_comm *comm,
                                                    struct cairn_setup_opened *opened,
                                                    cairn_trainer **out);

/** Both.  Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_setup_trainer(const struct cairn_config *config, cairn_comm *comm,
                                               struct cairn_setup_data *data, cairn_trainer **out);

/** What the config says of a run: when it evaluates, saves and looks at the gradient.  The rest of
 * *out is left alone.  Ranks: local.  Errors: CAIRN_USAGE: keep_best without val, milestones that
 * are no updates. */
CAIRN_CHECKED cairn_status cairn_setup_run(const struct cairn_config *config,
                                           const cairn_trainer *t, struct cairn_run_options *out);

/** What cairn_setup_run() would refuse, without a trainer.  Ranks: local.  Errors: the same. */
CAIRN_CHECKED cairn_status cairn_setup_check_run(const struct cairn_config *config,
                                                 const struct cairn_dataset *dataset,
                                                 const struct cairn_model *model);

/** What would end a run on so many ranks at its start, except for memory: data, batch, model and
 * optimizer are looked at together.  Ranks: local.  Errors: CAIRN_USAGE, CAIRN_DATA. */
CAIRN_CHECKED cairn_status cairn_setup_check(const struct cairn_config *config,
                                             struct cairn_setup_data *data, size_t n_ranks);

/** Warn of ranks that would have no work.  Ranks: local.  Errors: none; silent where the run could
 * not begin at all. */
void cairn_setup_log_idle(const struct cairn_config *config, struct cairn_setup_data *data,
                          size_t n_ranks);

/** Warn of what in the data is rarely meant, cairn_dataset_doubts().  Ranks: local.
 * Errors: none. */
void cairn_setup_log_doubts(const struct cairn_config *config, const struct cairn_dataset *dataset);

/** Updates between two checkpoints, 0: only at the end; 1, the most there can be, where it is
 * measured.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_saves_every(const struct cairn_config *config);

/** Checkpoints that stay in a run of so many updates, however few of the newest are kept.
 * Ranks: local.  Errors: none; milestones that are no updates count none. */
uint64_t cairn_setup_saves_stay(const struct cairn_config *config, uint64_t n_updates);

/** The fastest micro-batch size for this config that fits in the memory of rank 0's node, timed
 * there; the same answer on all ranks.  setup/timed.h has its parts.
 * Ranks: collective.  Errors: the agreed one. */
CAIRN_CHECKED cairn_status cairn_setup_fastest_micro(const struct cairn_config *config,
                                                     cairn_comm *comm,
                                                     struct cairn_dataset *dataset,
                                                     const struct cairn_window_rule *rule,
                                                     uint64_t *out);

/** What the bits depend on beside the run file: binary, BLAS and core, threads; text holds n_bytes.
 *  Ranks: local.  Errors: none. */
void cairn_setup_platform(const struct cairn_config *config, char *text, size_t n_bytes);

#endif
