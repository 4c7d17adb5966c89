/* SPDX-License-Identifier: BSD-3-Clause
 * Reading a table of numbers. */
#include "data/text_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/classes.h"
#include "data/gzip.h"

enum { FIRST_ROWS = 256, MOST_COLUMNS = 1 << 20 };

struct reader {
    struct cairn_text_table csv;
    struct cairn_classes classes;
    const char *path;
    struct cairn_gzip *file;
    size_t line;    /* from 1 */
    char separator; /* ' ' for runs of blanks and tabs */
    char **field;   /* [n_columns + 1] of the current line, in the buffer of the file */
    size_t n_columns, column, capacity;
    bool is_class;
};

static char find_separator(const char *line)
{
    static const char candidates[] = ",;\t";
    for (const char *c = candidates; *c != '\0'; c++)
        if (strchr(line, *c) != NULL) return *c;
    return ' ';
}

/* The end of a quoted text, which is unquoted in place; `text` stands after the first quote. */
static char *unquote(char *text)
{
    char *to = text;
    for (; *text != '\0'; text++) {
        if (*text == '"' && text[1] == '"')
            text++;
        else if (*text == '"')
            break;
        *to++ = *text;
    }
    char *end = *text == '"' ? text + 1 : text;
    *to = '\0';
    return end;
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) n--;
    text[n] = '\0';
    return text;
}

/* Parts a line in place; answers how many fields it has, of which at most `most` are kept. */
static size_t part(char *line, char separator, char **field, size_t most)
{
    const char ends[] = {separator, separator == ' ' ? '\t' : '\0', '\0'};
    size_t n = 0;
    for (char *at = line; at != NULL; n++) {
        at += strspn(at, separator == '\t' ? " " : " \t");
        bool quoted = *at == '"';
        char *start = quoted ? at + 1 : at;
        char *end = quoted ? unquote(start) : at;
        end += strcspn(end, ends);
        bool last = *end == '\0';
        if (!quoted) *end = '\0';
        if (n < most) field[n] = quoted ? start : trim(start);
        at = last ? NULL : end + 1;
        if (separator == ' ' && at != NULL && at[strspn(at, ends)] == '\0') at = NULL;
    }
    return n;
}

static bool read_number(const char *text, double *out)
{
    char *end = NULL;
    if (*text == '\0') return false;
    *out = strtod(text, &end);
    return *end == '\0';
}

static cairn_status next_line(struct reader *r, char **out)
{
    char *line = NULL;
    do {
        CAIRN_TRY(cairn_gzip_line(r->file, &line));
        r->line++;
    } while (line != NULL && line[strspn(line, " \t")] == '\0');
    *out = line;
    return CAIRN_OK;
}

static size_t count_fields(const char *line, char separator)
{
    size_t n = 1;
    for (const char *c = line; *c != '\0'; c++)
        n += *c == separator || (separator == ' ' && *c == '\t');
    return n;
}

static cairn_status find_column(struct reader *r, const char *target, bool has_header)
{
    char *end = NULL;
    r->column = r->n_columns - 1;
    if (target == NULL) return CAIRN_OK;
    for (size_t i = 0; has_header && i < r->n_columns; i++) {
        if (strcmp(r->field[i], target) != 0) continue;
        r->column = i;
        return CAIRN_OK;
    }
    errno = 0;
    unsigned long index = strtoul(target, &end, 10);
    if (*target < '0' || *target > '9' || *end != '\0' || errno != 0 || index >= r->n_columns)
        return cairn_fail(CAIRN_USAGE,
                          "%s: --target %s: no column of that name, and indices go from 0 to %zu",
                          r->path, target, r->n_columns - 1);
    r->column = index;
    return CAIRN_OK;
}

/* The first line gives separator, columns and header; *line is NULL where it was the header. */
static cairn_status read_first(struct reader *r, const char *target, char **line)
{
    static const char mark[] = "\xef\xbb\xbf"; /* that the text is UTF-8 */
    bool has_header = true;
    double number = 0;
    if (strncmp(*line, mark, sizeof mark - 1) == 0) *line += sizeof mark - 1;
    r->separator = find_separator(*line);
    size_t most = count_fields(*line, r->separator);
    if (most > MOST_COLUMNS)
        return cairn_fail(CAIRN_DATA, "%s: has more than %d columns", r->path, MOST_COLUMNS);
    CAIRN_TRY(cairn_memory_get(most + 1, sizeof *r->field, "the columns", &r->field));
    r->n_columns = part(*line, r->separator, r->field, most);
    if (r->n_columns < 2)
        return cairn_fail(CAIRN_DATA,
                          "%s:%zu: a single column; a table needs features and a target", r->path,
                          r->line);
    for (size_t i = 0; i < r->n_columns; i++)
        has_header = has_header && !read_number(r->field[i], &number);
    CAIRN_TRY(find_column(r, target, has_header));
    r->csv.n_features = r->n_columns - 1;
    if (has_header) *line = NULL;
    return CAIRN_OK;
}

static cairn_status grow_one(void *array, size_t row_bytes, size_t n, size_t capacity)
{
    unsigned char *old = NULL;
    unsigned char *grown = NULL;
    memcpy(&old, array, sizeof old);
    CAIRN_TRY(cairn_memory_get(capacity, row_bytes, "the table", &grown));
    if (n > 0) memcpy(grown, old, n * row_bytes);
    free(old);
    memcpy(array, &grown, sizeof grown);
    return CAIRN_OK;
}

static cairn_status grow(struct reader *r)
{
    struct cairn_text_table *csv = &r->csv;
    size_t n = csv->n_rows;
    if (n < r->capacity) return CAIRN_OK;
    size_t capacity = r->capacity == 0 ? FIRST_ROWS : 2 * r->capacity;
    CAIRN_TRY(grow_one(&csv->feature, csv->n_features * sizeof *csv->feature, n, capacity));
    if (r->is_class)
        CAIRN_TRY(grow_one(&csv->label, sizeof *csv->label, n, capacity));
    else
        CAIRN_TRY(grow_one(&csv->target, sizeof *csv->target, n, capacity));
    r->capacity = capacity;
    return CAIRN_OK;
}

static cairn_status keep_number(struct reader *r, size_t column, double *out)
{
    double value = 0;
    if (!read_number(r->field[column], &value))
        return cairn_fail(CAIRN_DATA, "%s:%zu: column %zu is '%.40s', not a number%s", r->path,
                          r->line, column, r->field[column],
                          column == r->column ? "; --classes takes texts as classes" : "");
    if (!isfinite(value))
        return cairn_fail(CAIRN_DATA, "%s:%zu: column %zu is not finite; fix or remove that row",
                          r->path, r->line, column);
    *out = value;
    return CAIRN_OK;
}

static cairn_status keep_row(struct reader *r)
{
    struct cairn_text_table *csv = &r->csv;
    CAIRN_TRY(grow(r));
    double *feature = csv->feature + csv->n_rows * csv->n_features;
    for (size_t i = 0; i < r->n_columns; i++) {
        if (i != r->column)
            CAIRN_TRY(keep_number(r, i, feature++));
        else if (!r->is_class)
            CAIRN_TRY(keep_number(r, i, &csv->target[csv->n_rows]));
        else if (r->field[i][0] == '\0')
            return cairn_fail(CAIRN_DATA, "%s:%zu: column %zu, the class, is empty", r->path,
                              r->line, i);
        else
            CAIRN_TRY_IN(cairn_classes_add(&r->classes, r->field[i], &csv->label[csv->n_rows]),
                         "%s:%zu", r->path, r->line);
    }
    csv->n_rows++;
    return CAIRN_OK;
}

static cairn_status read_all(struct reader *r, const char *target)
{
    char *line = NULL;
    CAIRN_TRY(cairn_gzip_open(r->path, &r->file));
    CAIRN_TRY(next_line(r, &line));
    if (line == NULL) return cairn_fail(CAIRN_DATA, "%s: is empty", r->path);
    CAIRN_TRY(read_first(r, target, &line));
    if (line != NULL) CAIRN_TRY(keep_row(r));
    for (;;) {
        CAIRN_TRY(next_line(r, &line));
        if (line == NULL) break;
        size_t n = part(line, r->separator, r->field, r->n_columns);
        if (n != r->n_columns)
            return cairn_fail(CAIRN_DATA, "%s:%zu: %zu columns, but the first line has %zu",
                              r->path, r->line, n, r->n_columns);
        CAIRN_TRY(keep_row(r));
    }
    if (r->csv.n_rows == 0) return cairn_fail(CAIRN_DATA, "%s: has a header but no rows", r->path);
    if (!r->is_class) return CAIRN_OK;
    return cairn_classes_number(&r->classes, r->csv.label, r->csv.n_rows, &r->csv.class_names);
}

cairn_status cairn_text_table_read(const char *path, const char *target, bool classes,
                                   struct cairn_text_table *out)
{
    struct reader r = {.path = path, .is_class = classes};
    cairn_status st = read_all(&r, target);
    if (st == CAIRN_OK)
        *out = r.csv;
    else
        cairn_text_table_free(&r.csv);
    cairn_classes_free(&r.classes);
    cairn_gzip_close(r.file);
    free(r.field);
    return st;
}

void cairn_text_table_free(struct cairn_text_table *csv)
{
    free(csv->feature);
    free(csv->target);
    free(csv->label);
    free(csv->class_names);
    *csv = (struct cairn_text_table){0};
}
