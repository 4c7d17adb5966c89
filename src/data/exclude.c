/* SPDX-License-Identifier: BSD-3-Clause
 * Training samples that count as if their weight were 0: the list of them.  Loaders honour it. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "data/internal.h"

/* The samples of a text on their way. */
struct list {
    uint64_t *sample; /* [n] */
    size_t n;
};

/* One line, which ends at a comment or at its end; *any false where nothing stands on it. */
static cairn_status read_line(const char *text, const char *name, size_t line, bool *any,
                              uint64_t *row)
{
    char *end = NULL;
    while (*text == ' ' || *text == '\t') text++;
    *any = strchr("#\r\n", *text) == NULL;
    if (!*any) return CAIRN_OK;
    errno = 0;
    *row = strtoull(text, &end, 10);
    const bool number = isdigit((unsigned char)*text) && errno == 0;
    end += strspn(end, " \t");
    if (number && strchr("#\r\n", *end) != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s line %zu: '%.*s' is not the number of a row", name, line,
                      (int)strcspn(text, "\r\n"), text);
}

static cairn_status put(const struct cairn_dataset *dataset, uint64_t row, struct list *list)
{
    const size_t n_rows = cairn_dataset_rows(dataset, CAIRN_SPLIT_TRAIN);
    uint64_t sample = 0;
    if (row >= n_rows)
        return cairn_fail(CAIRN_DATA, "row %" PRIu64 ": the training data of %s have rows 0 to %zu",
                          row, dataset->path, n_rows - 1);
    if (!cairn_dataset_sample_of_row(dataset, CAIRN_SPLIT_TRAIN, row, &sample))
        return cairn_fail(CAIRN_DATA,
                          "row %" PRIu64 " is not trained on: data.val_fraction or "
                          "data.test_fraction put it into another group",
                          row);
    CAIRN_TRY(
        cairn_memory_room(list->n, sizeof sample, "the samples that are left out", &list->sample));
    list->sample[list->n++] = sample;
    return CAIRN_OK;
}

static cairn_status read_list(const struct cairn_dataset *dataset, const char *text,
                              const char *name, struct list *list)
{
    for (size_t line = 1; text != NULL && *text != '\0'; line++) {
        bool any = false;
        uint64_t row = 0;
        CAIRN_TRY(read_line(text, name, line, &any, &row));
        if (any) CAIRN_TRY_IN(put(dataset, row, list), "%s line %zu", name, line);
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return CAIRN_OK;
}

static int compare(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Rising, each once. */
static void sort(struct list *list)
{
    size_t n = 0;
    if (list->n == 0) return;
    qsort(list->sample, list->n, sizeof *list->sample, compare);
    for (size_t i = 0; i < list->n; i++)
        if (n == 0 || list->sample[n - 1] != list->sample[i]) list->sample[n++] = list->sample[i];
    list->n = n;
}

cairn_status cairn_dataset_exclude(struct cairn_dataset *dataset, const char *text,
                                   const char *name)
{
    struct list list = {.n = 0};
    const cairn_status st = read_list(dataset, text, name, &list);
    if (st != CAIRN_OK) {
        free(list.sample);
        return st;
    }
    sort(&list);
    free(dataset->excluded);
    dataset->excluded = list.sample;
    dataset->n_excluded = list.n;
    return CAIRN_OK;
}

const uint64_t *cairn_dataset_excluded(const struct cairn_dataset *dataset, size_t *n)
{
    *n = dataset->n_excluded;
    return dataset->excluded;
}

bool cairn_excluded_has(const uint64_t *list, size_t n, uint64_t sample)
{
    return n > 0 && bsearch(&sample, list, n, sizeof *list, compare) != NULL;
}

bool cairn_dataset_excludes(const struct cairn_dataset *dataset, uint64_t sample)
{
    return cairn_excluded_has(dataset->excluded, dataset->n_excluded, sample);
}
