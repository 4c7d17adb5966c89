/* SPDX-License-Identifier: BSD-3-Clause
 * Loss of training and evaluations against updates, samples and time. */
#include <math.h>

#include "report/chart/splits.h"

static void draw_panel(struct cairn_page *page, const struct cairn_report *report,
                       const struct cairn_against *against, const char *name, bool legend)
{
    struct cairn_plot plot;
    cairn_plot_begin(
        &plot, name,
        cairn_chart_words("Loss of training and evaluations against ", "", against->name));
    plot.x.label = against->label;
    plot.y.label = "loss (nats for cross-entropy)";
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        struct cairn_series *series =
            cairn_plot_add(&plot, report->n_runs == 1 ? "training" : run->label, cairn_colour(i),
                           CAIRN_STYLE_LINE);
        cairn_chart_column(&plot, series, &run->metrics, against, "loss", NULL);
        cairn_splits_draw(&plot, report, i, against, "loss");
    }
    cairn_chart_maybe_log(&plot, 30);
    if (legend)
        cairn_page_legend(page, &plot);
    else
        cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

/* A single run: a few of its updates. */
static void put_updates(struct cairn_page *page, const struct cairn_run_files *run)
{
    static const char *const heads[] = {
        "update", "samples", "time (s)", "training loss", "learning rate", "gradient norm", NULL};
    static const char *const column[] = {"update", "samples", "wall_s", "loss", "lr", "grad_norm"};
    static const double share[] = {0, 0.05, 0.1, 0.25, 0.5, 0.75, 1};
    double before = (double)NAN;
    if (run->metrics.n_rows == 0) return;
    cairn_page_table(page, heads);
    for (size_t i = 0; i < sizeof share / sizeof share[0]; i++) {
        double update = cairn_chart_at(&run->metrics, "update", share[i]);
        if (update == before) continue;
        before = update;
        cairn_page_row(page);
        for (size_t k = 0; k < sizeof column / sizeof column[0]; k++)
            cairn_page_number(page, cairn_chart_at(&run->metrics, column[k], share[i]), 5);
    }
    cairn_page_table_end(page);
}

static void put_runs(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<run",
                                        "updates",
                                        "samples",
                                        "time (s)",
                                        "training loss, mean of the last tenth",
                                        "<evaluated on",
                                        "lowest loss",
                                        "at update",
                                        NULL};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        const char *split[CAIRN_MOST_SPLITS] = {"-"};
        double update = 0;
        cairn_splits(&run->eval, split);
        double best = cairn_splits_best(&run->eval, split[0], "loss", false, &update);
        cairn_page_row(page);
        cairn_page_cell(page, run->label);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "update", 1), 5);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "samples", 1), 5);
        cairn_page_number(page, cairn_chart_at(&run->metrics, "wall_s", 1), 4);
        cairn_page_number(page, cairn_chart_last(&run->metrics, "loss"), 4);
        cairn_page_cell(page, split[0]);
        cairn_page_number(page, best, 4);
        cairn_page_number(page, update, 5);
    }
    cairn_page_table_end(page);
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const name[] = {"loss-updates", "loss-samples", "loss-time"};
    struct cairn_against against[CAIRN_N_AGAINST];
    if (report->n_runs == 0) return;
    cairn_page_figure(page, "loss", "Loss",
                      "Lines are the training loss of each global batch, dashed lines with marks "
                      "the evaluations. Of long runs a line is the mean of neighbouring updates, "
                      "and the band behind it goes from their lowest to their highest.");
    cairn_chart_against(report, against);
    for (size_t i = 0; i < CAIRN_N_AGAINST; i++)
        draw_panel(page, report, &against[i], name[i], false);
    if (report->n_runs == 1)
        draw_panel(page, report, &against[0], name[0], true);
    else
        cairn_splits_legend(page, report, "training");
    if (report->n_runs == 1)
        put_updates(page, &report->run[0]);
    else
        put_runs(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_loss = {.name = "loss", .draw = draw};
