/* SPDX-License-Identifier: BSD-3-Clause
 * Lists of layers that a layer writes itself. */
#include "nn/list.h"

#include <stdio.h>

static void place_at(struct cairn_node *node, const struct cairn_node *place)
{
    node->source = place->source;
    node->line = place->line;
    node->column = place->column;
}

cairn_status cairn_list_create(const struct cairn_node *place, struct cairn_node **out)
{
    struct cairn_node *list = NULL;
    CAIRN_TRY(cairn_node_create(CAIRN_NODE_LIST, NULL, NULL, &list));
    place_at(list, place);
    *out = list;
    return CAIRN_OK;
}

cairn_status cairn_list_node(struct cairn_node *parent, enum cairn_node_kind kind, const char *key,
                             const char *text, struct cairn_node **out)
{
    struct cairn_node *node = NULL;
    CAIRN_TRY(cairn_node_create(kind, key, text, &node));
    place_at(node, parent);
    cairn_node_add(parent, node);
    if (out != NULL) *out = node;
    return CAIRN_OK;
}

cairn_status cairn_list_text(struct cairn_node *map, const char *key, const char *text)
{
    return cairn_list_node(map, CAIRN_NODE_SCALAR, key, text, NULL);
}

cairn_status cairn_list_count(struct cairn_node *parent, const char *key, size_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%zu", count);
    return cairn_list_text(parent, key, text);
}

cairn_status cairn_list_layer(struct cairn_node *list, const char *kind, struct cairn_node **out)
{
    CAIRN_TRY(cairn_list_node(list, CAIRN_NODE_MAP, NULL, NULL, out));
    return cairn_list_text(*out, "type", kind);
}
