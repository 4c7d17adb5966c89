/* SPDX-License-Identifier: BSD-3-Clause
 * The series of studies. */
#include "report/chart/series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static json_t *file_of(const struct cairn_study_files *study, enum cairn_study_file file)
{
    return file == CAIRN_FILE_FIT ? study->fit : study->scaling;
}

/* The place of a series among those of either file; how many there are where it is in none. */
static size_t place_of(const struct cairn_study_files *study, const char *name)
{
    const char *key = NULL;
    json_t *value = NULL;
    size_t at = 0;
    json_object_foreach(study->fit, key, value)
    {
        if (name != NULL && strcmp(key, name) == 0) return at;
        at++;
    }
    json_object_foreach(study->scaling, key, value)
    {
        if (json_object_get(study->fit, key) != NULL) continue;
        if (name != NULL && strcmp(key, name) == 0) return at;
        at++;
    }
    return at;
}

uint32_t cairn_series_colour(const struct cairn_report *report, size_t study, const char *name)
{
    size_t at = name == NULL ? 0 : place_of(&report->study[study], name);
    for (size_t i = 0; i < study; i++) {
        size_t n = place_of(&report->study[i], NULL);
        at += n > 0 ? n : 1;
    }
    return cairn_colour(at);
}

static void describe(const struct cairn_report *report, struct cairn_series_of *series)
{
    bool all = strcmp(series->name, "all") == 0;
    const char *study = report->n_studies > 1 || all ? series->study->name : "";
    snprintf(series->label, sizeof series->label, "%.90s%s%.100s", study,
             *study != '\0' && !all ? ": " : "", all ? "" : series->name);
    series->colour = cairn_series_colour(report, series->at_study, series->name);
}

bool cairn_series_next(const struct cairn_report *report, enum cairn_study_file file,
                       struct cairn_series_of *series)
{
    bool first = series->data == NULL;
    series->report = report;
    while (series->at_study < report->n_studies) {
        series->study = &report->study[series->at_study];
        json_t *object = file_of(series->study, file);
        series->at = series->at == NULL ? json_object_iter(object)
                                        : json_object_iter_next(object, series->at);
        if (series->at == NULL) {
            series->at_study++;
            continue;
        }
        if (!json_is_object(json_object_iter_value(series->at))) continue;
        series->name = json_object_iter_key(series->at);
        series->data = json_object_iter_value(series->at);
        series->i += first ? 0 : 1;
        describe(report, series);
        return true;
    }
    return false;
}

struct cairn_point cairn_series_value(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return (struct cairn_point){.x = (double)NAN,
                                .y = cairn_json_get_number(value, "value"),
                                .low = cairn_json_get_number(value, "low"),
                                .high = cairn_json_get_number(value, "high")};
}

/* Put a value among those that ascend; how many they are then. */
static size_t insert(double value[CAIRN_MOST_BATCHES], size_t n, double more)
{
    size_t at = 0;
    while (at < n && value[at] < more) at++;
    if (!isfinite(more) || n == CAIRN_MOST_BATCHES || (at < n && value[at] == more)) return n;
    memmove(value + at + 1, value + at, (n - at) * sizeof *value);
    value[at] = more;
    return n + 1;
}

size_t cairn_series_different(const json_t *list, const char *name,
                              double value[CAIRN_MOST_BATCHES])
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        n = insert(value, n, cairn_json_get_number(json_array_get(list, i), name));
    return n;
}

/* All batches of the page, ascending. */
static size_t all_batches(const struct cairn_report *report, double batch[CAIRN_MOST_BATCHES])
{
    static const struct {
        enum cairn_study_file file;
        const char *list;
    } where[] = {{CAIRN_FILE_FIT, "points"},
                 {CAIRN_FILE_FIT, "tried"},
                 {CAIRN_FILE_SCALING, "points"},
                 {CAIRN_FILE_SCALING, "predictions"}};
    size_t n = 0;
    for (size_t k = 0; k < sizeof where / sizeof where[0]; k++) {
        struct cairn_series_of series = {.study = NULL};
        while (cairn_series_next(report, where[k].file, &series)) {
            const json_t *list = json_object_get(series.data, where[k].list);
            for (size_t i = 0; i < json_array_size(list); i++)
                n = insert(batch, n, cairn_json_get_number(json_array_get(list, i), "batch"));
        }
    }
    return n;
}

uint32_t cairn_series_batch_colour(const struct cairn_report *report, double batch)
{
    double all[CAIRN_MOST_BATCHES];
    size_t at = 0, n = all_batches(report, all);
    while (at + 1 < n && all[at] < batch) at++;
    return cairn_colour_of(at, n);
}

void cairn_series_batches(const struct cairn_report *report, struct cairn_plot *plot,
                          struct cairn_axis *axis)
{
    double batch[CAIRN_MOST_BATCHES];
    size_t n = 0;
    struct cairn_series_of series = {.study = NULL};
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        for (size_t i = 0; i < json_array_size(points); i++)
            n = insert(batch, n, cairn_json_get_number(json_array_get(points, i), "batch"));
    }
    axis->log = true;
    double before = 0;
    double least = n < 2 ? 1 : pow(batch[n - 1] / batch[0], 0.09); /* so that labels do not meet */
    for (size_t i = 0; i < n; i++) {
        char label[32];
        if (batch[i] < before * least) continue;
        before = batch[i];
        snprintf(label, sizeof label, "%.0f", batch[i]);
        cairn_plot_tic(plot, axis, batch[i], label);
    }
}

void cairn_series_cell(struct cairn_page *page, struct cairn_point value)
{
    if (!isfinite(value.y)) {
        cairn_page_put(page, "<td>-</td>\n");
        return;
    }
    cairn_page_put(page, "<td>%s", cairn_page_words(value.y, 3));
    if (isfinite(value.low) || isfinite(value.high))
        cairn_page_put(page, " (%s to %s)", cairn_page_words(value.low, 3),
                       cairn_page_words(value.high, 3));
    cairn_page_put(page, "</td>\n");
}
