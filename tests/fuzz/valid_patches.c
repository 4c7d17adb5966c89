/* SPDX-License-Identifier: BSD-3-Clause
 * Of random models: convolutions and pools over 1 to 3 dimensions, and what makes one shape of
 * another. */
#include "fuzz/valid.h"

enum { DIMS = 3 };

static void write_list(struct valid *run, const char *key, size_t n, const size_t *size)
{
    fprintf(run->out, ", %s: ", key);
    for (size_t d = 0; d < n; d++) fprintf(run->out, "%s%zu", d == 0 ? "[" : ", ", size[d]);
    fprintf(run->out, "]");
}

/* A number, or one for each dimension in a list. */
static void write_sizes(struct valid *run, const char *key, size_t n, const size_t size[DIMS])
{
    bool alike = true;
    for (size_t d = 1; d < n; d++) alike = alike && size[d] == size[0];
    if (alike && valid_once_in(run, 2))
        fprintf(run->out, ", %s: %zu", key, size[0]);
    else
        write_list(run, key, n, size);
}

/* Keys kernel, stride, padding and dilation, and the sizes after it. */
static void write_patches(struct valid *run, struct cairn_shape *shape, bool pools, bool may_dilate)
{
    const size_t n = (size_t)shape->ndim - 1;
    size_t *size = &shape->dim[1];
    size_t kernel[DIMS];
    size_t stride[DIMS];
    size_t padding[DIMS];
    bool room = may_dilate;
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

/* Keys kernel, stride, padding, output_padding and dilation of the way up, and the sizes after. */
static void write_patches_back(struct valid *run, struct cairn_shape *shape)
{
    const size_t n = (size_t)shape->ndim - 1;
    const size_t dilation = valid_once_in(run, 3) ? 2 : 1;
    size_t kernel[DIMS];
    size_t stride[DIMS];
    size_t padding[DIMS];
    size_t more[DIMS];
    for (size_t d = 0; d < n; d++) {
        kernel[d] = valid_count(run, 1, 3);
        stride[d] = valid_count(run, 1, shape->dim[d + 1] > 8 ? 1 : 2);
        more[d] = fuzz_below(&run->random, dilation > stride[d] ? dilation : stride[d]);
        size_t whole =
            (shape->dim[d + 1] - 1) * stride[d] + dilation * (kernel[d] - 1) + 1 + more[d];
        padding[d] = fuzz_below(&run->random, whole > 4 ? 3 : (whole + 1) / 2);
        shape->dim[d + 1] = whole - 2 * padding[d];
    }
    write_sizes(run, "kernel", n, kernel);
    write_sizes(run, "stride", n, stride);
    write_sizes(run, "padding", n, padding);
    write_sizes(run, "output_padding", n, more);
    if (dilation > 1) fprintf(run->out, ", dilation: 2");
}

/* Keys channels, groups and bias, and the channels after it. */
static bool write_channels(struct valid *run, struct cairn_shape *shape)
{
    const size_t in = shape->dim[0];
    const bool bias = !valid_once_in(run, 4);
    size_t parts = valid_once_in(run, 2) ? 1 : valid_count(run, 1, in);
    if (in % parts != 0) parts = 1;
    shape->dim[0] = parts * valid_count(run, 1, parts > 2 ? 2 : 3);
    fprintf(run->out, ", channels: %zu, groups: %zu, bias: %s", shape->dim[0], parts,
            bias ? "true" : "false");
    return bias;
}

bool valid_write_conv(struct valid *run, struct cairn_shape *shape)
{
    const bool bias = write_channels(run, shape);
    write_patches(run, shape, false, true);
    return bias;
}

bool valid_write_conv_transpose(struct valid *run, struct cairn_shape *shape)
{
    const bool bias = write_channels(run, shape);
    write_patches_back(run, shape);
    return bias;
}

void valid_write_pool(struct valid *run, struct cairn_shape *shape, bool may_dilate)
{
    write_patches(run, shape, true, may_dilate);
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

void valid_write_way(struct valid *run, const struct cairn_shape *in, const struct cairn_shape *out)
{
    const size_t n = (size_t)in->ndim - 1;
    size_t kernel[DIMS];
    size_t padding[DIMS];
    bool is_dense = n == 0 || (n == 1 && in->dim[0] == out->dim[0]);
    if (in->ndim != out->ndim) {
        fprintf(run->out, "[{type: flatten}, {type: dense, units: %zu}, {type: reshape",
                cairn_shape_count(out));
        write_list(run, "to", (size_t)out->ndim, out->dim);
        fprintf(run->out, "}]");
        return;
    }
    if (is_dense) {
        fprintf(run->out, "[{type: dense, units: %zu}]", out->dim[n]);
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
