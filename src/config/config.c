/* SPDX-License-Identifier: BSD-3-Clause
 * From the bytes of a run file to a struct with a field for every key.  Relations between keys are
 * checked in setup/. */
#include "config/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "config/parts.h"

enum { LARGEST_FILE_BYTES = 1 << 20 };

static const struct cairn_key keys[] = {
#define X(key, field, type, fallback, low, high, words, on_resume, doc)                            \
    {key, CAIRN_KEY_##type, offsetof(struct cairn_config, field), fallback, low, high, words, doc},
#include "config/options.def"
#undef X
};

enum { N_KEYS = sizeof keys / sizeof keys[0] };

enum on_resume { FREE, FIXED };

static const enum on_resume on_resume[] = {
#define X(key, field, type, fallback, low, high, words, on_resume, doc) on_resume,
#include "config/options.def"
#undef X
};

static bool same_section(const char *a, const char *b)
{
    size_t n = strcspn(a, ".");
    return strncmp(a, b, n) == 0 && (b[n] == '.' || b[n] == a[n]);
}

/* Whether a table of this section before the one at `table` has the key. */
static bool came_before(const struct cairn_key_section *section, size_t table, const char *name)
{
    struct cairn_key_table earlier;
    for (size_t t = 0; t < table && section->table_at(t, &earlier); t++)
        for (size_t i = 0; i < earlier.n; i++)
            if (strcmp(earlier.keys[i].name, name) == 0) return true;
    return false;
}

/* The next key of a kind, of the section that `name` is in. */
static bool next_of_kinds(struct cairn_config_walk *walk, const char *name)
{
    struct cairn_key_table table;
    const struct cairn_key_section *const *section = cairn_key_sections;
    while (*section != NULL && !same_section((*section)->name, name)) section++;
    for (; *section != NULL && (*section)->table_at(walk->table, &table); walk->table++) {
        while (walk->of_table < table.n) {
            walk->key = &table.keys[walk->of_table++];
            if (!came_before(*section, walk->table, walk->key->name)) return true;
        }
        walk->of_table = 0;
    }
    return false;
}

bool cairn_config_next(struct cairn_config_walk *walk)
{
    size_t next = walk->next;
    bool ends_section =
        next > 0 && (next == N_KEYS || !same_section(keys[next].name, keys[next - 1].name));
    walk->of_kind = ends_section && next_of_kinds(walk, keys[next - 1].name);
    walk->is_fixed = true;
    if (walk->of_kind) return true;
    if (next == N_KEYS) return false;
    *walk = (struct cairn_config_walk){
        .key = &keys[next], .is_fixed = on_resume[next] == FIXED, .next = next + 1};
    return true;
}

const struct cairn_key *cairn_config_key(const char *name)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk))
        if (strcmp(walk.key->name, name) == 0) return walk.key;
    return NULL;
}

const char *cairn_config_text(const struct cairn_config *config,
                              const struct cairn_config_walk *walk, char *buffer)
{
    const char *text = NULL;
    if (!walk->of_kind) return cairn_key_text(walk->key, config, buffer);
    const struct cairn_node *node = cairn_tree_find(config->tree, walk->key->name);
    cairn_status st = cairn_key_value(walk->key, node, buffer, &text);
    return st == CAIRN_OK ? text : NULL; /* it was read before, so it can be read again */
}

struct cairn_node *cairn_tree_find(const struct cairn_node *tree, const char *name)
{
    char part[64];
    struct cairn_node *node = NULL;
    for (const struct cairn_node *map = tree; map != NULL; map = node) {
        size_t n = strcspn(name, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, name);
        node = cairn_node_find(map, part);
        if (name[n] == '\0') return node;
        name += n + 1;
    }
    return NULL;
}

bool cairn_config_given(const struct cairn_config *config, const char *key)
{
    return cairn_tree_find(config->tree, key) != NULL;
}

const char *cairn_config_place(const struct cairn_config *config, const char *key)
{
    const struct cairn_node *node = cairn_tree_find(config->tree, key);
    return node == NULL ? "default" : cairn_node_place(node);
}

double cairn_config_real(const struct cairn_config *config, const char *name)
{
    char buffer[CAIRN_KEY_TEXT_BYTES];
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk)) {
        if (walk.key->type != CAIRN_KEY_REAL || strcmp(walk.key->name, name) != 0) continue;
        const char *text = cairn_config_text(config, &walk, buffer);
        return text == NULL ? 0 : strtod(text, NULL);
    }
    return 0;
}

/* Make the path in the tree absolute. */
static cairn_status resolve_path(const struct cairn_config *config, const struct cairn_key *key,
                                 struct cairn_node *node)
{
    char *path = NULL;
    if (node->kind != CAIRN_NODE_SCALAR) return CAIRN_OK; /* cairn_key_read() will say so */
    if (key->fallback != NULL && strcmp(node->text, key->fallback) == 0) return CAIRN_OK; /* none */
    const char *beside = node->source == config->source ? config->source : NULL;
    CAIRN_TRY_IN(cairn_path_resolve(node->text, beside, &path), "%s: %s", cairn_node_place(node),
                 key->name);
    free(node->text);
    node->text = path;
    return CAIRN_OK;
}

/* Whether the value names files, among other things. */
static bool names_files(const struct cairn_key *key)
{
    return strcmp(key->name, "data.train") == 0 || strcmp(key->name, "data.val") == 0 ||
           strcmp(key->name, "data.test") == 0;
}

/* Whether each of its names is a file. */
static bool names_only_files(const struct cairn_key *key)
{
    return strcmp(key->name, "data.file") == 0;
}

/* Make those of one or several names absolute that are files. */
static cairn_status resolve_files(const struct cairn_config *config, const struct cairn_key *key,
                                  struct cairn_node *node)
{
    struct cairn_node *name = node->kind == CAIRN_NODE_SCALAR ? node : node->child;
    if (node->kind == CAIRN_NODE_MAP) return CAIRN_OK; /* cairn_key_read() will say so */
    if (name == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: %s is an empty list; name at least one",
                          cairn_node_place(node), key->name);
    for (; name != NULL; name = name == node ? NULL : name->next) {
        if (name->kind != CAIRN_NODE_SCALAR)
            return cairn_fail(CAIRN_USAGE, "%s: %s takes names of %sfiles", cairn_node_place(name),
                              key->name, names_only_files(key) ? "" : "groups or ");
        if (names_only_files(key) || cairn_file_is_named(name->text))
            CAIRN_TRY(resolve_path(config, key, name));
    }
    return CAIRN_OK;
}

/* Where only data.train is given, its first file is that of the data. */
static cairn_status find_file(struct cairn_config *config)
{
    struct cairn_node *file = NULL;
    const struct cairn_node *train = cairn_tree_find(config->tree, "data.train");
    struct cairn_node *data = cairn_tree_find(config->tree, "data");
    if (train != NULL && train->kind == CAIRN_NODE_LIST) train = train->child;
    if (train == NULL || train->kind != CAIRN_NODE_SCALAR || !cairn_file_is_named(train->text) ||
        cairn_tree_find(config->tree, "data.file") != NULL)
        return CAIRN_OK;
    CAIRN_TRY(cairn_node_create(CAIRN_NODE_SCALAR, "file", train->text, &file));
    file->source = train->source;
    file->line = train->line;
    file->column = train->column;
    cairn_node_add(data, file);
    return CAIRN_OK;
}

/* The value of a kind's key is only checked here: the kind reads it from the tree. */
static cairn_status read_key(const struct cairn_config_walk *walk, const struct cairn_node *node,
                             struct cairn_config *config)
{
    char buffer[CAIRN_KEY_TEXT_BYTES];
    const char *text = NULL;
    return walk->of_kind ? cairn_key_value(walk->key, node, buffer, &text)
                         : cairn_key_read(walk->key, node, "", config);
}

static cairn_status read_keys(struct cairn_config *config)
{
    struct cairn_config_walk walk = {0};
    while (cairn_config_next(&walk)) {
        struct cairn_node *node = cairn_tree_find(config->tree, walk.key->name);
        if (node == NULL) {
            CAIRN_TRY_IN(read_key(&walk, NULL, config), "%s", config->source);
            continue;
        }
        if (walk.key->type == CAIRN_KEY_PATH) CAIRN_TRY(resolve_path(config, walk.key, node));
        if (names_files(walk.key) || names_only_files(walk.key))
            CAIRN_TRY(resolve_files(config, walk.key, node));
        CAIRN_TRY(read_key(&walk, node, config));
    }
    return CAIRN_OK;
}

cairn_status cairn_config_read_from(const char *text, size_t n, const char *source,
                                    const char *const *overrides, const char *overrides_source,
                                    struct cairn_config **out)
{
    struct cairn_config *config = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *config, "the run file's keys", &config));
    cairn_status st = cairn_memory_text(source, &config->source);
    if (st == CAIRN_OK) st = cairn_yaml_read(text, n, config->source, &config->tree);
    if (st == CAIRN_OK) st = cairn_known_check(config->tree); /* the file's own errors come first */
    for (size_t i = 0; st == CAIRN_OK && overrides != NULL && overrides[i] != NULL; i++)
        st = cairn_override_apply(config->tree, overrides[i], overrides_source);
    if (st == CAIRN_OK) st = cairn_known_check(config->tree);
    if (st == CAIRN_OK) st = find_file(config);
    if (st == CAIRN_OK) st = read_keys(config);
    if (st != CAIRN_OK) {
        cairn_config_free(config);
        return st;
    }
    *out = config;
    return CAIRN_OK;
}

cairn_status cairn_config_read(const char *text, size_t n, const char *source,
                               const char *const *overrides, struct cairn_config **out)
{
    return cairn_config_read_from(text, n, source, overrides, "command line", out);
}

cairn_status cairn_config_resolve(struct cairn_config *config, const char *key, const char *value)
{
    char text[CAIRN_KEY_TEXT_BYTES];
    size_t i = 0;
    while (i < N_KEYS && strcmp(keys[i].name, key) != 0) i++;
    int n = snprintf(text, sizeof text, "%s=%s", key, value);
    if (i == N_KEYS || n >= (int)sizeof text)
        return cairn_fail(CAIRN_BUG, "no key %s that takes %s", key, value);
    CAIRN_TRY(cairn_override_apply(config->tree, text, "default"));
    return cairn_key_read(&keys[i], cairn_tree_find(config->tree, key), "", config);
}

void cairn_config_free(struct cairn_config *config)
{
    if (config == NULL) return;
    cairn_node_free(config->tree);
    free(config->source);
    free(config);
}

/* Of a file its size, and one byte more to see its end; of a pipe the most. */
static size_t room_for(FILE *file)
{
    struct stat about;
    const bool is_file = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);
    return is_file && about.st_size < LARGEST_FILE_BYTES ? (size_t)about.st_size + 1
                                                         : LARGEST_FILE_BYTES;
}

static cairn_status read_all(FILE *file, const char *path, char **text, size_t *n)
{
    char *bytes = NULL;
    const size_t room = room_for(file);
    CAIRN_TRY(cairn_memory_get(room + 1, 1, "the run file", &bytes));
    const size_t used = fread(bytes, 1, room, file);
    cairn_status st = CAIRN_OK;
    if (cairn_fault("config.read") || ferror(file))
        st = cairn_fail(CAIRN_USAGE, "%s: the run file cannot be read: %s", path, strerror(errno));
    else if (used == LARGEST_FILE_BYTES)
        st = cairn_fail(CAIRN_USAGE, "%s: a run file may not be larger than %d MiB", path,
                        LARGEST_FILE_BYTES >> 20);
    if (st != CAIRN_OK) {
        free(bytes);
        return st;
    }
    *text = bytes;
    *n = used;
    return CAIRN_OK;
}

int cairn_config_bits(const struct cairn_config *config)
{
    return config->train_precision == CAIRN_PRECISION_FLOAT64 ? 64 : 32;
}

cairn_status cairn_config_load(const char *path, char **text, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return cairn_fail(CAIRN_USAGE, "%s: the run file cannot be opened: %s", path,
                          strerror(errno));
    cairn_status st = read_all(file, path, text, n);
    fclose(file);
    return st;
}
