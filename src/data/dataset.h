/* SPDX-License-Identifier: BSD-3-Clause
 * The files of a dataset (launch/guide/contract.md 7), opened and checked.  Local: one rank does
 * that, and the others make theirs of what it knows. */
#ifndef CAIRN_DATA_DATASET_H
#define CAIRN_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "base/tree.h"
#include "cairn/data.h"
#include "cairn/status.h"
#include "tensor/shape.h"

#define CAIRN_WORDS_SPLIT(FIRST, NEXT)                                                             \
    FIRST(SPLIT_TRAIN, "train") NEXT(SPLIT_VAL, "val") NEXT(SPLIT_TEST, "test")
CAIRN_CHOICE(cairn_split, CAIRN_WORDS_SPLIT);
#define CAIRN_N_SPLITS (CAIRN_SPLIT_TEST + 1)

/** Tokens travel as floats, which count no further. */
enum { CAIRN_MOST_VOCABULARY = 1 << 24 };

struct cairn_dataset;

/** "train", "val" or "test".  Ranks: local.  Errors: none. */
const char *cairn_split_name(enum cairn_split split);

/** The group of this name.  Ranks: local.  Errors: CAIRN_USAGE: there is none. */
CAIRN_CHECKED cairn_status cairn_split_find(const char *name, enum cairn_split *out);

/**
 * Open and check structure: groups, x and y of one length, types, scales, or tokens.  Reads all
 * labels.  Tokens are no samples before cairn_dataset_set_context().
 *
 * Ranks   local
 * Errors  CAIRN_DATA, with path and what to do
 */
CAIRN_CHECKED cairn_status cairn_dataset_open(const char *path, struct cairn_dataset **out);

/** Where the data are and what their arrays are called. */
struct cairn_dataset_options {
    const char *file;                               /* its path, or a pattern for several */
    const struct cairn_node *files;                 /* NULL, or in its place one or a list */
    size_t open_files;                              /* that are open at once; 0: some */
    const struct cairn_node *group[CAIRN_N_SPLITS]; /* names of groups, files or patterns, one or a
                                                       list; NULL: the groups of `file` that are
                                                       called so; borrowed while opening */
    const char *root; /* a folder that has copies of the files, by their whole paths, which are read
                         in their place; NULL: none */
    const char *x, *y, *weight; /* names in a group, or paths; NULL: x, y and weight; y as x: the
                                   targets are the inputs */
    enum cairn_split alone;     /* what a file without groups is */
    double val_fraction, test_fraction; /* of the samples of train that become val and test */
    uint64_t split_seed;                /* which ones */
    bool hwc;                           /* images are stored as [n, H, W, C] */
    bool chwn;            /* samples are counted by the last dimension, [C, H, W, n] */
    bool whole;           /* all of an array is one sample, one in each file */
    bool labels_optional; /* y may be missing, and with it targets and classes */
    size_t most_labels; /* of a group that are held from its opening on: more whole numbers stay in
                           the file, and loaders read them; 0: all are held */
};

/** The same, with other names.  Ranks: local.  Errors: as above; a name that is not there is
 * answered with those that are. */
CAIRN_CHECKED cairn_status cairn_dataset_open_as(const struct cairn_dataset_options *options,
                                                 struct cairn_dataset **out);

/** Close and release once as many have closed it as share it; NULL is fine.  Ranks: local.
 * Errors: none. */
void cairn_dataset_close(struct cairn_dataset *dataset);

/** The same dataset for one more, who closes it, too: one context and one normalisation for all.
 * Ranks: local.  Errors: none. */
struct cairn_dataset *cairn_dataset_share(struct cairn_dataset *dataset);

/** Let a sample be a window of C tokens, with the tokens one further as its labels (data/tokens.h);
 * 0 for data of x and y.  Ranks: local.  Errors: CAIRN_USAGE: tokens without, x and y with one. */
CAIRN_CHECKED cairn_status cairn_dataset_set_context(struct cairn_dataset *dataset, size_t context);

/** One number for all channels or one for each; 0 of them: mean 0, std 1.  std is above 0. */
struct cairn_normalization {
    const double *mean, *std;
    size_t n_mean, n_std;
};

/** Let loaders that are made from now on give (x - mean) / std, x being scaled and shifted as the
 * file says, in all groups.  Ranks: local.  Errors: CAIRN_USAGE: not one and not one for each
 * channel (the first dimension of a sample), tokens; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_normalize(struct cairn_dataset *dataset,
                                                   const struct cairn_normalization *by);

/** Let them give x as the file says.  Ranks: local.  Errors: none. */
void cairn_dataset_normalize_not(struct cairn_dataset *dataset);

/** C; 0 for data of x and y.  Ranks: local.  Errors: none. */
size_t cairn_dataset_context(const struct cairn_dataset *dataset);

/** Tokens of a group, whatever the context; 0 for x and y.  Ranks: local.  Errors: none. */
size_t cairn_dataset_tokens(const struct cairn_dataset *dataset, enum cairn_split split);

/** How many different tokens there are; 0: x and y.  Ranks: local.  Errors: none. */
size_t cairn_dataset_vocabulary(const struct cairn_dataset *dataset);

/** The characters that the tokens stand for, UTF-8 in the order of the tokens; NULL where the file
 * does not say.  Ranks: local.  Errors: none. */
const char *cairn_dataset_characters(const struct cairn_dataset *dataset);

/** The absolute path.  Ranks: local.  Errors: none. */
const char *cairn_dataset_path(const struct cairn_dataset *dataset);

/**
 * Let training samples count as if their weight were 0, in loaders that are made from now on, as
 * the samples that were excluded before no longer do.
 *
 * text  rows of train as they are stored, a number on each line, in any order and as often as one
 *       likes; # begins a comment; NULL: none
 * name  of the text, for messages
 *
 * Ranks   local
 * Errors  CAIRN_DATA: a line is no row of train, or one that became val or test; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_dataset_exclude(struct cairn_dataset *dataset, const char *text,
                                                 const char *name);

/** Whether a training sample is one of them.  Ranks: local.  Errors: none. */
bool cairn_dataset_excludes(const struct cairn_dataset *dataset, uint64_t sample);

/** These samples [*n], rising; NULL for none.  Ranks: local; borrowed.  Errors: none. */
const uint64_t *cairn_dataset_excluded(const struct cairn_dataset *dataset, size_t *n);

/** Whether the file has the group.  Ranks: local.  Errors: none. */
bool cairn_dataset_has(const struct cairn_dataset *dataset, enum cairn_split split);

/** Whether the training samples come by cairn_trainer_feed().  Ranks: local.  Errors: none. */
bool cairn_dataset_is_fed(const struct cairn_dataset *dataset);

/** Samples of a group; 0 where there is none.  Ranks: local.  Errors: none. */
size_t cairn_dataset_size(const struct cairn_dataset *dataset, enum cairn_split split);

/** Rows of a group as they are stored, those of several files one after the other: more than its
 * samples where some of train are val or test instead.  Ranks: local.  Errors: none. */
size_t cairn_dataset_rows(const struct cairn_dataset *dataset, enum cairn_split split);

/** The sample that is such a row; false: it is one of another group.  Ranks: local.
 * Errors: none. */
bool cairn_dataset_sample_of_row(const struct cairn_dataset *dataset, enum cairn_split split,
                                 uint64_t row, uint64_t *sample);

/** Shape of one sample.  Ranks: local.  Errors: none. */
const struct cairn_shape *cairn_dataset_input(const struct cairn_dataset *dataset);

/** The type that x or tokens of a group are converted to while they are read, "float32"; NULL where
 * they are as stored.  Ranks: local.  Errors: none. */
const char *cairn_dataset_converts_to(const struct cairn_dataset *dataset, enum cairn_split split);

/** Shape of the y of one sample, targets or labels; ndim 0: one label.  Ranks: local.
 * Errors: none. */
const struct cairn_shape *cairn_dataset_y(const struct cairn_dataset *dataset);

/** Labels of one sample: 1, those of its positions, or of its tokens; 0: real targets or no
 * context.  Ranks: local.  Errors: none. */
size_t cairn_dataset_n_labels(const struct cairn_dataset *dataset);

/** Whether y are several whole numbers of each sample, which may be targets or labels of its
 * positions.  Ranks: local.  Errors: none. */
bool cairn_dataset_y_is_whole(const struct cairn_dataset *dataset);

/** Real targets per sample; 0: classes.  Ranks: local.  Errors: none. */
size_t cairn_dataset_targets(const struct cairn_dataset *dataset);

/** Largest label + 1 over all groups, at least 1, of labels of positions of the first ones that
 * were looked at; the vocabulary of tokens; 0: real targets.
 * Ranks: local.  Errors: none. */
size_t cairn_dataset_classes(const struct cairn_dataset *dataset);

/** Labels [n] of a group, maybe negative (cairn_dataset_check_labels()); NULL where there are none
 * or they stay in the file, and of tokens and positions.  Ranks: local.  Errors: none. */
const int32_t *cairn_dataset_labels(const struct cairn_dataset *dataset, enum cairn_split split);

/** Names of the classes, separated by commas, where labels are texts or an enum; else NULL.
 * Ranks: local.  Errors: none. */
const char *cairn_dataset_class_names(const struct cairn_dataset *dataset);

/** Take one real target for each sample as the number of its class, or several whole numbers of it
 * as labels of its positions, or as targets again; nothing where y is otherwise.  Ranks: local.
 * Errors: CAIRN_DATA: no whole number (names the row), cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_set_classes(struct cairn_dataset *dataset, bool classes);

/** No label is ignored. */
#define CAIRN_NO_LABEL INT64_MIN

/**
 * Whether a model with so many outputs for each label knows every label; of those of positions the
 * first ones are looked at, the others when they are read.
 *
 * ignored  a label that is fine besides, since the loss passes over it; CAIRN_NO_LABEL for none
 *
 * Ranks   local
 * Errors  CAIRN_DATA: names file, group, row and label; CAIRN_USAGE: fewer outputs than the
 *         vocabulary of tokens
 */
CAIRN_CHECKED cairn_status cairn_dataset_check_labels(const struct cairn_dataset *dataset,
                                                      size_t n_classes, int64_t ignored);

/** Which keys of its data a run was given. */
struct cairn_dataset_given {
    bool hwc, normalized; /* data.layout; data.mean or data.std */
};

/** Say, in a line each, what of the training data is rarely meant: channels that seem to come last,
 * bytes without a scale, classes without samples or counted from 1, rows that were never written,
 * arrays that nobody uses.  Ranks: local.  Errors: CAIRN_DATA: cannot be read; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_doubts(const struct cairn_dataset *dataset,
                                                const struct cairn_dataset_given *given,
                                                void (*say)(void *context, const char *line),
                                                void *context);

/** title, source, license or citation; "" where the file does not say.  Ranks: local.
 * Errors: none. */
const char *cairn_dataset_about(const struct cairn_dataset *dataset, const char *attribute);

/** Whether arrays of the host's are those of a sample of this form.  Ranks: local.
 * Errors: CAIRN_USAGE: one is missing, or too much. */
CAIRN_CHECKED cairn_status cairn_dataset_check_samples(const struct cairn_dataset *dataset,
                                                       const struct cairn_samples *samples);

/**
 * XXH64 over shapes, types, scales, labels, vocabulary, characters and (a fixed, spread-out
 * selection of at most 16 MiB of) the samples or tokens and their weights in all groups: recognises
 * the data wherever the file lies.
 *
 * Ranks   local
 * Errors  CAIRN_DATA: cannot be read; CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_dataset_fingerprint(struct cairn_dataset *dataset, uint64_t *out);

/** One number by size, beginning and end of the files, of many for some of them: the same on hosts
 * that see the same files; 0: one cannot be read, or there are none.  Ranks: local.
 * Errors: none. */
uint64_t cairn_dataset_sample(const struct cairn_dataset *dataset);

/** The same for each of several files, a line each, to be released with free(); NULL for fewer.
 * Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_files_text(const struct cairn_dataset *dataset,
                                                    char **out);

/** Whether these lines are those of the dataset.  path: of the checkpoint that has them.
 * Ranks: local.  Errors: CAIRN_DATA: names the first file that differs; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_check_files(const struct cairn_dataset *dataset,
                                                     const char *before, const char *path);

/** Bytes that its files take beside their rows: what is known of each, and what HDF5 keeps of those
 * that are open, except for one.  Ranks: local.  Errors: none. */
size_t cairn_dataset_files_bytes(const struct cairn_dataset *dataset);

/** All that is known of a dataset, as bytes that another process of this program can make it from,
 * to be released with free(); its files are opened there when their rows are read, and there is
 * room for its labels, which are not among them.  Nothing in memory.  Ranks: local.
 * Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_pack(const struct cairn_dataset *dataset, char **bytes,
                                              size_t *n_bytes);

/** The dataset of such bytes.  Ranks: local.  Errors: CAIRN_DATA: its files are not seen here as
 * they were there; CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_dataset_unpack(char *bytes, size_t n_bytes,
                                                struct cairn_dataset **out);

/** The labels [n] of a group, to be filled; NULL where there are none.  Ranks: local.
 * Errors: none. */
int32_t *cairn_dataset_room_for_labels(struct cairn_dataset *dataset, enum cairn_split split);

#endif
