/* SPDX-License-Identifier: BSD-3-Clause
 * Lists of layers that a layer writes itself, as a run file would, for cairn_chain_plan().  All
 * nodes have the place of the list.  Compiled in two precisions (tensor/real.h).  Local. */
#ifndef CAIRN_NN_LIST_H
#define CAIRN_NN_LIST_H

#include <stddef.h>

#include "base/tree.h"
#include "tensor/real.h"

#define cairn_list_create CAIRN_R(cairn_list_create)
#define cairn_list_node   CAIRN_R(cairn_list_node)
#define cairn_list_text   CAIRN_R(cairn_list_text)
#define cairn_list_count  CAIRN_R(cairn_list_count)
#define cairn_list_layer  CAIRN_R(cairn_list_layer)

/** An empty list at the place of a node; release with cairn_node_free().  Ranks: local.
 * Errors: CAIRN_MEMORY, as all below. */
CAIRN_CHECKED cairn_status cairn_list_create(const struct cairn_node *place,
                                             struct cairn_node **out);

/** A node after the parent's others; out may be NULL.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_list_node(struct cairn_node *parent, enum cairn_node_kind kind,
                                           const char *key, const char *text,
                                           struct cairn_node **out);

/** key: text, into a map.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_list_text(struct cairn_node *map, const char *key,
                                           const char *text);

/** key: count, into a map, or a count into a list (key NULL).  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_list_count(struct cairn_node *parent, const char *key,
                                            size_t count);

/** {type: kind} after the layers of a list.  Ranks: local.  Errors: as above. */
CAIRN_CHECKED cairn_status cairn_list_layer(struct cairn_node *list, const char *kind,
                                            struct cairn_node **out);

#endif
