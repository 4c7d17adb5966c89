/* SPDX-License-Identifier: BSD-3-Clause
 * Groups of equal items: sorted once by what they are, once by where each group begins. */
#include "base/groups.h"

#include <stdlib.h>

#include "base/memory.h"

struct placed {
    const void *item;
    int (*order)(const void *a, const void *b); /* qsort hands nothing else on */
    size_t index, first;                        /* first: index of its group's first */
};

static int by_index(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_item(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    int order = x->order(x->item, y->item);
    return order != 0 ? order : by_index(x->index, y->index);
}

static int by_first(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    return x->first != y->first ? by_index(x->first, y->first) : by_index(x->index, y->index);
}

static void put_groups(const struct placed *placed, size_t n, struct cairn_groups *out)
{
    for (size_t i = 0; i < n; i++) {
        out->item[i] = placed[i].index;
        if (i == 0 || placed[i].first != placed[i - 1].first) out->begin[out->n_groups++] = i;
    }
    out->begin[out->n_groups] = n;
}

cairn_status cairn_groups_make(const void *items, size_t n, size_t n_bytes,
                               int (*order)(const void *a, const void *b), struct cairn_groups *out)
{
    struct placed *placed = NULL;
    CAIRN_TRY(cairn_memory_get(n, sizeof *out->item, "groups", &out->item));
    CAIRN_TRY(cairn_memory_get(n + 1, sizeof *out->begin, "groups", &out->begin));
    CAIRN_TRY(cairn_memory_get(n, sizeof *placed, "groups", &placed));
    for (size_t i = 0; i < n; i++)
        placed[i] = (struct placed){(const char *)items + i * n_bytes, order, i, i};
    if (n > 1) qsort(placed, n, sizeof *placed, by_item);
    for (size_t i = 1; i < n; i++)
        if (order(placed[i - 1].item, placed[i].item) == 0) placed[i].first = placed[i - 1].first;
    if (n > 1) qsort(placed, n, sizeof *placed, by_first);
    put_groups(placed, n, out);
    free(placed);
    return CAIRN_OK;
}

void cairn_groups_free(struct cairn_groups *groups)
{
    free(groups->item);
    free(groups->begin);
    *groups = (struct cairn_groups){0};
}
