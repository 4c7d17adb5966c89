/* SPDX-License-Identifier: BSD-3-Clause
 * Samples that are the same. */
#include "data/twins.h"

#include <stdlib.h>

#include "base/memory.h"

enum { MOST_NARROW = 40 };

cairn_status cairn_twins_begin(struct cairn_twins *twins, size_t room)
{
    *twins = (struct cairn_twins){.room = room};
    return cairn_memory_get(room, sizeof *twins->entry, "hashes of the samples", &twins->entry);
}

void cairn_twins_free(struct cairn_twins *twins)
{
    free(twins->entry);
    *twins = (struct cairn_twins){.entry = NULL};
}

static int compare_hashes(const struct cairn_twin *a, const struct cairn_twin *b)
{
    if (a->hash[0] != b->hash[0]) return a->hash[0] > b->hash[0] ? 1 : -1;
    return (a->hash[1] > b->hash[1]) - (a->hash[1] < b->hash[1]);
}

static int compare(const void *one, const void *other)
{
    const struct cairn_twin *a = one;
    const struct cairn_twin *b = other;
    const int by_hash = compare_hashes(a, b);
    if (by_hash != 0) return by_hash;
    if (a->split != b->split) return a->split > b->split ? 1 : -1;
    return (a->row > b->row) - (a->row < b->row);
}

void cairn_twins_settle(struct cairn_twins *twins)
{
    struct cairn_twin *entry = twins->entry;
    size_t n = 0;
    if (twins->n == 0) return;
    qsort(entry, twins->n, sizeof *entry, compare);
    for (size_t i = 1; i < twins->n; i++) {
        struct cairn_twin *last = &entry[n];
        if (last->split != entry[i].split || compare_hashes(last, &entry[i]) != 0) {
            entry[++n] = entry[i];
            continue;
        }
        if (last->n == 1 || entry[i].row < last->again) last->again = entry[i].row;
        last->n += entry[i].n;
        last->differs = last->differs || entry[i].differs || entry[i].target != last->target;
    }
    twins->n = n + 1;
}

static bool stays(const struct cairn_twins *twins, const struct cairn_twin *sample)
{
    return twins->narrow == 0 || sample->hash[0] >> (64 - twins->narrow) == 0;
}

void cairn_twins_narrow(struct cairn_twins *twins, unsigned narrow)
{
    size_t n = 0;
    twins->narrow = narrow;
    for (size_t i = 0; i < twins->n; i++)
        if (stays(twins, &twins->entry[i])) twins->entry[n++] = twins->entry[i];
    twins->n = n;
}

void cairn_twins_add(struct cairn_twins *twins, const struct cairn_twin *sample)
{
    if (!stays(twins, sample)) return;
    if (twins->n == twins->room) {
        cairn_twins_settle(twins);
        while (twins->n > twins->room / 2 && twins->narrow < MOST_NARROW)
            cairn_twins_narrow(twins, twins->narrow + 1);
    }
    if (twins->n < twins->room && stays(twins, sample)) twins->entry[twins->n++] = *sample;
}

size_t cairn_twins_below(const struct cairn_twins *twins, uint64_t end)
{
    size_t low = 0;
    size_t high = twins->n;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (twins->entry[middle].hash[0] < end)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void count_pair(const struct cairn_twin *a, const struct cairn_twin *b,
                       struct cairn_twins_found *found)
{
    const bool first = found->n == 0 || b->row < found->row[1];
    if (first) {
        found->row[0] = a->row;
        found->row[1] = b->row;
    }
    found->n += b->n;
}

static void count_alone(const struct cairn_twin *a, struct cairn_twins_found *found)
{
    if (a->n > 1 && (found->n == 0 || a->row < found->row[0])) {
        found->row[0] = a->row;
        found->row[1] = a->again;
    }
    found->n += a->n - 1;
    if (!a->differs) return;
    if (found->n_differ == 0 || a->row < found->differ_row) found->differ_row = a->row;
    found->n_differ++;
}

void cairn_twins_count(const struct cairn_twins *twins, struct cairn_twins_table *table)
{
    for (size_t i = 0; i < twins->n; i++) {
        const struct cairn_twin *a = &twins->entry[i];
        count_alone(a, &table->of[a->split][a->split]);
        for (size_t j = i + 1; j < twins->n && compare_hashes(a, &twins->entry[j]) == 0; j++)
            count_pair(a, &twins->entry[j], &table->of[a->split][twins->entry[j].split]);
    }
}
