/* SPDX-License-Identifier: BSD-3-Clause
 * The noise scale that was measured beside the critical batch that was fitted. */
#include <math.h>

#include "report/chart/series.h"

static void add_series(struct cairn_plot *plot, const struct cairn_series_of *series)
{
    const json_t *points = json_object_get(series->data, "points");
    size_t n = json_array_size(points);
    struct cairn_point critical = cairn_series_value(series->data, "b_crit");
    struct cairn_series *noise =
        cairn_plot_add(plot, cairn_chart_words("noise scale, ", "", series->label), series->colour,
                       CAIRN_STYLE_MARKED);
    for (size_t i = 0; i < n; i++) {
        const json_t *at = json_array_get(points, i);
        cairn_plot_xy(plot, noise, cairn_json_get_number(at, "batch"),
                      cairn_json_get_number(at, "noise_scale"));
    }
    struct cairn_series *fitted = cairn_plot_add(
        plot, cairn_chart_words("B_crit, ", "", series->label), series->colour, CAIRN_STYLE_LINE);
    if (fitted == NULL) return;
    fitted->dash = 1;
    for (size_t i = 0; i < n; i += n < 2 ? 1 : n - 1) {
        critical.x = cairn_json_get_number(json_array_get(points, i), "batch");
        cairn_plot_put(plot, fitted, critical);
    }
}

static bool has_noise(const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        for (size_t i = 0; i < json_array_size(points); i++)
            if (isfinite(cairn_json_get_number(json_array_get(points, i), "noise_scale")))
                return true;
    }
    return false;
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {
        "<series",          "global batch (samples)", "noise scale (samples)",
        "B_crit (samples)", "noise scale / B_crit",   NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *points = json_object_get(series.data, "points");
        struct cairn_point critical = cairn_series_value(series.data, "b_crit");
        for (size_t i = 0; i < json_array_size(points); i++) {
            const json_t *at = json_array_get(points, i);
            cairn_page_row(page);
            cairn_page_cell(page, series.label);
            cairn_page_number(page, cairn_json_get_number(at, "batch"), 9);
            cairn_page_number(page, cairn_json_get_number(at, "noise_scale"), 3);
            cairn_series_cell(page, critical);
            cairn_page_number(page, cairn_json_get_number(at, "noise_scale") / critical.y, 2);
        }
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    if (!has_noise(report)) return;
    cairn_page_figure(page, "critical", "Noise scale and critical batch",
                      "The noise scale is measured from gradients while training, B_crit (dashed, "
                      "with its interval) is fitted to the updates that each batch took. For plain "
                      "SGD they are of one size, within a factor; momentum and Adam move B_crit "
                      "and not the noise scale. The table has their ratio.");
    cairn_plot_begin(&plot, "noise-and-critical-batch",
                     "Noise scale and fitted critical batch against the global batch");
    plot.x.label = "global batch (samples)";
    plot.y.label = "samples";
    plot.y.log = true;
    cairn_series_batches(report, &plot, &plot.x);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) add_series(&plot, &series);
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
    put_table(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_critical = {.name = "critical", .draw = draw};
