/* SPDX-License-Identifier: BSD-3-Clause
 * Tables of keys: one table feeds parser, help and docs.  The run file, every layer and every study
 * read their options through it, so that all of them check types and ranges and name the nearest
 * key in the same words.  Local. */
#ifndef CAIRN_BASE_KEYS_H
#define CAIRN_BASE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/tree.h"
#include "cairn/key.h"
#include "cairn/status.h"

/** A list of words, written once as
 *
 *     #define CAIRN_WORDS_TAIL(FIRST, NEXT) FIRST(TAIL_EXACT, "exact") NEXT(TAIL_DROP, "drop")
 *
 * gives the names CAIRN_TAIL_EXACT and CAIRN_TAIL_DROP for their places, by CAIRN_CHOICE(), and the
 * text of `words` below, by CAIRN_CHOICE_TEXT(): no place is ever written as a number. */
#define CAIRN_CHOICE(tag, list)         enum tag { list(CAIRN_CHOICE_FIRST_, CAIRN_CHOICE_NEXT_) }
#define CAIRN_CHOICE_TEXT(list)         list(CAIRN_CHOICE_WORD_, CAIRN_CHOICE_BLANK_)
#define CAIRN_CHOICE_FIRST_(name, text) CAIRN_##name
#define CAIRN_CHOICE_NEXT_(name, text)  , CAIRN_##name
#define CAIRN_CHOICE_WORD_(name, text)  text
#define CAIRN_CHOICE_BLANK_(name, text) " " text

/** How the i-th word of a CAIRN_KEY_COUNT is stored: larger than every number in a range. */
#define CAIRN_KEY_WORD(i) (SIZE_MAX - (size_t)(i))

/** How the i-th word of a CAIRN_KEY_DURATION is stored: no span of time is negative. */
#define CAIRN_KEY_DURATION_WORD(i) (-1.0 - (double)(i))

/** The keys that one kind of a registry has for itself, such as those of an optimizer. */
struct cairn_key_table {
    const struct cairn_key *keys; /* [n], names in full: "optim.momentum" */
    size_t n;
};

/** A section of the run file with keys that belong to the kinds of a registry.  Keys of the same
 * name in two kinds are the same key: type, default, range and doc agree. */
struct cairn_key_section {
    const char *name;                                              /* "optim" */
    bool (*table_at)(size_t index, struct cairn_key_table *table); /* false after the last kind */
};

/** All of them, NULL after the last.  The parser of the run file (config) reads these keys, but may
 * not see the modules whose kinds have them: src/sections.c, which belongs to no module, joins the
 * two when the library is linked. */
extern const struct cairn_key_section *const cairn_key_sections[];

/**
 * Fill a struct from a map: first every default, then what the map says.
 *
 * table, n     the keys
 * map          NULL stands for an empty map
 * passed_over  keys of the map, separated by blanks, that somebody else reads; NULL for none
 * what         names the map in messages: "optim", "layer 2 (dense)"
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: unknown key (names the nearest), key missing, wrong type or out of range;
 *         with the place
 */
CAIRN_CHECKED cairn_status cairn_keys_read(const struct cairn_key *table, size_t n,
                                           const struct cairn_node *map, const char *passed_over,
                                           const char *what, void *fields);

/**
 * Read one value as cairn_keys_read() does; node NULL: the default.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: wrong type or range, with the place; no default
 */
CAIRN_CHECKED cairn_status cairn_key_read(const struct cairn_key *key,
                                          const struct cairn_node *node, const char *what,
                                          void *fields);

/**
 * Read one value without a struct to hold it, and write it as cairn_key_text() does: *out points
 * into `buffer` [CAIRN_KEY_TEXT_BYTES] or to a text that lives as long as node and key; NULL for a
 * TREE.
 *
 * Ranks   local
 * Errors  as cairn_key_read()
 */
CAIRN_CHECKED cairn_status cairn_key_value(const struct cairn_key *key,
                                           const struct cairn_node *node, char *buffer,
                                           const char **out);

/**
 * The first `most` numbers of a TREE that was read with a range, a list or a single one, into
 * out [most]; the answer is how many there are.  NULL has none.
 *
 * Ranks   local
 * Errors  none; they were checked when they were read
 */
size_t cairn_key_numbers(const struct cairn_node *node, size_t most, double *out);

enum { CAIRN_KEY_TEXT_BYTES = 64 };

/**
 * A field's value as it is written in a run file, in `buffer` [CAIRN_KEY_TEXT_BYTES] or where it
 * already is; reading it gives the same value.  NULL for a TREE.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_key_text(const struct cairn_key *key, const void *fields, char *buffer);

/**
 * The name among n that is nearest to `wanted`, or NULL where none is near.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_keys_nearest(const char *wanted, const char *const *names, size_t n);

/**
 * The index of `wanted` among n names of `what` ("optimizer").
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: none of them; names the nearest, or all where none is near
 */
CAIRN_CHECKED cairn_status cairn_name_find(const char *what, const char *wanted,
                                           const char *const *names, size_t n, size_t *index);

/**
 * Whether `list`, words separated by blanks (NULL is none), holds `word`; its index in *index (may
 * be NULL).
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_words_find(const char *list, const char *word, int *index);

#endif
