/* SPDX-License-Identifier: BSD-3-Clause
 * Of random models: convolutions and pools over 1 to 3 dimensions, and what makes one shape of
 * another. */
#include "fuzz/valid.h"

enum { DIMS = 3 };

/* A number, or one for each dimension in a list. */
static void write_sizes(struct valid *run, const char *key, size_t n, const size_t size[DIMS])
{
    bool alike = true;
    for (size_t d = 1; d < n; d++) alike = alike && size[d] == size[0];
    fprintf(run->out, ", %s: ", key);
    if (alike && valid_once_in(run, 2)) {
        fprintf(run->out, "%zu", size[0]);
        return;
    }
    for (size_t d = 0; d < n; d++) fprintf(run->out, "%s%zu", d == 0 ? "[" : ", ", size[d]);
    fprintf(run->out, "]");
}

void valid_write_patches(struct valid *run, struct cairn_shape *shape, bool pools)
{
    const size_t n = (size_t)shape->ndim - 1;
    size_t *size = &shape->dim[1];
    size_t kernel[DIMS];
    size_t stride[DIMS];
    size_t padding[DIMS];
    bool room = !pools;
    for (size_t d = 0; d < n; d++) {
        kernel[d] = valid_count(run, 1, size[d] < 4 ? size[d] : 4);
        stride[d] = valid_count(run, 1, 3);
        padding[d] = valid_once_in(run, 2) ? 0 : fuzz_below(&run->random, 3);
        if (size[d] > 8) padding[d] = 0;
        if (pools && padding[d] > kernel[d] / 2) padding[d] = kernel[d] / 2;
        room = room && 2 * (kernel[d] - 1) < size[d];
    }
    write_sizes(run, "kernel", n, kernel);
    const size_t dilation = room && valid_once_in(run, 3) ? 2 : 1;
    if (dilation > 1) fprintf(run->out, ", dilation: 2");
    if (!pools && valid_once_in(run, 5)) {
        fprintf(run->out, ", padding: same");
        return;
    }
    if (!valid_once_in(run, 3))
        write_sizes(run, "stride", n, stride);
    else
        for (size_t d = 0; d < n; d++) stride[d] = pools ? kernel[d] : 1;
    write_sizes(run, "padding", n, padding);
    for (size_t d = 0; d < n; d++)
        size[d] = (size[d] + 2 * padding[d] - dilation * (kernel[d] - 1) - 1) / stride[d] + 1;
}

void valid_write_factors(struct valid *run, struct cairn_shape *shape)
{
    const size_t n = (size_t)shape->ndim - 1;
    size_t factor[DIMS];
    for (size_t d = 0; d < n; d++) {
        factor[d] = valid_count(run, 1, n == 3 ? 2 : 3);
        shape->dim[d + 1] *= factor[d];
    }
    write_sizes(run, "factor", n, factor);
}

static void write_any_way(struct valid *run, const struct cairn_shape *out)
{
    fprintf(run->out, "[{type: flatten}, {type: dense, units: %zu}, {type: reshape, to: [",
            cairn_shape_count(out));
    for (int d = 0; d < out->ndim; d++) fprintf(run->out, "%s%zu", d > 0 ? ", " : "", out->dim[d]);
    fprintf(run->out, "]}]");
}

void valid_write_way(struct valid *run, const struct cairn_shape *in, const struct cairn_shape *out)
{
    const size_t n = (size_t)in->ndim - 1;
    size_t kernel[DIMS];
    size_t padding[DIMS];
    bool is_dense = n == 1 && in->dim[0] == out->dim[0];
    if (in->ndim != out->ndim) {
        write_any_way(run, out);
        return;
    }
    if (n == 0 || is_dense) {
        fprintf(run->out, "[{type: dense, units: %zu}]", out->dim[out->ndim - 1]);
        return;
    }
    for (size_t d = 0; d < n; d++) {
        size_t a = in->dim[d + 1];
        size_t b = out->dim[d + 1];
        padding[d] = b > a ? (b - a + 1) / 2 : 0;
        kernel[d] = a + 2 * padding[d] - b + 1;
    }
    fprintf(run->out, "[{type: conv%zud, channels: %zu", n, out->dim[0]);
    write_sizes(run, "kernel", n, kernel);
    write_sizes(run, "padding", n, padding);
    fprintf(run->out, "}, {type: tanh}]");
}

bool valid_projects(const struct valid *run, const struct cairn_shape *in,
                    const struct cairn_shape *out, bool convolves)
{
    size_t n_places = 1;
    if (in->ndim != out->ndim) return false;
    if (in->ndim == 1 || (in->ndim == 2 && !convolves)) return true;
    for (int d = 1; d < in->ndim; d++) {
        size_t stride = 1;
        while (stride <= in->dim[d] && (in->dim[d] - 1) / stride + 1 != out->dim[d]) stride++;
        if (stride > in->dim[d]) return false;
        n_places *= out->dim[d];
    }
    return run->micro * n_places >= 2;
}
