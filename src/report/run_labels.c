/* SPDX-License-Identifier: BSD-3-Clause
 * What tells several runs apart. */
#include "report/run_labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_KEYS = 256, MOST_SHOWN = 4, KEY_BYTES = 64, LONG_VALUE_BYTES = 40 };

/* A line of config.yaml: where it is in the document. */
struct line {
    const char *text; /* after its blanks */
    size_t n, indent;
};

static bool next_line(const char **at, struct line *line)
{
    if (*at == NULL || **at == '\0') return false;
    size_t n = strcspn(*at, "\n");
    line->indent = strspn(*at, " ");
    line->text = *at + line->indent;
    line->n = n - line->indent;
    *at += n + ((*at)[n] == '\n');
    return true;
}

/* The length of the key in front of a ':', 0 where the line has none. */
static size_t key_length(const struct line *line)
{
    if (line->n == 0 || *line->text == '-' || *line->text == '#') return 0;
    const char *colon = memchr(line->text, ':', line->n);
    return colon == NULL ? 0 : (size_t)(colon - line->text);
}

static void append(char *value, size_t room, const char *text, size_t n)
{
    size_t used = strlen(value);
    if (used + 1 < room) snprintf(value + used, room - used, "%.*s", (int)n, text);
}

/* Walk the document; visit() gets each key with its value, whole lists as one. */
static void each_key(const char *config,
                     void (*visit)(void *context, const char *key, const char *value),
                     void *context)
{
    struct line line;
    char section[KEY_BYTES] = "";
    char key[2 * KEY_BYTES] = "";
    char value[CAIRN_RUN_LABEL_BYTES] = "";
    while (next_line(&config, &line)) {
        size_t n = line.indent > 2 ? 0 : key_length(&line);
        if (n == 0 || n >= KEY_BYTES) { /* goes on with the value */
            append(value, sizeof value, " ", 1);
            append(value, sizeof value, line.text, line.n);
            continue;
        }
        if (key[0] != '\0' && value[0] != '\0') visit(context, key, value);
        value[0] = '\0';
        if (line.indent == 0) {
            snprintf(section, sizeof section, "%.*s", (int)n, line.text);
            snprintf(key, sizeof key, "%s", section);
        } else {
            snprintf(key, sizeof key, "%s.%.*s", section, (int)n, line.text);
        }
        size_t skip = n + 1 + strspn(line.text + n + 1, " ");
        if (skip < line.n) append(value, sizeof value, line.text + skip, line.n - skip);
    }
    if (key[0] != '\0' && value[0] != '\0') visit(context, key, value);
}

struct search {
    const char *key;
    char *value;
    bool found;
};

static void compare(void *context, const char *key, const char *value)
{
    struct search *search = context;
    if (search->found || strcmp(key, search->key) != 0) return;
    snprintf(search->value, CAIRN_RUN_LABEL_BYTES, "%s", value);
    search->found = true;
}

bool cairn_config_value(const char *config, const char *key, char value[CAIRN_RUN_LABEL_BYTES])
{
    struct search search = {.key = key, .value = value};
    value[0] = '\0';
    each_key(config, compare, &search);
    return search.found;
}

/* The word after "name:" or "type:" in an item of the list. */
static bool item_word(const struct line *line, const char *key, char *word)
{
    char text[CAIRN_RUN_LABEL_BYTES];
    snprintf(text, sizeof text, "%.*s", (int)line->n, line->text);
    const char *found = strstr(text, key);
    if (found == NULL) return false;
    found += strlen(key);
    found += strspn(found, " ");
    snprintf(word, CAIRN_RUN_LABEL_BYTES, "%.*s", (int)strcspn(found, ",} "), found);
    return *word != '\0';
}

bool cairn_config_layer(const char *config, size_t index, char type[CAIRN_RUN_LABEL_BYTES])
{
    struct line line;
    bool inside = false;
    size_t at = 0;
    while (next_line(&config, &line)) {
        bool item = line.indent <= 2 && line.n > 0 && *line.text == '-';
        if (line.indent == 0 && !item) inside = line.n >= 6 && strncmp(line.text, "model:", 6) == 0;
        if (!inside || !item || at++ != index) continue;
        return item_word(&line, "type:", type);
    }
    return false;
}

/* ---- labels */

struct keys {
    char name[MOST_KEYS][KEY_BYTES];
    size_t n;
};

static void add_key(void *context, const char *key, const char *value)
{
    struct keys *keys = context;
    (void)value;
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->name[i], key) == 0) return;
    if (keys->n < MOST_KEYS) snprintf(keys->name[keys->n++], KEY_BYTES, "%.63s", key);
}

static void value_of(const struct cairn_run_files *run, const char *key, char *value)
{
    if (!cairn_config_value(run->config, key, value)) snprintf(value, 16, "none");
}

static bool differs(const struct cairn_run_files *run, size_t n, const char *key)
{
    char first[CAIRN_RUN_LABEL_BYTES];
    char other[CAIRN_RUN_LABEL_BYTES];
    value_of(&run[0], key, first);
    for (size_t i = 1; i < n; i++) {
        value_of(&run[i], key, other);
        if (strcmp(first, other) != 0) return true;
    }
    return false;
}

static bool ranks_differ(const struct cairn_run_files *run, size_t n)
{
    double first = cairn_json_get_number(run[0].summary, "ranks");
    for (size_t i = 1; i < n; i++) {
        double ranks = cairn_json_get_number(run[i].summary, "ranks");
        if (ranks != first && !(isnan(ranks) && isnan(first))) return true;
    }
    return false;
}

static void append_word(char *label, const char *key, const char *value)
{
    char word[CAIRN_RUN_LABEL_BYTES + KEY_BYTES];
    bool is_long = strlen(value) > LONG_VALUE_BYTES;
    int n = snprintf(word, sizeof word, "%s%s %.*s%s", *label == '\0' ? "" : ", ", key,
                     LONG_VALUE_BYTES, value, is_long ? "..." : "");
    append(label, CAIRN_RUN_LABEL_BYTES, word, n < 0 ? 0 : (size_t)n);
}

/* Keys that differ because other keys do, or whose values say little on a line. */
static bool is_telling(const struct cairn_run_files *run, const char *key)
{
    static const char *const dull[] = {"data.file", "log.gradflow_every", "train.threads"};
    char value[CAIRN_RUN_LABEL_BYTES];
    for (size_t i = 0; i < sizeof dull / sizeof dull[0]; i++)
        if (strcmp(key, dull[i]) == 0) return false;
    value_of(run, key, value);
    return strncmp(key, "checkpoint.", 11) != 0 && strlen(value) <= LONG_VALUE_BYTES;
}

/* The values of the first keys that differ; where there are too many, the folder's name before. */
static void write_label(const struct cairn_run_files *run, const struct keys *differing, bool ranks,
                        char label[CAIRN_RUN_LABEL_BYTES])
{
    char value[CAIRN_RUN_LABEL_BYTES];
    size_t n = 0;
    size_t n_telling = 0;
    for (size_t i = 0; i < differing->n; i++) n_telling += is_telling(run, differing->name[i]);
    bool named = n_telling > MOST_SHOWN || n_telling < differing->n;
    size_t most = named ? MOST_SHOWN / 2 : MOST_SHOWN;
    label[0] = '\0';
    if (named) snprintf(label, CAIRN_RUN_LABEL_BYTES, "%.*s", LONG_VALUE_BYTES, run->name);
    for (size_t i = 0; i < differing->n && n < most; i++) {
        if (!is_telling(run, differing->name[i])) continue;
        value_of(run, differing->name[i], value);
        append_word(label, differing->name[i], value);
        n++;
    }
    if (!ranks) return;
    double n_ranks = cairn_json_get_number(run->summary, "ranks");
    snprintf(value, sizeof value, "%g", n_ranks);
    append_word(label, "ranks", n_ranks > 0 ? value : "?");
}

static bool is_taken(const struct cairn_run_files *run, size_t n, const char *label)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(run[i].label, label) == 0) return true;
    return false;
}

cairn_status cairn_run_labels(struct cairn_run_files *run, size_t n)
{
    struct keys keys = {.n = 0};
    struct keys differing = {.n = 0};
    char label[CAIRN_RUN_LABEL_BYTES];
    for (size_t i = 0; i < n; i++) each_key(run[i].config, add_key, &keys);
    for (size_t i = 0; i < keys.n; i++)
        if (differs(run, n, keys.name[i])) add_key(&differing, keys.name[i], "");
    bool ranks = n > 1 && ranks_differ(run, n);
    for (size_t i = 0; i < n; i++) {
        write_label(&run[i], &differing, ranks, label);
        if (*label == '\0') snprintf(label, sizeof label, "%.200s", run[i].name);
        if (is_taken(run, i, label)) append_word(label, "in", run[i].folder);
        CAIRN_TRY(cairn_memory_text(label, &run[i].label));
    }
    return CAIRN_OK;
}
