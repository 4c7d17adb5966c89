/* SPDX-License-Identifier: BSD-3-Clause
 * The document tree.  Not a parser: config/ makes trees from YAML. */
#include "base/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

cairn_status cairn_node_create(enum cairn_node_kind kind, const char *key, const char *text,
                               struct cairn_node **out)
{
    struct cairn_node *node = NULL;
    cairn_status st = cairn_memory_get(1, sizeof *node, "a node", &node);
    if (st != CAIRN_OK) return st;
    node->kind = kind;
    node->source = "";
    if (key != NULL) st = cairn_memory_text(key, &node->key);
    if (st == CAIRN_OK && text != NULL) st = cairn_memory_text(text, &node->text);
    if (st != CAIRN_OK) {
        cairn_node_free(node);
        return st;
    }
    *out = node;
    return CAIRN_OK;
}

void cairn_node_free(struct cairn_node *node)
{
    while (node != NULL) {
        struct cairn_node *next = node->next;
        cairn_node_free(node->child);
        free(node->key);
        free(node->text);
        free(node);
        node = next;
    }
}

void cairn_node_add(struct cairn_node *parent, struct cairn_node *child)
{
    struct cairn_node **end = &parent->child;
    while (*end != NULL) end = &(*end)->next;
    *end = child;
}

struct cairn_node *cairn_node_find(const struct cairn_node *map, const char *key)
{
    if (map == NULL || map->kind != CAIRN_NODE_MAP) return NULL;
    for (struct cairn_node *node = map->child; node != NULL; node = node->next)
        if (strcmp(node->key, key) == 0) return node;
    return NULL;
}

size_t cairn_node_count(const struct cairn_node *node)
{
    size_t n = 0;
    for (const struct cairn_node *child = node->child; child != NULL; child = child->next) n++;
    return n;
}

const char *cairn_node_place(const struct cairn_node *node)
{
    enum { BUFFERS = 4, BYTES = 512 };
    static _Thread_local char buffers[BUFFERS][BYTES];
    static _Thread_local unsigned turn;
    char *buffer = buffers[turn++ % BUFFERS];
    if (node->line == 0) return node->source;
    snprintf(buffer, BYTES, "%s:%zu:%zu", node->source, node->line, node->column);
    return buffer;
}

static bool same_lists(const struct cairn_node *a, const struct cairn_node *b)
{
    const struct cairn_node *x = a->child;
    const struct cairn_node *y = b->child;
    for (; x != NULL && y != NULL; x = x->next, y = y->next)
        if (!cairn_node_same(x, y)) return false;
    return x == NULL && y == NULL;
}

bool cairn_node_same(const struct cairn_node *a, const struct cairn_node *b)
{
    if (a == NULL || b == NULL) return a == b;
    if (a->kind != b->kind) return false;
    if (a->kind == CAIRN_NODE_SCALAR) return strcmp(a->text, b->text) == 0;
    if (a->kind == CAIRN_NODE_LIST) return same_lists(a, b);
    if (cairn_node_count(a) != cairn_node_count(b)) return false;
    for (const struct cairn_node *x = a->child; x != NULL; x = x->next)
        if (!cairn_node_same(x, cairn_node_find(b, x->key))) return false;
    return true;
}
