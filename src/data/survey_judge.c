/* SPDX-License-Identifier: BSD-3-Clause
 * What of a survey is wrong, and what is only worth a look. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/survey.h"

enum { LINE_BYTES = 3 * CAIRN_WHERE_BYTES, MOST_LISTED = 8, LIST_BYTES = 256, USUAL_MARK = -100 };

/* Who hears of it. */
struct judge {
    const struct cairn_survey *survey;
    void (*say)(void *context, bool wrong, const char *line);
    void *context;
    char line[LINE_BYTES];
};

static void say(struct judge *j, bool wrong)
{
    j->say(j->context, wrong, j->line);
}

static const struct cairn_rows *rows_of(const struct judge *j, int split, int what)
{
    const struct cairn_group *group = &j->survey->dataset->group[split];
    return what == CAIRN_SURVEY_X ? &group->x : what == CAIRN_SURVEY_Y ? &group->y : &group->weight;
}

/* "FILE: /train/x row 7" */
static const char *place(const struct cairn_rows *rows, uint64_t number, const char *unit,
                         char *text)
{
    char where[CAIRN_WHERE_BYTES];
    size_t row = (size_t)number;
    const char *at = cairn_rows_where(rows, &row, where);
    snprintf(text, CAIRN_WHERE_BYTES + 32, "%s %s %zu", at == NULL ? "memory" : at, unit, row);
    return text;
}

/* ---- numbers that are refused */

static void say_refused(struct judge *j, int split, int what, uint64_t i)
{
    const struct cairn_survey_array *array = &j->survey->array[split][what];
    const struct cairn_survey_refused *refused = &array->wrong.first[i];
    const struct cairn_rows *rows = rows_of(j, split, what);
    const bool tokens = what == CAIRN_SURVEY_X && j->survey->dataset->vocabulary > 0;
    char text[CAIRN_WHERE_BYTES + 32], value[64], all[48] = "";
    snprintf(value, sizeof value, "%g", refused->value);
    if (isnan(refused->value) && rows->decode.may_miss)
        snprintf(value, sizeof value, "missing, a _FillValue");
    place(rows, refused->row, tokens ? "position" : "row", text);
    if (i == 0 && array->wrong.n > CAIRN_SURVEY_REFUSED)
        snprintf(all, sizeof all, ", the first of %" PRIu64, array->wrong.n);
    if (tokens)
        snprintf(j->line, sizeof j->line, "%s: %s is not a token below the vocabulary of %zu%s",
                 text, value, j->survey->dataset->vocabulary, all);
    else if (what == CAIRN_SURVEY_WEIGHT)
        snprintf(j->line, sizeof j->line, "%s: %s is not a weight, which is 0 or more%s", text,
                 value, all);
    else
        snprintf(j->line, sizeof j->line, "%s: number %" PRIu64 " is %s%s", text, refused->number,
                 value, all);
    say(j, true);
}

static void judge_numbers(struct judge *j, int split)
{
    const struct cairn_survey_array *array = j->survey->array[split];
    for (int what = 0; what < CAIRN_N_SURVEYED; what++)
        for (uint64_t i = 0; i < array[what].wrong.n && i < CAIRN_SURVEY_REFUSED; i++)
            say_refused(j, split, what, i);
    const struct cairn_survey_array *weight = &array[CAIRN_SURVEY_WEIGHT];
    if (weight->n_rows == 0 || weight->wrong.n > 0 || weight->column->high > 0) return;
    snprintf(j->line, sizeof j->line, "%s: %s: every weight is 0",
             cairn_rows_file(rows_of(j, split, CAIRN_SURVEY_WEIGHT), 0),
             cairn_rows_path(rows_of(j, split, CAIRN_SURVEY_WEIGHT), 0));
    say(j, true);
}

/* ---- what never changes, or never comes */

/* "0, 7, 9, ..." of those that are 0; how many in *n. */
static const char *list_zeros(const unsigned char *flag, size_t n_flags, size_t *n, char *text)
{
    size_t used = 0;
    *n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n_flags; i++) {
        if (flag[i] != 0) continue;
        if (*n < MOST_LISTED)
            used +=
                (size_t)snprintf(text + used, LIST_BYTES - used, "%s%zu", *n == 0 ? "" : ", ", i);
        (*n)++;
    }
    if (*n > MOST_LISTED) snprintf(text + used, LIST_BYTES - used, ", ...");
    return text;
}

static void judge_constant(struct judge *j)
{
    const struct cairn_survey_array *x = &j->survey->array[CAIRN_SPLIT_TRAIN][CAIRN_SURVEY_X];
    const struct cairn_rows *rows = rows_of(j, CAIRN_SPLIT_TRAIN, CAIRN_SURVEY_X);
    char list[LIST_BYTES];
    size_t n = 0;
    if (x->n_rows < 2) return;
    list_zeros(x->varies, x->n_varies, &n, list);
    if (n == 0) return;
    if (j->survey->dataset->vocabulary > 0)
        snprintf(j->line, sizeof j->line, "%s: %s: %zu of the %zu tokens never come: %s",
                 cairn_rows_file(rows, 0), cairn_rows_path(rows, 0), n, x->n_varies, list);
    else
        snprintf(j->line, sizeof j->line,
                 "%s: %s: %zu of the %zu numbers of a sample are the same in all samples: %s",
                 cairn_rows_file(rows, 0), cairn_rows_path(rows, 0), n, x->n_varies, list);
    say(j, false);
}

/* ---- labels */

/* Labels below 0, of which a loss passes over -100 unless ignore_index says otherwise. */
static void judge_negative(struct judge *j, int split, bool marks)
{
    const struct cairn_group *group = &j->survey->dataset->group[split];
    char text[CAIRN_WHERE_BYTES + 32];
    size_t n = 0;
    size_t first = 0;
    for (size_t i = 0; i < group->n; i++) {
        if (group->label[i] >= 0 || (group->label[i] == USUAL_MARK) != marks) continue;
        if (n++ == 0) first = i;
    }
    if (n == 0) return;
    snprintf(j->line, sizeof j->line, "%s: the label %d is below 0, one of %zu such labels; %s",
             place(&group->y, first, "row", text), (int)group->label[first], n,
             marks ? "cross_entropy passes over it"
                   : "classes count from 0, unless it is the ignore_index of the loss");
    say(j, !marks);
}

static cairn_status count_names(const struct cairn_rows *y, size_t *out)
{
    char *names = NULL;
    *out = 0;
    if (y->n_parts != 1 || !cairn_rows_has_attribute(y, 0, "classes")) return CAIRN_OK;
    CAIRN_TRY(cairn_rows_text(y, 0, "classes", &names));
    *out = 1;
    for (const char *at = names; *at != '\0'; at++) *out += *at == ',';
    free(names);
    return CAIRN_OK;
}

/* Labels for which the file has no name. */
static cairn_status judge_named(struct judge *j, int split)
{
    const struct cairn_group *group = &j->survey->dataset->group[split];
    char text[CAIRN_WHERE_BYTES + 32];
    size_t n_names = 0;
    CAIRN_TRY(count_names(&group->y, &n_names));
    for (size_t i = 0; n_names > 0 && i < group->n; i++) {
        if (group->label[i] < 0 || (size_t)group->label[i] < n_names) continue;
        place(&group->y, i, "row", text);
        snprintf(j->line, sizeof j->line, "%s: the label %d is none of the %zu classes with names",
                 text, (int)group->label[i], n_names);
        say(j, true);
        return CAIRN_OK;
    }
    return CAIRN_OK;
}

static cairn_status judge_labels(struct judge *j, int split)
{
    if (j->survey->dataset->group[split].label == NULL) return CAIRN_OK;
    judge_negative(j, split, false);
    judge_negative(j, split, true);
    return judge_named(j, split);
}

/* ---- samples that are the same */

/* ", of about 1 sample in 4" */
static const char *part_of_all(const struct judge *j, char *text, size_t n_text)
{
    text[0] = '\0';
    if (j->survey->twins.narrow > 0)
        snprintf(text, n_text, " (of about 1 sample in %" PRIu64 ", which were compared)",
                 (uint64_t)1 << j->survey->twins.narrow);
    return text;
}

static void judge_repeated(struct judge *j, int split)
{
    const struct cairn_twins_found *found = &j->survey->table.of[split][split];
    const char *name = cairn_split_name((enum cairn_split)split);
    const struct cairn_rows *x = rows_of(j, split, CAIRN_SURVEY_X);
    char a[CAIRN_WHERE_BYTES + 32], b[CAIRN_WHERE_BYTES + 32], part[80];
    if (found->n == 0) return;
    part_of_all(j, part, sizeof part);
    snprintf(j->line, sizeof j->line,
             "samples of %s come more than once, %" PRIu64 " in excess%s: %s is %s", name, found->n,
             part, place(x, found->row[1], "row", b), place(x, found->row[0], "row", a));
    say(j, false);
    if (found->n_differ == 0) return;
    snprintf(j->line, sizeof j->line,
             "of samples of %s that come more than once, %" PRIu64
             " have different targets%s: the first is %s",
             name, found->n_differ, part, place(x, found->differ_row, "row", a));
    say(j, false);
}

static void judge_shared(struct judge *j, int earlier, int later)
{
    const struct cairn_twins_found *found = &j->survey->table.of[earlier][later];
    char a[CAIRN_WHERE_BYTES + 32], b[CAIRN_WHERE_BYTES + 32], part[80];
    if (found->n == 0) return;
    snprintf(j->line, sizeof j->line, "of %zu samples of %s %" PRIu64 " are in %s, too%s: %s is %s",
             cairn_survey_rows(j->survey, (enum cairn_split)later),
             cairn_split_name((enum cairn_split)later), found->n,
             cairn_split_name((enum cairn_split)earlier), part_of_all(j, part, sizeof part),
             place(rows_of(j, later, CAIRN_SURVEY_X), found->row[1], "row", b),
             place(rows_of(j, earlier, CAIRN_SURVEY_X), found->row[0], "row", a));
    say(j, true);
}

cairn_status cairn_survey_judge(const struct cairn_survey *survey,
                                void (*tell)(void *context, bool wrong, const char *line),
                                void *context)
{
    struct judge *j = NULL;
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(1, sizeof *j, "a line of text", &j));
    *j = (struct judge){.survey = survey, .say = tell, .context = context};
    for (int split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++) {
        judge_numbers(j, split);
        st = judge_labels(j, split);
        for (int earlier = 0; earlier < split; earlier++) judge_shared(j, earlier, split);
    }
    judge_constant(j);
    for (int split = 0; split < CAIRN_N_SPLITS; split++) judge_repeated(j, split);
    free(j);
    return st;
}
