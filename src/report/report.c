/* SPDX-License-Identifier: BSD-3-Clause
 * Reports: read the folders, draw the figures of chart/charts.def, write the page. */
#include "report/report.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "report/chart/chart.h"
#include "report/gnuplot.h"
#include "report/overview.h"
#include "report/run_files.h"
#include "report/run_labels.h"

enum { TITLE_BYTES = 240 };

#define X(name) extern const struct cairn_chart cairn_chart_##name;
#include "report/chart/charts.def"
#undef X

static const struct cairn_chart *const charts[] = {
#define X(name) &cairn_chart_##name,
#include "report/chart/charts.def"
#undef X
};

static cairn_status neither(const char *folder)
{
    struct stat about;
    if (stat(folder, &about) != 0)
        return cairn_fail(CAIRN_DATA, "%s: there is no such folder", folder);
    if (!S_ISDIR(about.st_mode))
        return cairn_fail(CAIRN_DATA, "%s: is not a folder; give the folder of a run or a study",
                          folder);
    return cairn_fail(CAIRN_DATA,
                      "%s: is neither a run nor a study: it holds no metrics.csv, config.yaml or "
                      "summary.json, and no study.csv or study.yaml",
                      folder);
}

static cairn_status read_folder(struct cairn_report *report, const char *folder)
{
    if (cairn_study_files_are_there(folder))
        return cairn_study_files_read(folder, &report->study[report->n_studies++]);
    if (cairn_run_files_are_there(folder))
        return cairn_run_files_read(folder, &report->run[report->n_runs++]);
    return neither(folder);
}

static void free_report(struct cairn_report *report)
{
    for (size_t i = 0; i < report->n_runs; i++) cairn_run_files_free(&report->run[i]);
    for (size_t i = 0; i < report->n_studies; i++) cairn_study_files_free(&report->study[i]);
    free(report->run);
    free(report->study);
}

/* The loss that a run came to: on the test set, else of training; none is last. */
static double result_of(const struct cairn_run_files *run)
{
    const double test = cairn_json_get_number(run->summary, "eval_loss");
    const double loss = isnan(test) ? cairn_chart_last(&run->metrics, "loss") : test;
    return isnan(loss) ? (double)INFINITY : loss;
}

static int better(const void *a, const void *b)
{
    const double x = result_of(a), y = result_of(b);
    return x != y ? (x > y) - (x < y)
                  : strcmp(((const struct cairn_run_files *)a)->folder,
                           ((const struct cairn_run_files *)b)->folder);
}

static cairn_status read_report(const char *const *folders, size_t n, struct cairn_report *report)
{
    CAIRN_TRY(cairn_memory_get(n, sizeof *report->run, "runs", &report->run));
    CAIRN_TRY(cairn_memory_get(n, sizeof *report->study, "studies", &report->study));
    for (size_t i = 0; i < n; i++) CAIRN_TRY(read_folder(report, folders[i]));
    if (report->n_runs > CAIRN_CHART_MOST_RUNS) { /* few stay as they were named */
        qsort(report->run, report->n_runs, sizeof *report->run, better);
        for (size_t i = 0; i < report->n_runs; i++) cairn_run_files_moved(&report->run[i]);
    }
    return cairn_run_labels(report->run, report->n_runs);
}

static cairn_status check_gnuplot(const char *folder)
{
    if (cairn_gnuplot_is_there()) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "gnuplot, which draws the charts, is not installed (apt-get install "
                      "gnuplot-nox, dnf install gnuplot-minimal); the CSVs in %s are as they were",
                      folder);
}

/* "a", or "a, b, c": the folders' names; of many the first ones. */
static void write_title(const struct cairn_report *report, char title[TITLE_BYTES])
{
    size_t used = 0;
    const size_t n_all = report->n_studies + report->n_runs;
    const size_t n_named = n_all > CAIRN_CHART_MOST_RUNS ? CAIRN_CHART_MOST_RUNS / 2 : n_all;
    for (size_t i = 0; i < n_named && used < TITLE_BYTES; i++) {
        const char *name =
            i < report->n_studies ? report->study[i].name : report->run[i - report->n_studies].name;
        int n = snprintf(title + used, TITLE_BYTES - used, "%s%.80s", i == 0 ? "" : ", ", name);
        used += n < 0 ? 0 : (size_t)n;
    }
    if (n_named < n_all && used < TITLE_BYTES)
        snprintf(title + used, TITLE_BYTES - used, " and %zu more", n_all - n_named);
}

/* Draw all figures; the page is ended in any case, *html NULL where that failed. */
static cairn_status draw(const struct cairn_report *report, struct cairn_page *page, char **html,
                         size_t *n)
{
    char title[TITLE_BYTES];
    write_title(report, title);
    cairn_overview_begin(page, report);
    for (size_t i = 0; i < sizeof charts / sizeof charts[0]; i++) charts[i]->draw(page, report);
    cairn_overview_end(page, report);
    return cairn_page_end(page, title, html, n);
}

/* Whether nothing will be added: runs that were stopped go on some day, and so do studies. */
static bool is_over(const struct cairn_report *report)
{
    if (report->n_studies > 0) return false;
    for (size_t i = 0; i < report->n_runs; i++) {
        const json_t *starts = report->run[i].provenance; /* a summary may be of the start before */
        const size_t n = json_array_size(starts);
        const char *status = cairn_json_get_text(
            n > 0 ? json_array_get(starts, n - 1) : report->run[i].summary, "status");
        if (status == NULL || strcmp(status, "done") != 0) return false;
    }
    return true;
}

/* Of a page whose runs may go on. */
struct again {
    double after_s; /* it loads itself again until all is ... */
    bool over;
};

static cairn_status make(const char *const *folders, size_t n, struct cairn_page *page,
                         struct again *again, char **html, size_t *n_html)
{
    struct cairn_report report = {.n_runs = 0};
    cairn_status st = read_report(folders, n, &report);
    if (st == CAIRN_OK) st = check_gnuplot(folders[0]);
    if (st == CAIRN_OK) st = cairn_page_begin(page, page->folder, page->kind);
    again->over = st == CAIRN_OK && is_over(&report);
    page->again_s = again->over ? 0 : again->after_s;
    if (st == CAIRN_OK) st = draw(&report, page, html, n_html);
    free_report(&report);
    return st;
}

cairn_status cairn_report_write(const char *const *folders, size_t n, const char *path)
{
    bool over = false;
    return cairn_report_renew(folders, n, path, 0, &over);
}

cairn_status cairn_report_renew(const char *const *folders, size_t n, const char *path,
                                double again_s, bool *over)
{
    struct cairn_page page = {.kind = CAIRN_PICTURE_SVG};
    char *html = NULL;
    size_t n_html = 0;
    struct again again = {.after_s = again_s};
    CAIRN_TRY(make(folders, n, &page, &again, &html, &n_html));
    *over = again.over;
    cairn_status st = cairn_file_replace(path, html, n_html);
    free(html);
    return st;
}

void cairn_report_beside(const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    cairn_status st = cairn_path_join(folder, "report.html", path);
    if (st == CAIRN_OK) st = cairn_page_check(path);
    if (st == CAIRN_OK) st = cairn_report_write(&folder, 1, path);
    if (st != CAIRN_OK)
        cairn_log_warning("there is no report.html: %s; cairn report %s makes it later",
                          cairn_error_text(), folder);
}

cairn_status cairn_report_pictures(const char *const *folders, size_t n, const char *out,
                                   enum cairn_picture kind, size_t *n_charts)
{
    struct cairn_page page = {.folder = out, .kind = kind};
    char *html = NULL;
    size_t n_html = 0;
    struct again never = {.after_s = 0};
    CAIRN_TRY(cairn_folder_make(out));
    CAIRN_TRY(make(folders, n, &page, &never, &html, &n_html));
    free(html);
    *n_charts = page.n_charts;
    return CAIRN_OK;
}

/* "test loss 0.0707, accuracy 0.978"; without a test group the loss of the last epoch. */
static void put_scores(FILE *out, const json_t *summary)
{
    double loss = cairn_json_get_number(summary, "eval_loss");
    double accuracy = cairn_json_get_number(summary, "eval_accuracy");
    if (isnan(loss))
        fprintf(out, "training loss %.4g", cairn_json_get_number(summary, "train_loss"));
    else
        fprintf(out, "test loss %.4g", loss);
    if (!isnan(accuracy)) fprintf(out, ", accuracy %.4g", accuracy);
}

void cairn_end_words(FILE *out, const char *summary, const char *folder)
{
    json_t *json = json_loads(summary, 0, NULL);
    const char *status = json == NULL ? NULL : cairn_json_get_text(json, "status");
    if (status == NULL) {
        fputs(summary, out);
    } else {
        double samples_per_s = cairn_json_get_number(json, "samples_per_s");
        fprintf(out, "%s: %.0f updates, %.0f epochs in %.3g s", status,
                cairn_json_get_number(json, "updates"), cairn_json_get_number(json, "epochs"),
                cairn_json_get_number(json, "wall_s"));
        if (!isnan(samples_per_s)) fprintf(out, ", %.3g samples/s", samples_per_s);
        if (cairn_json_get_text(json, "stopped_by") != NULL)
            fprintf(out, " (%s)", cairn_json_get_text(json, "stopped_by"));
        fprintf(out, "; ");
        put_scores(out, json);
        fprintf(out, "\n%s: summary.json, metrics.csv, checkpoints/latest.h5; cairn report %s\n",
                folder, folder);
    }
    json_decref(json);
}
