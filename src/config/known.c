/* SPDX-License-Identifier: BSD-3-Clause
 * Which keys there are, and what somebody may have meant by one that is not there. */
#include <stdio.h>
#include <string.h>

#include "config/parts.h"

enum { NAME_BYTES = 128, MOST_KEYS = 128 };

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
    size_t n = 0;
    const struct cairn_key *keys = cairn_config_keys(&n);
    size_t i = 0;
    while (i < n && !in_section(keys[i].name, section, strlen(section))) i++;
    return i < n;
}

/* The key that has this last part, in whatever section. */
static const char *same_last_part(const char *part)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_config_keys(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(last_part(keys[i].name), part) == 0) return keys[i].name;
    return NULL;
}

/* The key most alike: of the section, by the last part, where there is such a section; else of
 * all. */
static const char *most_alike(const char *name)
{
    const char *names[MOST_KEYS];
    const char *parts[MOST_KEYS];
    size_t n_keys = 0;
    size_t n = 0;
    const struct cairn_key *keys = cairn_config_keys(&n_keys);
    size_t n_section = strcspn(name, ".");
    for (size_t i = 0; i < n_keys && n < MOST_KEYS; i++) {
        if (!in_section(keys[i].name, name, n_section)) continue;
        names[n] = keys[i].name;
        parts[n++] = last_part(keys[i].name);
    }
    if (n > 0) {
        const char *part = cairn_keys_nearest(last_part(name), parts, n);
        for (size_t i = 0; i < n; i++)
            if (parts[i] == part) return names[i];
        return NULL;
    }
    for (n = 0; n < n_keys && n < MOST_KEYS; n++) names[n] = keys[n].name;
    return cairn_keys_nearest(name, names, n);
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

static const struct cairn_key *find(const char *name)
{
    size_t n = 0;
    const struct cairn_key *keys = cairn_config_keys(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

cairn_status cairn_known_find(const char *name, const char *source, const struct cairn_key **out)
{
    const struct cairn_key *key = find(name);
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
        if (find(name) == NULL) return unknown(cairn_node_place(node), name);
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
        if (strchr(node->key, '.') != NULL && find(node->key) != NULL)
            return cairn_fail(CAIRN_USAGE, "%s: '%s' stands in a run file as %.*s: {%s: ...}",
                              cairn_node_place(node), node->key, (int)strcspn(node->key, "."),
                              node->key, last_part(node->key));
        if (find(node->key) == NULL) CAIRN_TRY(check_section(node));
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
    if (ours == NULL && why == NULL) ours = find(name) != NULL ? name : same_last_part(name);
    if (ours != NULL)
        snprintf(text, n_bytes, "Cairn calls this %s, a key without dashes: %.*s=%s", ours,
                 (int)strcspn(ours, " ,;"), ours, value == NULL ? "VALUE" : value);
    else if (why != NULL)
        snprintf(text, n_bytes, "%s", why);
    return ours != NULL || why != NULL;
}
