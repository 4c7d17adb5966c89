/* SPDX-License-Identifier: BSD-3-Clause
 * What became of columns, applied to others. */
#include "data/csv/like.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv/inside.h"
#include "data/csv/stored.h"
#include "data/writer.h"
#include "h5/h5.h"

/* ---- from a dataset */

/* The pieces of the attribute, joined. */
static cairn_status read_text(struct cairn_h5 *file, char **out)
{
    char name[32] = CAIRN_COLUMNS_ATTRIBUTE;
    size_t n = 0;
    for (int i = 2; cairn_h5_has_attribute(file, "/", name); i++) {
        char *piece = NULL, *joined = NULL;
        CAIRN_TRY(cairn_h5_get_text(file, "/", name, &piece));
        cairn_status st =
            cairn_memory_get(n + strlen(piece) + 1, 1, "the names of the columns", &joined);
        if (st == CAIRN_OK) {
            if (n > 0) memcpy(joined, *out, n);
            memcpy(joined + n, piece, strlen(piece) + 1);
            n += strlen(piece);
            free(*out);
            *out = joined;
        }
        free(piece);
        CAIRN_TRY(st);
        snprintf(name, sizeof name, CAIRN_COLUMNS_ATTRIBUTE "-%d", i);
    }
    return CAIRN_OK;
}

static size_t width_of(const struct cairn_csv_column *column)
{
    return column->kind == CAIRN_CSV_CATEGORY && !column->is_target ? column->texts.n : 1;
}

/* What the columns come to; false where they do not follow each other, or divide by nothing. */
static bool count(struct cairn_csv_like *like)
{
    bool fits = true;
    for (size_t c = 0; c < like->n_columns; c++) {
        const struct cairn_csv_column *column = &like->column[c];
        const bool is_class = column->is_target && column->kind == CAIRN_CSV_CATEGORY;
        if (column->why[0] != '\0') continue;
        size_t *n = column->is_target ? &like->n_targets : &like->n_features;
        fits = fits && column->first == *n && isfinite(column->mean) &&
               (!column->standardized || (column->deviation > 0 && isfinite(column->deviation)));
        *n += width_of(column);
        like->classes = like->classes || is_class;
        like->standardized = like->standardized || column->standardized;
    }
    return fits && like->n_features > 0 && (!like->classes || like->n_targets == 1);
}

/* An earlier version kept less. */
static bool is_older(struct cairn_h5 *file, const struct cairn_csv_like *like)
{
    bool older = cairn_h5_has_array(file, "/train/x") && !like->standardized &&
                 cairn_h5_has_attribute(file, "/train/x", "mean");
    for (size_t c = 0; c < like->n_columns; c++) {
        const struct cairn_csv_column *column = &like->column[c];
        older = older || (column->why[0] == '\0' && column->kind == CAIRN_CSV_CATEGORY &&
                          column->texts.n == 0);
    }
    return older;
}

static cairn_status read_file(struct cairn_h5 *file, struct cairn_csv_like *like)
{
    char *text = NULL;
    CAIRN_TRY(read_text(file, &like->text));
    if (like->text == NULL)
        return cairn_fail(CAIRN_DATA,
                          "%s: does not say what became of columns: --like wants a file that "
                          "cairn import csv has made",
                          like->path);
    CAIRN_TRY(cairn_memory_text(like->text, &text));
    cairn_status st = cairn_csv_columns_parse(text, &like->column, &like->n_columns);
    free(text);
    if (st != CAIRN_OK) return cairn_fail_in(st, "%s", like->path);
    if (count(like) && !is_older(file, like)) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: what it says of its columns is not all that is needed; import its table "
                      "again",
                      like->path);
}

cairn_status cairn_csv_like_read(const char *path, struct cairn_csv_like *out)
{
    struct cairn_csv_like like = {.path = path};
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_open(path, &file));
    cairn_status st = read_file(file, &like);
    cairn_h5_close(file);
    if (st == CAIRN_OK)
        *out = like;
    else
        cairn_csv_like_free(&like);
    return st;
}

void cairn_csv_like_free(struct cairn_csv_like *like)
{
    struct cairn_csv_columns columns = {.item = like->column, .n = like->n_columns};
    cairn_csv_columns_free(&columns);
    free(like->text);
    *like = (struct cairn_csv_like){0};
}

/* ---- to the columns of another table */

static cairn_status no_column(const struct cairn_csv_finder *f,
                              const struct cairn_csv_column *wanted)
{
    char names[CAIRN_CSV_NAMES_BYTES], words[CAIRN_CSV_WORDS_BYTES];
    cairn_csv_describe(wanted, false, words);
    cairn_csv_names(&f->columns, names);
    return cairn_fail(CAIRN_DATA, "%s:%zu: there is no column '%s', in %s %s; the columns are %s%s",
                      f->path, f->first_line, wanted->name, f->options->like->path, words, names,
                      wanted->is_target ? "; --no-target leaves the target out, for cairn predict"
                                        : "");
}

static cairn_status check_missing(const struct cairn_csv_finder *f, size_t i)
{
    const struct cairn_csv_column *column = &f->columns.item[i];
    const struct cairn_csv_sample *sample = &f->seen[i].missing;
    const int missing = f->options->missing;
    const bool fine = column->is_target ? missing != CAIRN_CSV_MISSING_ERROR
                                        : column->filled || missing == CAIRN_CSV_MISSING_DROP;
    if (sample->line == 0 || fine) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s:%zu: column %zu is '%s', no value (column %s%s), and %s has none for it; "
                      "--missing drop leaves such rows out%s",
                      f->path, sample->line, i, sample->text, column->name,
                      column->is_target ? ", the target" : "", f->options->like->path,
                      column->is_target ? ", --no-target all targets" : "");
}

/* All but the name, which is there. */
static cairn_status take(struct cairn_csv_column *column, const struct cairn_csv_column *from)
{
    struct cairn_csv_column taken = *from;
    int32_t id = 0;
    taken.name = column->name;
    taken.texts = (struct cairn_classes){0};
    *column = taken;
    for (size_t k = 0; k < from->texts.n; k++)
        CAIRN_TRY(cairn_classes_add(&column->texts, from->texts.item[k].name, &id));
    return CAIRN_OK;
}

static cairn_status apply(struct cairn_csv_finder *f, const struct cairn_csv_column *wanted)
{
    size_t i = 0;
    while (i < f->columns.n && strcmp(f->columns.item[i].name, wanted->name) != 0) i++;
    const bool there = i < f->columns.n;
    if (wanted->is_target && f->options->no_target) {
        if (there) snprintf(f->columns.item[i].why, sizeof f->columns.item[i].why, "--no-target");
        return CAIRN_OK;
    }
    if (!there) return wanted->why[0] == '\0' ? no_column(f, wanted) : CAIRN_OK;
    CAIRN_TRY(take(&f->columns.item[i], wanted));
    return wanted->why[0] == '\0' ? check_missing(f, i) : CAIRN_OK;
}

cairn_status cairn_csv_decide_like(struct cairn_csv_finder *f)
{
    const struct cairn_csv_like *like = f->options->like;
    for (size_t i = 0; i < f->columns.n; i++)
        snprintf(f->columns.item[i].why, sizeof f->columns.item[i].why, "not in --like");
    for (size_t c = 0; c < like->n_columns; c++) CAIRN_TRY(apply(f, &like->column[c]));
    f->columns.n_features = like->n_features;
    f->columns.n_targets = f->options->no_target ? 0 : like->n_targets;
    f->columns.classes = like->classes && !f->options->no_target;
    return CAIRN_OK;
}

/* By the names that are looked for; without names, by their number alone. */
bool cairn_csv_like_has_header(const struct cairn_csv_finder *f)
{
    const struct cairn_csv_like *like = f->options->like;
    char index[24];
    bool named = false;
    for (size_t c = 0; c < like->n_columns; c++) {
        snprintf(index, sizeof index, "%zu", c);
        named = named || strcmp(like->column[c].name, index) != 0;
    }
    return named;
}
