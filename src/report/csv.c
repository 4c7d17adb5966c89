/* SPDX-License-Identifier: BSD-3-Clause
 * Reading the CSVs that a run or a study left. */
#include "report/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* Cut the next field off a line, in place; *more whether another one follows. */
static char *cut_field(char **line, bool *more)
{
    char *from = *line;
    char *begin = from;
    char *to = from;
    bool quoted = *from == '"';
    if (quoted) from++;
    while (*from != '\0' && (quoted || *from != ',')) {
        if (quoted && *from == '"' && from[1] != '"') {
            quoted = false;
            from++;
            continue;
        }
        if (quoted && *from == '"') from++;
        *to++ = *from++;
    }
    *more = *from == ',';
    *line = *more ? from + 1 : from;
    *to = '\0';
    return begin;
}

/* Bring the fields of a line together, a NUL after each; how many there are. */
static size_t cut_line(char *line, char **name)
{
    char *to = line;
    size_t n = 0;
    bool more = true;
    while (more) {
        char *field = cut_field(&line, &more);
        size_t bytes = strlen(field) + 1;
        memmove(to, field, bytes);
        if (name != NULL && n < CAIRN_CSV_MOST_COLUMNS) name[n] = to;
        to += bytes;
        n++;
    }
    return n;
}

/* The line at *text without its end, and *text after it; NULL at the end.  `whole`: it had one. */
static char *cut_text(char **text, bool *whole)
{
    char *line = *text;
    if (*line == '\0') return NULL;
    char *end = strchr(line, '\n');
    *whole = end != NULL;
    *text = *whole ? end + 1 : line + strlen(line);
    if (!*whole) return line;
    *end = '\0';
    if (end > line && end[-1] == '\r') end[-1] = '\0';
    return line;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++) n++;
    return n;
}

cairn_status cairn_csv_parse(char *text, struct cairn_csv *out)
{
    struct cairn_csv csv = {.text = text};
    bool whole = false;
    cairn_status st = cairn_memory_get(count_lines(text) + 1, sizeof *csv.row, "a table", &csv.row);
    if (st != CAIRN_OK) {
        free(text);
        return st;
    }
    char *line = cut_text(&text, &whole);
    if (line != NULL && whole) csv.n_columns = cut_line(line, csv.name);
    if (csv.n_columns > CAIRN_CSV_MOST_COLUMNS) csv.n_columns = 0;
    while (csv.n_columns > 0 && (line = cut_text(&text, &whole)) != NULL) {
        if (*line == '\0') continue;
        if (whole && cut_line(line, NULL) == csv.n_columns)
            csv.row[csv.n_rows++] = line;
        else
            csv.n_passed++;
    }
    *out = csv;
    return CAIRN_OK;
}

cairn_status cairn_csv_read(const char *folder, const char *file, struct cairn_csv *out)
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    CAIRN_TRY(cairn_path_join(folder, file, path));
    CAIRN_TRY(cairn_file_read(path, &text));
    *out = (struct cairn_csv){.text = NULL};
    return text == NULL ? CAIRN_OK : cairn_csv_parse(text, out);
}

void cairn_csv_free(struct cairn_csv *csv)
{
    free(csv->text);
    free(csv->row);
    *csv = (struct cairn_csv){.text = NULL};
}

bool cairn_csv_find(const struct cairn_csv *csv, const char *name, size_t *column)
{
    for (size_t i = 0; i < csv->n_columns; i++) {
        if (strcmp(csv->name[i], name) != 0) continue;
        *column = i;
        return true;
    }
    return false;
}

const char *cairn_csv_text(const struct cairn_csv *csv, size_t row, size_t column)
{
    const char *field = csv->row[row];
    for (; column > 0; column--) field += strlen(field) + 1;
    return field;
}

double cairn_csv_number(const struct cairn_csv *csv, size_t row, size_t column)
{
    char *end = NULL;
    const char *field = cairn_csv_text(csv, row, column);
    double value = strtod(field, &end);
    return end == field || *end != '\0' ? (double)NAN : value;
}

cairn_status cairn_csv_numbers(const struct cairn_csv *csv, const char *name, double **out)
{
    double *value = NULL;
    size_t column = 0;
    bool there = cairn_csv_find(csv, name, &column);
    CAIRN_TRY(cairn_memory_get(csv->n_rows + 1, sizeof *value, "a column", &value));
    for (size_t i = 0; i < csv->n_rows; i++)
        value[i] = there ? cairn_csv_number(csv, i, column) : (double)NAN;
    *out = value;
    return CAIRN_OK;
}

bool cairn_csv_has_numbers(const struct cairn_csv *csv, const char *name)
{
    size_t column = 0;
    if (!cairn_csv_find(csv, name, &column)) return false;
    for (size_t i = 0; i < csv->n_rows; i++)
        if (isfinite(cairn_csv_number(csv, i, column))) return true;
    return false;
}
