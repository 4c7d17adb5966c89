/* SPDX-License-Identifier: BSD-3-Clause
 * Of random models: layers that look from one position of [T, D] to others. */
#include "fuzz/valid.h"

void valid_write_heads(struct valid *run, size_t D)
{
    size_t heads = valid_count(run, 1, 4);
    if (D % heads != 0) heads = 1;
    const bool rotary = D / heads % 2 == 0 && valid_once_in(run, 3);
    fprintf(run->out, ", heads: %zu, position: %s", heads, rotary ? "rotary" : "none");
}

void valid_write_recurrent(struct valid *run, struct cairn_shape *shape, size_t n_ways)
{
    const size_t units = valid_count(run, 1, 6);
    const bool last = run->vocabulary == 0 && valid_once_in(run, 4); /* a text has T labels */
    fprintf(run->out, ", units: %zu", units);
    if (last || valid_once_in(run, 2)) fprintf(run->out, ", output: %s", last ? "last" : "all");
    shape->dim[1] = n_ways * units;
    if (last) *shape = (struct cairn_shape){1, {n_ways * units}};
}

void valid_write_bidirectional(struct valid *run, struct cairn_shape *shape)
{
    fprintf(run->out, ", of: {type: %s", valid_once_in(run, 2) ? "gru" : "lstm");
    valid_write_recurrent(run, shape, 2);
    fprintf(run->out, ", bias: %s}", valid_once_in(run, 4) ? "false" : "true");
}
