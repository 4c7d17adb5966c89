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

/** From here on cairn_layer_register() and its like refuse: a trainer is opened.  Ranks: local.
 * Errors: none. */
void cairn_setup_close_register(void);

/** The batch of this config on n_ranks ranks and n_samples samples: fills global, micro, tail,
 * epochs, updates. batch.micro: auto is not known yet and left as UINT64_MAX.  Ranks: local.
 * Errors: CAIRN_USAGE: the keys do not fit together. */
CAIRN_CHECKED cairn_status cairn_setup_batch(const struct cairn_config *config, int n_ranks,
                                             size_t n_samples, struct cairn_window_rule *out);

/** How the entries of a list of pairs are read. */
struct cairn_setup_pairs {
    const char *key;               /* "batch.ramp" */
    const char *form;              /* of an entry, with an example */
    const char *number;            /* "a whole number" */
    const struct cairn_key *field; /* [2], of the struct that is filled */
};

/** Entry `index` of such a list.  Ranks: local.  Errors: CAIRN_USAGE: not a pair, a number out
 * of range; with the place. */
CAIRN_CHECKED cairn_status cairn_setup_pair(const struct cairn_setup_pairs *pairs,
                                            const struct cairn_node *node, size_t index, void *out);

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

/** schedule.milestones into a schedule whose decay is known.  Ranks: local.  Errors: CAIRN_USAGE:
 * no list of pairs, places that do not rise, keys that do not fit together. */
CAIRN_CHECKED cairn_status cairn_setup_milestones(const struct cairn_config *config,
                                                  uint64_t n_samples,
                                                  struct cairn_schedule *schedule);

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
    bool as_stored; /* without context and normalisation, all labels held */
};

/** Open the dataset of this config, with its context; `other` NULL: without any difference.
 * Ranks: local.  Errors: CAIRN_DATA; CAIRN_USAGE: data.context is missing, or there are no
 * tokens. */
CAIRN_CHECKED cairn_status cairn_setup_dataset(const struct cairn_config *config,
                                               const struct cairn_setup_other *other,
                                               struct cairn_dataset **out);

/** Have a dataset that is open as this config wants it: context, classes, normalisation.
 * Ranks: local.  Errors: CAIRN_USAGE; CAIRN_DATA; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_adapt(const struct cairn_config *config,
                                             struct cairn_dataset *dataset);

/** cairn_setup_dataset() for all ranks, of which rank 0 alone opens the files until rows are read.
 * Ranks: collective.  Errors: the agreed one, as above. */
CAIRN_CHECKED cairn_status cairn_setup_dataset_for_all(cairn_comm *comm,
                                                       const struct cairn_config *config,
                                                       const struct cairn_setup_other *other,
                                                       struct cairn_dataset **out);

/** The first of the files of data.file, as it is named.  Ranks: local; borrowed.  Errors: none. */
const char *cairn_setup_data_file(const struct cairn_config *config);

/** Bytes of all files that are named; of patterns and of what is not there nothing.  Ranks: local.
 * Errors: none. */
uint64_t cairn_setup_data_file_bytes(const struct cairn_config *config);

/** All that says which data they are, as one text to be released with free().  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_data_name(const struct cairn_config *config, char **out);

/** The metrics of this config, by default the usual ones for the model.  Ranks: local.  Errors:
 * CAIRN_USAGE: one that is not known, or has no meaning here; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_metrics(const struct cairn_config *config,
                                               const struct cairn_model *model,
                                               struct cairn_metric_set **out);

/** Whether this score is evaluated.  Ranks: local.  Errors: CAIRN_USAGE: it is not, names those
 * that are. */
CAIRN_CHECKED cairn_status cairn_setup_check_score(const struct cairn_config *config,
                                                   const struct cairn_model *model, size_t score);

/** Whether the model has an output for every label of the dataset.  Ranks: local.
 * Errors: CAIRN_DATA, CAIRN_USAGE: as cairn_dataset_check_labels(). */
CAIRN_CHECKED cairn_status cairn_setup_check_labels(const struct cairn_dataset *dataset,
                                                    const struct cairn_model *model);

/** N of train.recompute; 0 where it is none, or auto and not decided yet (plan/recompute.h).
 * Ranks: local.  Errors: none. */
size_t cairn_setup_recompute(const struct cairn_config *config);

/** Who multiplies matrices, by train.kernels.  Ranks: local; alike on equal machines.
 * Errors: none: of what is not there cairn_setup_check_backend() speaks. */
enum cairn_backend cairn_setup_backend(const struct cairn_config *config);

/** Whether operands of products are rounded to bfloat16: train.precision asks for it, and this
 * machine can.  Ranks: local.  Errors: none. */
bool cairn_setup_rounds(const struct cairn_config *config);

/** Whether this program has what train.kernels and train.precision name.  Ranks: local.  Errors:
 * CAIRN_USAGE. */
CAIRN_CHECKED cairn_status cairn_setup_check_backend(const struct cairn_config *config);

/** Make the model fast for micro-batches of n samples, too; 0 is fine.  Ranks: local.
 * Errors: none. */
void cairn_setup_expect(struct cairn_model_options *options, uint64_t n);

/** The same for all sizes besides b of a run: at the end of a batch, of an epoch, of a group to
 * evaluate.  Ranks: local; alike in any world.  Errors: none. */
void cairn_setup_expect_all(struct cairn_model_options *options,
                            const struct cairn_window_rule *rule,
                            const struct cairn_dataset *dataset);

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
    uint64_t memory;                   /* that a node may take, by data.memory; 0: auto */
    uint64_t held[CAIRN_N_SPLITS];     /* raw, of a group that is held in memory */
    uint64_t streamed[CAIRN_N_SPLITS]; /* rows of one that is not, on their way */
    uint64_t buffers;                  /* what they take in any case, with HDF5's chunks */
    unsigned once;                     /* groups that a run reads once, at its end */
};

/** Bytes that the ranks of a node may take together, by data.memory; 0: auto.  Ranks: local.
 * Errors: none. */
uint64_t cairn_setup_memory(const struct cairn_config *config);

/** The groups that are held where there is room for all.  Ranks: local.  Errors: none. */
unsigned cairn_setup_data_preferred(const struct cairn_setup_data_bytes *data);

/** Bytes of those that are held, and of the rows of the others.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_data_held(const struct cairn_setup_data_bytes *data, unsigned held);
uint64_t cairn_setup_data_streamed(const struct cairn_setup_data_bytes *data, unsigned held);

/** The order of the training samples, where they are held in memory or not.  Ranks: local.
 * Errors: none. */
struct cairn_shuffle cairn_setup_shuffle(const struct cairn_config *config,
                                         struct cairn_dataset *dataset, bool held);

/** How the loader of a group is made.  Ranks: local.  Errors: none. */
struct cairn_loader_options cairn_setup_loader_options(const struct cairn_config *config,
                                                       struct cairn_dataset *dataset,
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

/** The units of the noise scale where an update has so many micro-batches, and the way to sum
 * (comm/sums.def) that knows their gradients.  Ranks: local.  Errors: none. */
enum cairn_noise cairn_setup_noise(const struct cairn_config *config, size_t n_micro, int n_ranks);
const char *cairn_setup_sum_kind(const struct cairn_config *config, enum cairn_noise noise);

/** data.stage where there is none. */
#define CAIRN_NO_STAGE "none"

/** Call visit for each file that the config names, as an absolute path without links; patterns
 * are expanded.  Ranks: local.  Errors: CAIRN_DATA: a pattern matches none; those of visit. */
CAIRN_CHECKED cairn_status cairn_setup_each_file(const struct cairn_config *config,
                                                 cairn_status (*visit)(void *context,
                                                                       const char *path),
                                                 void *context);

/** A dataset that stays open from one trainer to the next; zeroed at first. */
struct cairn_setup_data {
    struct cairn_dataset *dataset; /* NULL: none was opened yet; owned */
    char *name;                    /* cairn_setup_data_name() of them; owned */
    char *root;   /* of copies of their files, as in cairn_dataset_options; NULL: none; owned */
    int n_beside; /* ranks on this host that take memory at the same time, where there are more than
                     those of a run; else 0 */
};

/** Whether the data of this config are open already.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_data_is_open(const struct cairn_setup_data *data,
                                                    const struct cairn_config *config, bool *out);

/** Let these be the data of this config, in the place of others; takes them, unless it fails.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_setup_data_keep(struct cairn_setup_data *data,
                                                 const struct cairn_config *config,
                                                 struct cairn_dataset *dataset);

/** cairn_setup_data_open() for all ranks, of which rank 0 alone opens files until rows are read,
 * and only where some rank does not have them open already.  Ranks: collective.  Errors: the agreed
 * one. */
CAIRN_CHECKED cairn_status cairn_setup_data_open_for_all(cairn_comm *comm, cairn_status st,
                                                         struct cairn_setup_data *data,
                                                         const struct cairn_config *config,
                                                         struct cairn_dataset **out);

/** Open the data of this config, or take those that are open already if they are of the same file.
 * *out is to be closed, too.  Ranks: local.  Errors: as cairn_setup_dataset(). */
CAIRN_CHECKED cairn_status cairn_setup_data_open(struct cairn_setup_data *data,
                                                 const struct cairn_config *config,
                                                 struct cairn_dataset **out);

/** Close and release.  Ranks: local.  Errors: none. */
void cairn_setup_data_close(struct cairn_setup_data *data);

/** What the config says of a run: when it evaluates, saves and looks at the gradient.  The rest of
 * *out is left alone.  Ranks: local.  Errors: CAIRN_USAGE: keep_best without val, milestones that
 * are no updates. */
CAIRN_CHECKED cairn_status cairn_setup_run(const struct cairn_config *config,
                                           const cairn_trainer *t, struct cairn_run_options *out);

/** What cairn_setup_run() would refuse, without a trainer.  Ranks: local.  Errors: the same. */
CAIRN_CHECKED cairn_status cairn_setup_check_run(const struct cairn_config *config,
                                                 const struct cairn_dataset *dataset,
                                                 const struct cairn_model *model);

/** Updates between two checkpoints, 0: only at the end; 1, the most there can be, where it is
 * measured.  Ranks: local.  Errors: none. */
uint64_t cairn_setup_saves_every(const struct cairn_config *config);

/** Whether a copy is made of what a run saves: where it saves before its end, unless it is to wait.
 * Ranks: local.  Errors: none. */
bool cairn_setup_saves_copied(const struct cairn_config *config);

/** Checkpoints that stay in a run of so many updates, however few of the newest are kept.
 * Ranks: local.  Errors: none; milestones that are no updates count none. */
uint64_t cairn_setup_saves_stay(const struct cairn_config *config, uint64_t n_updates);

#endif
