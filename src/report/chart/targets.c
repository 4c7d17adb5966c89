/* SPDX-License-Identifier: BSD-3-Clause
 * Updates to the target against the global batch, with the fit and with perfect scaling. */
#include <math.h>

#include "report/chart/series.h"

static double get(const json_t *object, const char *name)
{
    return cairn_json_get_number(object, name);
}

/* Medians over seeds of the best learning rate; how far seeds lie apart. */
static void add_points(struct cairn_plot *plot, const struct cairn_series_of *series)
{
    const json_t *points = json_object_get(series->data, "points");
    struct cairn_series *marks =
        cairn_plot_add(plot, series->label, series->colour, CAIRN_STYLE_RANGE_MARKS);
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *point = json_array_get(points, i);
        cairn_plot_put(plot, marks,
                       (struct cairn_point){get(point, "batch"), get(point, "updates"),
                                            get(point, "updates_low"), get(point, "updates_high")});
    }
}

static double least_updates(const json_t *points)
{
    double least = INFINITY;
    for (size_t i = 0; i < json_array_size(points); i++)
        least = fmin(least, get(json_array_get(points, i), "updates"));
    return least;
}

/* The fit, and perfect scaling as far as it does not leave the chart behind. */
static void add_curves(struct cairn_plot *plot, const struct cairn_series_of *series)
{
    const json_t *curve = json_object_get(series->data, "curve");
    double least = 0.7 * least_updates(json_object_get(series->data, "points"));
    struct cairn_series *fit = cairn_plot_add(plot, cairn_chart_words("fit, ", "", series->label),
                                              series->colour, CAIRN_STYLE_LINE);
    struct cairn_series *perfect =
        cairn_plot_add(plot, cairn_chart_words("perfect scaling, ", "", series->label),
                       series->colour, CAIRN_STYLE_LINE);
    if (perfect != NULL) perfect->dash = 1;
    for (size_t i = 0; i < json_array_size(curve); i++) {
        const json_t *at = json_array_get(curve, i);
        double ideal = get(at, "perfect_updates");
        cairn_plot_put(plot, fit,
                       (struct cairn_point){get(at, "batch"), get(at, "updates"),
                                            get(at, "updates_low"), get(at, "updates_high")});
        if (ideal >= least) cairn_plot_xy(plot, perfect, get(at, "batch"), ideal);
    }
}

/* Where nothing is fitted: the cells that reached the target. */
static void add_cells(struct cairn_plot *plot, const struct cairn_report *report, size_t i)
{
    const struct cairn_study_files *study = &report->study[i];
    size_t batch = 0;
    size_t reached = 0;
    size_t updates = 0;
    const struct cairn_csv *cells = &study->cells;
    if (!cairn_csv_find(cells, "batch.global", &batch) ||
        !cairn_csv_find(cells, "reached", &reached) || !cairn_csv_find(cells, "updates", &updates))
        return;
    struct cairn_series *marks =
        cairn_plot_add(plot, cairn_chart_words("cells of ", "", study->name),
                       cairn_series_colour(report, i, NULL), CAIRN_STYLE_MARKS);
    for (size_t r = 0; r < cells->n_rows; r++)
        if (cairn_csv_number(cells, r, reached) == 1)
            cairn_plot_xy(plot, marks, cairn_csv_number(cells, r, batch),
                          cairn_csv_number(cells, r, updates));
}

static const char *edge_of(const json_t *point)
{
    if (json_is_true(json_object_get(point, "lr_low_edge"))) return "lowest of its grid";
    return json_is_true(json_object_get(point, "lr_high_edge")) ? "highest of its grid" : "";
}

/* "> 500" where that is all that is known. */
static void put_updates(struct cairn_page *page, const json_t *point)
{
    double above = get(point, "updates_above");
    if (isfinite(above))
        cairn_page_put(page, "<td>&gt; %s</td>\n", cairn_page_words(above, 3));
    else
        cairn_series_cell(page,
                          (struct cairn_point){0, get(point, "updates"), get(point, "updates_low"),
                                               get(point, "updates_high")});
}

static void put_points(struct cairn_page *page, const struct cairn_series_of *series)
{
    const json_t *points = json_object_get(series->data, "points");
    for (size_t i = 0; i < json_array_size(points); i++) {
        const json_t *point = json_array_get(points, i);
        const char *reason = cairn_json_get_text(point, "reason");
        cairn_page_row(page);
        cairn_page_cell(page, series->label);
        cairn_page_number(page, get(point, "batch"), 9);
        put_updates(page, point);
        cairn_page_number(page, get(point, "samples"), 4);
        cairn_page_number(page, get(point, "lr"), 3);
        cairn_page_number(page, get(point, "seeds_reached"), 3);
        cairn_page_number(page, get(point, "seeds_unknown"), 3);
        cairn_page_number(page, get(point, "seeds"), 3);
        cairn_page_cell(page, reason != NULL ? reason : edge_of(point));
    }
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<series",
                                        "global batch (samples)",
                                        "updates, median (range over seeds)",
                                        "samples",
                                        "best learning rate",
                                        "seeds that reached",
                                        "seeds given up",
                                        "seeds",
                                        "<remark",
                                        NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) put_points(page, &series);
    cairn_page_table_end(page);
}

/* Cells that ended before the target are not known to be worse than those that reached. */
static void put_ends(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<cells of series", "reached",  "budget", "beaten",
                                        "stalled",          "diverged", NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *cells = json_object_get(series.data, "cells");
        cairn_page_row(page);
        cairn_page_cell(page, series.label);
        for (size_t i = 1; heads[i] != NULL; i++) cairn_page_number(page, get(cells, heads[i]), 9);
    }
    cairn_page_table_end(page);
    cairn_page_note(page, "Of cells that ended at their budget, were beaten by a better rate or "
                          "stalled, all that is known is that they take more updates.");
}

static void put_fit(struct cairn_page *page, const json_t *data, const char *label,
                    const char *target)
{
    const char *reason = cairn_json_get_text(data, "reason");
    cairn_page_row(page);
    cairn_page_cell(page, label);
    cairn_page_cell(page, target);
    cairn_series_cell(page, cairn_series_value(data, "b_crit"));
    cairn_series_cell(page, cairn_series_value(data, "s_min"));
    cairn_series_cell(page, cairn_series_value(data, "e_min"));
    cairn_page_number(page, cairn_series_value(data, "slope_small").y, 3);
    cairn_page_number(page, get(data, "perfect_until"), 3);
    cairn_page_number(page, get(data, "flat_from"), 3);
    cairn_page_number(page, get(data, "rms_log"), 2);
    cairn_page_cell(page, reason == NULL ? "" : reason);
}

/* Of the study's target, and of further ones. */
static void put_fits(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<fit of series",
                                        "<target",
                                        "B_crit (samples)",
                                        "S_min (updates)",
                                        "E_min (samples)",
                                        "slope, small batches",
                                        "perfect until (samples)",
                                        "flat from (samples)",
                                        "rms in logs",
                                        "<remark",
                                        NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *further = json_object_get(series.data, "targets");
        put_fit(page, series.data, series.label, "of the study");
        for (size_t i = 0; i < json_array_size(further); i++) {
            const json_t *at = json_array_get(further, i);
            const char *target = cairn_json_get_text(at, "target");
            put_fit(page, at, series.label, target == NULL ? "-" : target);
        }
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    if (report->n_studies == 0) return;
    cairn_plot_begin(&plot, "updates-to-target", "Updates to the target against the global batch");
    plot.x.label = "global batch (samples)";
    plot.y.label = "updates to the target";
    plot.y.log = true;
    cairn_series_batches(report, &plot, &plot.x);
    for (size_t i = 0; i < report->n_studies; i++)
        if (json_object_size(report->study[i].fit) == 0) add_cells(&plot, report, i);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) add_points(&plot, &series);
    bool any = !cairn_plot_is_empty(&plot);
    for (series = (struct cairn_series_of){.study = NULL};
         any && cairn_series_next(report, CAIRN_FILE_FIT, &series);)
        add_curves(&plot, &series);
    if (any) {
        cairn_page_figure(page, "targets", "Updates to the target",
                          "Marks are medians over seeds at the best learning rate, bars go from "
                          "the fewest to the most. Lines are the fit S = S_min (1 + B_crit / B) "
                          "with its interval, dashed lines perfect scaling: half the updates at "
                          "twice the batch.");
        cairn_page_large(page, &plot);
        put_fits(page, report);
        put_table(page, report);
        put_ends(page, report);
        cairn_page_figure_end(page);
    }
    cairn_plot_free(&plot);
}

const struct cairn_chart cairn_chart_targets = {.name = "targets", .draw = draw};
