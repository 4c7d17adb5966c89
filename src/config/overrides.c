/* SPDX-License-Identifier: BSD-3-Clause
 * key=value of the command line, put into the tree.  Whether the key is known is seen afterwards,
 * with all others. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/parts.h"

/* The override as given, its key cut at the dots, and who gave it. */
struct override {
    const char *text;
    const char *source;
    char *key; /* owned */
};

/* "batch:" with nothing after it is an empty section. */
static void make_map_of_nothing(struct cairn_node *node)
{
    if (node->kind != CAIRN_NODE_SCALAR || node->quoted || node->text[0] != '\0') return;
    free(node->text);
    node->text = NULL;
    node->kind = CAIRN_NODE_MAP;
}

static cairn_status link_in_list(const struct override *o, struct cairn_node *list,
                                 const char *name, struct cairn_node ***link)
{
    char *end = NULL;
    unsigned long index = strtoul(name, &end, 10);
    size_t n = cairn_node_count(list);
    if (*end != '\0' || end == name || strchr("+- ", *name) != NULL || index >= n)
        return cairn_fail(CAIRN_USAGE, "%s: %s: no element '%s' in a list of %zu, numbered from 0",
                          o->source, o->text, name, n);
    *link = &list->child;
    for (; index > 0; index--) *link = &(**link)->next;
    return CAIRN_OK;
}

/* Where the part `name` of `parent` hangs: a pointer to NULL where a map does not have it yet. */
static cairn_status link_of(const struct override *o, struct cairn_node *parent, const char *name,
                            struct cairn_node ***link)
{
    make_map_of_nothing(parent);
    if (*name == '\0')
        return cairn_fail(CAIRN_USAGE, "%s: %s: the key has an empty part", o->source, o->text);
    if (parent->kind == CAIRN_NODE_SCALAR)
        return cairn_fail(CAIRN_USAGE, "%s: %s: %s is the single value %s, without a part '%s'",
                          o->source, o->text, parent->key == NULL ? "this" : parent->key,
                          parent->text, name);
    if (parent->kind == CAIRN_NODE_LIST) return link_in_list(o, parent, name, link);
    *link = &parent->child;
    while (**link != NULL && strcmp((**link)->key, name) != 0) *link = &(**link)->next;
    return CAIRN_OK;
}

/* Hang `node`, taken, where `link` points, in place of what was there. */
static void replace(struct cairn_node **link, struct cairn_node *node)
{
    struct cairn_node *old = *link;
    if (old != NULL) {
        node->next = old->next;
        old->next = NULL;
        cairn_node_free(old);
    }
    *link = node;
}

static cairn_status descend(const struct override *o, struct cairn_node *tree,
                            struct cairn_node *value)
{
    struct cairn_node *parent = tree;
    struct cairn_node **link = NULL;
    char *name = o->key;
    for (char *dot = strchr(name, '.'); dot != NULL; dot = strchr(name, '.')) {
        *dot = '\0';
        CAIRN_TRY(link_of(o, parent, name, &link));
        if (*link == NULL) {
            CAIRN_TRY(cairn_node_create(CAIRN_NODE_MAP, name, NULL, link));
            (*link)->source = o->source;
        }
        parent = *link;
        name = dot + 1;
    }
    CAIRN_TRY(link_of(o, parent, name, &link));
    if (parent->kind == CAIRN_NODE_MAP) CAIRN_TRY(cairn_memory_text(name, &value->key));
    replace(link, value);
    return CAIRN_OK;
}

/* Keys of which one may stand in for the other: what the command line says takes the place of what
 * the file says. */
static const char *const alternatives[][2] = {
    {"train.updates", "train.epochs"},
    {"train.epochs", "train.updates"},
};

static cairn_status put_alternative_aside(struct cairn_node *tree, const char *key)
{
    for (size_t i = 0; i < sizeof alternatives / sizeof alternatives[0]; i++) {
        struct cairn_node *other = cairn_tree_find(tree, alternatives[i][1]);
        if (strcmp(alternatives[i][0], key) != 0 || other == NULL || other->line == 0) continue;
        if (other->kind != CAIRN_NODE_SCALAR) continue;
        free(other->text);
        other->text = NULL;
        CAIRN_TRY(cairn_memory_text("none", &other->text));
    }
    return CAIRN_OK;
}

cairn_status cairn_override_apply(struct cairn_node *tree, const char *override, const char *source)
{
    struct override o = {.text = override, .source = source};
    struct cairn_node *value = NULL;
    size_t n = strcspn(override, "=");
    if (n == 0 || override[n] == '\0')
        return cairn_fail(CAIRN_USAGE, "%s: '%s' is not key=value, as in batch.global=256", source,
                          override);
    CAIRN_TRY(cairn_yaml_value(override + n + 1, source, &value));
    cairn_status st = cairn_memory_text(override, &o.key);
    if (st == CAIRN_OK) {
        o.key[n] = '\0';
        if (value->text == NULL || strcmp(value->text, "none") != 0)
            st = put_alternative_aside(tree, o.key);
    }
    if (st == CAIRN_OK) st = descend(&o, tree, value);
    if (st != CAIRN_OK) cairn_node_free(value);
    free(o.key);
    return st;
}
