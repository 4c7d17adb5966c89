/* SPDX-License-Identifier: BSD-3-Clause
 * A document as a tree of maps, lists and scalars, each with the place it was written at.  The run
 * file becomes one; layers read their keys from it.  Knows nothing of YAML.  All functions are
 * local. */
#ifndef CAIRN_BASE_TREE_H
#define CAIRN_BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "cairn/status.h"

enum cairn_node_kind { CAIRN_NODE_SCALAR, CAIRN_NODE_LIST, CAIRN_NODE_MAP };

/** One value.  Owns its texts and children. */
struct cairn_node {
    enum cairn_node_kind kind;
    char *key;                /* its name in a map; NULL in a list and at the top */
    char *text;               /* of a scalar; else NULL */
    const char *source;       /* file name or "command line"; borrowed, outlives the tree */
    size_t line, column;      /* from 1; 0 where there is no place */
    bool quoted;              /* a scalar in quotes is never a number or a word */
    struct cairn_node *child; /* the first of a map or list */
    struct cairn_node *next;  /* the next in the same map or list */
};

/**
 * Make a node.  key and text may be NULL.
 *
 * Ranks   local
 * Errors  CAIRN_MEMORY when out of memory
 */
CAIRN_CHECKED cairn_status cairn_node_create(enum cairn_node_kind kind, const char *key,
                                             const char *text, struct cairn_node **out);

/**
 * Release a node, its children and all that follow it; NULL is fine.
 *
 * Ranks   local
 * Errors  none
 */
void cairn_node_free(struct cairn_node *node);

/** Put a child, taken, after the others.  Ranks: local.  Errors: none. */
void cairn_node_add(struct cairn_node *parent, struct cairn_node *child);

/** The child of a map with this key, or NULL; `map` may be NULL.  Ranks: local.  Errors: none. */
struct cairn_node *cairn_node_find(const struct cairn_node *map, const char *key);

/** How many children there are.  Ranks: local.  Errors: none. */
size_t cairn_node_count(const struct cairn_node *node);

/**
 * "run.yaml:7:5" or "command line"; kept in one of a few buffers of the thread.
 *
 * Ranks   local
 * Errors  none
 */
const char *cairn_node_place(const struct cairn_node *node);

/**
 * Whether two trees hold the same keys (in any order), lists and texts.
 *
 * Ranks   local
 * Errors  none
 */
bool cairn_node_same(const struct cairn_node *a, const struct cairn_node *b);

#endif
