/* SPDX-License-Identifier: BSD-3-Clause
 * How the partial sum of a rank grows while it is accumulated: in proportion to the micro-batches
 * where their gradients agree, with their square root where they are noise.  Runs with A = 1 have
 * none. */
#include <math.h>
#include <stdio.h>

#include "report/chart/layers.h"

enum { MOST_UPDATES = 3 };

/* Two dashed lines to compare with, from the largest first point on. */
static void add_rules(struct cairn_plot *plot)
{
    struct cairn_point from = {0, 0, 0, 0};
    double last = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        const struct cairn_series *series = plot->series[s];
        if (series->n == 0) continue;
        if (series->point[0].y > from.y) from = series->point[0];
        last = fmax(last, series->point[series->n - 1].x);
    }
    if (from.y <= 0 || last <= from.x) return;
    for (int rule = 0; rule < 2; rule++) {
        struct cairn_series *series = cairn_plot_add(
            plot, rule == 0 ? "in proportion: gradients agree" : "square root: gradients are noise",
            CAIRN_COLOUR_GREY, CAIRN_STYLE_LINE);
        double end = from.y * pow(last / from.x, rule == 0 ? 1 : 0.5);
        if (series == NULL) return;
        series->dash = rule == 0 ? 1 : 2;
        cairn_plot_put(plot, series, (struct cairn_point){from.x, from.y, from.y, from.y});
        cairn_plot_put(plot, series, (struct cairn_point){last, end, end, end});
    }
}

static void add_layer(struct cairn_plot *plot, const struct cairn_layers *layers, size_t layer,
                      const size_t column[3], double update)
{
    struct cairn_series *series = cairn_plot_add(
        plot, layers->label[layer], cairn_colour_of(layer, layers->n_layers), CAIRN_STYLE_MARKED);
    for (size_t i = 0; i < layers->n_lines; i++) {
        size_t line = layers->line[i];
        double y = cairn_csv_number(layers->csv, line, column[2]);
        if (layers->layer[i] != layer || !(y > 0) ||
            cairn_csv_number(layers->csv, line, column[0]) != update)
            continue;
        cairn_plot_put(
            plot, series,
            (struct cairn_point){cairn_csv_number(layers->csv, line, column[1]), y, y, y});
    }
}

static void draw_update(struct cairn_page *page, const struct cairn_layers *layers, size_t run,
                        double update)
{
    struct cairn_plot plot;
    char text[CAIRN_PLOT_TEXT_BYTES];
    char label[CAIRN_PLOT_TEXT_BYTES];
    size_t column[3];
    if (!cairn_csv_find(layers->csv, "update", &column[0]) ||
        !cairn_csv_find(layers->csv, "micro_batches", &column[1]) ||
        !cairn_csv_find(layers->csv, "mean_abs", &column[2]))
        return;
    snprintf(text, sizeof text, "accumulation-%zu-update-%.0f", run + 1, update);
    snprintf(label, sizeof label, "mean |partial G|, update %.0f", update);
    cairn_plot_begin(&plot, text,
                     "Mean size of the partial sum of each layer against its micro-batches");
    plot.x.label = "micro-batches in the sum of rank 0";
    plot.y.label = label;
    plot.x.log = plot.x.twos = plot.y.log = true;
    for (size_t i = 0; i < layers->n_layers; i++)
        if (cairn_layers_is_drawn(layers, i)) add_layer(&plot, layers, i, column, update);
    add_rules(&plot);
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

/* Whether rank 0 added up more than one micro-batch: a single one is not a sum worth a chart. */
static bool accumulates(const struct cairn_run_files *run)
{
    const struct cairn_csv *csv = &run->accumulation;
    size_t column = 0;
    if (!cairn_csv_find(csv, "micro_batches", &column)) return false;
    for (size_t i = 0; i < csv->n_rows; i++)
        if (cairn_csv_number(csv, i, column) > 1) return true;
    return false;
}

static void draw_run(struct cairn_page *page, const struct cairn_report *report, size_t i)
{
    const struct cairn_run_files *run = &report->run[i];
    struct cairn_layers layers;
    double chosen[MOST_UPDATES];
    if (!accumulates(run)) return;
    if (!cairn_page_holds(page, cairn_layers_find(&run->accumulation, run->config, &layers)))
        return;
    if (report->n_runs > 1) cairn_page_heading(page, run->label);
    size_t n = cairn_layers_choose(&layers, MOST_UPDATES, chosen);
    for (size_t k = 0; k < n; k++) draw_update(page, &layers, i, chosen[k]);
    cairn_layers_free(&layers);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    bool any = false;
    for (size_t i = 0; i < report->n_runs; i++) any = any || accumulates(&report->run[i]);
    if (!any) return;
    cairn_page_figure(page, "accumulation", "Accumulation of the gradient within an update",
                      "The sum G of rank 0 after 1, 2, 4, ... and all of its micro-batches, not "
                      "divided, at the beginning, in the middle and at the end of training.");
    for (size_t i = 0; i < report->n_runs && i < CAIRN_CHART_MOST_RUNS; i++)
        draw_run(page, report, i);
    cairn_chart_rest(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_accumulation = {.name = "accumulation", .draw = draw};
