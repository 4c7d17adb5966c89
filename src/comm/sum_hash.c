/* SPDX-License-Identifier: BSD-3-Clause
 * A hash of what this rank has added up, taken tensor by tensor while a micro-batch closes them:
 * later the first of them may have left (early.h).  For train.guard, which compares ranks. */
#include "comm/sum_hash.h"

#include "base/fault.h"
#include "tensor/bits.h"

static struct cairn_added added_of(const struct cairn_sum *sum, size_t param)
{
    if (sum->kind->added != NULL) return sum->kind->added(sum, param);
    return (struct cairn_added){sum->added, cairn_wire_element_bytes(sum->kind->wire),
                                sum->n_planes};
}

/* Elements of a tensor in a plane of what is added up. */
static unsigned char *plane_of(const struct cairn_sum *sum, size_t param, size_t plane)
{
    const struct cairn_added added = added_of(sum, param);
    const size_t at = plane * sum->params->n_values + sum->params->item[param].offset;
    return (unsigned char *)added.memory + at * added.element_bytes;
}

/* A planted fault: one bit in the middle of the first tensor, in a float the highest of its
 * mantissa, so that it is not rounded away by what is added later. */
static void flip(struct cairn_sum *sum)
{
    const size_t element_bytes = added_of(sum, 0).element_bytes;
    plane_of(sum, 0, 0)[sum->params->item[0].count / 2 * element_bytes + 2] ^= 0x40;
}

static void close_tensor(struct cairn_sink *sink, size_t param)
{
    struct cairn_sum *sum = (struct cairn_sum *)sink;
    const struct cairn_added added = added_of(sum, param);
    const size_t n_bytes = sum->params->item[param].count * added.element_bytes;
    sum->hash.close(sink, param);
    if (param == 0 && cairn_fault("guard.flip")) flip(sum);
    for (size_t plane = 0; sum->hash.taken && plane < added.n_planes; plane++)
        sum->hash.value = cairn_bits_hash(plane_of(sum, param, plane), n_bytes, sum->hash.value);
}

void cairn_sum_hash_create(struct cairn_sum *sum)
{
    sum->hash.close = sum->sink.close;
    sum->sink.close = close_tensor;
}

void cairn_sum_hash_begin(struct cairn_sum *sum)
{
    sum->hash.taken = sum->hash.of_added = false;
}

void cairn_sum_hash_next(struct cairn_sum *sum)
{
    sum->hash.taken = true;
    sum->hash.value = 0;
    sum->hash.of_added = sum->team != NULL;
}

uint64_t cairn_sum_hash(struct cairn_sum *sum)
{
    sum->hash.taken = false;
    return cairn_bits_hash(sum->exact, CAIRN_SCALAR_UNITS * sizeof *sum->exact, sum->hash.value);
}

/* Marks are whole numbers whose sum is below 2^53, so these do not get in their way. */
void cairn_sum_mark_hash(struct cairn_sum *sum, uint64_t hash, bool owner)
{
    const double mark = (double)(hash >> 16) * CAIRN_MARK_OF_HASH;
    (void)cairn_exact_sum_add(&sum->exact[CAIRN_SCALAR_MARKS], owner ? mark : -mark);
}
