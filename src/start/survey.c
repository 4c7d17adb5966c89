/* SPDX-License-Identifier: BSD-3-Clause
 * Each rank reads its share of the rows; ranges are reduced, and hashes of samples come together on
 * rank 0, range after range, so that it holds few at a time. */
#include "start/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/exchange.h"

enum { PIECE = 1 << 16, AT_ONCE = 1 << 17, COLUMNS_AT_ONCE = 256 };

/* ---- ranges, sums, what varies */

static cairn_status reduce_some(cairn_comm *comm, struct cairn_survey_column *column, size_t n)
{
    double range[2 * COLUMNS_AT_ONCE];
    struct cairn_exact_sum sum[3 * COLUMNS_AT_ONCE];
    for (size_t c = 0; c < n; c++) {
        range[2 * c] = -column[c].low;
        range[2 * c + 1] = column[c].high;
        sum[3 * c] = column[c].n;
        sum[3 * c + 1] = column[c].sum;
        sum[3 * c + 2] = column[c].squares;
    }
    cairn_status st = cairn_comm_max(comm, CAIRN_OK, range, 2 * n);
    if (st == CAIRN_OK) st = cairn_comm_sum_exact(comm, st, sum, 3 * n);
    for (size_t c = 0; c < n; c++)
        column[c] = (struct cairn_survey_column){-range[2 * c], range[2 * c + 1], sum[3 * c],
                                                 sum[3 * c + 1], sum[3 * c + 2]};
    return st;
}

static cairn_status reduce_columns(cairn_comm *comm, struct cairn_survey_array *array)
{
    cairn_status st = CAIRN_OK;
    for (size_t c = 0; c < array->n_columns && st == CAIRN_OK; c += COLUMNS_AT_ONCE) {
        const size_t left = array->n_columns - c;
        st = reduce_some(comm, array->column + c, left < COLUMNS_AT_ONCE ? left : COLUMNS_AT_ONCE);
    }
    return st;
}

static cairn_status reduce_flags(cairn_comm *comm, unsigned char *flag, size_t n)
{
    double *number = NULL;
    cairn_status st = cairn_memory_get(PIECE, sizeof *number, "flags of the data", &number);
    st = cairn_comm_agree(comm, st);
    for (size_t first = 0; first < n && st == CAIRN_OK; first += PIECE) {
        const size_t count = n - first < PIECE ? n - first : PIECE;
        for (size_t i = 0; i < count; i++) number[i] = flag[first + i];
        st = cairn_comm_max(comm, st, number, count);
        for (size_t i = 0; i < count; i++) flag[first + i] = number[i] > 0;
    }
    free(number);
    return st;
}

/* Rank 0: those of all ranks, whose rows follow each other. */
static cairn_status gather_wrong(cairn_comm *comm, struct cairn_survey_wrong *wrong)
{
    struct cairn_survey_wrong *all = NULL;
    const size_t n_ranks = (size_t)cairn_comm_size(comm);
    cairn_status st = cairn_memory_get(n_ranks, sizeof *all, "what is wrong with the data", &all);
    st = cairn_comm_gather(comm, st, wrong, sizeof *wrong, all);
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0)
        for (size_t rank = 1; rank < n_ranks; rank++) cairn_survey_add_wrong(wrong, &all[rank]);
    free(all);
    return st;
}

static cairn_status reduce_array(cairn_comm *comm, struct cairn_survey_array *array)
{
    cairn_status st = reduce_columns(comm, array);
    if (st == CAIRN_OK) st = reduce_flags(comm, array->varies, array->n_varies);
    return st == CAIRN_OK ? gather_wrong(comm, &array->wrong) : st;
}

static cairn_status reduce_arrays(cairn_comm *comm, struct cairn_survey *survey)
{
    cairn_status st = CAIRN_OK;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        for (int k = 0; k < CAIRN_N_SURVEYED; k++)
            if (st == CAIRN_OK && survey->array[split][k].n_rows > 0)
                st = reduce_array(comm, &survey->array[split][k]);
    return st;
}

/* ---- samples that are the same */

/* This rank's entries of a range of hashes on rank 0, where they are counted.  At most `most` of a
 * rank. */
static cairn_status count_range(cairn_comm *comm, const struct cairn_twin *mine, size_t n,
                                size_t most, struct cairn_twins_table *table)
{
    struct cairn_twins all = {.entry = NULL};
    struct cairn_twin *own = NULL;
    const bool main = cairn_comm_rank(comm) == 0;
    const size_t n_all = main ? most * (size_t)cairn_comm_size(comm) : 1;
    cairn_status st = cairn_memory_get(most, sizeof *own, "hashes of the samples", &own);
    if (st == CAIRN_OK) st = cairn_twins_begin(&all, n_all);
    if (st == CAIRN_OK && n > 0) memcpy(own, mine, n * sizeof *own);
    st = cairn_comm_gather(comm, st, own, most * sizeof *own, all.entry);
    for (size_t i = 0; st == CAIRN_OK && main && i < n_all; i++)
        if (all.entry[i].n > 0) all.entry[all.n++] = all.entry[i];
    if (st == CAIRN_OK && main) {
        cairn_twins_settle(&all);
        cairn_twins_count(&all, table);
    }
    free(own);
    cairn_twins_free(&all);
    return st;
}

/* In so many ranges, each of `wide` hashes. */
static cairn_status count_ranges(cairn_comm *comm, struct cairn_survey *survey, uint64_t n_ranges)
{
    const uint64_t wide = (UINT64_MAX >> survey->twins.narrow) / n_ranges + 1;
    cairn_status st = CAIRN_OK;
    size_t first = 0;
    for (uint64_t i = 0; i < n_ranges && st == CAIRN_OK; i++) {
        const uint64_t end = i + 1 == n_ranges ? UINT64_MAX : (i + 1) * wide;
        const size_t next =
            i + 1 == n_ranges ? survey->twins.n : cairn_twins_below(&survey->twins, end);
        double most = (double)(next - first);
        st = cairn_comm_max(comm, st, &most, 1);
        if (st == CAIRN_OK && most > 0)
            st = count_range(comm, survey->twins.entry + first, next - first, (size_t)most,
                             &survey->table);
        first = next;
    }
    return st;
}

/* All compare the same part of the hashes: that of the rank with the least room for its own. */
static cairn_status compare_samples(cairn_comm *comm, struct cairn_survey *survey)
{
    double most[2] = {survey->twins.narrow, 0};
    cairn_status st = cairn_comm_max(comm, CAIRN_OK, most, 1);
    if (st != CAIRN_OK) return st;
    cairn_twins_narrow(&survey->twins, (unsigned)most[0]);
    most[1] = (double)survey->twins.n;
    st = cairn_comm_max(comm, st, most + 1, 1);
    if (st != CAIRN_OK) return st;
    const double all = most[1] * cairn_comm_size(comm);
    return count_ranges(comm, survey, (uint64_t)(all / AT_ONCE) + 1);
}

/* ---- all of it */

static cairn_status read_share(struct cairn_survey *survey, size_t rank, size_t n_ranks)
{
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        const size_t n = cairn_survey_stored(survey, (enum cairn_split)split);
        const size_t first = n / n_ranks * rank + n % n_ranks * rank / n_ranks;
        const size_t end = n / n_ranks * (rank + 1) + n % n_ranks * (rank + 1) / n_ranks;
        if (n > 0)
            CAIRN_TRY(cairn_survey_read(survey, (enum cairn_split)split, first, end - first));
    }
    cairn_twins_settle(&survey->twins);
    return CAIRN_OK;
}

/* Room for hashes, of no more samples than a rank reads. */
static size_t bytes_of_twins(const struct cairn_dataset *dataset, size_t n_ranks, size_t most)
{
    size_t n = CAIRN_N_SPLITS;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        n += cairn_dataset_size(dataset, (enum cairn_split)split) / n_ranks + 1;
    return n < most / sizeof(struct cairn_twin) ? n * sizeof(struct cairn_twin) : most;
}

cairn_status cairn_start_survey(const struct cairn_dataset *dataset, cairn_comm *comm,
                                size_t twins_bytes, struct cairn_survey **out)
{
    struct cairn_survey *survey = NULL;
    const size_t rank = comm == NULL ? 0 : (size_t)cairn_comm_rank(comm);
    const size_t n_ranks = comm == NULL ? 1 : (size_t)cairn_comm_size(comm);
    cairn_status st =
        cairn_survey_create(dataset, bytes_of_twins(dataset, n_ranks, twins_bytes), &survey);
    if (st == CAIRN_OK) st = read_share(survey, rank, n_ranks);
    if (comm != NULL) {
        st = cairn_comm_agree(comm, st);
        if (st == CAIRN_OK) st = reduce_arrays(comm, survey);
        if (st == CAIRN_OK) st = compare_samples(comm, survey);
    } else if (st == CAIRN_OK) {
        cairn_twins_count(&survey->twins, &survey->table);
    }
    if (st == CAIRN_OK)
        *out = survey;
    else
        cairn_survey_free(survey);
    return st;
}
