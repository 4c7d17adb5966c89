/* SPDX-License-Identifier: BSD-3-Clause
 * What differs between two run files and forbids to resume.  Data are recognised by fingerprint,
 * not here by path. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"

static const char *shown(const struct cairn_node *node)
{
    if (node == NULL) return "not given";
    return node->kind == CAIRN_NODE_SCALAR ? node->text
           : node->kind == CAIRN_NODE_LIST ? "a list"
                                           : "a map";
}

/* The first children, *x of `a` and *y of `b`, that differ; one of them may be NULL. */
static bool differing_children(const struct cairn_node *a, const struct cairn_node *b,
                               const struct cairn_node **x, const struct cairn_node **y,
                               size_t *index)
{
    bool is_list = a->kind == CAIRN_NODE_LIST;
    *x = a->child;
    *y = is_list ? b->child : NULL;
    for (*index = 0; *x != NULL; *x = (*x)->next, ++*index) {
        if (!is_list) *y = cairn_node_find(b, (*x)->key);
        if (!cairn_node_same(*x, *y)) return true;
        if (is_list) *y = (*y)->next;
    }
    if (is_list) return *y != NULL;
    for (*y = b->child; *y != NULL; *y = (*y)->next)
        if (cairn_node_find(a, (*y)->key) == NULL) return true;
    return false;
}

/* Write where two trees first differ: ".1.units (32, was 64)". */
static void put_difference(FILE *out, const struct cairn_node *now, const struct cairn_node *before)
{
    const struct cairn_node *x = now;
    const struct cairn_node *y = before;
    size_t index = 0;
    while (now != NULL && before != NULL && now->kind == before->kind &&
           differing_children(now, before, &x, &y, &index)) {
        const char *key = x != NULL ? x->key : y->key;
        if (key != NULL)
            fprintf(out, ".%s", key);
        else
            fprintf(out, ".%zu", index);
        now = x;
        before = y;
    }
    fprintf(out, " (%s, was %s)", shown(now), shown(before));
}

/* What the tree has for this key; NULL also where that is none. */
static const struct cairn_node *given_tree(const struct cairn_config *config,
                                           const struct cairn_key *key)
{
    const struct cairn_node *node = cairn_tree_find(config->tree, key->name);
    bool is_none = node != NULL && node->kind == CAIRN_NODE_SCALAR && key->fallback != NULL &&
                   strcmp(node->text, key->fallback) == 0;
    return is_none ? NULL : node;
}

/* Write a key that differs; true where it does. */
static bool put_key(FILE *out, const struct cairn_config_walk *walk, const char *comma,
                    const struct cairn_config *now, const struct cairn_config *before)
{
    const struct cairn_key *key = walk->key;
    char buffers[2][CAIRN_KEY_TEXT_BYTES];
    if (key->type == CAIRN_KEY_TREE) {
        const struct cairn_node *x = given_tree(now, key);
        const struct cairn_node *y = given_tree(before, key);
        if (cairn_node_same(x, y)) return false;
        fprintf(out, "%s%s", comma, key->name);
        put_difference(out, x, y);
        return true;
    }
    const char *x = cairn_config_text(now, walk, buffers[0]);
    const char *y = cairn_config_text(before, walk, buffers[1]);
    if (strcmp(x, y) == 0) return false;
    fprintf(out, "%s%s (%s, was %s)", comma, key->name, x, y);
    return true;
}

cairn_status cairn_config_changed(const struct cairn_config *now, const struct cairn_config *before,
                                  char **out)
{
    char *text = NULL;
    size_t n_bytes = 0;
    const char *comma = "";
    struct cairn_config_walk walk = {0};
    FILE *memory = open_memstream(&text, &n_bytes);
    if (memory == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for comparing run files");
    while (cairn_config_next(&walk))
        if (walk.is_fixed && put_key(memory, &walk, comma, now, before)) comma = ", ";
    if (fclose(memory) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "no memory for comparing run files");
    }
    *out = text;
    return CAIRN_OK;
}
