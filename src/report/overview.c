/* SPDX-License-Identifier: BSD-3-Clause
 * The beginning and the end of a report. */
#include "report/overview.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double of(const struct cairn_run_files *run, const char *name)
{
    return cairn_json_get_number(run->summary, name);
}

/* What the summary would say, where a run has none yet. */
static double so_far(const struct cairn_run_files *run, const char *name)
{
    return cairn_chart_at(&run->metrics, strcmp(name, "updates") == 0 ? "update" : name, 1);
}

static const char *status_of(const struct cairn_run_files *run)
{
    const char *status = cairn_json_get_text(run->summary, "status");
    return run->summary == NULL ? "not ended" : status == NULL ? "-" : status;
}

static void put_results(struct cairn_page *page, const struct cairn_report *report)
{
    static const char *const heads[] = {"<run",
                                        "<status",
                                        "updates",
                                        "samples",
                                        "ranks",
                                        "global batch (samples)",
                                        "micro-batch (samples)",
                                        "weights",
                                        "loss at the end",
                                        "accuracy at the end",
                                        "time (s)",
                                        "samples per second",
                                        "peak memory (MB)",
                                        NULL};
    static const char *const name[] = {"updates",     "samples",      "ranks",     "global_batch",
                                       "micro_batch", "n_parameters", "eval_loss", "eval_accuracy",
                                       "wall_s",      "samples_per_s"};
    cairn_page_table(page, heads);
    for (size_t i = 0; i < report->n_runs; i++) {
        const struct cairn_run_files *run = &report->run[i];
        cairn_page_row(page);
        cairn_page_cell(page, run->label);
        cairn_page_cell(page, status_of(run));
        for (size_t k = 0; k < sizeof name / sizeof name[0]; k++)
            cairn_page_number(page, run->summary == NULL ? so_far(run, name[k]) : of(run, name[k]),
                              4);
        cairn_page_number(page, of(run, "peak_rss_bytes") / 1e6, 4);
    }
    cairn_page_table_end(page);
}

/* One line of a list of facts; nothing where it is not known. */
static void put_fact(struct cairn_page *page, const json_t *start, const char *name,
                     const char *label)
{
    const json_t *value = json_object_get(start, name);
    if (!json_is_string(value) && !json_is_number(value)) return;
    cairn_page_row(page);
    cairn_page_cell(page, label);
    if (json_is_string(value))
        cairn_page_cell(page, json_string_value(value));
    else
        cairn_page_put(page, "<td class=\"text\">%.9g</td>\n", json_number_value(value));
}

static void put_start(struct cairn_page *page, const json_t *start)
{
    static const char *const heads[] = {"<what", "<of the last start", NULL};
    static const char *const fact[][2] = {
        {"begin", "begin (UTC)"},
        {"end", "end (UTC)"},
        {"status", "status"},
        {"version", "version of cairn"},
        {"commit", "commit"},
        {"hosts", "hosts x ranks"},
        {"ranks", "ranks"},
        {"threads", "threads of a rank"},
        {"cpu", "CPU"},
        {"system", "system"},
        {"mpi", "MPI"},
        {"blas", "BLAS"},
        {"kernels", "matrix products"},
        {"hdf5", "HDF5"},
        {"compiler", "compiler"},
        {"compiler_flags", "compiler flags"},
        {"job", "job"},
        {"command", "command"},
        {"resumed_from", "resumed from"},
        {"data_file", "data"},
        {"data_hash", "data, fingerprint"},
        {"data_source", "data, source"},
        {"data_license", "data, license"},
        {"data_citation", "data, citation"},
        {"run_file_hash", "run file, hash"},
    };
    cairn_page_table(page, heads);
    for (size_t i = 0; i < sizeof fact / sizeof fact[0]; i++)
        put_fact(page, start, fact[i][0], fact[i][1]);
    cairn_page_table_end(page);
}

static void put_provenance(struct cairn_page *page, const struct cairn_run_files *run)
{
    size_t n = json_array_size(run->provenance);
    const json_t *last = n == 0 ? NULL : json_array_get(run->provenance, n - 1);
    const char *hosts = cairn_json_get_text(last, "hosts");
    const char *begin = cairn_json_get_text(last, "begin");
    if (last == NULL) return;
    cairn_page_put(page, "<details><summary>Where it ran: ");
    cairn_page_text(page, hosts == NULL ? "host not known" : hosts);
    cairn_page_put(page, ", ");
    cairn_page_text(page, begin == NULL ? "time not known" : begin);
    cairn_page_put(page, " (%zu start%s)</summary>\n", n, n == 1 ? "" : "s");
    put_start(page, last);
    cairn_page_put(page, "</details>\n");
}

static void put_run(struct cairn_page *page, const struct cairn_report *report, size_t i)
{
    const struct cairn_run_files *run = &report->run[i];
    if (report->n_runs > 1) cairn_page_heading(page, run->label);
    cairn_page_put(page, "<p class=\"soft\">Folder: ");
    cairn_page_text(page, run->folder);
    cairn_page_put(page, "</p>\n");
    for (size_t k = 0; k < run->n_notes; k++) cairn_page_note(page, run->note[k]);
    put_provenance(page, run);
}

static void put_study(struct cairn_page *page, const struct cairn_study_files *study)
{
    cairn_page_heading(page, study->name);
    cairn_page_put(page, "<p class=\"soft\">Folder: ");
    cairn_page_text(page, study->folder);
    cairn_page_put(page, "; %zu cells, %.0f reached the target;", study->cells.n_rows,
                   study->cells.n_rows == 0 ? 0 : cairn_chart_sum(&study->cells, "reached"));
    for (size_t i = 0; i < study->n_axes; i++) {
        cairn_page_put(page, i == 0 ? " over " : ", ");
        cairn_page_text(page, study->cells.name[i]);
    }
    cairn_page_put(page, "</p>\n");
    for (size_t k = 0; k < study->n_notes; k++) cairn_page_note(page, study->note[k]);
}

void cairn_overview_begin(struct cairn_page *page, const struct cairn_report *report)
{
    if (report->n_studies > 0) {
        cairn_page_put(page, "<section><h2>Studies</h2>\n");
        for (size_t i = 0; i < report->n_studies; i++) put_study(page, &report->study[i]);
        cairn_page_put(page, "</section>\n");
    }
    if (report->n_runs == 0) return;
    cairn_page_put(page, "<section><h2>%s</h2>\n", report->n_runs == 1 ? "The run" : "Runs");
    if (report->n_runs > CAIRN_CHART_MOST_RUNS)
        cairn_page_put(page, "<p class=\"about\">Lowest loss at the end first.</p>\n");
    put_results(page, report);
    const bool many = report->n_runs > CAIRN_CHART_MOST_RUNS;
    if (many) cairn_page_fold(page, "Each run: its folder, notes, and where it ran");
    for (size_t i = 0; i < report->n_runs; i++) put_run(page, report, i);
    if (many) cairn_page_fold_end(page);
    cairn_page_put(page, "</section>\n");
}

static void put_text(struct cairn_page *page, const char *name, const char *text)
{
    cairn_page_put(page, "<details><summary>");
    cairn_page_text(page, name);
    cairn_page_put(page, "</summary><pre>");
    cairn_page_text(page, text);
    cairn_page_put(page, "</pre></details>\n");
}

void cairn_overview_end(struct cairn_page *page, const struct cairn_report *report)
{
    cairn_page_put(page, "<section id=\"run-files\"><h2>Files</h2>\n");
    for (size_t i = 0; i < report->n_studies; i++)
        if (report->study[i].file != NULL)
            put_text(page, cairn_chart_words("study file of ", "", report->study[i].name),
                     report->study[i].file);
    for (size_t i = 0; i < report->n_runs; i++)
        if (report->run[i].config != NULL)
            put_text(page, cairn_chart_words("run file, resolved: ", "", report->run[i].label),
                     report->run[i].config);
    cairn_page_put(page, "</section>\n");
}
