/* SPDX-License-Identifier: BSD-3-Clause
 * The reproducible sum between nodes: integers go round packed, and their sums as the reals that
 * they become. */
#include "comm/packed.h"
#include "comm/sum_fixed.h"

static const void *send_packed(void *context, size_t first, size_t n, void *message,
                               size_t *n_bytes)
{
    const struct cairn_sum *sum = context;
    const struct cairn_fixed_sum *fixed = sum->buffer;
    *n_bytes = 0;
    for (int word = 0; word < fixed->form.n_words; word++)
        *n_bytes += cairn_packed_put(fixed->q + (size_t)word * sum->params->n_values + first, n,
                                     (unsigned char *)message + *n_bytes);
    return message;
}

static void add_packed(void *context, size_t first, size_t n, const void *message)
{
    const struct cairn_sum *sum = context;
    const struct cairn_fixed_sum *fixed = sum->buffer;
    const unsigned char *from = message;
    for (int word = 0; word < fixed->form.n_words; word++)
        from += cairn_packed_add(fixed->q + (size_t)word * sum->params->n_values + first, n, from);
}

/* The tensor that weight i belongs to. */
static size_t tensor_at(const struct cairn_params *params, size_t i)
{
    size_t low = 0, high = params->n_items; /* it is in [low, high) */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (params->item[middle].offset <= i)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void make_reals(void *context, size_t first, size_t n)
{
    const struct cairn_sum *sum = context;
    const size_t end = first + n;
    for (size_t p = tensor_at(sum->params, first); first < end; p++) {
        const struct cairn_param *item = &sum->params->item[p];
        const struct cairn_fixed_place from = cairn_fixed_place_of(sum, p);
        const size_t next = item->offset + item->count, here = (next < end ? next : end) - first;
        cairn_fixed_get(&from, first - item->offset, sum->g + first, here);
        first += here;
    }
}

static void *reals_at(void *context, size_t first)
{
    const struct cairn_sum *sum = context;
    return sum->g + first;
}

struct cairn_ring_load cairn_fixed_ring_load(struct cairn_sum *sum)
{
    const struct cairn_fixed_sum *fixed = sum->buffer;
    return (struct cairn_ring_load){.context = sum,
                                    .part_bytes = (size_t)fixed->form.n_words * CAIRN_PACKED_BYTES,
                                    .sum_bytes = sizeof(real),
                                    .send = send_packed,
                                    .add = add_packed,
                                    .complete = make_reals,
                                    .sums = reals_at};
}
