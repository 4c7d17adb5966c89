/* SPDX-License-Identifier: BSD-3-Clause
 * The groups of the data that runs were evaluated on. */
#include "report/chart/splits.h"

#include <math.h>
#include <string.h>

size_t cairn_splits(const struct cairn_csv *eval, const char *split[CAIRN_MOST_SPLITS])
{
    size_t column = 0;
    size_t n = 0;
    if (!cairn_csv_find(eval, "split", &column)) return 0;
    for (size_t i = 0; i < eval->n_rows && n < CAIRN_MOST_SPLITS; i++) {
        const char *word = cairn_csv_text(eval, i, column);
        size_t at = 0;
        while (at < n && strcmp(split[at], word) != 0) at++;
        if (at == n) split[n++] = word;
    }
    return n;
}

void cairn_splits_draw(struct cairn_plot *plot, const struct cairn_report *report, size_t run,
                       const struct cairn_against *against, const char *y)
{
    const struct cairn_run_files *files = &report->run[run];
    const char *split[CAIRN_MOST_SPLITS];
    size_t n = cairn_splits(&files->eval, split);
    for (size_t i = 0; i < n; i++) {
        bool single = report->n_runs == 1;
        const char *label = single ? cairn_chart_words("evaluation on ", "", split[i]) : NULL;
        struct cairn_series *series =
            cairn_plot_add(plot, label, cairn_colour(single ? i + 1 : run), CAIRN_STYLE_MARKED);
        if (series == NULL) return;
        series->dash = 1 + (strcmp(split[i], "test") != 0);
        cairn_chart_column(plot, series, &files->eval, against, y, split[i]);
    }
}

void cairn_splits_legend(struct cairn_page *page, const struct cairn_report *report,
                         const char *training)
{
    struct cairn_plot plot;
    const char *split[CAIRN_MOST_SPLITS];
    const char *groups[] = {"test", "val"};
    cairn_plot_begin(&plot, "legend", "");
    for (size_t i = 0; i < report->n_runs; i++)
        cairn_plot_xy(
            &plot, cairn_plot_add(&plot, report->run[i].label, cairn_colour(i), CAIRN_STYLE_LINE),
            0, 0);
    if (training != NULL)
        cairn_plot_xy(&plot, cairn_plot_add(&plot, training, CAIRN_COLOUR_GREY, CAIRN_STYLE_LINE),
                      0, 0);
    for (size_t k = 0; k < 2; k++) {
        bool any = false;
        for (size_t i = 0; i < report->n_runs && !any; i++) {
            size_t n = cairn_splits(&report->run[i].eval, split);
            for (size_t s = 0; s < n; s++) any = any || strcmp(split[s], groups[k]) == 0;
        }
        struct cairn_series *series =
            any ? cairn_plot_add(&plot, cairn_chart_words("evaluation on ", "", groups[k]),
                                 CAIRN_COLOUR_GREY, CAIRN_STYLE_MARKED)
                : NULL;
        if (series != NULL) series->dash = 1 + (unsigned)k;
        cairn_plot_xy(&plot, series, 0, 0);
    }
    cairn_page_legend(page, &plot);
    cairn_plot_free(&plot);
}

double cairn_splits_best(const struct cairn_csv *eval, const char *split, const char *y,
                         bool highest, double *update)
{
    size_t at_split = 0;
    size_t at_y = 0;
    size_t at_update = 0;
    double best = (double)NAN;
    *update = (double)NAN;
    if (!cairn_csv_find(eval, "split", &at_split) || !cairn_csv_find(eval, y, &at_y) ||
        !cairn_csv_find(eval, "update", &at_update))
        return best;
    for (size_t i = 0; i < eval->n_rows; i++) {
        double value = cairn_csv_number(eval, i, at_y);
        if (strcmp(cairn_csv_text(eval, i, at_split), split) != 0 || !isfinite(value)) continue;
        if (!isnan(best) && (highest ? value <= best : value >= best)) continue;
        best = value;
        *update = cairn_csv_number(eval, i, at_update);
    }
    return best;
}
