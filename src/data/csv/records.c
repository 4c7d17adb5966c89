/* SPDX-License-Identifier: BSD-3-Clause
 * Reading records. */
#include "data/csv/records.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/gzip.h"

enum { MOST_COLUMNS = 1 << 20, FIRST_BYTES = 4096 };

struct cairn_csv {
    const char *path; /* borrowed */
    struct cairn_csv_form form;
    struct cairn_gzip *file;
    char *record; /* [capacity] the running one, its fields parted; owned */
    size_t capacity, n_bytes;
    size_t line;    /* the last that was read */
    size_t begin;   /* of the record */
    char separator; /* ' ' for runs of blanks and tabs; '\0': not known yet */
    char **field;   /* [n_columns + 1], owned */
    size_t n_columns;
    bool kept; /* the record was read to find the separator and comes next */
};

static char find_separator(const char *record)
{
    static const char candidates[] = ",;\t";
    bool quoted = false;
    for (const char *c = candidates; *c != '\0'; c++)
        for (const char *at = record; *at != '\0'; at++) {
            quoted = (*at == '"') != quoted;
            if (*at == *c && !quoted) return *c;
        }
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

/* Parts a record in place; answers how many fields it has, of which at most `most` are kept. */
static size_t part(char *record, char separator, char **field, size_t most)
{
    const char ends[] = {separator, separator == ' ' ? '\t' : '\0', '\0'};
    size_t n = 0;
    for (char *at = record; at != NULL; n++) {
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

/* Whether a text in quotes goes on in the next line.  A quote opens at the beginning of a field
 * only: elsewhere it is an inch. */
static bool is_open(const char *record, char separator)
{
    bool quoted = false;
    bool begins = true;
    for (const char *c = record; *c != '\0'; c++) {
        if (*c == '"' && quoted && c[1] == '"')
            c++;
        else if (*c == '"' && (quoted || begins))
            quoted = !quoted;
        const bool between =
            separator == '\0' ? strchr(",;\t ", *c) != NULL : *c == separator || *c == '\t';
        begins = between || (begins && *c == ' ');
    }
    return quoted;
}

static cairn_status append(struct cairn_csv *csv, const char *text)
{
    const size_t n = strlen(text);
    const size_t wanted = csv->n_bytes + n + 2;
    if (wanted > csv->capacity) {
        char *grown = NULL;
        const size_t capacity =
            wanted > 2 * csv->capacity ? wanted + FIRST_BYTES : 2 * csv->capacity;
        CAIRN_TRY(cairn_memory_get(capacity, 1, "a line of the table", &grown));
        if (csv->n_bytes > 0) memcpy(grown, csv->record, csv->n_bytes);
        free(csv->record);
        csv->record = grown;
        csv->capacity = capacity;
    }
    if (csv->n_bytes > 0) csv->record[csv->n_bytes++] = '\n';
    memcpy(csv->record + csv->n_bytes, text, n + 1);
    csv->n_bytes += n;
    return CAIRN_OK;
}

/* The next line that is not passed over. */
static cairn_status next_line(struct cairn_csv *csv, char **out)
{
    const char *comment = csv->form.comment;
    bool passed = true;
    while (passed) {
        CAIRN_TRY(cairn_gzip_line(csv->file, out));
        csv->line++;
        char *text = *out;
        if (text == NULL) break;
        passed = csv->line <= csv->form.skip || text[strspn(text, " \t")] == '\0' ||
                 (comment != NULL && strncmp(text, comment, strlen(comment)) == 0);
    }
    return CAIRN_OK;
}

/* The next record, not parted yet; *any is false after the last. */
static cairn_status read_record(struct cairn_csv *csv, bool *any)
{
    static const char mark[] = "\xef\xbb\xbf"; /* that the text is UTF-8 */
    char *text = NULL;
    csv->n_bytes = 0;
    CAIRN_TRY(next_line(csv, &text));
    *any = text != NULL;
    if (text == NULL) return CAIRN_OK;
    csv->begin = csv->line;
    if (csv->line == 1 && strncmp(text, mark, sizeof mark - 1) == 0) text += sizeof mark - 1;
    CAIRN_TRY(append(csv, text));
    while (is_open(csv->record, csv->separator)) {
        CAIRN_TRY(cairn_gzip_line(csv->file, &text));
        csv->line++;
        if (text == NULL)
            return cairn_fail(CAIRN_DATA, "%s:%zu: a text in quotes does not end", csv->path,
                              csv->begin);
        CAIRN_TRY(append(csv, text));
    }
    return CAIRN_OK;
}

static size_t count_fields(const char *record, char separator)
{
    size_t n = 1;
    for (const char *c = record; *c != '\0'; c++)
        n += *c == separator || (separator == ' ' && *c == '\t');
    return n;
}

/* Separator and columns, from a copy of the first record, which comes again. */
static cairn_status find_form(struct cairn_csv *csv)
{
    bool any = false;
    char *copy = NULL;
    CAIRN_TRY(read_record(csv, &any));
    if (!any)
        return cairn_fail(CAIRN_DATA, "%s: %s", csv->path,
                          csv->form.skip == 0 && csv->form.comment == NULL
                              ? "is empty"
                              : "has no line but those that --skip and --comment pass over");
    csv->separator = find_separator(csv->record);
    const size_t most = count_fields(csv->record, csv->separator);
    if (most > MOST_COLUMNS)
        return cairn_fail(CAIRN_DATA, "%s: has more than %d columns", csv->path, MOST_COLUMNS);
    CAIRN_TRY(cairn_memory_get(most + 1, sizeof *csv->field, "the columns", &csv->field));
    CAIRN_TRY(cairn_memory_text(csv->record, &copy));
    csv->n_columns = part(copy, csv->separator, csv->field, most);
    free(copy);
    csv->kept = true;
    if (csv->n_columns > 1) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s:%zu: a single column; a table needs features and a target",
                      csv->path, csv->begin);
}

cairn_status cairn_csv_open(const char *path, const struct cairn_csv_form *form,
                            struct cairn_csv **out)
{
    struct cairn_csv *csv = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *csv, "a table", &csv));
    csv->path = path;
    csv->form = *form;
    cairn_status st = cairn_gzip_open(path, &csv->file);
    if (st == CAIRN_OK) st = find_form(csv);
    if (st == CAIRN_OK)
        *out = csv;
    else
        cairn_csv_close(csv);
    return st;
}

void cairn_csv_close(struct cairn_csv *csv)
{
    if (csv == NULL) return;
    cairn_gzip_close(csv->file);
    free(csv->field);
    free(csv->record);
    free(csv);
}

size_t cairn_csv_columns(const struct cairn_csv *csv)
{
    return csv->n_columns;
}

char cairn_csv_separator(const struct cairn_csv *csv)
{
    return csv->separator;
}

cairn_status cairn_csv_next(struct cairn_csv *csv, char ***field, size_t *line)
{
    bool any = true;
    *field = NULL;
    if (!csv->kept) CAIRN_TRY(read_record(csv, &any));
    csv->kept = false;
    if (!any) return CAIRN_OK;
    const size_t n = part(csv->record, csv->separator, csv->field, csv->n_columns);
    if (n != csv->n_columns)
        return cairn_fail(CAIRN_DATA, "%s:%zu: %zu columns, but the first line has %zu", csv->path,
                          csv->begin, n, csv->n_columns);
    *field = csv->field;
    *line = csv->begin;
    return CAIRN_OK;
}
