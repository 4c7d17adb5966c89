/* SPDX-License-Identifier: BSD-3-Clause
 * Reading values by a table of keys.  Not the place for any key's own meaning. */
#include "base/keys.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

enum { NAME_BYTES = 192 };
_Static_assert((int)CAIRN_DURATION_BYTES <= (int)CAIRN_KEY_TEXT_BYTES, "one buffer for both");

bool cairn_words_find(const char *list, const char *word, int *index)
{
    size_t n_word = strlen(word);
    int i = 0;
    for (const char *p = list; p != NULL && *p != '\0'; i++) {
        size_t n = strcspn(p, " ");
        if (n == n_word && strncmp(p, word, n) == 0) {
            if (index != NULL) *index = i;
            return true;
        }
        p += n + strspn(p + n, " ");
    }
    return false;
}

/* "batch.global" from "batch" and "global". */
static const char *full_name(const struct cairn_key *key, const char *what, char name[NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%s%s%s", what, what[0] == '\0' ? "" : ".", key->name);
    return name;
}

static const char *seen(const struct cairn_node *node)
{
    if (node->kind == CAIRN_NODE_LIST) return node->child == NULL ? "an empty list" : "a list";
    if (node->kind == CAIRN_NODE_MAP) return "a map";
    return node->text[0] == '\0' ? "empty" : node->text;
}

static bool may_be_word(const struct cairn_key *key)
{
    return key->words != NULL && (key->type == CAIRN_KEY_COUNT || key->type == CAIRN_KEY_DURATION ||
                                  key->type == CAIRN_KEY_BYTES);
}

static cairn_status wrong(const struct cairn_key *key, const struct cairn_node *node,
                          const char *what, const char *wanted)
{
    char name[NAME_BYTES];
    const bool has_words = may_be_word(key);
    const char *quote = node->quoted ? "'" : "";
    return cairn_fail(CAIRN_USAGE, "%s: %s is %s%s%s, but takes %s%s%s%s", cairn_node_place(node),
                      full_name(key, what, name), quote, seen(node), quote, wanted,
                      node->quoted && !has_words ? " without quotes" : "",
                      has_words ? ", or one of: " : "", has_words ? key->words : "");
}

static cairn_status out_of_range(const struct cairn_key *key, const struct cairn_node *node,
                                 const char *what, double value)
{
    char name[NAME_BYTES];
    char limit[CAIRN_KEY_TEXT_BYTES];
    bool low = value < key->low;
    snprintf(limit, sizeof limit, "%.16g", low ? key->low : key->high);
    if (key->type == CAIRN_KEY_DURATION) cairn_duration_text(low ? key->low : key->high, limit);
    if (key->type == CAIRN_KEY_BYTES) cairn_amount_text(low ? key->low : key->high, limit);
    return cairn_fail(CAIRN_USAGE, "%s: %s is %s, but must be at %s %s%s%s", cairn_node_place(node),
                      full_name(key, what, name), node->text, low ? "least" : "most", limit,
                      may_be_word(key) ? ", or one of: " : "", may_be_word(key) ? key->words : "");
}

static bool whole_number(const char *text, double *value)
{
    char *end = NULL;
    if (*text == '\0' || isspace((unsigned char)*text)) return false;
    errno = 0;
    *value = strtod(text, &end);
    return *end == '\0' && errno == 0 && isfinite(*value) && strpbrk(text, "xXnN") == NULL;
}

static cairn_status read_count(const struct cairn_key *key, const struct cairn_node *node,
                               const char *what, size_t *out)
{
    int index = 0;
    double value = 0;
    if (cairn_words_find(key->words, node->text, &index)) {
        *out = CAIRN_KEY_WORD(index);
        return CAIRN_OK;
    }
    if (node->quoted || !whole_number(node->text, &value) || value != floor(value))
        return wrong(key, node, what, "a whole number");
    if (value < key->low || value > key->high) return out_of_range(key, node, what, value);
    *out = (size_t)value;
    return CAIRN_OK;
}

static cairn_status read_real(const struct cairn_key *key, const struct cairn_node *node,
                              const char *what, double *out)
{
    double value = 0;
    if (node->quoted || !whole_number(node->text, &value))
        return wrong(key, node, what, "a number");
    if (value < key->low || value > key->high) return out_of_range(key, node, what, value);
    *out = value;
    return CAIRN_OK;
}

/* Quotes do no harm: other readers of YAML want them around a colon. */
static cairn_status read_duration(const struct cairn_key *key, const struct cairn_node *node,
                                  const char *what, double *out)
{
    int index = 0;
    double value = 0;
    if (cairn_words_find(key->words, node->text, &index)) {
        *out = CAIRN_KEY_DURATION_WORD(index);
        return CAIRN_OK;
    }
    if (cairn_duration_read(node->text, &value) != CAIRN_OK)
        return wrong(key, node, what, "a span of time (" CAIRN_DURATION_FORMS ")");
    if (value < key->low || value > key->high) return out_of_range(key, node, what, value);
    *out = value;
    return CAIRN_OK;
}

static cairn_status read_bytes(const struct cairn_key *key, const struct cairn_node *node,
                               const char *what, size_t *out)
{
    int index = 0;
    double value = 0;
    if (cairn_words_find(key->words, node->text, &index)) {
        *out = CAIRN_KEY_WORD(index);
        return CAIRN_OK;
    }
    if (!cairn_amount_read(node->text, &value))
        return wrong(key, node, what, "an amount of memory (" CAIRN_BYTES_FORMS ")");
    if (value < key->low || value > key->high) return out_of_range(key, node, what, value);
    *out = (size_t)value;
    return CAIRN_OK;
}

static cairn_status read_bool(const struct cairn_key *key, const struct cairn_node *node,
                              const char *what, bool *out)
{
    int index = 0;
    if (node->quoted ||
        !cairn_words_find("true false yes no on off True False", node->text, &index))
        return wrong(key, node, what, "true or false");
    *out = index % 2 == 0;
    return CAIRN_OK;
}

static cairn_status not_one_of(const struct cairn_key *key, const struct cairn_node *node,
                               const char *what)
{
    char wanted[256];
    snprintf(wanted, sizeof wanted, "one of: %s", key->words);
    return wrong(key, node, what, wanted);
}

/* A list of numbers, or a single one. */
static cairn_status check_numbers(const struct cairn_key *key, const struct cairn_node *node,
                                  const char *what)
{
    double value = 0;
    if (node->kind == CAIRN_NODE_SCALAR) return read_real(key, node, what, &value);
    if (node->child == NULL) return wrong(key, node, what, "numbers in it");
    for (const struct cairn_node *one = node->child; one != NULL; one = one->next) {
        if (one->kind != CAIRN_NODE_SCALAR) return wrong(key, one, what, "numbers in it");
        CAIRN_TRY(read_real(key, one, what, &value));
    }
    return CAIRN_OK;
}

static cairn_status read_tree(const struct cairn_key *key, const struct cairn_node *node,
                              const char *what, const struct cairn_node **out)
{
    bool numbers = cairn_words_find(key->words, "number", NULL);
    const char *const kinds[] = {[CAIRN_NODE_SCALAR] = numbers ? "number" : "name",
                                 [CAIRN_NODE_LIST] = "list",
                                 [CAIRN_NODE_MAP] = "map"};
    bool is_empty = node->kind == CAIRN_NODE_SCALAR && node->text[0] == '\0';
    if (node->kind == CAIRN_NODE_SCALAR && strcmp(node->text, "none") == 0 && !node->quoted &&
        cairn_words_find(key->words, "none", NULL)) {
        *out = NULL;
        return CAIRN_OK;
    }
    if (key->words != NULL && (is_empty || !cairn_words_find(key->words, kinds[node->kind], NULL)))
        return not_one_of(key, node, what);
    if (key->low < key->high) CAIRN_TRY(check_numbers(key, node, what));
    *out = node;
    return CAIRN_OK;
}

size_t cairn_key_numbers(const struct cairn_node *node, size_t most, double *out)
{
    size_t n = 0;
    const struct cairn_node *one = node;
    if (node != NULL && node->kind == CAIRN_NODE_LIST) one = node->child;
    for (; one != NULL; one = one == node ? NULL : one->next, n++)
        if (n < most) out[n] = strtod(one->text, NULL);
    return n;
}

static cairn_status read_default(const struct cairn_key *key, const char *what, void *fields)
{
    union {
        const char *text;
        char *writable;
    } fallback = {.text = key->fallback};
    struct cairn_node node = {
        .kind = CAIRN_NODE_SCALAR, .text = fallback.writable, .source = "default"};
    char name[NAME_BYTES];
    if (key->fallback == NULL)
        return cairn_fail(CAIRN_USAGE, "the key '%s' must be given: %s", full_name(key, what, name),
                          key->doc);
    if (key->type != CAIRN_KEY_TREE) return cairn_key_read(key, &node, what, fields);
    const struct cairn_node *nothing = NULL;
    memcpy((unsigned char *)fields + key->offset, &nothing, sizeof nothing);
    return CAIRN_OK;
}

cairn_status cairn_key_read(const struct cairn_key *key, const struct cairn_node *node,
                            const char *what, void *fields)
{
    void *field = (unsigned char *)fields + key->offset;
    if (node == NULL) return read_default(key, what, fields);
    if (key->type == CAIRN_KEY_TREE) return read_tree(key, node, what, field);
    if (node->kind != CAIRN_NODE_SCALAR) return wrong(key, node, what, "a single value");
    switch (key->type) {
    case CAIRN_KEY_COUNT: return read_count(key, node, what, field);
    case CAIRN_KEY_REAL: return read_real(key, node, what, field);
    case CAIRN_KEY_DURATION: return read_duration(key, node, what, field);
    case CAIRN_KEY_BYTES: return read_bytes(key, node, what, field);
    case CAIRN_KEY_BOOL: return read_bool(key, node, what, field);
    case CAIRN_KEY_CHOICE:
        if (cairn_words_find(key->words, node->text, field)) return CAIRN_OK;
        return not_one_of(key, node, what);
    default: *(const char **)field = node->text; return CAIRN_OK;
    }
}

cairn_status cairn_key_value(const struct cairn_key *key, const struct cairn_node *node,
                             char *buffer, const char **out)
{
    union {
        size_t count;
        double real;
        bool yes;
        int choice;
        const void *pointer;
    } value;
    struct cairn_key alone = *key;
    alone.offset = 0;
    CAIRN_TRY(cairn_key_read(&alone, node, "", &value));
    *out = cairn_key_text(&alone, &value, buffer);
    return CAIRN_OK;
}

/* Changes that make one word of the other; LARS is lars. */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 63 };
    size_t row[LONGEST + 1];
    size_t n_a = strlen(a);
    size_t n_b = strlen(b);
    if (n_a > LONGEST || n_b > LONGEST) return LONGEST;
    for (size_t j = 0; j <= n_b; j++) row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t best =
                diagonal + (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n_b];
}

const char *cairn_keys_nearest(const char *wanted, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t least = strlen(wanted) / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(wanted, names[i]);
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}

cairn_status cairn_name_find(const char *what, const char *wanted, const char *const *names,
                             size_t n, size_t *index)
{
    char all[512] = "";
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], wanted) == 0) {
            *index = i;
            return CAIRN_OK;
        }
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i == 0 ? "" : ", ", names[i]);
    }
    const char *nearest = cairn_keys_nearest(wanted, names, n);
    if (nearest == NULL)
        return cairn_fail(CAIRN_USAGE, "there is no %s '%s'; there are: %s", what, wanted, all);
    return cairn_fail(CAIRN_USAGE, "there is no %s '%s'; did you mean '%s'?", what, wanted,
                      nearest);
}

static cairn_status unknown(const struct cairn_key *table, size_t n, const struct cairn_node *node,
                            const char *what)
{
    enum { MOST = 128 };
    const char *names[MOST];
    size_t n_names = n < MOST ? n : MOST;
    for (size_t i = 0; i < n_names; i++) names[i] = table[i].name;
    const char *nearest = cairn_keys_nearest(node->key, names, n_names);
    return cairn_fail(CAIRN_USAGE, "%s: %s has no key '%s'%s%s%s", cairn_node_place(node), what,
                      node->key, nearest == NULL ? "; see cairn options" : "; did you mean '",
                      nearest == NULL ? "" : nearest, nearest == NULL ? "" : "'?");
}

cairn_status cairn_keys_read(const struct cairn_key *table, size_t n, const struct cairn_node *map,
                             const char *passed_over, const char *what, void *fields)
{
    if (map != NULL && map->kind != CAIRN_NODE_MAP)
        return cairn_fail(CAIRN_USAGE, "%s: %s must be a map of keys", cairn_node_place(map), what);
    for (const struct cairn_node *node = map == NULL ? NULL : map->child; node != NULL;
         node = node->next) {
        size_t i = 0;
        while (i < n && strcmp(table[i].name, node->key) != 0) i++;
        if (i == n && !cairn_words_find(passed_over, node->key, NULL))
            return unknown(table, n, node, what);
    }
    for (size_t i = 0; i < n; i++) {
        const struct cairn_node *node = cairn_node_find(map, table[i].name);
        if (node == NULL && table[i].fallback == NULL && map != NULL)
            CAIRN_TRY_IN(cairn_key_read(&table[i], node, what, fields), "%s",
                         cairn_node_place(map));
        else
            CAIRN_TRY(cairn_key_read(&table[i], node, what, fields));
    }
    return CAIRN_OK;
}
