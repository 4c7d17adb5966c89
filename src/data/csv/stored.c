/* SPDX-License-Identifier: BSD-3-Clause
 * Columns as text. */
#include "data/csv/stored.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv/columns.h"

static const char *const kinds[] = {
    [CAIRN_CSV_NUMBER] = "numbers",
    [CAIRN_CSV_BOOLEAN] = "0 or 1",
    [CAIRN_CSV_DATE] = "days since 1970-01-01",
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

static const char LEFT_OUT[] = "left out: ", CLASSES[] = "target, classes";

/* ---- to text */

void cairn_csv_describe(const struct cairn_csv_column *column, bool named_classes, char *words)
{
    if (column->why[0] != '\0')
        snprintf(words, CAIRN_CSV_WORDS_BYTES, "%s%s", LEFT_OUT, column->why);
    else if (column->is_target && column->kind == CAIRN_CSV_CATEGORY)
        snprintf(words, CAIRN_CSV_WORDS_BYTES, "%s%s", CLASSES, named_classes ? " by name" : "");
    else if (column->kind == CAIRN_CSV_CATEGORY)
        snprintf(words, CAIRN_CSV_WORDS_BYTES, "features %zu to %zu, one for each of %zu values",
                 column->first, column->first + column->texts.n - 1, column->texts.n);
    else
        snprintf(words, CAIRN_CSV_WORDS_BYTES, "%s %zu, %s",
                 column->is_target ? "target" : "feature", column->first, kinds[column->kind]);
}

static void put_escaped(FILE *to, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *code = *text == '\t'   ? "\\t"
                           : *text == '\n' ? "\\n"
                           : *text == '\\' ? "\\\\"
                                           : NULL;
        if (code != NULL)
            fputs(code, to);
        else
            fputc(*text, to);
    }
}

/* What was done with its numbers. */
static void put_changes(FILE *to, const struct cairn_csv_column *column)
{
    if (column->why[0] != '\0') return;
    if (column->standardized)
        fprintf(to, ", less %.17g, by %.17g", column->mean, column->deviation);
    if (column->filled && column->kind == CAIRN_CSV_CATEGORY)
        fputs(", zeros where missing", to);
    else if (column->filled)
        fprintf(to, ", %.17g where missing", column->mean);
}

cairn_status cairn_csv_columns_text(const struct cairn_csv_column *column, size_t n_columns,
                                    bool named_classes, char **out)
{
    char words[CAIRN_CSV_WORDS_BYTES];
    char *text = NULL;
    size_t n_bytes = 0;
    FILE *to = open_memstream(&text, &n_bytes);
    if (to == NULL) return cairn_fail(CAIRN_MEMORY, "no memory for the names of the columns");
    for (size_t c = 0; c < n_columns; c++) {
        const bool listed = column[c].why[0] == '\0' && column[c].kind == CAIRN_CSV_CATEGORY;
        cairn_csv_describe(&column[c], named_classes, words);
        put_escaped(to, column[c].name);
        fprintf(to, "\t%s", words);
        put_changes(to, &column[c]);
        for (size_t k = 0; listed && k < column[c].texts.n; k++) {
            fputc('\t', to);
            put_escaped(to, column[c].texts.item[k].name);
        }
        fputc('\n', to);
    }
    if (fclose(to) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "no memory for the names of the columns");
    }
    *out = text;
    return CAIRN_OK;
}

/* ---- from text */

/* Cut the text at the next of this character; what follows, or NULL. */
static char *cut(char *text, char at)
{
    char *end = strchr(text, at);
    if (end == NULL) return NULL;
    *end = '\0';
    return end + 1;
}

static void unescape(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        const bool escaped = text[0] == '\\' && text[1] != '\0';
        if (escaped) text++;
        *to++ = !escaped ? *text : *text == 't' ? '\t' : *text == 'n' ? '\n' : *text;
    }
    *to = '\0';
}

/* "feature 3, numbers": where it is and what it holds; false: something else. */
static bool read_numbers(const char *words, struct cairn_csv_column *column)
{
    int n = 0;
    if (sscanf(words, "feature %zu, %n", &column->first, &n) != 1 || n == 0) {
        column->is_target = sscanf(words, "target %zu, %n", &column->first, &n) == 1 && n > 0;
        if (!column->is_target) return false;
    }
    for (size_t k = 0; k < N_KINDS; k++) {
        if (strncmp(words + n, kinds[k], strlen(kinds[k])) != 0) continue;
        column->kind = (enum cairn_csv_kind)k;
        return true;
    }
    return false;
}

static bool read_words(const char *words, struct cairn_csv_column *column, size_t *n_values)
{
    size_t last = 0;
    *n_values = 0;
    column->kind = CAIRN_CSV_CATEGORY;
    if (strncmp(words, LEFT_OUT, sizeof LEFT_OUT - 1) == 0) {
        snprintf(column->why, sizeof column->why, "%s", words + sizeof LEFT_OUT - 1);
        return column->why[0] != '\0';
    }
    if (strncmp(words, CLASSES, sizeof CLASSES - 1) == 0) {
        column->is_target = true;
        return true;
    }
    if (sscanf(words, "features %zu to %zu, one for each of %zu values", &column->first, &last,
               n_values) == 3)
        return *n_values > 0 && last == column->first + *n_values - 1;
    return read_numbers(words, column);
}

static void read_changes(const char *words, struct cairn_csv_column *column)
{
    const char *less = strstr(words, ", less ");
    const char *missing = strstr(words, " where missing");
    column->standardized =
        less != NULL && sscanf(less, ", less %lf, by %lf", &column->mean, &column->deviation) == 2;
    column->filled = missing != NULL;
    while (missing != NULL && missing > words && *missing != ',') missing--;
    if (missing != NULL && column->kind != CAIRN_CSV_CATEGORY && column->why[0] == '\0')
        column->filled = sscanf(missing, ", %lf where missing", &column->mean) == 1;
}

/* NAME, a tab, words, and values between tabs. */
static cairn_status read_line(char *line, struct cairn_csv_column *column)
{
    size_t n_values = 0;
    int32_t id = 0;
    char *words = cut(line, '\t');
    char *value = words == NULL ? NULL : cut(words, '\t');
    unescape(line);
    CAIRN_TRY(cairn_memory_text(line, &column->name));
    if (words == NULL || !read_words(words, column, &n_values))
        return cairn_fail(CAIRN_DATA, "'%.80s' is nothing that a column becomes",
                          words == NULL ? line : words);
    if (column->why[0] == '\0') read_changes(words, column);
    while (value != NULL) {
        char *next = cut(value, '\t');
        unescape(value);
        CAIRN_TRY(cairn_classes_add(&column->texts, value, &id));
        value = next;
    }
    if (column->is_target || column->texts.n == n_values) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%zu values of a category of %zu", column->texts.n, n_values);
}

cairn_status cairn_csv_columns_parse(char *text, struct cairn_csv_column **column,
                                     size_t *n_columns)
{
    struct cairn_csv_columns read = {0};
    size_t n = 1;
    for (const char *c = text; *c != '\0'; c++) n += *c == '\n';
    CAIRN_TRY(cairn_memory_get(n, sizeof *read.item, "the columns", &read.item));
    cairn_status st = CAIRN_OK;
    for (char *line = text; line != NULL && *line != '\0' && st == CAIRN_OK;) {
        char *next = cut(line, '\n');
        st = read_line(line, &read.item[read.n++]);
        line = next;
    }
    if (st != CAIRN_OK) {
        st = cairn_fail_in(st, "line %zu of its columns", read.n);
        cairn_csv_columns_free(&read);
        return st;
    }
    *column = read.item;
    *n_columns = read.n;
    return CAIRN_OK;
}
