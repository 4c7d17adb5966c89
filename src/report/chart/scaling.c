/* SPDX-License-Identifier: BSD-3-Clause
 * What more ranks brought: efficiency and time of an update as measured, and the parts of it. */
#include <math.h>
#include <stdio.h>

#include "report/chart/series.h"

static bool has_ranks(const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series))
        if (json_array_size(json_object_get(series.data, "strong")) > 0 ||
            json_array_size(json_object_get(series.data, "weak")) > 0 ||
            json_array_size(json_object_get(series.data, "points")) > 0)
            return true;
    return false;
}

/* The members of a list whose `by` is `value`, as a line over ranks. */
static void add_line(struct cairn_plot *plot, struct cairn_series *line, const json_t *list,
                     const char *by, double value, const char *y)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *at = json_array_get(list, i);
        if (cairn_json_get_number(at, by) == value)
            cairn_plot_xy(plot, line, cairn_json_get_number(at, "ranks"),
                          cairn_json_get_number(at, y));
    }
}

static void add_ideal(struct cairn_plot *plot)
{
    double low = INFINITY;
    double high = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        for (size_t i = 0; i < plot->series[s]->n; i++) {
            low = fmin(low, plot->series[s]->point[i].x);
            high = fmax(high, plot->series[s]->point[i].x);
        }
    }
    struct cairn_series *ideal = cairn_plot_add(plot, "ideal", CAIRN_COLOUR_GREY, CAIRN_STYLE_LINE);
    if (ideal == NULL || high <= 0) return;
    ideal->dash = 1;
    cairn_plot_xy(plot, ideal, low, 1);
    cairn_plot_xy(plot, ideal, high, 1);
}

static void draw_efficiency(struct cairn_page *page, const struct cairn_report *report, bool weak)
{
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    const char *by = weak ? "batch_per_rank" : "batch";
    cairn_plot_begin(&plot, weak ? "efficiency-weak" : "efficiency-strong",
                     weak ? "Efficiency against ranks at a fixed batch for each rank"
                          : "Efficiency against ranks at a fixed global batch");
    plot.x.label = "ranks";
    plot.y.label = weak ? "efficiency, weak scaling (measured)" : "efficiency, strong (measured)";
    plot.x.log = plot.x.twos = true;
    plot.y.from_zero = true;
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series)) {
        const json_t *list = json_object_get(series.data, weak ? "weak" : "strong");
        double value[CAIRN_MOST_BATCHES];
        size_t n = cairn_series_different(list, by, value);
        for (size_t k = 0; k < n; k++) {
            char label[CAIRN_SERIES_LABEL_BYTES];
            snprintf(label, sizeof label, "%s = %.6g, %.120s", weak ? "B / ranks" : "B", value[k],
                     series.label);
            struct cairn_series *line = cairn_plot_add(
                &plot, label, cairn_series_batch_colour(report, value[k]), CAIRN_STYLE_MARKED);
            if (line != NULL) line->dash = (unsigned)(series.i % 3);
            add_line(&plot, line, list, by, value[k], "efficiency");
        }
    }
    if (!cairn_plot_is_empty(&plot)) {
        add_ideal(&plot);
        cairn_page_panel(page, &plot);
    }
    cairn_plot_free(&plot);
}

/* Measured against modelled time: on the diagonal the model is right. */
static void draw_model(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const member[] = {"fitted_s", "held_out_s"};
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    double low = INFINITY;
    double high = 0;
    cairn_plot_begin(&plot, "time-model", "Modelled against measured time of an update");
    plot.x.label = "measured time of an update (ms)";
    plot.y.label = "modelled time of an update (ms)";
    plot.x.log = plot.y.log = true;
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        for (size_t k = 0; k < 2; k++) {
            struct cairn_series *marks = cairn_plot_add(
                &plot, cairn_chart_words(series.label, k == 0 ? ": fitted" : ": held out", ""),
                series.colour, CAIRN_STYLE_MARKS);
            if (marks != NULL) marks->dash = (unsigned)k;
            for (size_t i = 0; i < json_array_size(points); i++) {
                const json_t *at = json_array_get(points, i);
                double x = 1e3 * cairn_json_get_number(at, "per_update_s");
                cairn_plot_xy(&plot, marks, x, 1e3 * cairn_json_get_number(at, member[k]));
                low = fmin(low, x);
                high = fmax(high, x);
            }
        }
    }
    struct cairn_series *right =
        cairn_plot_add(&plot, "as measured", CAIRN_COLOUR_GREY, CAIRN_STYLE_LINE);
    cairn_plot_xy(&plot, right, low, low);
    cairn_plot_xy(&plot, right, high, high);
    if (high > 0) cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

static void put_point(struct cairn_page *page, const char *label, const json_t *at)
{
    static const char *const count[] = {"ranks", "batch", "micro", "accumulate"};
    static const char *const time[] = {"per_update_s", "data_s",   "compute_s",
                                       "sum_s",        "update_s", "rest_s"};
    cairn_page_row(page);
    cairn_page_cell(page, label);
    for (size_t k = 0; k < sizeof count / sizeof count[0]; k++)
        cairn_page_number(page, cairn_json_get_number(at, count[k]), 9);
    for (size_t k = 0; k < sizeof time / sizeof time[0]; k++)
        cairn_page_number(page, 1e3 * cairn_json_get_number(at, time[k]), 3);
    cairn_page_number(page, 100 * cairn_json_get_number(at, "fitted_error"), 2);
    cairn_page_number(page, 100 * cairn_json_get_number(at, "held_out_error"), 2);
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<series",
                                        "ranks",
                                        "global batch (samples)",
                                        "micro-batch (samples)",
                                        "micro-batches of a rank",
                                        "time of an update (ms)",
                                        "data (ms)",
                                        "compute (ms)",
                                        "sum (ms)",
                                        "update (ms)",
                                        "rest (ms)",
                                        "error of the model (%)",
                                        "error, held out (%)",
                                        NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        for (size_t i = 0; i < json_array_size(points); i++)
            put_point(page, series.label, json_array_get(points, i));
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    if (!has_ranks(report)) return;
    cairn_page_figure(page, "scaling", "Time of an update over ranks (measured)",
                      "Efficiency is the speed per rank relative to the fewest ranks: at a fixed "
                      "global batch (strong) or at a fixed share of each rank (weak). The model is "
                      "compared with each measured point, also with those left out of its fit "
                      "(held out, open marks).");
    draw_efficiency(page, report, false);
    draw_efficiency(page, report, true);
    draw_model(page, report);
    cairn_page_fold(page, "All measured points");
    put_table(page, report);
    cairn_page_fold_end(page);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_scaling = {.name = "scaling", .draw = draw};
