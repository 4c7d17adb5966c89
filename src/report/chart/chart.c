/* SPDX-License-Identifier: BSD-3-Clause
 * What several figures do. */
#include "report/chart/chart.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cairn_chart_against(const struct cairn_report *report,
                         struct cairn_against against[CAIRN_N_AGAINST])
{
    double longest_s = 0;
    for (size_t i = 0; i < report->n_runs; i++)
        longest_s = fmax(longest_s, cairn_chart_at(&report->run[i].metrics, "wall_s", 1));
    against[CAIRN_AGAINST_UPDATES] = (struct cairn_against){"update", "updates", "updates", 1};
    against[CAIRN_AGAINST_SAMPLES] = (struct cairn_against){"samples", "samples", "samples", 1};
    against[CAIRN_AGAINST_TIME] =
        longest_s < 300        ? (struct cairn_against){"wall_s", "time", "time (s)", 1}
        : longest_s < 4 * 3600 ? (struct cairn_against){"wall_s", "time", "time (min)", 60}
                               : (struct cairn_against){"wall_s", "time", "time (h)", 3600};
}

/* Keep the lines with this word, in place; how many. */
static size_t keep_split(const struct cairn_csv *csv, const char *split, double *x, double *y)
{
    size_t column = 0;
    size_t n = 0;
    if (split == NULL) return csv->n_rows;
    if (!cairn_csv_find(csv, "split", &column)) return 0;
    for (size_t i = 0; i < csv->n_rows; i++) {
        if (strcmp(cairn_csv_text(csv, i, column), split) != 0) continue;
        x[n] = x[i];
        y[n++] = y[i];
    }
    return n;
}

void cairn_chart_column(struct cairn_plot *plot, struct cairn_series *series,
                        const struct cairn_csv *csv, const struct cairn_against *against,
                        const char *y, const char *split)
{
    double *x_value = NULL;
    double *y_value = NULL;
    if (cairn_plot_holds(plot, cairn_csv_numbers(csv, against->column, &x_value)) &&
        cairn_plot_holds(plot, cairn_csv_numbers(csv, y, &y_value))) {
        size_t n = keep_split(csv, split, x_value, y_value);
        for (size_t i = 0; i < n; i++) x_value[i] /= against->by;
        cairn_plot_columns(plot, series, x_value, y_value, n);
    }
    free(x_value);
    free(y_value);
}

void cairn_chart_maybe_log(struct cairn_plot *plot, double times)
{
    double low = INFINITY;
    double high = 0;
    for (size_t s = 0; s < plot->n_series; s++) {
        for (size_t i = 0; i < plot->series[s]->n; i++) {
            low = fmin(low, plot->series[s]->point[i].y);
            high = fmax(high, plot->series[s]->point[i].y);
        }
    }
    if (low > 0 && high > times * low) plot->y.log = true;
}

const char *cairn_chart_words(const char *a, const char *between, const char *b)
{
    static _Thread_local char text[4][512];
    static _Thread_local unsigned next;
    char *out = text[next++ % 4];
    snprintf(out, sizeof text[0], "%s%s%s", a, between, b);
    return out;
}

void cairn_chart_legend(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_plot plot;
    if (report->n_runs < 2) return;
    cairn_plot_begin(&plot, "legend", "");
    for (size_t i = 0; i < report->n_runs; i++)
        cairn_plot_xy(
            &plot, cairn_plot_add(&plot, report->run[i].label, cairn_colour(i), CAIRN_STYLE_LINE),
            0, 0);
    cairn_page_legend(page, &plot);
    cairn_plot_free(&plot);
}

void cairn_chart_rest(struct cairn_page *page, const struct cairn_report *report)
{
    if (report->n_runs > CAIRN_CHART_MOST_RUNS)
        cairn_page_note(page, "Only the first runs are drawn here, those that came out best; make "
                              "a report of others alone.");
}

double cairn_chart_last(const struct cairn_csv *csv, const char *name)
{
    size_t column = 0;
    size_t n = 0;
    double sum = 0;
    if (!cairn_csv_find(csv, name, &column)) return (double)NAN;
    for (size_t i = csv->n_rows - csv->n_rows / 10 - (csv->n_rows < 10 && csv->n_rows > 0);
         i < csv->n_rows; i++) {
        double value = cairn_csv_number(csv, i, column);
        if (!isfinite(value)) continue;
        sum += value;
        n++;
    }
    return n == 0 ? (double)NAN : sum / (double)n;
}

double cairn_chart_sum(const struct cairn_csv *csv, const char *name)
{
    size_t column = 0;
    double sum = 0;
    if (!cairn_csv_find(csv, name, &column) || csv->n_rows == 0) return (double)NAN;
    for (size_t i = 0; i < csv->n_rows; i++) {
        double value = cairn_csv_number(csv, i, column);
        if (isfinite(value)) sum += value;
    }
    return sum;
}

double cairn_chart_at(const struct cairn_csv *csv, const char *name, double share)
{
    size_t column = 0;
    if (csv->n_rows == 0 || !cairn_csv_find(csv, name, &column)) return (double)NAN;
    return cairn_csv_number(csv, (size_t)(share * (double)(csv->n_rows - 1) + 0.5), column);
}
