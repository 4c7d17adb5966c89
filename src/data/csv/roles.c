/* SPDX-License-Identifier: BSD-3-Clause
 * What becomes of a column: feature, target, or left out, from what is in it and what was asked
 * for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/csv/inside.h"

enum {
    MOST_CATEGORIES = 256, /* with "auto"; more are names or remarks */
    MOST_NAMED = 12,       /* columns in a message */
};

void cairn_csv_names(const struct cairn_csv_columns *columns, char *text)
{
    const size_t n_bytes = CAIRN_CSV_NAMES_BYTES;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < columns->n && i < MOST_NAMED && used < n_bytes; i++)
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%.40s", i > 0 ? ", " : "",
                                 columns->item[i].name);
    if (columns->n > MOST_NAMED && used < n_bytes) snprintf(text + used, n_bytes - used, ", ...");
}

static cairn_status no_column(const struct cairn_csv_finder *f, const char *flag, const char *name,
                              size_t n)
{
    char names[CAIRN_CSV_NAMES_BYTES];
    cairn_csv_names(&f->columns, names);
    return cairn_fail(
        CAIRN_USAGE, "%s: %s %.*s: no column of that name, and indices go from 0 to %zu%s%s",
        f->path, flag, (int)n, name, f->columns.n - 1,
        f->columns.has_header ? "; the columns are " : "", f->columns.has_header ? names : "");
}

/* The column of a name, or an index, of n characters. */
static cairn_status find_column(const struct cairn_csv_finder *f, const char *flag,
                                const char *name, size_t n, size_t *out)
{
    char *end = NULL;
    for (size_t i = 0; i < f->columns.n; i++) {
        const char *here = f->columns.item[i].name;
        if (strlen(here) != n || strncmp(here, name, n) != 0) continue;
        *out = i;
        return CAIRN_OK;
    }
    errno = 0;
    const unsigned long index = strtoul(name, &end, 10);
    if (*name < '0' || *name > '9' || end != name + n || errno != 0 || index >= f->columns.n)
        return no_column(f, flag, name, n);
    *out = index;
    return CAIRN_OK;
}

/* member [n columns] of those that a list names; *given: there is a list. */
static cairn_status read_list(const struct cairn_csv_finder *f, const char *flag, const char *list,
                              bool *member)
{
    size_t index = 0;
    while (list != NULL && *list != '\0') {
        const size_t n = strcspn(list, ",");
        CAIRN_TRY(find_column(f, flag, list, n, &index));
        member[index] = true;
        list += n + (list[n] == ',');
    }
    return CAIRN_OK;
}

static void leave_out(struct cairn_csv_column *column, const char *why)
{
    snprintf(column->why, sizeof column->why, "%s", why);
}

/* Names or numbers of rows: the first column without a name, as R and pandas write it, or with the
 * names that they give it when they read that again. */
static bool names_rows(const struct cairn_csv_finder *f)
{
    const struct cairn_csv_seen *seen = &f->seen[0];
    const char *name = f->first[0];
    const bool named_so = strcmp(name, "Unnamed: 0") == 0 || strcmp(name, "rownames") == 0;
    const bool differ = seen->counts_up || (!seen->number && seen->texts.n == seen->n_filled);
    return f->columns.has_header && (name[0] == '\0' || (named_so && differ));
}

static cairn_status choose_targets(struct cairn_csv_finder *f, bool *listed)
{
    const struct cairn_csv_options *options = f->options;
    bool *target = NULL;
    CAIRN_TRY(cairn_memory_get(f->columns.n, sizeof *target, "the columns", &target));
    cairn_status st = CAIRN_OK;
    if (options->target != NULL)
        st = read_list(f, "--target", options->target, target);
    else if (!options->no_target)
        target[f->columns.n - 1] = true;
    for (size_t i = 0; i < f->columns.n && st == CAIRN_OK; i++) {
        f->columns.item[i].is_target = target[i];
        listed[i] = listed[i] || target[i];
    }
    free(target);
    return st;
}

static bool is_automatic(const struct cairn_csv_finder *f)
{
    return f->options->categories != NULL && strcmp(f->options->categories, "auto") == 0;
}

static enum cairn_csv_kind kind_of(const struct cairn_csv_seen *seen)
{
    if (seen->number) return CAIRN_CSV_NUMBER;
    if (seen->boolean) return CAIRN_CSV_BOOLEAN;
    return seen->date ? CAIRN_CSV_DATE : CAIRN_CSV_CATEGORY;
}

/* A feature that is neither a number nor anything that counts as one. */
static cairn_status no_number(const struct cairn_csv_finder *f, size_t i)
{
    const struct cairn_csv_column *column = &f->columns.item[i];
    const struct cairn_csv_sample *sample = &f->seen[i].no_number;
    return cairn_fail(
        CAIRN_DATA,
        "%s:%zu: column %zu is '%s', not a number (column %s); --categories '%s' gives "
        "a feature to each of its values, --drop '%s' leaves it out",
        f->path, sample->line, i, sample->text, column->name, column->name, column->name);
}

static cairn_status decide_feature(struct cairn_csv_finder *f, size_t i, bool listed)
{
    struct cairn_csv_column *column = &f->columns.item[i];
    const struct cairn_csv_seen *seen = &f->seen[i];
    column->kind = listed ? CAIRN_CSV_CATEGORY : kind_of(seen);
    if (seen->n_filled == 0)
        leave_out(column, "it has no values");
    else if (listed && seen->texts.n == CAIRN_CSV_MOST_KEPT)
        return cairn_fail(CAIRN_USAGE, "%s: --categories %s: it has %d different values or more",
                          f->path, column->name, CAIRN_CSV_MOST_KEPT);
    else if (column->kind == CAIRN_CSV_CATEGORY && !listed && !is_automatic(f))
        return no_number(f, i);
    else if (column->kind == CAIRN_CSV_CATEGORY && !listed && seen->texts.n > MOST_CATEGORIES)
        leave_out(column, "it has too many different texts to be a category");
    return CAIRN_OK;
}

static cairn_status decide_target(struct cairn_csv_finder *f, size_t i)
{
    struct cairn_csv_column *column = &f->columns.item[i];
    const struct cairn_csv_seen *seen = &f->seen[i];
    column->kind = f->options->classes ? CAIRN_CSV_CATEGORY : kind_of(seen);
    f->columns.classes = f->columns.classes || column->kind == CAIRN_CSV_CATEGORY;
    if (column->kind != CAIRN_CSV_CATEGORY || f->options->classes || is_automatic(f))
        return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s:%zu: column %zu is '%s', not a number (column %s, the target); --classes "
                      "takes texts as classes",
                      f->path, seen->no_number.line, i, seen->no_number.text, column->name);
}

static cairn_status check_missing(const struct cairn_csv_finder *f, size_t i)
{
    const struct cairn_csv_column *column = &f->columns.item[i];
    const struct cairn_csv_sample *sample = &f->seen[i].missing;
    if (sample->line == 0 || f->options->missing != CAIRN_CSV_MISSING_ERROR) return CAIRN_OK;
    return cairn_fail(
        CAIRN_DATA,
        "%s:%zu: column %zu is '%s', no value (column %s%s); --missing drop leaves such "
        "rows out%s",
        f->path, sample->line, i, sample->text, column->name,
        column->is_target ? ", the target" : "",
        column->is_target ? "" : ", --missing mean fills them in");
}

/* Numbers of its first feature or target. */
static void count_column(struct cairn_csv_finder *f, struct cairn_csv_column *column)
{
    size_t *n = column->is_target ? &f->columns.n_targets : &f->columns.n_features;
    const bool one_hot = column->kind == CAIRN_CSV_CATEGORY && !column->is_target;
    column->first = *n;
    *n += one_hot ? column->texts.n : 1;
}

/* The three lists as members of all columns. */
struct lists {
    bool *only, *drop, *category, *listed; /* [n columns]; listed: a list has it */
};

static cairn_status decide(struct cairn_csv_finder *f, const struct lists *lists)
{
    const struct cairn_csv_options *options = f->options;
    for (size_t i = 0; i < f->columns.n; i++) {
        struct cairn_csv_column *column = &f->columns.item[i];
        column->n_missing = f->n_records + !f->columns.has_header - f->seen[i].n_filled;
        if (column->is_target)
            CAIRN_TRY(decide_target(f, i));
        else if (lists->drop[i])
            leave_out(column, "--drop");
        else if (options->only != NULL && !lists->only[i])
            leave_out(column, "not in --only");
        else if (i == 0 && !lists->listed[i] && names_rows(f))
            leave_out(column, "it names or counts the rows, and has no name");
        else
            CAIRN_TRY(decide_feature(f, i, lists->category[i]));
        if (column->why[0] != '\0') continue;
        CAIRN_TRY(check_missing(f, i));
        column->texts = f->seen[i].texts;
        f->seen[i].texts = (struct cairn_classes){0};
        count_column(f, column);
    }
    return CAIRN_OK;
}

static cairn_status check_counts(const struct cairn_csv_finder *f)
{
    if (f->columns.n_features == 0)
        return cairn_fail(CAIRN_USAGE, "%s: no column is left as a feature", f->path);
    if (f->columns.classes && f->columns.n_targets > 1)
        return cairn_fail(CAIRN_USAGE, "%s: --classes is for a single target, not %zu", f->path,
                          f->columns.n_targets);
    return CAIRN_OK;
}

static cairn_status read_lists(struct cairn_csv_finder *f, const struct lists *lists)
{
    const struct cairn_csv_options *options = f->options;
    const char *categories = is_automatic(f) ? NULL : options->categories;
    CAIRN_TRY(read_list(f, "--only", options->only, lists->only));
    CAIRN_TRY(read_list(f, "--drop", options->drop, lists->drop));
    CAIRN_TRY(read_list(f, "--categories", categories, lists->category));
    for (size_t i = 0; i < f->columns.n; i++)
        lists->listed[i] = lists->only[i] || lists->category[i];
    return choose_targets(f, lists->listed);
}

cairn_status cairn_csv_decide(struct cairn_csv_finder *f)
{
    const size_t n = f->columns.n;
    bool *member = NULL;
    CAIRN_TRY(cairn_memory_get(4 * n, sizeof *member, "the columns", &member));
    const struct lists lists = {member, member + n, member + 2 * n, member + 3 * n};
    cairn_status st = read_lists(f, &lists);
    if (st == CAIRN_OK) st = decide(f, &lists);
    if (st == CAIRN_OK) st = check_counts(f);
    free(member);
    return st;
}
