/* SPDX-License-Identifier: BSD-3-Clause
 * What the model of time predicts for more ranks, marked as prediction. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/chart/series.h"

enum { MOST_LINES = 8 };

static bool has_any(const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series))
        if (json_array_size(json_object_get(series.data, "predictions")) > 0) return true;
    return false;
}

/* Whether a prediction is drawn with these: of this batch and kind, over the measured link. */
static bool is_among(const json_t *at, const char *kind, double batch)
{
    const char *is_kind = cairn_json_get_text(at, "kind");
    return is_kind != NULL && strcmp(is_kind, kind) == 0 &&
           cairn_json_get_number(at, "batch") == batch;
}

static struct cairn_point value_over_ranks(const json_t *at, const char *member)
{
    struct cairn_point point = cairn_series_value(at, member);
    if (json_is_number(json_object_get(at, member))) point.y = cairn_json_get_number(at, member);
    point.x = cairn_json_get_number(at, "ranks");
    return point;
}

/* The fastest batch of each number of ranks, with its interval. */
static void add_fastest(struct cairn_plot *plot, const struct cairn_series_of *series,
                        const char *member)
{
    const json_t *list = json_object_get(series->data, "fastest");
    struct cairn_series *line =
        cairn_plot_add(plot, "predicted, at the fastest batch", CAIRN_COLOUR_INK, CAIRN_STYLE_LINE);
    if (line == NULL) return;
    line->dash = 1;
    for (size_t i = 0; i < json_array_size(list); i++)
        cairn_plot_put(plot, line, value_over_ranks(json_array_get(list, i), member));
}

/* A line for each batch, without its interval, so that there is room for several. */
static void add_batches(struct cairn_plot *plot, const struct cairn_series_of *series,
                        const char *member)
{
    double batch[CAIRN_MOST_BATCHES];
    const json_t *list = json_object_get(series->data, "predictions");
    size_t n = cairn_series_different(list, "batch", batch);
    size_t every = (n + MOST_LINES - 1) / MOST_LINES;
    for (size_t k = 0; k < n; k += every == 0 ? 1 : every) {
        char label[CAIRN_SERIES_LABEL_BYTES];
        snprintf(label, sizeof label, "predicted, B = %.0f", batch[k]);
        struct cairn_series *line = cairn_plot_add(
            plot, label, cairn_series_batch_colour(series->report, batch[k]), CAIRN_STYLE_LINE);
        if (line == NULL) return;
        line->dash = 1;
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *at = json_array_get(list, i);
            struct cairn_point point = value_over_ranks(at, member);
            if (is_among(at, "strong", batch[k])) cairn_plot_xy(plot, line, point.x, point.y);
        }
    }
}

/* A line of one point is none. */
static bool has_line(const struct cairn_plot *plot)
{
    for (size_t i = 0; i < plot->n_series; i++)
        if (plot->series[i]->n > 1) return true;
    return false;
}

static void draw_panel(struct cairn_page *page, const struct cairn_series_of *series,
                       const char *member, const char *name, const char *label)
{
    struct cairn_plot plot;
    char text[CAIRN_PLOT_TEXT_BYTES];
    bool efficiency = strcmp(member, "efficiency") == 0;
    snprintf(text, sizeof text, "%s-%zu", name, series->i + 1);
    cairn_plot_begin(&plot, text, label);
    plot.x.label = "ranks";
    plot.y.label = label;
    plot.x.log = plot.x.twos = true;
    plot.y.log = !efficiency;
    plot.y.from_zero = efficiency;
    add_batches(&plot, series, member);
    if (!efficiency) add_fastest(&plot, series, member);
    if (has_line(&plot)) cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

static void put_row(struct cairn_page *page, const json_t *at)
{
    const char *link = cairn_json_get_text(at, "link");
    struct cairn_point batch = cairn_series_value(at, "batch");
    if (json_is_number(json_object_get(at, "batch"))) batch.y = cairn_json_get_number(at, "batch");
    cairn_page_row(page);
    cairn_page_cell(page, link == NULL ? "-" : link);
    cairn_page_number(page, cairn_json_get_number(at, "ranks"), 9);
    cairn_series_cell(page, batch);
    cairn_series_cell(page, cairn_series_value(at, "updates"));
    cairn_series_cell(page, cairn_series_value(at, "time_to_target_s"));
    cairn_series_cell(page, cairn_series_value(at, "rank_hours"));
}

static void put_table(struct cairn_page *page, const json_t *list)
{
    static const char *const heads[] = {"<predicted with link",
                                        "ranks",
                                        "global batch (samples)",
                                        "updates to the target",
                                        "time to the target (s)",
                                        "rank-hours",
                                        NULL};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < json_array_size(list); i++) put_row(page, json_array_get(list, i));
    cairn_page_table_end(page);
}

static void put_errors(struct cairn_page *page, const struct cairn_series_of *series)
{
    static const char *const member[] = {"interval_reason", "fastest_reason"};
    char text[256];
    const json_t *held = json_object_get(series->data, "held_out");
    if (cairn_json_get_number(held, "points") > 0) {
        snprintf(text, sizeof text,
                 "On %.0f measured points that were held out, the model is off by %s %% (rms), "
                 "at most %s %%.",
                 cairn_json_get_number(held, "points"),
                 cairn_page_words(100 * cairn_json_get_number(held, "rms"), 2),
                 cairn_page_words(100 * cairn_json_get_number(held, "max"), 2));
        cairn_page_note(page, text);
    }
    for (size_t k = 0; k < 2; k++) {
        const char *reason = cairn_json_get_text(series->data, member[k]);
        if (reason != NULL) cairn_page_note(page, reason);
    }
}

static void draw_series(struct cairn_page *page, const struct cairn_series_of *series)
{
    cairn_page_heading(page, series->label);
    draw_panel(page, series, "time_to_target_s", "predicted-time",
               "predicted time to the target (s)");
    draw_panel(page, series, "rank_hours", "predicted-cost", "predicted rank-hours to the target");
    draw_panel(page, series, "efficiency", "predicted-efficiency",
               "predicted efficiency, fixed global batch");
    put_errors(page, series);
    if (json_array_size(json_object_get(series->data, "fastest")) > 0)
        put_table(page, json_object_get(series->data, "fastest"));
    cairn_page_fold(page, "Predictions for all batches");
    put_table(page, json_object_get(series->data, "predictions"));
    cairn_page_fold_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    if (!has_any(report)) return;
    cairn_page_figure(
        page, "prediction", "Prediction for more ranks (not measured)",
        "All dashed lines are predictions of the model of time (the band is an interval of 95 %), "
        "for up to eight times the ranks that were measured; beyond that only over a "
        "link that was stated.");
    while (cairn_series_next(report, CAIRN_FILE_SCALING, &series))
        if (json_array_size(json_object_get(series.data, "predictions")) > 0)
            draw_series(page, &series);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_prediction = {.name = "prediction", .draw = draw};
