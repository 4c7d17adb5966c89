/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Keys that a kind of layer, loss or optimizer has of its own in the run file: name, type, range
 * and default are written once, and messages, help and resumes take them from here.
 */
#ifndef CAIRN_KEY_H
#define CAIRN_KEY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a key takes, and the C type of its field.  Kinds of your own have no PATH and no TREE, and
 * words for a CHOICE only. */
enum cairn_key_type {
    CAIRN_KEY_COUNT,    /**< size_t: a whole number, or one of `words` as CAIRN_KEY_WORD(index) */
    CAIRN_KEY_REAL,     /**< double, finite */
    CAIRN_KEY_DURATION, /**< double: seconds, written as 90s or 2h, or one of `words` as
                           CAIRN_KEY_DURATION_WORD(index) */
    CAIRN_KEY_BOOL,     /**< bool: true or false (also yes, no, on, off) */
    CAIRN_KEY_TEXT,     /**< const char *, borrowed from the run file: good while the kind's plan or
                           check runs */
    CAIRN_KEY_PATH,     /**< as TEXT; resolved before it is read */
    CAIRN_KEY_CHOICE,   /**< int: index in `words` */
    CAIRN_KEY_TREE,     /**< const struct cairn_node *; NULL where it is "" or none */
    CAIRN_KEY_BYTES     /**< size_t: bytes, written as 64G, or one of `words` as
                           CAIRN_KEY_WORD(index) */
};

/** One key.  `fallback` is written as in the run file; NULL: the key must be given. */
struct cairn_key {
    const char *name;
    enum cairn_key_type type;
    size_t offset;        /**< of the field in the struct that is filled */
    const char *fallback; /**< the default; "" for none (TEXT: "", TREE: NULL) */
    double low,
        high; /**< range of COUNT, BYTES (at most 2^53), REAL and DURATION, both ends allowed; of
                 TREE: of each number of a list, or a single one; equal: it may hold anything */
    const char *words; /**< separated by blanks, or NULL; of TREE: what of name number list map it
                          takes, and none, which is NULL */
    const char *doc;   /**< one sentence, with the unit */
};

#ifdef __cplusplus
}
#endif

#endif
