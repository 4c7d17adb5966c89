/* SPDX-License-Identifier: BSD-3-Clause
 * The flow of the gradient through the layers: by layer for some updates, by update for each layer,
 * and all of it as a heat map, where vanishing and exploding gradients are seen at a glance. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "report/chart/layers.h"

enum { MOST_UPDATES = 7, HEAT_COLUMNS = 48, MOST_LABELS = 26, MOST_SMALL = 8 };

static void begin(struct cairn_plot *plot, size_t run, const char *what, const char *title)
{
    char name[CAIRN_PLOT_TEXT_BYTES];
    snprintf(name, sizeof name, "flow-%zu-%s", run + 1, what);
    cairn_plot_begin(plot, name, title);
}

/* Names of layers beside an axis, not more than fit. */
static void put_labels(struct cairn_plot *plot, struct cairn_axis *axis,
                       const struct cairn_layers *layers)
{
    size_t every = (layers->n_layers + MOST_LABELS - 1) / MOST_LABELS;
    for (size_t i = 0; i < layers->n_layers; i += every == 0 ? 1 : every)
        cairn_plot_tic(plot, axis, (double)i, layers->label[i]);
}

/* Layers on the x axis, a line for each chosen update. */
static void draw_snapshot(struct cairn_page *page, const struct cairn_layers *layers, size_t run)
{
    struct cairn_plot plot;
    struct cairn_series *series[MOST_UPDATES];
    double chosen[MOST_UPDATES];
    char label[64];
    size_t at_update = 0;
    size_t at_mean = 0;
    size_t n = cairn_layers_choose(layers, MOST_UPDATES, chosen);
    if (!cairn_csv_find(layers->csv, "update", &at_update) ||
        !cairn_csv_find(layers->csv, "mean_abs", &at_mean))
        return;
    begin(&plot, run, "layers", "Mean size of the gradient of each layer, at some updates");
    plot.y.label = "mean |gradient|, layers from the input to the output";
    plot.x.upright = layers->n_layers > 4;
    plot.y.log = true;
    put_labels(&plot, &plot.x, layers);
    for (size_t k = 0; k < n; k++) {
        snprintf(label, sizeof label, "update %.0f", chosen[k]);
        series[k] = cairn_plot_add(&plot, label, cairn_colour_late(k, n), CAIRN_STYLE_MARKED);
    }
    for (size_t i = 0; i < layers->n_lines; i++) {
        double update = cairn_csv_number(layers->csv, layers->line[i], at_update);
        double mean = cairn_csv_number(layers->csv, layers->line[i], at_mean);
        for (size_t k = 0; k < n && mean > 0; k++)
            if (chosen[k] == update)
                cairn_plot_xy(&plot, series[k], (double)layers->layer[i], mean);
    }
    if (layers->n_layers > MOST_SMALL)
        cairn_page_large(page, &plot);
    else
        cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

/* What lines over time are drawn of. */
struct lines {
    const char *column, *divisor; /* divisor NULL: none */
    const char *name, *label, *title;
    bool legend;
};

static const struct lines lines_of[] = {
    {"mean_abs", NULL, "mean", "mean |gradient|",
     "Mean size of the gradient of each layer against updates", true},
    {"max_abs", NULL, "maximum", "maximum of |gradient|",
     "Largest size of the gradient of each layer against updates", false},
    {"norm", "weight_norm", "ratio", "norm of gradient / norm of weights",
     "Norm of the gradient over that of the weights of each layer against updates", false},
    {"noise_scale", NULL, "noise", "noise scale (samples)",
     "Noise scale of each layer against updates", false},
};

/* A column of one layer over its updates; those that are positive. */
static void add_layer(struct cairn_page *page, struct cairn_plot *plot,
                      const struct cairn_layers *layers, size_t layer, const size_t column[3])
{
    double *x = NULL;
    double *y = NULL;
    size_t n = 0;
    struct cairn_series *series =
        cairn_plot_add(plot, layers->label[layer], cairn_colour_of(layer, layers->n_layers),
                       layers->n_updates < 40 ? CAIRN_STYLE_MARKED : CAIRN_STYLE_LINE);
    if (cairn_page_holds(page, cairn_memory_get(layers->n_lines, sizeof *x, "a layer", &x)) &&
        cairn_page_holds(page, cairn_memory_get(layers->n_lines, sizeof *y, "a layer", &y))) {
        for (size_t i = 0; i < layers->n_lines; i++) {
            if (layers->layer[i] != layer) continue;
            x[n] = cairn_csv_number(layers->csv, layers->line[i], column[0]);
            y[n] = cairn_csv_number(layers->csv, layers->line[i], column[1]);
            if (column[2] != column[1])
                y[n] /= cairn_csv_number(layers->csv, layers->line[i], column[2]);
            n += y[n] > 0;
        }
        cairn_plot_columns(plot, series, x, y, n);
    }
    free(x);
    free(y);
}

/* A line for each layer. */
static void draw_lines(struct cairn_page *page, const struct cairn_layers *layers, size_t run,
                       const struct lines *lines)
{
    struct cairn_plot plot;
    size_t column[3];
    if (!cairn_csv_find(layers->csv, "update", &column[0]) ||
        !cairn_csv_find(layers->csv, lines->column, &column[1]))
        return;
    column[2] = column[1];
    if (lines->divisor != NULL && !cairn_csv_find(layers->csv, lines->divisor, &column[2])) return;
    begin(&plot, run, lines->name, lines->title);
    plot.x.label = "updates";
    plot.y.label = lines->label;
    plot.y.log = true;
    for (size_t i = 0; i < layers->n_layers; i++)
        if (cairn_layers_is_drawn(layers, i)) add_layer(page, &plot, layers, i, column);
    if (lines->legend)
        cairn_page_panel(page, &plot);
    else
        cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

static void fill_heat(struct cairn_plot *plot, const struct cairn_layers *layers,
                      const size_t column[2], size_t *count)
{
    size_t at = 0; /* the update, which never falls */
    for (size_t i = 0; i < layers->n_lines && plot->heat != NULL; i++) {
        double update = cairn_csv_number(layers->csv, layers->line[i], column[0]);
        double mean = cairn_csv_number(layers->csv, layers->line[i], column[1]);
        while (at + 1 < layers->n_updates && layers->update[at] < update) at++;
        size_t x = at * plot->n_heat_x / layers->n_updates;
        size_t cell = layers->layer[i] * plot->n_heat_x + x;
        if (!(mean > 0) || layers->update[at] != update) continue;
        double before = count[cell] == 0 ? 0 : plot->heat[cell];
        plot->heat[cell] = before + (log10(mean) - before) / (double)++count[cell];
    }
}

static void draw_heat(struct cairn_page *page, const struct cairn_layers *layers, size_t run)
{
    struct cairn_plot plot;
    size_t column[2];
    size_t *count = NULL;
    size_t nx = layers->n_updates < HEAT_COLUMNS ? layers->n_updates : HEAT_COLUMNS;
    if (!cairn_csv_find(layers->csv, "update", &column[0]) ||
        !cairn_csv_find(layers->csv, "mean_abs", &column[1]) || nx < 2)
        return;
    if (!cairn_page_holds(
            page, cairn_memory_get(nx * layers->n_layers, sizeof *count, "a heat map", &count)))
        return;
    begin(&plot, run, "heat", "Logarithm of the mean size of the gradient, by layer and update");
    plot.x.label = "updates";
    plot.y.label = "layer";
    cairn_plot_heat(&plot, "log10 of mean |gradient|", layers->n_layers, nx);
    fill_heat(&plot, layers, column, count);
    plot.x.low = plot.y.low = -0.5;
    plot.x.high = (double)nx - 0.5;
    plot.y.high = (double)layers->n_layers - 0.5;
    put_labels(&plot, &plot.y, layers);
    for (size_t i = 0; i < 5; i++) {
        char label[32];
        size_t at = i * (layers->n_updates - 1) / 4;
        snprintf(label, sizeof label, "%.0f", layers->update[at]);
        cairn_plot_tic(&plot, &plot.x, (double)(at * nx / layers->n_updates), label);
    }
    if (layers->n_layers > MOST_SMALL)
        cairn_page_large(page, &plot);
    else
        cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
    free(count);
}

static void put_table(struct cairn_page *page, const struct cairn_layers *layers)
{
    static const char *const heads[] = {
        "<layer",          "update", "mean |gradient|", "max |gradient|", "norm of gradient",
        "norm of weights", NULL};
    static const char *const name[] = {"update", "mean_abs", "max_abs", "norm", "weight_norm"};
    double ends[2] = {layers->update[0], layers->update[layers->n_updates - 1]};
    size_t at_update = 0;
    if (!cairn_csv_find(layers->csv, "update", &at_update)) return;
    cairn_page_table(page, heads);
    for (size_t i = 0; i < layers->n_lines; i++) {
        double update = cairn_csv_number(layers->csv, layers->line[i], at_update);
        if ((update != ends[0] && update != ends[1]) ||
            !cairn_layers_is_drawn(layers, layers->layer[i]))
            continue;
        cairn_page_row(page);
        cairn_page_cell(page, layers->label[layers->layer[i]]);
        for (size_t k = 0; k < sizeof name / sizeof name[0]; k++) {
            size_t column = 0;
            bool there = cairn_csv_find(layers->csv, name[k], &column);
            cairn_page_number(
                page, there ? cairn_csv_number(layers->csv, layers->line[i], column) : (double)NAN,
                4);
        }
    }
    cairn_page_table_end(page);
}

static void draw_run(struct cairn_page *page, const struct cairn_report *report, size_t i)
{
    const struct cairn_run_files *run = &report->run[i];
    struct cairn_layers layers;
    if (!cairn_page_holds(page, cairn_layers_find(&run->gradflow, run->config, &layers))) return;
    if (report->n_runs > 1) cairn_page_heading(page, run->label);
    if (layers.n_updates > 0) {
        draw_snapshot(page, &layers, i);
        draw_lines(page, &layers, i, &lines_of[0]);
        draw_heat(page, &layers, i);
        for (size_t k = 1; k < sizeof lines_of / sizeof lines_of[0]; k++)
            draw_lines(page, &layers, i, &lines_of[k]);
        put_table(page, &layers);
    } else {
        cairn_page_note(page, "gradflow.csv has no lines.");
    }
    if (layers.n_layers > CAIRN_LAYERS_DRAWN)
        cairn_page_note(page, "Lines and table have only some of the layers; the heat map has all "
                              "of them.");
    cairn_layers_free(&layers);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    if (report->n_runs == 0) return;
    cairn_page_figure(page, "flow", "Gradient flow through the layers",
                      "The gradient of the mean loss by each weight, after the sum over all ranks "
                      "and before clipping; biases are left out. Where it falls by orders of "
                      "magnitude towards the input it vanishes, where it grows it explodes.");
    for (size_t i = 0; i < report->n_runs && i < CAIRN_CHART_MOST_RUNS; i++)
        draw_run(page, report, i);
    cairn_chart_rest(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_flow = {.name = "flow", .draw = draw};
