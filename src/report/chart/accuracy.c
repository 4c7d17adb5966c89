/* SPDX-License-Identifier: BSD-3-Clause
 * Accuracy of evaluations against updates, samples and time. */
#include <math.h>

#include "report/chart/splits.h"

static void draw_panel(struct cairn_page *page, const struct cairn_report *report,
                       const struct cairn_against *against, const char *name, bool legend)
{
    struct cairn_plot plot;
    cairn_plot_begin(&plot, name,
                     cairn_chart_words("Accuracy of evaluations against ", "", against->name));
    plot.x.label = against->label;
    plot.y.label = "accuracy (share of samples)";
    plot.x.from_zero = true;
    for (size_t i = 0; i < report->n_runs; i++)
        cairn_splits_draw(&plot, report, i, against, "accuracy");
    if (legend)
        cairn_page_legend(page, &plot);
    else
        cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

static void put_table(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {
        "<run", "<evaluated on", "highest accuracy", "error there (%)", "at update", NULL};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        const char *split[CAIRN_MOST_SPLITS];
        size_t n = cairn_splits(&run->eval, split);
        for (size_t k = 0; k < n; k++) {
            double update = 0;
            double best = cairn_splits_best(&run->eval, split[k], "accuracy", true, &update);
            cairn_page_row(page);
            cairn_page_cell(page, run->label);
            cairn_page_cell(page, split[k]);
            cairn_page_number(page, best, 4);
            cairn_page_number(page, 100 * (1 - best), 3);
            cairn_page_number(page, update, 5);
        }
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const name[] = {"accuracy-updates", "accuracy-samples", "accuracy-time"};
    struct cairn_against against[CAIRN_N_AGAINST];
    bool any = false;
    for (size_t i = 0; i < report->n_runs; i++)
        any = any || cairn_csv_has_numbers(&report->run[i].eval, "accuracy");
    if (!any) return;
    cairn_page_figure(page, "accuracy", "Accuracy",
                      "Each mark is an evaluation: the share of its samples that the model got "
                      "right.");
    cairn_chart_against(report, against);
    for (size_t i = 0; i < CAIRN_N_AGAINST; i++)
        draw_panel(page, report, &against[i], name[i], false);
    if (report->n_runs == 1)
        draw_panel(page, report, &against[0], name[0], true);
    else
        cairn_splits_legend(page, report, NULL);
    put_table(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_accuracy = {.name = "accuracy", .draw = draw};
