/* SPDX-License-Identifier: BSD-3-Clause
 * profile.csv and its table.  The columns are those that PyTorch's profiler and LIKWID made usual:
 * calls, time, share, rates, and these against what the machine can do. */
#include "record/profile.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "record/number.h"
#include "record/rows.h"

enum { MOST_ROWS = 60, LINE_BYTES = 256 };

static const char HEADER[] =
    "phase,layer,type,calls,total_s,least_s,mean_s,most_s,share,flops,bytes,gflops_per_s,"
    "gbytes_per_s,peak_share,bandwidth_share\n";
static const double GIGA = 1e9;

/* Of a line: NaN where it is unknown. */
struct figures {
    double mean_s, share, gflops_per_s, gbytes_per_s, peak_share, bandwidth_share;
};

static double ratio(double a, double b)
{
    return a > 0 && b > 0 ? a / b : (double)NAN;
}

static double sum_of(const struct cairn_profile_line *line, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += line[i].total_s;
    return sum;
}

static struct figures figures_of(const struct cairn_profile_facts *facts,
                                 const struct cairn_profile_line *line, double all_s)
{
    const double flops_per_s = ratio(line->flops, line->total_s);
    const double bytes_per_s = ratio(line->bytes, line->total_s);
    return (struct figures){
        .mean_s = line->total_s / facts->n_ranks,
        .share = all_s > 0 ? line->total_s / all_s : 0,
        .gflops_per_s = flops_per_s / GIGA,
        .gbytes_per_s = bytes_per_s / GIGA,
        .peak_share = ratio(flops_per_s, facts->peak_flops_per_s),
        .bandwidth_share = ratio(bytes_per_s, facts->peak_bytes_per_s),
    };
}

/* ---- profile.csv */

/* To so many parts of one; the digits after that are noise. */
static double rounded(double value, double parts)
{
    return round(value * parts) / parts;
}

static void put_count(struct cairn_row *row, double value)
{
    if (value > 0)
        cairn_row_count(row, (uint64_t)value);
    else
        cairn_row_number(row, (double)NAN);
}

static void write_line(const struct cairn_profile_line *line, const struct figures *figures,
                       struct cairn_row *row)
{
    row->n_bytes = 0;
    cairn_row_text(row, line->phase, strlen(line->phase)); /* first: it is never empty */
    cairn_row_text(row, line->layer, strlen(line->layer));
    cairn_row_text(row, line->type, strlen(line->type));
    put_count(row, (double)line->calls);
    cairn_row_number(row, cairn_number_micros(line->total_s));
    cairn_row_number(row, cairn_number_micros(line->least_s));
    cairn_row_number(row, cairn_number_micros(figures->mean_s));
    cairn_row_number(row, cairn_number_micros(line->most_s));
    cairn_row_number(row, rounded(figures->share, 1e5));
    put_count(row, line->flops);
    put_count(row, line->bytes);
    cairn_row_number(row, rounded(figures->gflops_per_s, 1e3));
    cairn_row_number(row, rounded(figures->gbytes_per_s, 1e3));
    cairn_row_number(row, rounded(figures->peak_share, 1e4));
    cairn_row_number(row, rounded(figures->bandwidth_share, 1e4));
}

/* What a rank can do at most, as a line like the others. */
static struct figures peak_of(const struct cairn_profile_facts *facts)
{
    return (struct figures){.gflops_per_s = facts->peak_flops_per_s / GIGA,
                            .gbytes_per_s = facts->peak_bytes_per_s / GIGA,
                            .peak_share = 1,
                            .bandwidth_share = 1};
}

cairn_status cairn_profile_write(const char *folder, const struct cairn_profile_facts *facts,
                                 const struct cairn_profile_line *line, size_t n)
{
    static const struct cairn_profile_line peak = {"", "", "peak", 0, 0, 0, 0, 0, 0};
    const struct figures of_peak = peak_of(facts);
    const double all_s = sum_of(line, n);
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    CAIRN_TRY(cairn_path_join(folder, "profile.csv", path));
    CAIRN_TRY(cairn_memory_get(n + 2, CAIRN_ROW_BYTES, "the profile", &text));
    size_t used = strlen(HEADER);
    memcpy(text, HEADER, used);
    for (size_t i = 0; i <= n; i++) {
        struct cairn_row row;
        const struct figures figures = i < n ? figures_of(facts, &line[i], all_s) : of_peak;
        write_line(i < n ? &line[i] : &peak, &figures, &row);
        used += cairn_row_line(&row, text + used);
    }
    cairn_status st = cairn_file_replace(path, text, used);
    free(text);
    return st;
}

/* ---- the table */

/* Text that grows, in memory that is enough. */
struct page {
    char *text;
    size_t used, room;
    bool has_spread; /* of several ranks */
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct page *page, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    const int n = vsnprintf(page->text + page->used, page->room - page->used, format, values);
    va_end(values);
    if (n > 0) page->used += (size_t)n;
    if (page->used >= page->room) page->used = page->room - 1;
}

static void put_number(struct page *page, int width, int digits, double value, const char *unit)
{
    if (isnan(value))
        put(page, "%*s", width + (int)strlen(unit), "");
    else
        put(page, "%*.*f%s", width, digits, value, unit);
}

static void put_line(struct page *page, const struct cairn_profile_line *line,
                     const struct figures *figures)
{
    put(page, "%-24s %-14s %-9s", line->layer, line->type, line->phase);
    if (line->calls > 0)
        put(page, " %9" PRIu64, line->calls);
    else
        put(page, " %9s", "");
    put(page, " %9.4f %5.1f %%", figures->mean_s, 100 * figures->share);
    if (page->has_spread) put(page, " %9.4f %9.4f", line->least_s, line->most_s);
    put_number(page, 9, 1, figures->gflops_per_s, "");
    put_number(page, 5, 0, 100 * figures->peak_share, " %");
    put_number(page, 9, 1, figures->gbytes_per_s, "");
    put_number(page, 5, 0, 100 * figures->bandwidth_share, " %");
    while (page->used > 0 && page->text[page->used - 1] == ' ') page->used--;
    put(page, "\n");
}

static void put_head(struct page *page, const struct cairn_profile_facts *facts)
{
    const bool one = facts->n_ranks == 1;
    put(page, "%" PRIu64 " updates on %d rank%s of %zu thread%s, float%d; measured at the end: ",
        facts->updates, facts->n_ranks, one ? "" : "s", facts->threads,
        facts->threads == 1 ? "" : "s", facts->bits);
    put(page, "%.1f GFLOP/s (peak) and %.1f GB/s (memory) a rank\n", facts->peak_flops_per_s / GIGA,
        facts->peak_bytes_per_s / GIGA);
    put(page, "%-24s %-14s %-9s %9s %9s %7s", "layer", "type", "phase", "calls", "seconds",
        "share");
    if (page->has_spread) put(page, " %9s %9s", "least", "most");
    put(page, "%9s%7s%9s%7s\n", "GFLOP/s", "peak", "GB/s", "memory");
}

static int by_time(const void *a, const void *b)
{
    const double first = *(const double *)a, second = *(const double *)b;
    return (second > first) - (second < first);
}

/* Lines of layers that took less are left out. */
static cairn_status least_shown(const struct cairn_profile_line *line, size_t n, double *least_s)
{
    double *time = NULL;
    size_t n_layers = 0;
    *least_s = 0;
    CAIRN_TRY(cairn_memory_get(n + 1, sizeof *time, "the profile", &time));
    for (size_t i = 0; i < n; i++)
        if (line[i].layer[0] != '\0') time[n_layers++] = line[i].total_s;
    qsort(time, n_layers, sizeof *time, by_time);
    if (n_layers > MOST_ROWS) *least_s = time[MOST_ROWS - 1];
    free(time);
    return CAIRN_OK;
}

/* All that the updates took: everything but evaluations, saves and what is between. */
static struct cairn_profile_line whole_of(const struct cairn_profile_line *line, size_t n)
{
    struct cairn_profile_line whole = {"", "", "updates", 0, 0, 0, 0, 0, 0};
    static const char *const others[] = {"evaluate", "save", "other"};
    for (size_t i = 0; i < n; i++) {
        bool counts = true;
        for (size_t k = 0; k < sizeof others / sizeof others[0]; k++)
            counts = counts && strcmp(line[i].phase, others[k]) != 0;
        if (!counts) continue;
        whole.total_s += line[i].total_s;
        whole.flops += line[i].flops;
    }
    return whole;
}

cairn_status cairn_profile_table(const struct cairn_profile_facts *facts,
                                 const struct cairn_profile_line *line, size_t n, char **text)
{
    const double all_s = sum_of(line, n);
    struct page page = {.room = (n + 8) * LINE_BYTES, .has_spread = facts->n_ranks > 1};
    double least_s = 0;
    size_t left = 0;
    CAIRN_TRY(least_shown(line, n, &least_s));
    CAIRN_TRY(cairn_memory_get(page.room, 1, "the profile", &page.text));
    put_head(&page, facts);
    for (size_t i = 0; i < n; i++) {
        const struct figures figures = figures_of(facts, &line[i], all_s);
        const bool shown = line[i].layer[0] == '\0' || line[i].total_s >= least_s;
        left += !shown;
        if (shown) put_line(&page, &line[i], &figures);
    }
    struct cairn_profile_line whole = whole_of(line, n);
    whole.least_s = whole.most_s = whole.total_s / facts->n_ranks;
    const struct figures figures = figures_of(facts, &whole, all_s);
    put_line(&page, &whole, &figures);
    if (left > 0) put(&page, "and %zu lines of layers that took less (profile.csv)\n", left);
    *text = page.text;
    return CAIRN_OK;
}
