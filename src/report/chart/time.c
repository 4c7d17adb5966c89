/* SPDX-License-Identifier: BSD-3-Clause
 * Where the time of an update goes, and samples per second. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/chart/chart.h"

enum { N_PARTS = 4 };

static const char *const part_column[N_PARTS] = {"data_s", "compute_s", "reduce_s", "update_s"};
static const char *const part_label[N_PARTS] = {"data", "compute", "reduce (with waiting)",
                                                "update"};
static const size_t part_colour[N_PARTS] = {4, 0, 1, 2};

/* The parts laid on each other: in column[k] the sum of the parts up to k, ms. */
static bool stack(struct cairn_page *page, const struct cairn_csv *csv, double *column[N_PARTS])
{
    for (size_t k = 0; k < N_PARTS; k++) {
        if (!cairn_page_holds(page, cairn_csv_numbers(csv, part_column[k], &column[k])))
            return false;
        for (size_t i = 0; i < csv->n_rows; i++) {
            double below = k == 0 ? 0 : column[k - 1][i];
            column[k][i] = below + (isfinite(column[k][i]) ? 1e3 * column[k][i] : 0);
        }
    }
    return true;
}

static void add_parts(struct cairn_page *page, struct cairn_plot *plot, const struct cairn_csv *csv,
                      double *column[N_PARTS], const double *update)
{
    struct cairn_point *below = NULL;
    for (size_t k = 0; k < N_PARTS; k++) {
        struct cairn_point *point = NULL;
        size_t n = 0;
        struct cairn_series *series = cairn_plot_add(
            plot, part_label[k], cairn_colour_part(part_colour[k]), CAIRN_STYLE_AREA);
        if (!cairn_page_holds(page, cairn_thin(update, column[k], csv->n_rows,
                                               CAIRN_PLOT_MOST_POINTS / 2, &point, &n)))
            break;
        for (size_t i = 0; i < n; i++) {
            double low = below == NULL ? 0 : below[i].y;
            cairn_plot_put(plot, series,
                           (struct cairn_point){point[i].x, point[i].y, low, point[i].y});
        }
        free(below);
        below = point;
    }
    free(below);
}

static int ascending(const void *a, const void *b)
{
    double x = ((const struct cairn_point *)a)->high;
    double y = ((const struct cairn_point *)b)->high;
    return (x > y) - (x < y);
}

/* A few updates that waited long would press all others flat: the frame ends above most of them. */
static void cap_spikes(struct cairn_plot *plot)
{
    struct cairn_point sorted[CAIRN_PLOT_MOST_POINTS];
    const struct cairn_series *top = plot->n_series == 0 ? NULL : plot->series[plot->n_series - 1];
    if (top == NULL || top->n < 20 || top->n > CAIRN_PLOT_MOST_POINTS) return;
    memcpy(sorted, top->point, top->n * sizeof sorted[0]);
    qsort(sorted, top->n, sizeof sorted[0], ascending);
    double most = sorted[top->n * 95 / 100].high;
    if (sorted[top->n - 1].high > 2 * most) plot->y.high = 1.5 * most;
}

static void draw_parts(struct cairn_page *page, const struct cairn_report *report, size_t run)
{
    const struct cairn_csv *csv = &report->run[run].metrics;
    struct cairn_plot plot;
    double *column[N_PARTS] = {NULL};
    double *update = NULL;
    char name[CAIRN_PLOT_TEXT_BYTES];
    snprintf(name, sizeof name, "time-parts-%zu", run + 1);
    cairn_plot_begin(&plot, name, "Time of an update in its parts against updates");
    plot.x.label = "updates";
    plot.y.label = "time of an update (ms)";
    plot.y.from_zero = true;
    if (cairn_page_holds(page, cairn_csv_numbers(csv, "update", &update)) &&
        stack(page, csv, column))
        add_parts(page, &plot, csv, column, update);
    cap_spikes(&plot);
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
    for (size_t k = 0; k < N_PARTS; k++) free(column[k]);
    free(update);
}

static void draw_speed(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_against against[CAIRN_N_AGAINST];
    struct cairn_plot plot;
    cairn_chart_against(report, against);
    cairn_plot_begin(&plot, "samples-per-second", "Samples per second against updates");
    plot.x.label = against[CAIRN_AGAINST_UPDATES].label;
    plot.y.label = "samples per second";
    plot.y.from_zero = true;
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        struct cairn_series *series =
            cairn_plot_add(&plot, run->label, cairn_colour(i), CAIRN_STYLE_LINE);
        cairn_chart_column(&plot, series, &run->metrics, &against[CAIRN_AGAINST_UPDATES],
                           "samples_per_s", NULL);
    }
    cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<run",
                                        "updates",
                                        "data (s)",
                                        "compute (s)",
                                        "reduce (s)",
                                        "update (s)",
                                        "reduce (%)",
                                        "mean of an update (ms)",
                                        "samples per second",
                                        NULL};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_csv *csv = &report->run[i].metrics;
        double sum = 0;
        cairn_page_row(page);
        cairn_page_cell(page, report->run[i].label);
        cairn_page_number(page, (double)csv->n_rows, 5);
        for (size_t k = 0; k < N_PARTS; k++) {
            double part = cairn_chart_sum(csv, part_column[k]);
            cairn_page_number(page, part, 4);
            sum += part;
        }
        cairn_page_number(page, 100 * cairn_chart_sum(csv, "reduce_s") / sum, 3);
        cairn_page_number(page, 1e3 * sum / (double)csv->n_rows, 4);
        cairn_page_number(page, cairn_chart_sum(csv, "batch_samples") / sum, 4);
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    if (report->n_runs == 0) return;
    cairn_page_figure(page, "time", "Time of an update",
                      "Reading data, computing gradients, summing them over the ranks (with "
                      "waiting for the slowest) and changing the weights, as rank 0 saw it; "
                      "without evaluations and checkpoints. Rare spikes may leave the frame.");
    draw_speed(page, report);
    cairn_chart_legend(page, report);
    for (size_t i = 0; i < report->n_runs && i < CAIRN_CHART_MOST_RUNS; i++) {
        if (report->n_runs > 1) cairn_page_heading(page, report->run[i].label);
        draw_parts(page, report, i);
    }
    cairn_chart_rest(page, report);
    put_table(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_time = {.name = "time", .draw = draw};
