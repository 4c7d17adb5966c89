/* SPDX-License-Identifier: BSD-3-Clause
 * Metrics of evaluations besides loss and accuracy: each against updates, with its range. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/chart/splits.h"

enum { MOST = 16, NAME_BYTES = 32 };

/* Those that have numbers in some run. */
struct names {
    const char *at[MOST];
    size_t n;
};

/* A column after accuracy whose name can be that of a picture. */
static bool is_metric(const struct cairn_csv *eval, size_t column)
{
    size_t accuracy = 0;
    const char *name = eval->name[column];
    return cairn_csv_find(eval, "accuracy", &accuracy) && column > accuracy &&
           strlen(name) < NAME_BYTES &&
           name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static void add_name(struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->at[i], name) == 0) return;
    if (names->n < MOST) names->at[names->n++] = name;
}

static struct names find_names(const struct cairn_report *report)
{
    struct names names = {.n = 0};
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_csv *eval = &report->run[i].eval;
        for (size_t c = 0; c < eval->n_columns; c++)
            if (is_metric(eval, c) && cairn_csv_has_numbers(eval, eval->name[c]))
                add_name(&names, eval->name[c]);
    }
    return names;
}

static void draw_panel(struct cairn_page *page, const struct cairn_report *report, const char *name,
                       bool legend)
{
    struct cairn_plot plot;
    struct cairn_against against[CAIRN_N_AGAINST];
    char file[NAME_BYTES + 16];
    snprintf(file, sizeof file, "metric-%s", name);
    cairn_chart_against(report, against);
    cairn_plot_begin(&plot, file, cairn_chart_words(name, " against ", "updates"));
    plot.x.label = against[CAIRN_AGAINST_UPDATES].label;
    plot.y.label = name;
    plot.x.from_zero = true;
    for (size_t i = 0; i < report->n_runs; i++)
        cairn_splits_draw(&plot, report, i, &against[CAIRN_AGAINST_UPDATES], name);
    if (legend)
        cairn_page_legend(page, &plot);
    else
        cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

/* The last number of a column on a group. */
static double last_of(const struct cairn_csv *eval, const char *split, const char *name)
{
    size_t at = 0, on = 0;
    double last = (double)NAN;
    if (!cairn_csv_find(eval, name, &at) || !cairn_csv_find(eval, "split", &on)) return last;
    for (size_t r = 0; r < eval->n_rows; r++) {
        const double value = cairn_csv_number(eval, r, at);
        if (strcmp(cairn_csv_text(eval, r, on), split) == 0 && !isnan(value)) last = value;
    }
    return last;
}

static void put_rows(struct cairn_page *page, const struct cairn_run_files *run, const char *name)
{
    const char *split[CAIRN_MOST_SPLITS];
    const size_t n = cairn_splits(&run->eval, split);
    double update = 0;
    for (size_t k = 0; k < n; k++) {
        const double last = last_of(&run->eval, split[k], name);
        if (isnan(last)) continue;
        cairn_page_row(page);
        cairn_page_cell(page, run->label);
        cairn_page_cell(page, split[k]);
        cairn_page_cell(page, name);
        cairn_page_number(page, cairn_splits_best(&run->eval, split[k], name, false, &update), 4);
        cairn_page_number(page, cairn_splits_best(&run->eval, split[k], name, true, &update), 4);
        cairn_page_number(page, last, 4);
    }
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<run",    "<evaluated on", "<metric", "lowest",
                                        "highest", "last",          NULL};
    const struct names names = find_names(report);
    if (names.n == 0) return;
    cairn_page_figure(page, "metrics", "Metrics",
                      "Each mark is an evaluation, by the metrics of eval.metrics.");
    for (size_t i = 0; i < names.n; i++) draw_panel(page, report, names.at[i], false);
    if (report->n_runs == 1)
        draw_panel(page, report, names.at[0], true);
    else
        cairn_splits_legend(page, report, NULL);
    cairn_page_table(page, heads);
    for (size_t i = 0; i < names.n; i++)
        for (size_t r = 0; r < report->n_runs; r++) put_rows(page, &report->run[r], names.at[i]);
    cairn_page_table_end(page);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_metrics = {.name = "metrics", .draw = draw};
