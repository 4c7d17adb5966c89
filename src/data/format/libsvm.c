/* SPDX-License-Identifier: BSD-3-Clause
 * LIBSVM's sparse text: "label index:value index:value ...", a line for each sample.  Gone through
 * twice: for labels and the number of features, and for the rows, which are written dense. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "data/format.h"
#include "data/gzip.h"
#include "data/split.h"

enum { BLOCK_BYTES = 1 << 22, MOST_FEATURES = 1 << 24, MOST_CLASSES = 65536, NAME_BYTES = 32 };

/* Labels that have been met, in rising order. */
struct labels {
    double *value; /* [capacity], owned */
    size_t n, capacity;
    bool named;  /* they are numbered by their order, and these are their names, ... */
    char *names; /* ... between commas; owned */
};

/* What the first pass has found out, over all files. */
struct survey {
    const struct cairn_import *import;
    struct labels labels;
    size_t n_features, n_rows; /* rows of the file at hand */
    bool has_qid;
};

/* One line of a file. */
struct line {
    const char *path;
    size_t number, n_values; /* lines so far */
    char *at;                /* what is left of it */
    size_t next_index;       /* the least that may follow */
};

static cairn_status refuse(const struct line *line, const char *what)
{
    const size_t most = 40;
    return cairn_fail(CAIRN_DATA, "%s:%zu: '%.*s' %s", line->path, line->number,
                      (int)strnlen(line->at, most), line->at, what);
}

/* The next word of the line, ended by NUL, or NULL. */
static char *next_word(struct line *line)
{
    line->at += strspn(line->at, " \t");
    if (*line->at == '\0' || *line->at == '#') return NULL;
    char *word = line->at;
    line->at += strcspn(line->at, " \t");
    if (*line->at != '\0') *line->at++ = '\0';
    return word;
}

static bool read_number(const char *text, double *out)
{
    char *end = NULL;
    if (*text == '\0') return false;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite((real)*out);
}

static cairn_status read_label(const struct cairn_import *import, struct line *line, double *label)
{
    char *word = next_word(line);
    struct line at = *line;
    at.at = word == NULL ? line->at : word;
    if (word == NULL || !read_number(word, label))
        return refuse(&at, strchr(at.at, ',') != NULL
                               ? "is several labels; cairn takes one for each sample"
                           : strchr(at.at, ':') != NULL ? "stands where the label should be"
                                                        : "is not a label, a finite number");
    if (!import->regression && (*label != floor(*label) || fabs(*label) > INT32_MAX / 2))
        return refuse(&at, "is not a class, a whole number; --regression takes real targets");
    return CAIRN_OK;
}

/* The next "index:value", the index from 0; *found is false after the last. */
static cairn_status read_entry(const struct cairn_import *import, struct line *line,
                               struct survey *survey, size_t *index, double *value, bool *found)
{
    char *word = next_word(line);
    if (word != NULL && strncmp(word, "qid:", 4) == 0) {
        survey->has_qid = true;
        word = next_word(line);
    }
    *found = word != NULL;
    if (word == NULL) return CAIRN_OK;
    struct line at = *line;
    char *end = NULL;
    at.at = word;
    errno = 0;
    const unsigned long long number = *word < '0' || *word > '9' ? 0 : strtoull(word, &end, 10);
    if (end == NULL || *end != ':' || errno != 0 || !read_number(end + 1, value))
        return refuse(&at, "is not index:value with a finite number");
    if (number == 0 && !import->zero_based)
        return refuse(&at, "has the index 0; --zero-based is for indices from 0");
    *index = (size_t)number - !import->zero_based;
    if (*index < line->next_index) return refuse(&at, "does not come after the index before it");
    line->next_index = *index + 1;
    const size_t most = import->n_features > 0 ? import->n_features : MOST_FEATURES;
    if (*index >= most)
        return refuse(&at, import->n_features > 0
                               ? "is beyond --features"
                               : "is beyond 16777216 features, the most cairn makes dense");
    return CAIRN_OK;
}

/* The next line with a sample; *found is false after the last. */
static cairn_status next_line(struct cairn_gzip *file, struct line *line, bool *found)
{
    for (;;) {
        char *text = NULL;
        CAIRN_TRY(cairn_gzip_line(file, &text));
        *found = text != NULL;
        if (text == NULL) return CAIRN_OK;
        line->number++;
        line->next_index = 0;
        line->at = text + strspn(text, " \t");
        if (*line->at != '\0' && *line->at != '#') return CAIRN_OK;
    }
}

/* ---- labels */

/* Where the value is or would be. */
static size_t place_of(const struct labels *labels, double value)
{
    size_t low = 0;
    size_t high = labels->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (labels->value[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static cairn_status add_label(const char *path, struct labels *labels, double value)
{
    const size_t at = place_of(labels, value);
    if (at < labels->n && labels->value[at] == value) return CAIRN_OK;
    if (labels->n == MOST_CLASSES)
        return cairn_fail(CAIRN_DATA, "%s: more than %d classes; --regression takes real targets",
                          path, MOST_CLASSES);
    if (labels->n == labels->capacity) {
        double *more = NULL;
        const size_t capacity = labels->capacity == 0 ? 64 : 2 * labels->capacity;
        CAIRN_TRY(cairn_memory_get(capacity, sizeof *more, "the classes", &more));
        if (labels->n > 0) memcpy(more, labels->value, labels->n * sizeof *more);
        free(labels->value);
        labels->value = more;
        labels->capacity = capacity;
    }
    memmove(labels->value + at + 1, labels->value + at, (labels->n - at) * sizeof value);
    labels->value[at] = value;
    labels->n++;
    return CAIRN_OK;
}

/* Labels that count from 0 stand for themselves; others, such as -1 and 1, are numbered. */
static cairn_status name_labels(struct labels *labels)
{
    size_t used = 0;
    if (labels->n == 0 || labels->value[0] == 0) return CAIRN_OK;
    labels->named = true;
    CAIRN_TRY(cairn_memory_get(labels->n, NAME_BYTES, "the names of the classes", &labels->names));
    for (size_t i = 0; i < labels->n; i++)
        used += (size_t)snprintf(labels->names + used, NAME_BYTES, "%s%.0f", i == 0 ? "" : ",",
                                 labels->value[i]);
    return CAIRN_OK;
}

static int32_t class_of(const struct labels *labels, double value)
{
    return labels->named ? (int32_t)place_of(labels, value) : (int32_t)value;
}

/* ---- the two passes */

static cairn_status survey_line(struct survey *survey, struct line *line)
{
    double label = 0;
    double value = 0;
    size_t index = 0;
    bool found = true;
    CAIRN_TRY(read_label(survey->import, line, &label));
    if (!survey->import->regression) CAIRN_TRY(add_label(line->path, &survey->labels, label));
    while (found) {
        CAIRN_TRY(read_entry(survey->import, line, survey, &index, &value, &found));
        if (found && index >= survey->n_features) survey->n_features = index + 1;
    }
    survey->n_rows++;
    return CAIRN_OK;
}

/* Visit all samples of a file. */
static cairn_status each_line(const char *path, cairn_status (*visit)(void *, struct line *),
                              void *context)
{
    struct cairn_gzip *file = NULL;
    struct line line = {.path = path};
    bool found = true;
    CAIRN_TRY(cairn_gzip_open(path, &file));
    cairn_status st = next_line(file, &line, &found);
    while (st == CAIRN_OK && found) {
        st = visit(context, &line);
        if (st == CAIRN_OK) st = next_line(file, &line, &found);
    }
    cairn_gzip_close(file);
    return st;
}

static cairn_status visit_survey(void *context, struct line *line)
{
    return survey_line(context, line);
}

/* Rows on their way. */
struct rows {
    struct survey *survey;
    struct cairn_sorter sorter;
    struct cairn_table table; /* of the block so far */
    size_t block;             /* rows at most */
    real *x;                  /* [block, features], owned */
    int32_t *label;           /* [block], owned; one of the two */
    real *target;
};

static cairn_status flush(struct rows *rows)
{
    if (rows->table.n == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_sorter_append(&rows->sorter, &rows->table));
    memset(rows->x, 0, rows->table.n * rows->survey->n_features * sizeof *rows->x);
    rows->table.n = 0;
    return CAIRN_OK;
}

static cairn_status visit_row(void *context, struct line *line)
{
    struct rows *rows = context;
    struct survey *survey = rows->survey;
    real *x = rows->x + rows->table.n * survey->n_features;
    double label = 0;
    double value = 0;
    size_t index = 0;
    bool found = true;
    CAIRN_TRY(read_label(survey->import, line, &label));
    for (;;) {
        CAIRN_TRY(read_entry(survey->import, line, survey, &index, &value, &found));
        if (!found) break;
        x[index] = (real)value;
    }
    rows->label[rows->table.n] = survey->import->regression ? 0 : class_of(&survey->labels, label);
    rows->target[rows->table.n] = (real)label;
    rows->table.n++;
    return rows->table.n < rows->block ? CAIRN_OK : flush(rows);
}

static cairn_status take_room(struct rows *rows, size_t n_rows)
{
    struct survey *survey = rows->survey;
    const bool regression = survey->import->regression;
    rows->block = BLOCK_BYTES / (survey->n_features * sizeof *rows->x) + 1;
    if (rows->block > n_rows) rows->block = n_rows;
    CAIRN_TRY(
        cairn_memory_get(rows->block, survey->n_features * sizeof *rows->x, "the rows", &rows->x));
    CAIRN_TRY(cairn_memory_get(rows->block, sizeof *rows->label, "the labels", &rows->label));
    CAIRN_TRY(cairn_memory_get(rows->block, sizeof *rows->target, "the targets", &rows->target));
    rows->table = (struct cairn_table){.input = {.ndim = 1, .dim = {survey->n_features}},
                                       .x_type = CAIRN_H5_REAL,
                                       .x = rows->x,
                                       .label = regression ? NULL : rows->label,
                                       .target = regression ? rows->target : NULL,
                                       .n_targets = 1,
                                       .class_names = survey->labels.names};
    return CAIRN_OK;
}

static cairn_status write_file(struct survey *survey, const char *path, enum cairn_split split,
                               size_t n_rows, struct cairn_writer *writer)
{
    struct rows rows = {.survey = survey};
    cairn_status st = take_room(&rows, n_rows);
    if (st == CAIRN_OK)
        st = cairn_sorter_begin(survey->import, split, n_rows, &rows.table, writer, &rows.sorter);
    if (st == CAIRN_OK) st = each_line(path, visit_row, &rows);
    if (st == CAIRN_OK) st = flush(&rows);
    free(rows.x);
    free(rows.label);
    free(rows.target);
    return st;
}

static cairn_status survey_file(struct survey *survey, const char *path, size_t *n_rows)
{
    survey->n_rows = 0;
    CAIRN_TRY(each_line(path, visit_survey, survey));
    *n_rows = survey->n_rows;
    if (survey->n_rows == 0) return cairn_fail(CAIRN_DATA, "%s: holds no samples", path);
    return CAIRN_OK;
}

static cairn_status import_files(struct survey *survey, struct cairn_writer *writer)
{
    const struct cairn_import *import = survey->import;
    size_t n_train = 0;
    size_t n_test = 0;
    CAIRN_TRY(survey_file(survey, import->source[0], &n_train));
    if (import->test[0] != NULL) CAIRN_TRY(survey_file(survey, import->test[0], &n_test));
    CAIRN_TRY(name_labels(&survey->labels));
    if (import->n_features > 0) survey->n_features = import->n_features;
    if (survey->n_features == 0)
        return cairn_fail(CAIRN_DATA, "%s: no sample has a feature", import->source[0]);
    if (survey->has_qid) cairn_log_info("qid: is left out; cairn knows no queries");
    CAIRN_TRY(write_file(survey, import->source[0], CAIRN_SPLIT_TRAIN, n_train, writer));
    if (import->test[0] == NULL) return CAIRN_OK;
    return write_file(survey, import->test[0], CAIRN_SPLIT_TEST, n_test, writer);
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct survey survey = {.import = import};
    if (import->n_sources != 1)
        return cairn_fail(CAIRN_USAGE, "cairn import libsvm takes one file, not %zu",
                          import->n_sources);
    if (import->test[0] != NULL && (import->test_every > 0 || import->test_fraction > 0))
        return cairn_fail(CAIRN_USAGE, "--test names the test samples; leave --test-%s away",
                          import->test_every > 0 ? "every" : "fraction");
    cairn_status st = import_files(&survey, writer);
    free(survey.labels.value);
    free(survey.labels.names);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--test", "FILE", CAIRN_KEY_PATH, AT(test[0]), .doc = "the file of the test samples"},
    {"--regression", NULL, CAIRN_KEY_BOOL, AT(regression), .doc = "labels are real targets"},
    {"--features", "N", CAIRN_KEY_COUNT, AT(n_features),
     .doc = "how many features there are; default as many as the largest index says", .low = 1,
     .high = MOST_FEATURES},
    {"--zero-based", NULL, CAIRN_KEY_BOOL, AT(zero_based), .doc = "indices count from 0, not 1"},
    CAIRN_OPTIONS_SPLIT,
    {.name = NULL},
};

const struct cairn_format cairn_format_libsvm = {
    .name = "libsvm",
    .heading =
        "libsvm FILE[.gz]: lines of label index:value ..., as LIBSVM and SVMlight have them; "
        "written dense; labels that do not count from 0 (-1 and 1, say) are numbered",
    .flags = flags,
    .run = run,
};
