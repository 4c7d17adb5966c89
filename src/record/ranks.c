/* SPDX-License-Identifier: BSD-3-Clause
 * The table of ranks.  After the reports of stragglers in torchrun and Horovod's stall inspector,
 * which name ranks while they wait; here it is the sums of a whole start. */
#include "record/ranks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "record/number.h"
#include "record/rows.h"

enum { MOST_ROWS = 16, MOST_NAMED = 8 };

static const double SLOW = 1.2; /* times the median */
static const double SLOW_S = 1; /* lost by it, so that a short run names nobody by chance */
static const char HEADER[] = "rank,host,micro_batches,samples,data_s,compute_s,wait_s,reduce_s,"
                             "update_s,evaluate_s,save_s,peak_rss_bytes\n";

/* A host's name goes in as it is: it has no commas by RFC 1123. */
static void write_line(const struct cairn_rank_line *line, struct cairn_row *text)
{
    text->n_bytes = 0;
    cairn_row_count(text, (uint64_t)line->rank);
    cairn_row_text(text, line->host, strlen(line->host));
    cairn_row_count(text, line->micro_batches);
    cairn_row_count(text, line->samples);
    cairn_row_number(text, cairn_number_micros(line->data_s));
    cairn_row_number(text, cairn_number_micros(line->compute_s));
    cairn_row_number(text, cairn_number_micros(line->wait_s));
    cairn_row_number(text, cairn_number_micros(line->reduce_s));
    cairn_row_number(text, cairn_number_micros(line->update_s));
    cairn_row_number(text, cairn_number_micros(line->evaluate_s));
    cairn_row_number(text, cairn_number_micros(line->save_s));
    cairn_row_count(text, line->peak_rss_bytes);
}

bool cairn_ranks_are_there(const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    return cairn_path_join(folder, "ranks.csv", path) == CAIRN_OK && access(path, F_OK) == 0;
}

cairn_status cairn_ranks_write(const char *folder, const struct cairn_rank_line *line, size_t n)
{
    char path[CAIRN_PATH_BYTES];
    char *text = NULL;
    struct cairn_row row;
    CAIRN_TRY(cairn_path_join(folder, "ranks.csv", path));
    CAIRN_TRY(cairn_memory_get(n + 1, CAIRN_ROW_BYTES, "the table of ranks", &text));
    size_t used = strlen(HEADER);
    memcpy(text, HEADER, used);
    for (size_t i = 0; i < n; i++) {
        write_line(&line[i], &row);
        used += cairn_row_line(&row, text + used);
    }
    cairn_status st = cairn_file_replace(path, text, used);
    free(text);
    return st;
}

double cairn_rank_pace_s(const struct cairn_rank_line *line)
{
    return line->micro_batches == 0 ? 0 : line->compute_s / (double)line->micro_batches;
}

static int by_pace(const void *a, const void *b)
{
    const struct cairn_rank_line *first = a;
    const struct cairn_rank_line *second = b;
    double difference = cairn_rank_pace_s(first) - cairn_rank_pace_s(second);
    if (difference != 0) return difference < 0 ? -1 : 1;
    return first->rank - second->rank;
}

static int by_rank(const void *a, const void *b)
{
    return ((const struct cairn_rank_line *)a)->rank - ((const struct cairn_rank_line *)b)->rank;
}

double cairn_ranks_sort(struct cairn_rank_line *line, size_t n)
{
    size_t idle = 0;
    qsort(line, n, sizeof *line, by_pace);
    while (idle < n && line[idle].micro_batches == 0) idle++;
    if (idle == n) return 0;
    size_t low = idle + (n - idle - 1) / 2;
    size_t high = idle + (n - idle) / 2;
    return (cairn_rank_pace_s(&line[low]) + cairn_rank_pace_s(&line[high])) / 2;
}

double cairn_rank_slower(const struct cairn_rank_line *line, double median_s)
{
    double lost_s = line->compute_s - median_s * (double)line->micro_batches;
    double times = median_s > 0 ? cairn_rank_pace_s(line) / median_s : 0;
    return times > SLOW && lost_s >= SLOW_S ? times : 0;
}

static void show_row(const struct cairn_rank_line *line)
{
    cairn_log_info("%6d  %-20s %13" PRIu64 " %9.1f %9.1f %9.1f %9.1f %9.1f %12.3f", line->rank,
                   line->host, line->micro_batches, line->data_s, line->compute_s, line->wait_s,
                   line->reduce_s - line->wait_s, line->update_s, 1e3 * cairn_rank_pace_s(line));
}

static void show_slow(const struct cairn_rank_line *line, size_t n, double median_s)
{
    size_t n_slow = 0;
    for (size_t i = n; i > 0; i--) { /* the slowest first */
        double times = cairn_rank_slower(&line[i - 1], median_s);
        if (times == 0) continue;
        if (n_slow++ < MOST_NAMED)
            cairn_log_info("rank %d on host %s is %.1f x slower per micro-batch than the median",
                           line[i - 1].rank, line[i - 1].host, times);
    }
    if (n_slow > MOST_NAMED)
        cairn_log_info("and %zu more ranks are slow; ranks.csv has them all", n_slow - MOST_NAMED);
}

void cairn_ranks_show(struct cairn_rank_line *line, size_t n)
{
    if (n < 2) return;
    double median_s = cairn_ranks_sort(line, n);
    cairn_log_info("  rank  host                 micro-batches      data   compute   waiting   "
                   "summing    update     ms/micro   (seconds)");
    size_t rows = n < MOST_ROWS ? n : MOST_ROWS;
    size_t fast = n <= MOST_ROWS ? n : rows / 2;
    if (n <= MOST_ROWS) qsort(line, n, sizeof *line, by_rank);
    for (size_t i = 0; i < fast; i++) show_row(&line[i]);
    if (n > rows) cairn_log_info("        and %zu between these (ranks.csv)", n - rows);
    for (size_t i = n - (rows - fast); i < n; i++) show_row(&line[i]);
    cairn_ranks_sort(line, n);
    show_slow(line, n, median_s);
}
