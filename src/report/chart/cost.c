/* SPDX-License-Identifier: BSD-3-Clause
 * What a target costs against how long it takes: samples against updates, and against time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sort.h"
#include "report/chart/series.h"

/* Learning rates of a grid lie further apart than what its texts lose. */
static const double SAME = 1e-4;

/* Whether a cell belongs to a series: its other axes, written as fit.json names them. */
static bool is_of(const struct cairn_study_files *study, size_t row, const char *name)
{
    static const char *const common[] = {"batch.global", "optim.lr",         "train.seed",
                                         "ranks",        "batch.accumulate", "batch.micro"};
    char text[512] = "";
    size_t used = 0;
    for (size_t i = 0; i < study->n_axes; i++) {
        bool is_common = false;
        for (size_t k = 0; k < sizeof common / sizeof common[0]; k++)
            is_common = is_common || strcmp(common[k], study->cells.name[i]) == 0;
        if (is_common || used >= sizeof text) continue;
        int n = snprintf(text + used, sizeof text - used, "%s%s=%s", used == 0 ? "" : ", ",
                         study->cells.name[i], cairn_csv_text(&study->cells, row, i));
        used += n < 0 ? 0 : (size_t)n;
    }
    return strcmp(used == 0 ? "all" : text, name) == 0;
}

/* Where a point of the fit is to be found in study.csv. */
enum { BATCH, RATE, REACHED, SECONDS, RANKS, N_COLUMNS };

static bool is_cell_of(const struct cairn_series_of *series, const json_t *point,
                       const size_t column[N_COLUMNS], const bool there[N_COLUMNS], size_t row)
{
    const struct cairn_csv *cells = &series->study->cells;
    const double want[] = {[BATCH] = cairn_json_get_number(point, "batch"),
                           [RATE] = cairn_json_get_number(point, "lr"),
                           [REACHED] = 1};
    for (size_t k = BATCH; k <= REACHED; k++)
        if (there[k] && !(fabs(cairn_csv_number(cells, row, column[k]) / want[k] - 1) < SAME))
            return false;
    return is_of(series->study, row, series->name);
}

/* The times of the cells of a point, of those with the most ranks; how many. */
static size_t take_times(const struct cairn_series_of *series, const json_t *point, double *seconds)
{
    static const char *const name[N_COLUMNS] = {"batch.global", "optim.lr", "reached", "wall_s",
                                                "ranks"};
    const struct cairn_csv *cells = &series->study->cells;
    size_t column[N_COLUMNS];
    bool there[N_COLUMNS];
    double most = 0;
    size_t n = 0;
    for (size_t k = 0; k < N_COLUMNS; k++) there[k] = cairn_csv_find(cells, name[k], &column[k]);
    if (!there[REACHED] || !there[SECONDS]) return 0;
    for (size_t r = 0; r < cells->n_rows; r++) {
        double ranks = there[RANKS] ? cairn_csv_number(cells, r, column[RANKS]) : 1;
        double value = cairn_csv_number(cells, r, column[SECONDS]);
        if (!isfinite(value) || ranks < most || !is_cell_of(series, point, column, there, r))
            continue;
        if (ranks > most) n = 0;
        most = ranks;
        seconds[n++] = value;
    }
    return n;
}

/* The median of the times of training; low and high are their range.  The fits of earlier versions
 * have none: then those of the cells, with their checks. */
static struct cairn_point time_of(struct cairn_page *page, const struct cairn_series_of *series,
                                  const json_t *point)
{
    struct cairn_point found = cairn_series_value(point, "training_s");
    double *seconds = NULL;
    if (json_object_get(point, "training_s") != NULL) return found;
    if (!cairn_page_holds(page, cairn_memory_get(series->study->cells.n_rows + 1, sizeof *seconds,
                                                 "times", &seconds)))
        return found;
    size_t n = take_times(series, point, seconds);
    cairn_sort_numbers(seconds, n);
    if (n > 0)
        found = (struct cairn_point){0, (seconds[(n - 1) / 2] + seconds[n / 2]) / 2, seconds[0],
                                     seconds[n - 1]};
    free(seconds);
    return found;
}

static bool draw_updates(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    cairn_plot_begin(&plot, "cost-updates", "Samples to the target against updates to the target");
    plot.x.label = "updates to the target";
    plot.y.label = "samples to the target";
    plot.x.log = plot.y.log = true;
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        const json_t *curve = json_object_get(series.data, "curve");
        struct cairn_series *marks =
            cairn_plot_add(&plot, series.label, series.colour, CAIRN_STYLE_MARKS);
        struct cairn_series *fit = cairn_plot_add(&plot, NULL, series.colour, CAIRN_STYLE_LINE);
        for (size_t i = 0; i < json_array_size(points); i++) {
            const json_t *at = json_array_get(points, i);
            cairn_plot_xy(&plot, marks, cairn_json_get_number(at, "updates"),
                          cairn_json_get_number(at, "samples"));
        }
        for (size_t i = 0; i < json_array_size(curve); i++) {
            const json_t *at = json_array_get(curve, i);
            cairn_plot_xy(&plot, fit, cairn_json_get_number(at, "updates"),
                          cairn_json_get_number(at, "samples"));
        }
    }
    bool any = !cairn_plot_is_empty(&plot);
    cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
    return any;
}

/* Time against batch, or samples against time. */
static bool draw_time(struct cairn_page *page, const struct cairn_report *report, bool by_batch)
{
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    cairn_plot_begin(&plot, by_batch ? "time-to-target" : "cost-time",
                     by_batch ? "Measured time to the target against the global batch"
                              : "Samples to the target against measured time");
    plot.x.label = by_batch ? "global batch (samples)" : "measured time to the target (s)";
    plot.y.label = by_batch ? "measured time to the target (s)" : "samples to the target";
    plot.x.log = plot.y.log = true;
    if (by_batch) cairn_series_batches(report, &plot, &plot.x);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        struct cairn_series *line = cairn_plot_add(
            &plot, series.label, series.colour, by_batch ? CAIRN_STYLE_RANGES : CAIRN_STYLE_MARKED);
        for (size_t i = 0; i < json_array_size(points); i++) {
            const json_t *at = json_array_get(points, i);
            struct cairn_point time = time_of(page, &series, at);
            time.x = cairn_json_get_number(at, "batch");
            if (by_batch)
                cairn_plot_put(&plot, line, time);
            else
                cairn_plot_xy(&plot, line, time.y, cairn_json_get_number(at, "samples"));
        }
    }
    bool any = !cairn_plot_is_empty(&plot);
    cairn_page_plot(page, &plot);
    if (!by_batch) cairn_page_legend(page, &plot);
    cairn_plot_free(&plot);
    return any;
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    if (!cairn_series_next(report, CAIRN_FILE_FIT, &series)) return;
    cairn_page_figure(page, "cost", "Cost against time",
                      "The trade-off: a small batch takes the fewest samples and the most updates, "
                      "a large one the fewest updates and the most samples. Each mark is a global "
                      "batch at its best learning rate; time is that of the training of the cells "
                      "that ran here, without checks, on the most ranks.");
    bool reached = draw_updates(page, report), timed = draw_time(page, report, true);
    draw_time(page, report, false);
    if (!reached)
        cairn_page_note(page,
                        "There is no chart of cost: fit.json has no batch with updates and samples "
                        "to the target. cairn study, started again, writes it again.");
    if (!timed)
        cairn_page_note(
            page, "There is no chart of time: neither fit.json has training_s of a batch, nor "
                  "study.csv wall_s of its cells. cairn study, started again, writes both again.");
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_cost = {.name = "cost", .draw = draw};
