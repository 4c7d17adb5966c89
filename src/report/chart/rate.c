/* SPDX-License-Identifier: BSD-3-Clause
 * Learning rate and global batch against updates: what the schedules made of the run. */
#include <math.h>

#include "report/chart/chart.h"

static void draw_panel(struct cairn_page *page, const struct cairn_report *report,
                       struct cairn_plot *plot, const char *column)
{
    struct cairn_against against[CAIRN_N_AGAINST];
    cairn_chart_against(report, against);
    plot->x.label = against[CAIRN_AGAINST_UPDATES].label;
    plot->y.from_zero = true;
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        struct cairn_series *series =
            cairn_plot_add(plot, run->label, cairn_colour(i), CAIRN_STYLE_LINE);
        if (series != NULL) series->steps = true;
        cairn_chart_column(plot, series, &run->metrics, &against[CAIRN_AGAINST_UPDATES], column,
                           NULL);
    }
    cairn_page_plot(page, plot);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    struct cairn_plot rate;
    struct cairn_plot batch;
    if (report->n_runs == 0) return;
    cairn_page_figure(page, "rate", "Learning rate and global batch",
                      "What each update was made with. The last update of an epoch may be "
                      "smaller than the others.");
    cairn_plot_begin(&rate, "learning-rate", "Learning rate against updates");
    rate.y.label = "learning rate (per update)";
    draw_panel(page, report, &rate, "lr");
    cairn_plot_begin(&batch, "global-batch", "Samples of each update against updates");
    batch.y.label = "global batch (samples)";
    draw_panel(page, report, &batch, "batch_samples");
    cairn_chart_legend(page, report);
    cairn_plot_free(&rate);
    cairn_plot_free(&batch);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_rate = {.name = "rate", .draw = draw};
