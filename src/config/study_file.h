/* SPDX-License-Identifier: BSD-3-Clause
 * The study file: which run file, which axes, what for.  Knows texts and types; what axes and
 * targets mean is study/.  Local: all ranks parse the same bytes. */
#ifndef CAIRN_CONFIG_STUDY_FILE_H
#define CAIRN_CONFIG_STUDY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/keys.h"
#include "config/config.h"

#define CAIRN_WORDS_STUDY_KIND(FIRST, NEXT)                                                        \
    FIRST(STUDY_TO_TARGET, "updates-to-target")                                                    \
    NEXT(STUDY_STRONG, "strong")                                                                   \
    NEXT(STUDY_WEAK, "weak")                                                                       \
    NEXT(STUDY_ACCUMULATION, "accumulation")
#define CAIRN_WORDS_STUDY_KEEP(FIRST, NEXT)                                                        \
    FIRST(STUDY_KEEP_NONE, "none") NEXT(STUDY_KEEP_BEST, "best") NEXT(STUDY_KEEP_ALL, "all")
#define CAIRN_WORDS_STUDY_EVERY(FIRST, NEXT) FIRST(STUDY_EVERY_AUTO, "auto")
CAIRN_CHOICE(cairn_study_kind, CAIRN_WORDS_STUDY_KIND);
CAIRN_CHOICE(cairn_study_keep, CAIRN_WORDS_STUDY_KEEP);
CAIRN_CHOICE(cairn_study_every, CAIRN_WORDS_STUDY_EVERY);

enum { CAIRN_STUDY_MOST_SET = 512 }; /* keys for all cells */

/** check_every: auto */
#define CAIRN_STUDY_AUTO CAIRN_KEY_WORD(CAIRN_STUDY_EVERY_AUTO)

/** What it says.  Texts and trees live in `tree`. */
struct cairn_study_file {
    const char *run; /* absolute */
    const struct cairn_node *set, *axes, *study;
    int kind, keep;                   /* of the enums above */
    const char *target;               /* "": none */
    const struct cairn_node *targets; /* a list of further ones, or NULL */
    const struct cairn_node *predict; /* a list of splits, or NULL */
    size_t check_every;               /* updates, or CAIRN_STUDY_AUTO */
    size_t budget_updates;            /* of a cell; CAIRN_NONE */
    size_t budget_samples;            /* likewise */
    size_t concurrent;                /* cells at once */
    const char *link;                 /* "": none is stated */
    char **override; /* "optim.momentum=0.9" of `set` and of the command line; NULL after
                        the last; owned */
    size_t n_overrides;
    struct cairn_node *tree; /* owned */
    char *source;            /* which its nodes borrow; owned */
};

/**
 * Read a study file's bytes.
 *
 * overrides  of the command line, NULL after the last: study.KEY=value and axes.KEY=[...] for the
 *            study, any other for the run file of all cells
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with line and column: not YAML, an unknown key (names the nearest), a wrong
 *         type; an axis that is not a key of a run file; set and an axis with one key
 */
CAIRN_CHECKED cairn_status cairn_study_file_read(const char *text, size_t n, const char *source,
                                                 const char *const *overrides,
                                                 struct cairn_study_file **out);

/**
 * The bytes of a study file, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: there is none, cannot be read
 */
CAIRN_CHECKED cairn_status cairn_study_file_load(const char *path, char **text, size_t *n);

/** Release; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_study_file_free(struct cairn_study_file *file);

/** What a study file takes: its sections, or the keys within `study:`.  Ranks: local.  Errors:
 * none.
 */
const struct cairn_key *cairn_study_file_keys(bool within, size_t *n);

/** Whether so many ranks can be shared by the cells at once.  Ranks: local.  Errors: CAIRN_USAGE:
 * not equally, with the number to take. */
CAIRN_CHECKED cairn_status cairn_study_file_shares(const struct cairn_study_file *file,
                                                   size_t n_ranks);

/** Where a key of `study:` stands, or the file's name.  Ranks: local.  Errors: none. */
const char *cairn_study_file_place(const struct cairn_study_file *file, const char *key);

#endif
