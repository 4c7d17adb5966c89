/* SPDX-License-Identifier: BSD-3-Clause
 * cairn report DIR...: charts and tables of runs and studies, as one page or as pictures. */
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/command.h"
#include "report/page.h"

/* What the command line says. */
struct request {
    const char **folder; /* [n_folders]; owned */
    size_t n_folders;
    const char *out;
    bool png, svg;
    double watch_s; /* 0: once */
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"DIR...", .doc = "folders of runs (cairn train) and studies (cairn study)"},
    {"-o", "FILE", CAIRN_KEY_PATH, AT(out),
     .doc = "the page; default report.html, in the folder where there is one, else here"},
    {"--png", NULL, CAIRN_KEY_BOOL, AT(png),
     .doc = "the same charts as PNG files, in the folder -o; default report-png/, beside the page"},
    {"--svg", NULL, CAIRN_KEY_BOOL, AT(svg),
     .doc = "the same charts as SVG files; default report-svg/"},
    {"--watch", "[=SECONDS]", CAIRN_KEY_DURATION, AT(watch_s),
     .doc = "write the page again every so often (10 s) until all runs are done or INT comes; it "
            "loads itself again in the browser",
     .low = 0.1, .high = 1e6, .bare = "10"},
    {.name = NULL},
};

static cairn_status take_folder(void *request, const char *value)
{
    struct request *report = request;
    report->folder[report->n_folders++] = value;
    return CAIRN_OK;
}

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_memory_get((size_t)arguments->count + 1, sizeof *request->folder, "arguments",
                               &request->folder));
    CAIRN_TRY(cairn_arguments_read(&cairn_command_report, arguments, request));
    if (request->n_folders == 0) return cairn_usage_fail(&cairn_command_report, "which folder?");
    if (request->png && request->svg)
        return cairn_fail(CAIRN_USAGE, "--png and --svg are two reports; ask for one at a time");
    if (request->watch_s > 0 && (request->png || request->svg))
        return cairn_fail(CAIRN_USAGE, "--watch is for the page; leave --png or --svg out");
    return CAIRN_OK;
}

/* Of a single folder a report lies in it, of several in the working folder. */
static cairn_status choose_out(const struct request *request, char out[CAIRN_PATH_BYTES])
{
    const char *name = request->png ? "report-png" : request->svg ? "report-svg" : "report.html";
    if (request->out != NULL) return cairn_path_copy(request->out, out);
    if (request->n_folders > 1) return cairn_path_copy(name, out);
    return cairn_path_join(request->folder[0], name, out);
}

static cairn_status write_pictures(const struct request *request, const char *out)
{
    size_t n = 0;
    CAIRN_TRY(cairn_report_pictures(request->folder, request->n_folders, out,
                                    request->png ? CAIRN_PICTURE_PNG : CAIRN_PICTURE_SVG_ALONE,
                                    &n));
    cairn_log_info("%zu charts are in %s", n, out);
    return CAIRN_OK;
}

/* Sleep, and see whether to go on. */
static bool waits(double seconds)
{
    const double end_s = cairn_clock_s() + seconds;
    const struct timespec moment = {.tv_nsec = 50000000};
    while (!cairn_interrupted() && cairn_clock_s() < end_s) nanosleep(&moment, NULL);
    return !cairn_interrupted();
}

/* Again and again; a last time without the words that load it again. */
static cairn_status watch_page(const struct request *request, const char *out)
{
    bool over = false;
    cairn_interrupt_catch();
    cairn_status st =
        cairn_report_renew(request->folder, request->n_folders, out, request->watch_s, &over);
    if (st == CAIRN_OK && !over)
        cairn_log_info("%s is written again every %g s until all runs are done; open it with a "
                       "browser",
                       out, request->watch_s);
    while (st == CAIRN_OK && !over && waits(request->watch_s))
        st = cairn_report_renew(request->folder, request->n_folders, out, request->watch_s, &over);
    return st != CAIRN_OK || over ? st
                                  : cairn_report_write(request->folder, request->n_folders, out);
}

static cairn_status write_page(const struct request *request, const char *out)
{
    if (request->out == NULL) CAIRN_TRY(cairn_page_check(out)); /* the user has not named it */
    CAIRN_TRY(request->watch_s > 0 ? watch_page(request, out)
                                   : cairn_report_write(request->folder, request->n_folders, out));
    cairn_log_info("%s is written; open it with a browser", out);
    return CAIRN_OK;
}

static cairn_status run_report(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    (void)comm;
    struct request request = {.n_folders = 0};
    char out[CAIRN_PATH_BYTES];
    cairn_status st = read_request(arguments, &request);
    if (st == CAIRN_OK) st = choose_out(&request, out);
    if (st == CAIRN_OK)
        st = request.png || request.svg ? write_pictures(&request, out) : write_page(&request, out);
    free(request.folder);
    return st;
}

const struct cairn_command cairn_command_report = {
    .name = "report",
    .operands = "DIR...",
    .doc = "charts and tables of runs and studies, on one page",
    .about = "  cairn report runs/digits                writes runs/digits/report.html\n"
             "  cairn report runs/a runs/b -o ab.html   compares runs in the same charts",
    .tables = {{.flags = flags}},
    .notes = "The page is one file without scripts, for browsers and printers, and needs no "
             "network.  gnuplot draws the charts.",
    .take = take_folder,
    .once = true,
    .run = run_report,
};
