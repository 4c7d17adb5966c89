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

static void describe(const struct cairn_report *report, struct cairn_series_of *series)
{
    bool all = strcmp(series->name, "all") == 0;
    const char *study = report->n_studies > 1 || all ? series->study->name : "";
    snprintf(series->label, sizeof series->label, "%.90s%s%.100s", study,
             *study != '\0' && !all ? ": " : "", all ? "" : series->name);
    series->colour = cairn_colour(series->i);
}

bool cairn_series_next(const struct cairn_report *report, enum cairn_study_file file,
                       struct cairn_series_of *series)
{
    bool first = series->data == NULL;
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
