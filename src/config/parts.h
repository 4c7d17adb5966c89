/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of this folder are to each other.  Not for other modules: those include
 * config/config.h.  Local. */
#ifndef CAIRN_CONFIG_PARTS_H
#define CAIRN_CONFIG_PARTS_H

#include <stddef.h>

#include "base/tree.h"
#include "cairn/options.h"
#include "cairn/status.h"
#include "config/config.h"

/**
 * YAML to a tree whose nodes know line and column (of the key, where there is one).  An empty text
 * is an empty map.
 *
 * source  named in messages; borrowed by the nodes
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with line and column: not YAML, a key twice, anchors, tags, a second
 *         document, too deep
 */
CAIRN_CHECKED cairn_status cairn_yaml_read(const char *text, size_t n, const char *source,
                                           struct cairn_node **out);

/**
 * One value of a command line: YAML whose nodes have no line.
 *
 * Ranks   local
 * Errors  as cairn_yaml_read()
 */
CAIRN_CHECKED cairn_status cairn_yaml_value(const char *text, const char *source,
                                            struct cairn_node **out);

/**
 * Put "batch.global=4096" or "model.1.units=32" into the tree, in place of what was there.
 *
 * source  named in messages; borrowed by the nodes
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: no key=value, a value that is not YAML, a list without this element
 */
CAIRN_CHECKED cairn_status cairn_override_apply(struct cairn_node *tree, const char *override,
                                                const char *source);

/**
 * Whether all sections and keys of a run file are known.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with the place and the nearest key, or ours for another trainer's
 */
CAIRN_CHECKED cairn_status cairn_known_check(const struct cairn_node *tree);

/**
 * The key "batch.global" of the run file.
 *
 * Ranks   local
 * Errors  CAIRN_USAGE with the nearest key
 */
CAIRN_CHECKED cairn_status cairn_known_find(const char *name, const char *source,
                                            const struct cairn_key **out);

/** The node of "batch.global", or NULL.  Ranks: local.  Errors: none. */
struct cairn_node *cairn_tree_find(const struct cairn_node *tree, const char *name);

/**
 * A path as it is stored: ${VAR} expanded, absolute.
 *
 * beside  a relative path is taken from the folder of this file; NULL: from the working folder
 * out     to be released with free()
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: empty, a variable that is not set, not UTF-8
 */
CAIRN_CHECKED cairn_status cairn_path_resolve(const char *text, const char *beside, char **out);

#endif
