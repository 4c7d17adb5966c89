/* SPDX-License-Identifier: BSD-3-Clause
 * Finding out what columns are. */
#include "data/csv/columns.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv/cell.h"
#include "data/csv/inside.h"

static void take_sample(struct cairn_csv_sample *sample, const char *text, size_t line)
{
    if (sample->line > 0) return;
    sample->line = line;
    snprintf(sample->text, sizeof sample->text, "%s", text);
}

static cairn_status look(struct cairn_csv_seen *seen, const char *text, size_t line, bool comma)
{
    double value = 0;
    int32_t id = 0;
    if (cairn_cell_is_missing(text)) {
        take_sample(&seen->missing, text, line);
        seen->counts_up = false;
        return CAIRN_OK;
    }
    seen->number = seen->number && cairn_cell_number(text, comma, &value);
    if (!seen->number) take_sample(&seen->no_number, text, line);
    seen->counts_up = seen->counts_up && seen->number && value == floor(value) &&
                      (seen->n_filled == 0 || value > seen->last);
    seen->last = value;
    seen->boolean = seen->boolean && cairn_cell_boolean(text, &value);
    seen->date = seen->date && cairn_cell_date(text, &value);
    seen->n_filled++;
    return seen->texts.n < seen->most_texts ? cairn_classes_add(&seen->texts, text, &id) : CAIRN_OK;
}

/* ---- the header */

static bool counts_columns(char **field, size_t n)
{
    char text[24];
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%zu", i);
        if (strcmp(field[i], text) != 0) return false;
    }
    return n > 2; /* a sample 0, 1 may well be */
}

/* Whether the first record is no sample, by itself or beside the others. */
static bool is_header(const struct cairn_csv_finder *f)
{
    bool any_number = false, differs = false;
    double value = 0;
    if (f->options->header != CAIRN_CSV_HEADER_AUTO)
        return f->options->header == CAIRN_CSV_HEADER_YES;
    if (f->options->like != NULL)
        return cairn_csv_like_has_header(f) || counts_columns(f->first, f->columns.n);
    for (size_t i = 0; i < f->columns.n; i++) {
        const char *text = f->first[i];
        const bool number = cairn_cell_number(text, f->columns.comma, &value);
        const bool missing = cairn_cell_is_missing(text);
        any_number = any_number || number;
        differs = differs || (!number && !missing && f->seen[i].number && f->seen[i].n_filled > 0);
    }
    const bool rows_named =
        f->first[0][0] == '\0' && f->seen[0].missing.line == 0 && f->n_records > 0;
    return !any_number || differs || rows_named || counts_columns(f->first, f->columns.n);
}

static cairn_status name_columns(struct cairn_csv_finder *f)
{
    char text[24];
    for (size_t i = 0; i < f->columns.n; i++) {
        snprintf(text, sizeof text, "%zu", i);
        const bool named = f->columns.has_header && f->first[i][0] != '\0';
        CAIRN_TRY(cairn_memory_text(named ? f->first[i] : text, &f->columns.item[i].name));
    }
    return CAIRN_OK;
}

/* ---- all cells */

static cairn_status prepare(struct cairn_csv_finder *f, const struct cairn_csv *csv)
{
    const size_t n = cairn_csv_columns(csv);
    f->columns.comma = cairn_csv_separator(csv) != ',';
    CAIRN_TRY(cairn_memory_get(n, sizeof *f->columns.item, "the columns", &f->columns.item));
    CAIRN_TRY(cairn_memory_get(n, sizeof *f->seen, "the columns", &f->seen));
    CAIRN_TRY(cairn_memory_get(n, sizeof *f->first, "the columns", &f->first));
    f->columns.n = n;
    for (size_t i = 0; i < n; i++)
        f->seen[i] = (struct cairn_csv_seen){.number = true,
                                             .boolean = true,
                                             .date = true,
                                             .counts_up = true,
                                             .most_texts = CAIRN_CSV_MOST_KEPT};
    return CAIRN_OK;
}

static cairn_status look_at_all(struct cairn_csv_finder *f, struct cairn_csv *csv)
{
    char **field = NULL;
    size_t line = 0;
    CAIRN_TRY(cairn_csv_next(csv, &field, &f->first_line));
    for (size_t i = 0; i < f->columns.n; i++) CAIRN_TRY(cairn_memory_text(field[i], &f->first[i]));
    for (;;) {
        CAIRN_TRY(cairn_csv_next(csv, &field, &line));
        if (field == NULL) break;
        f->n_records++;
        for (size_t i = 0; i < f->columns.n; i++)
            CAIRN_TRY(look(&f->seen[i], field[i], line, f->columns.comma));
    }
    f->columns.has_header = is_header(f);
    if (f->columns.has_header && f->n_records == 0)
        return cairn_fail(CAIRN_DATA, "%s: has a header but no rows", f->path);
    for (size_t i = 0; i < f->columns.n && !f->columns.has_header; i++)
        CAIRN_TRY(look(&f->seen[i], f->first[i], f->first_line, f->columns.comma));
    return name_columns(f);
}

static cairn_status find(struct cairn_csv_finder *f)
{
    struct cairn_csv *csv = NULL;
    CAIRN_TRY(cairn_csv_open(f->path, &f->options->form, &csv));
    cairn_status st = prepare(f, csv);
    if (st == CAIRN_OK) st = look_at_all(f, csv);
    cairn_csv_close(csv);
    if (st != CAIRN_OK) return st;
    return f->options->like != NULL ? cairn_csv_decide_like(f) : cairn_csv_decide(f);
}

cairn_status cairn_csv_columns_find(const char *path, const struct cairn_csv_options *options,
                                    struct cairn_csv_columns *out)
{
    struct cairn_csv_finder f = {.path = path, .options = options};
    cairn_status st = find(&f);
    for (size_t i = 0; i < f.columns.n; i++) {
        cairn_classes_free(&f.seen[i].texts);
        free(f.first[i]);
    }
    free(f.seen);
    free(f.first);
    if (st == CAIRN_OK)
        *out = f.columns;
    else
        cairn_csv_columns_free(&f.columns);
    return st;
}

void cairn_csv_columns_free(struct cairn_csv_columns *columns)
{
    for (size_t i = 0; i < columns->n; i++) {
        free(columns->item[i].name);
        cairn_classes_free(&columns->item[i].texts);
    }
    free(columns->item);
    *columns = (struct cairn_csv_columns){0};
}
