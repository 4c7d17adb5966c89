/* SPDX-License-Identifier: BSD-3-Clause
 * What each rank did with its time in the last start of a run, and the memory it took. */
#include <math.h>
#include <stdio.h>

#include "report/chart/chart.h"

enum { N_PARTS = 7, MOST_BARS = 128, MOST_NAMED = 16, MOST_ROWS = 16 };

static const char *const part_label[N_PARTS] = {
    "data", "compute", "waiting for others", "summing", "update", "evaluations", "checkpoints"};
static const size_t part_colour[N_PARTS] = {4, 0, 1, 3, 2, 5, 6};

/* Seconds of a rank in one part. */
static double part_s(const struct cairn_csv *csv, size_t row, size_t part)
{
    static const char *const column[N_PARTS] = {"data_s",   "compute_s",  "wait_s", "reduce_s",
                                                "update_s", "evaluate_s", "save_s"};
    size_t at = 0;
    if (!cairn_csv_find(csv, column[part], &at)) return 0;
    double value = cairn_csv_number(csv, row, at);
    if (part == 3) value -= part_s(csv, row, 2); /* reduce_s has the waiting in it */
    return isfinite(value) ? value : 0;
}

static double field(const struct cairn_csv *csv, size_t row, const char *name)
{
    size_t at = 0;
    return cairn_csv_find(csv, name, &at) ? cairn_csv_number(csv, row, at) : (double)NAN;
}

static void begin(struct cairn_plot *plot, size_t run, const char *what, const char *title,
                  const struct cairn_csv *csv)
{
    char text[CAIRN_PLOT_TEXT_BYTES];
    snprintf(text, sizeof text, "%s-%zu", what, run + 1);
    cairn_plot_begin(plot, text, title);
    plot->x.label = csv->n_rows > MOST_BARS ? "rank (some of them)" : "rank";
    plot->x.low = -0.6;
    plot->x.high = (double)(csv->n_rows < MOST_BARS ? csv->n_rows : MOST_BARS) - 0.4;
    plot->y.from_zero = true;
}

/* The rank that is drawn as bar `i`. */
static size_t row_of(const struct cairn_csv *csv, size_t i, size_t n_bars)
{
    return n_bars < 2 ? 0 : i * (csv->n_rows - 1) / (n_bars - 1);
}

static void put_names(struct cairn_plot *plot, const struct cairn_csv *csv, size_t n_bars)
{
    char label[32];
    size_t every = (n_bars + MOST_NAMED - 1) / MOST_NAMED;
    for (size_t i = 0; i < n_bars; i += every) {
        snprintf(label, sizeof label, "%.0f", field(csv, row_of(csv, i, n_bars), "rank"));
        cairn_plot_tic(plot, &plot->x, (double)i, label);
    }
}

static void draw_times(struct cairn_page *page, const struct cairn_csv *csv, size_t run)
{
    struct cairn_plot plot;
    struct cairn_series *series[N_PARTS];
    size_t n_bars = csv->n_rows < MOST_BARS ? csv->n_rows : MOST_BARS;
    begin(&plot, run, "ranks-time", "Time of each rank in its parts", csv);
    plot.y.label = "time (s)";
    put_names(&plot, csv, n_bars);
    for (size_t k = 0; k < N_PARTS; k++)
        series[k] = cairn_plot_add(&plot, part_label[k], cairn_colour_part(part_colour[k]),
                                   CAIRN_STYLE_BARS);
    for (size_t i = 0; i < n_bars; i++) {
        double low = 0;
        for (size_t k = 0; k < N_PARTS; k++) {
            double high = low + part_s(csv, row_of(csv, i, n_bars), k);
            cairn_plot_put(&plot, series[k], (struct cairn_point){(double)i, high, low, high});
            low = high;
        }
    }
    cairn_page_panel(page, &plot);
    cairn_plot_free(&plot);
}

static void draw_memory(struct cairn_page *page, const struct cairn_csv *csv, size_t run)
{
    struct cairn_plot plot;
    size_t n_bars = csv->n_rows < MOST_BARS ? csv->n_rows : MOST_BARS;
    begin(&plot, run, "ranks-memory", "Peak memory of each rank", csv);
    plot.y.label = "peak memory (MB)";
    put_names(&plot, csv, n_bars);
    struct cairn_series *series = cairn_plot_add(&plot, NULL, CAIRN_COLOUR_GREY, CAIRN_STYLE_BARS);
    for (size_t i = 0; i < n_bars; i++) {
        double mb = field(csv, row_of(csv, i, n_bars), "peak_rss_bytes") / 1e6;
        cairn_plot_put(&plot, series, (struct cairn_point){(double)i, mb, 0, mb});
    }
    cairn_page_plot(page, &plot);
    cairn_plot_free(&plot);
}

static void put_table(struct cairn_page *page, const struct cairn_csv *csv)
{
    static const char *const heads[] = {"<host",
                                        "rank",
                                        "micro-batches",
                                        "data (s)",
                                        "compute (s)",
                                        "waiting (s)",
                                        "summing (s)",
                                        "update (s)",
                                        "computing a micro-batch (ms)",
                                        "peak memory (MB)",
                                        NULL};
    size_t column = 0;
    bool hosts = cairn_csv_find(csv, "host", &column);
    size_t n = csv->n_rows < MOST_ROWS ? csv->n_rows : MOST_ROWS;
    cairn_page_table(page, heads);
    for (size_t i = 0; i < n; i++) {
        size_t row = row_of(csv, i, n);
        double micro_batches = field(csv, row, "micro_batches");
        cairn_page_row(page);
        cairn_page_cell(page, hosts ? cairn_csv_text(csv, row, column) : "-");
        cairn_page_number(page, field(csv, row, "rank"), 6);
        cairn_page_number(page, micro_batches, 6);
        for (size_t k = 0; k < 5; k++) cairn_page_number(page, part_s(csv, row, k), 4);
        cairn_page_number(page, 1e3 * part_s(csv, row, 1) / micro_batches, 4);
        cairn_page_number(page, field(csv, row, "peak_rss_bytes") / 1e6, 4);
    }
    cairn_page_table_end(page);
    if (n < csv->n_rows) cairn_page_note(page, "Some of the ranks; ranks.csv has them all.");
}

static void draw(struct cairn_page *page, const struct cairn_report *report)
{
    bool any = false;
    for (size_t i = 0; i < report->n_runs; i++) any = any || report->run[i].ranks.n_rows > 0;
    if (!any) return;
    cairn_page_figure(page, "ranks", "Ranks and memory",
                      "What each rank did with its time in the last start of a run. A rank that "
                      "waits little while the others wait much is the slow one.");
    for (size_t i = 0; i < report->n_runs && i < CAIRN_CHART_MOST_RUNS; i++) {
        const struct cairn_csv *csv = &report->run[i].ranks;
        if (csv->n_rows == 0) continue;
        if (report->n_runs > 1) cairn_page_heading(page, report->run[i].label);
        draw_times(page, csv, i);
        draw_memory(page, csv, i);
        put_table(page, csv);
    }
    cairn_chart_rest(page, report);
    cairn_page_figure_end(page);
}

const struct cairn_chart cairn_chart_ranks = {.name = "ranks", .draw = draw};
