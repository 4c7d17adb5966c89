/* SPDX-License-Identifier: BSD-3-Clause
 * The best learning rate of each global batch, beside the linear and the square-root rule; and what
 * the other rates came to. */
#include <math.h>
#include <stdio.h>

#include "report/chart/series.h"

enum { MOST_SERIES = 8 };

static void draw_best(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const member[] = {"lr", "linear", "sqrt"};
    static const char *const rule[] = {"", "linear rule, ", "square-root rule, "};
    struct cairn_plot plot;
    struct cairn_series_of series = {.study = NULL};
    cairn_plot_begin(&plot, "best-rate", "Best learning rate against the global batch");
    plot.x.label = "global batch (samples)";
    plot.y.label = "best learning rate";
    plot.y.log = true;
    cairn_series_batches(report, &plot, &plot.x);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *list = json_object_get(series.data, "lr_rules");
        for (size_t k = 0; k < 3; k++) {
            struct cairn_series *line =
                cairn_plot_add(&plot, cairn_chart_words(rule[k], "", series.label), series.colour,
                               k == 0 ? CAIRN_STYLE_MARKED : CAIRN_STYLE_LINE);
            if (line != NULL) line->dash = (unsigned)k;
            for (size_t i = 0; i < json_array_size(list); i++) {
                const json_t *at = json_array_get(list, i);
                cairn_plot_xy(&plot, line, cairn_json_get_number(at, "batch"),
                              cairn_json_get_number(at, member[k]));
            }
        }
    }
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

/* All rates that were tried, a line for each batch. */
static void draw_tried(struct cairn_page *page, const struct cairn_series_of *series)
{
    struct cairn_plot plot;
    char text[CAIRN_PLOT_TEXT_BYTES];
    double batch[CAIRN_MOST_BATCHES];
    const json_t *tried = json_object_get(series->data, "tried");
    size_t n = cairn_series_different(tried, "batch", batch);
    snprintf(text, sizeof text, "tried-rates-%zu", series->i + 1);
    cairn_plot_begin(&plot, text, "Updates to the target against the learning rate, by batch");
    snprintf(text, sizeof text, "updates to the target, %.60s", series->label);
    plot.x.label = "learning rate";
    plot.y.label = text;
    plot.x.log = plot.y.log = true;
    for (size_t k = 0; k < n; k++) {
        char label[32];
        snprintf(label, sizeof label, "B = %.0f", batch[k]);
        struct cairn_series *line = cairn_plot_add(
            &plot, label, cairn_series_batch_colour(series->report, batch[k]), CAIRN_STYLE_RANGES);
        for (size_t i = 0; i < json_array_size(tried); i++) {
            const json_t *at = json_array_get(tried, i);
            if (cairn_json_get_number(at, "batch") != batch[k]) continue;
            cairn_plot_put(&plot, line,
                           (struct cairn_point){cairn_json_get_number(at, "lr"),
                                                cairn_json_get_number(at, "updates"),
                                                cairn_json_get_number(at, "updates_low"),
                                                cairn_json_get_number(at, "updates_high")});
        }
    }
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {
        "<series",     "global batch (samples)", "best learning rate",
        "linear rule", "square-root rule",       NULL};
    struct cairn_series_of series = {.study = NULL};
    cairn_page_table(page, heads);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series)) {
        const json_t *list = json_object_get(series.data, "lr_rules");
        for (size_t i = 0; i < json_array_size(list); i++) {
            const json_t *at = json_array_get(list, i);
            cairn_page_row(page);
            cairn_page_cell(page, series.label);
            cairn_page_number(page, cairn_json_get_number(at, "batch"), 9);
            cairn_page_number(page, cairn_json_get_number(at, "lr"), 3);
            cairn_page_number(page, cairn_json_get_number(at, "linear"), 3);
            cairn_page_number(page, cairn_json_get_number(at, "sqrt"), 3);
        }
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_series_of series = {.study = NULL};
    if (!cairn_series_next(report, CAIRN_FILE_FIT, &series)) return;
    cairn_page_figure(page, "rates", "Best learning rates",
                      "Rules start from the best learning rate of the smallest batch: the linear "
                      "one (long dashes) multiplies it by the batch, the square-root one (short "
                      "dashes) by its root.");
    draw_best(page, report);
    do
        if (series.i < MOST_SERIES) draw_tried(page, &series);
    while (cairn_series_next(report, CAIRN_FILE_FIT, &series));
    put_table(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_rates = {.name = "rates", .draw = draw};
