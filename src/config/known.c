/* SPDX-License-Identifier: BSD-3-Clause
 * Which keys there are, and what an unknown one may have been meant to be. */
#include <stdio.h>
#include <string.h>

#include "config/parts.h"

enum { NAME_BYTES = 128, MOST_KEYS = 256 };

struct foreign {
    const char *theirs, *ours;
};

static const char *ours_in(const struct foreign *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i].theirs, name) == 0) return names[i].ours;
    return NULL;
}

static const char *foreign(const char *name)
{
    static const struct foreign names[] = {
#define X(theirs, ours) {theirs, ours},
#include "config/foreign.def"
#undef X
    };
    return ours_in(names, sizeof names / sizeof names[0], name);
}

/* What goes without a key here. */
static const char *keyless(const char *name)
{
    static const struct foreign names[] = {
#define X(theirs, ours) {theirs, ours},
#include "config/keyless.def"
#undef X
    };
    return ours_in(names, sizeof names / sizeof names[0], name);
}

/* The key of a section that a single value in its place means: optim: adam. */
static const char *main_key(const char *section)
{
    static const struct foreign names[] = {
        {"data", "file"},         {"batch", "global"}, {"optim", "name"},
        {"schedule", "decay"},    {"train", "epochs"}, {"checkpoint", "every_updates"},
        {"log", "gradflow_every"}};
    const char *key = ours_in(names, sizeof names / sizeof names[0], section);
    return key == NULL ? "key" : key;
}

/* "global" of "batch.global" */
static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot == NULL ? name : dot + 1;
}

static bool in_section(const char *name, const char *section, size_t n_section)
{
    return strncmp(name, section, n_section) == 0 && name[n_section] == '.';
}

static bool is_section(const char *section)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk))
        if (in_section(walk.key->name, section, strlen(section))) return true;
    return false;
}

/* The key that has this last part, in whatever section. */
static const char *same_last_part(const char *part)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk))
        if (strcmp(last_part(walk.key->name), part) == 0) return walk.key->name;
    return NULL;
}

/* The key most alike: of the section, by the last part, where there is such a section; else of
 * all. */
static const char *most_alike(const char *name)
{
    const char *all[MOST_KEYS];
    const char *names[MOST_KEYS];
    const char *parts[MOST_KEYS];
    size_t n_all = 0;
    size_t n = 0;
    struct cairn_config_walk walk = {0};
    size_t n_section = strcspn(name, ".");
    while (n_all < MOST_KEYS && cairn_config_next(&walk)) {
        all[n_all++] = walk.key->name;
        if (!in_section(walk.key->name, name, n_section)) continue;
        names[n] = walk.key->name;
        parts[n++] = last_part(walk.key->name);
    }
    if (n == 0) return cairn_keys_nearest(name, all, n_all);
    const char *part = cairn_keys_nearest(last_part(name), parts, n);
    for (size_t i = 0; i < n; i++)
        if (parts[i] == part) return names[i];
    return NULL;
}

static cairn_status unknown(const char *place, const char *name)
{
    const char *ours = foreign(last_part(name));
    if (ours != NULL)
        return cairn_fail(CAIRN_USAGE, "%s: unknown key '%s'; Cairn calls this %s", place, name,
                          ours);
    const char *why = keyless(last_part(name));
    if (why != NULL) return cairn_fail(CAIRN_USAGE, "%s: unknown key '%s': %s", place, name, why);
    const char *meant = same_last_part(last_part(name));
    if (meant == NULL) meant = most_alike(name);
    if (meant == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: unknown key '%s'; 'cairn options' lists all", place,
                          name);
    return cairn_fail(CAIRN_USAGE, "%s: unknown key '%s'; did you mean '%s'?", place, name, meant);
}

cairn_status cairn_known_find(const char *name, const char *source, const struct cairn_key **out)
{
    const struct cairn_key *key = cairn_config_key(name);
    if (key == NULL) return unknown(source, name);
    *out = key;
    return CAIRN_OK;
}

static cairn_status check_section(const struct cairn_node *section)
{
    char name[NAME_BYTES];
    bool known = is_section(section->key);
    bool nothing =
        section->kind == CAIRN_NODE_SCALAR && section->text[0] == '\0' && !section->quoted;
    if (known && section->kind != CAIRN_NODE_MAP && !nothing)
        return cairn_fail(CAIRN_USAGE, "%s: %s must be a map of keys, as in %s: {%s: %.60s}",
                          cairn_node_place(section), section->key, section->key,
                          main_key(section->key),
                          section->kind == CAIRN_NODE_SCALAR ? section->text : "...");
    if (!known && (foreign(section->key) != NULL || keyless(section->key) != NULL ||
                   section->kind != CAIRN_NODE_MAP || section->child == NULL))
        return unknown(cairn_node_place(section), section->key);
    for (const struct cairn_node *node = section->child; node != NULL; node = node->next) {
        snprintf(name, sizeof name, "%s.%s", section->key, node->key);
        if (cairn_config_key(name) == NULL) return unknown(cairn_node_place(node), name);
    }
    return CAIRN_OK;
}

cairn_status cairn_known_check(const struct cairn_node *tree)
{
    if (tree->kind != CAIRN_NODE_MAP)
        return cairn_fail(CAIRN_USAGE,
                          "%s: a run file is a map of sections, as in batch: {global: 256}",
                          cairn_node_place(tree));
    for (const struct cairn_node *node = tree->child; node != NULL; node = node->next) {
        if (strchr(node->key, '.') != NULL && cairn_config_key(node->key) != NULL)
            return cairn_fail(CAIRN_USAGE, "%s: '%s' is written in a run file as %.*s: {%s: ...}",
                              cairn_node_place(node), node->key, (int)strcspn(node->key, "."),
                              node->key, last_part(node->key));
        if (cairn_config_key(node->key) == NULL) CAIRN_TRY(check_section(node));
    }
    return CAIRN_OK;
}

bool cairn_known_option(const char *option, const char *value, char *text, size_t n_bytes)
{
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s", option + strspn(option, "-"));
    for (char *c = name; *c != '\0'; c++)
        if (*c == '-') *c = '_';
    const char *why = keyless(name);
    const char *ours = foreign(name);
    if (ours == NULL && why == NULL)
        ours = cairn_config_key(name) != NULL ? name : same_last_part(name);
    if (ours != NULL)
        snprintf(text, n_bytes, "Cairn calls this %s, a key without dashes: %.*s=%s", ours,
                 (int)strcspn(ours, " ,;"), ours, value == NULL ? "VALUE" : value);
    else if (why != NULL)
        snprintf(text, n_bytes, "%s", why);
    return ours != NULL || why != NULL;
}
