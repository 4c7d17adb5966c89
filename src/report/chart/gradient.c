/* SPDX-License-Identifier: BSD-3-Clause
 * Norm of the gradient and noise scale against updates. */
#include <math.h>
#include <stdlib.h>

#include "report/chart/chart.h"

static void draw_norm(struct cairn_page *page, const struct cairn_report *report,
                      const struct cairn_against *against)
{
    struct cairn_plot plot;
    cairn_plot_begin(&plot, "gradient-norm", "Norm of the gradient against updates");
    plot.x.label = against->label;
    plot.y.label = "|gradient|, mean loss, before clipping";
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        struct cairn_series *series =
            cairn_plot_add(&plot, run->label, cairn_colour(i), CAIRN_STYLE_LINE);
        cairn_chart_column(&plot, series, &run->metrics, against, "grad_norm", NULL);
    }
    cairn_chart_maybe_log(&plot, 30);
    cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

/* Updates, noise scale, and it less and more its standard error; how many lines have it. */
static size_t take_noise(const struct cairn_csv *csv, double *column[4])
{
    size_t n = 0;
    for (size_t i = 0; i < csv->n_rows; i++) {
        double noise = column[1][i];
        double error = isfinite(column[2][i]) ? column[2][i] : 0;
        if (!isfinite(noise)) continue;
        column[0][n] = column[0][i];
        column[1][n] = noise;
        column[2][n] = fmax(noise - error, 0);
        column[3][n++] = noise + error;
    }
    return n;
}

static void add_noise(struct cairn_page *page, struct cairn_plot *plot, struct cairn_series *series,
                      const struct cairn_csv *csv)
{
    static const char *const name[] = {"update", "noise_scale", "noise_scale_se", "noise_scale_se"};
    double *column[4] = {NULL};
    struct cairn_point *point[3] = {NULL};
    size_t n_points[3] = {0};
    bool well = true;
    for (size_t k = 0; k < 4 && well; k++)
        well = cairn_page_holds(page, cairn_csv_numbers(csv, name[k], &column[k]));
    size_t n = well ? take_noise(csv, column) : 0;
    for (size_t k = 0; k < 3 && well; k++)
        well = cairn_page_holds(page, cairn_thin(column[0], column[k + 1], n,
                                                 CAIRN_PLOT_MOST_POINTS, &point[k], &n_points[k]));
    for (size_t i = 0; i < n_points[2] && well; i++)
        cairn_plot_put(
            plot, series,
            (struct cairn_point){point[0][i].x, point[0][i].y, point[1][i].y, point[2][i].y});
    for (size_t k = 0; k < 4; k++) free(column[k]);
    for (size_t k = 0; k < 3; k++) free(point[k]);
}

static void draw_noise(struct cairn_page *page, const struct cairn_report *report,
                       const struct cairn_against *against)
{
    struct cairn_plot plot;
    cairn_plot_begin(&plot, "noise-scale", "Gradient noise scale against updates");
    plot.x.label = against->label;
    plot.y.label = "noise scale (samples)";
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        struct cairn_series *series =
            cairn_plot_add(&plot, run->label, cairn_colour(i), CAIRN_STYLE_LINE);
        add_noise(page, &plot, series, &run->metrics);
    }
    cairn_chart_maybe_log(&plot, 10);
    cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<run",
                                        "first |gradient|",
                                        "|gradient| halfway",
                                        "last |gradient|",
                                        "noise scale, mean of the last tenth (samples)",
                                        "its standard error (samples)",
                                        NULL};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        cairn_page_row(page);
        cairn_page_cell(page, run->label);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "grad_norm", 0), 4);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "grad_norm", 0.5), 4);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "grad_norm", 1), 4);
        cairn_page_number(page, cairn_chart_last(&run->metrics, "noise_scale"), 3);
        cairn_page_number(page, cairn_chart_last(&run->metrics, "noise_scale_se"), 3);
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_against against[CAIRN_N_AGAINST];
    bool noise = false;
    if (report->n_runs == 0) return;
    cairn_page_figure(page, "gradient", "Gradient and noise scale",
                      "The noise scale is the global batch, in samples, at which the noise of a "
                      "gradient is as large as the gradient: far below it a larger batch saves "
                      "updates in proportion, far above it saves none. The band is one standard "
                      "error to each side.");
    cairn_chart_against(report, against);
    draw_norm(page, report, &against[CAIRN_AGAINST_UPDATES]);
    draw_noise(page, report, &against[CAIRN_AGAINST_UPDATES]);
    for (size_t i = 0; i < report->n_runs; i++)
        noise = noise || cairn_csv_has_numbers(&report->run[i].metrics, "noise_scale");
    cairn_chart_legend(page, report);
    if (!noise)
        cairn_page_note(page, "No run has a noise scale: it takes two micro-batches in an update, "
                              "and train.noise must not be off.");
    put_table(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_gradient = {.name = "gradient", .draw = draw};
