/* SPDX-License-Identifier: BSD-3-Clause
 * The run file and the command line's key=value, read into one struct by options.def.  Knows texts
 * and types, not what the keys do: relations between keys are checked in setup/.  Local: all ranks
 * parse the same bytes. */
#ifndef CAIRN_CONFIG_CONFIG_H
#define CAIRN_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/keys.h"
#include "base/tree.h"
#include "cairn/options.h"
#include "cairn/status.h"
#include "config/choices.h"

/* One C type for each kind of key. */
#define CAIRN_FIELD_COUNT    size_t
#define CAIRN_FIELD_REAL     double
#define CAIRN_FIELD_DURATION double
#define CAIRN_FIELD_BYTES    size_t
#define CAIRN_FIELD_BOOL     bool
#define CAIRN_FIELD_TEXT     const char *
#define CAIRN_FIELD_PATH     const char *
#define CAIRN_FIELD_CHOICE   int
#define CAIRN_FIELD_TREE     const struct cairn_node *

/** The word "none" of a COUNT whose first word it is. */
#define CAIRN_NONE CAIRN_KEY_WORD(0)

/** The value of every key in options.def; those of the kinds' keys, texts and trees are in `tree`.
 */
struct cairn_config {
#define X(key, field, type, ...) CAIRN_FIELD_##type field;
#include "config/options.def"
#undef X
    struct cairn_node *tree; /* the whole document with overrides, paths absolute; owned */
    int auto_kernels; /* enum cairn_word_kernels: what train.kernels: auto stands for in a run
                         that goes on; CAIRN_KERNELS_AUTO: nothing in particular */
    char *source;     /* the run file's name, which the nodes of the tree borrow; owned */
};

/** Of train.precision: 32 or 64.  Ranks: local.  Errors: none. */
int cairn_config_bits(const struct cairn_config *config);

/** Whether a flag "--lr" or "--batch-size" is a key of ours or of another trainer; then what to
 * write, with this value (NULL: not known), into text.  Ranks: local.  Errors: none. */
bool cairn_known_option(const char *option, const char *value, char *text, size_t n_bytes);

/**
 * The bytes of a run file, to be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: cannot be read, too large
 */
CAIRN_CHECKED cairn_status cairn_config_load(const char *path, char **text, size_t *n);

/**
 * Read a run file's bytes and overrides.
 *
 * text       the YAML, n bytes
 * source     its path: relative paths inside are taken from its folder; named in messages
 * overrides  "batch.global=4096", NULL after the last; relative paths: from the working folder
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with line and column: not YAML, a key twice, unknown key (names the nearest,
 *         and ours for another trainer's), wrong type or range, ${VAR} that is not set; without:
 *         data.file or model not given
 */
CAIRN_CHECKED cairn_status cairn_config_read(const char *text, size_t n, const char *source,
                                             const char *const *overrides,
                                             struct cairn_config **out);

/**
 * As cairn_config_read(), with another name than "command line" for the overrides; it must be
 * static.
 *
 * Ranks   local
 * Errors  none
 */
CAIRN_CHECKED cairn_status cairn_config_read_from(const char *text, size_t n, const char *source,
                                                  const char *const *overrides,
                                                  const char *overrides_source,
                                                  struct cairn_config **out);

/** Options from the bytes of a run file, which are taken, also on failure.  Ranks: local.
 * Errors: CAIRN_USAGE, as cairn_config_read(). */
CAIRN_CHECKED cairn_status cairn_options_parse(const char *path, char *text, size_t n_bytes,
                                               const char *const *overrides,
                                               struct cairn_options **out);

/**
 * The config that a program's options make.
 *
 * in_memory  the samples are, and data.file is not wanted
 *
 * Ranks   local
 * Errors  CAIRN_USAGE, as cairn_config_read()
 */
CAIRN_CHECKED cairn_status cairn_options_config(const cairn_options *options, bool in_memory,
                                                struct cairn_config **out);

/** Release it and its tree; NULL is fine.  Ranks: local.  Errors: none. */
void cairn_config_free(struct cairn_config *config);

/**
 * The resolved run file: YAML with every default, keys in the order of options.def; reading it
 * gives the same config and the same text again.  To be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_config_print(const struct cairn_config *config, char **out);

/**
 * Keys that differ, matter on resume (FIXED) and so forbid it: "batch.global (256, was 128),
 * optim.lr (...)"; "" for none. To be released with free().
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_config_changed(const struct cairn_config *now,
                                                const struct cairn_config *before, char **out);

/**
 * Give a key that the run file leaves open the value that it turned out to have, so that it is
 * part of what is printed and compared.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY
 */
CAIRN_CHECKED cairn_status cairn_config_resolve(struct cairn_config *config, const char *key,
                                                const char *value);

/** Whether the run file or the command line gives this key.  Ranks: local.  Errors: none. */
bool cairn_config_given(const struct cairn_config *config, const char *key);

/**
 * Where a key was given ("run.yaml:7:5", "command line", "default").
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_config_place(const struct cairn_config *config, const char *key);

/** A walk over all keys of the run file: those of options.def in their order, and at the end of a
 * section those of its kinds (base/keys.h), each name once.  Starts as {0}. */
struct cairn_config_walk {
    const struct cairn_key *key;
    bool of_kind;                 /* its field is in the struct of the kind, not in cairn_config */
    bool is_fixed;                /* another value forbids to resume */
    size_t next, table, of_table; /* where the walk is */
};

/** Go to the next key; false where there is none left.  Ranks: local.  Errors: none. */
bool cairn_config_next(struct cairn_config_walk *walk);

/** The key "batch.global"; NULL: there is no such key.  Ranks: local.  Errors: none. */
const struct cairn_key *cairn_config_key(const char *name);

/** The number that a key of a kind has, such as optim.beta1; 0: there is no such key.  Ranks:
 * local. Errors: none. */
double cairn_config_real(const struct cairn_config *config, const char *name);

/** The value of the key of a walk as it is written in a run file, in `buffer`
 * [CAIRN_KEY_TEXT_BYTES] or where it already is; NULL for a TREE.  Ranks: local.  Errors: none. */
const char *cairn_config_text(const struct cairn_config *config,
                              const struct cairn_config_walk *walk, char *buffer);

#endif
