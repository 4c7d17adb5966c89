/* SPDX-License-Identifier: BSD-3-Clause
 * The geometry of a view.  With u = output + padding before it, and t = place of the kernel times
 * dilation: forward, output o sees number o * stride + t of the padded input; back, number u of the
 * padded input is seen by output (u - t) / stride, where that is whole. */
#include "tensor/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { DIMS = CAIRN_PATCH_DIMS };

static const char subject[] = "a view of a convolution";

/* Along one dimension. */
struct axis {
    size_t n_phases; /* of the plane */
    size_t n_from;   /* numbers of a channel */
    size_t lead;     /* places of a plane before the first of them, through all phases */
};

static size_t divided(size_t n, size_t by)
{
    return (n + by - 1) / by;
}

/* How far the last place of the kernel sees, in steps. */
static size_t reach(const struct cairn_patches *patches, size_t d)
{
    return (patches->kernel[d] - 1) * patches->dilation[d] / patches->stride[d];
}

/* The i-th place of such a size. */
static void unfold(size_t i, const size_t size[DIMS], size_t at[DIMS])
{
    at[0] = i / size[2] / size[1];
    at[1] = i / size[2] % size[1];
    at[2] = i % size[2];
}

static struct axis plan_axis(struct cairn_view *view, size_t d)
{
    const struct cairn_patches *patches = view->patches;
    const size_t stride = patches->stride[d], far = reach(patches, d);
    if (view->is_back) {
        view->to_stride[d] = stride;
        view->length[d] = (patches->in[d] - 1 + patches->before[d]) / stride + far + 1;
        return (struct axis){1, patches->out[d], far};
    }
    view->to_stride[d] = 1;
    view->length[d] = patches->out[d] + far;
    return (struct axis){stride, patches->in[d], patches->before[d]};
}

/* ---- runs */

/* Number i of a plane's side is this one of the channel; false: it is padding. */
static bool number_at(const struct axis *axis, size_t phase, size_t i, size_t *from)
{
    const size_t at = i * axis->n_phases + phase;
    *from = at - axis->lead;
    return at >= axis->lead && *from < axis->n_from;
}

/* The numbers of a row in one phase. */
static struct cairn_view_run row_at(const struct axis *axis, size_t phase, size_t length)
{
    struct cairn_view_run run = {0};
    size_t from = 0;
    for (size_t i = 0; i < length; i++)
        if (number_at(axis, phase, i, &from)) {
            if (run.n++ == 0) {
                run.from = from;
                run.to = i;
            }
        }
    return run;
}

/* Whether any place of the kernel sees this phase. */
static bool is_seen(const struct cairn_view *view, size_t d, size_t phase)
{
    const struct cairn_patches *patches = view->patches;
    for (size_t tap = 0; tap < patches->kernel[d]; tap++)
        if (view->is_back || tap * patches->dilation[d] % patches->stride[d] == phase) return true;
    return false;
}

/* The runs of the planes of these phases. */
static void add_runs(struct cairn_view *view, const struct axis axis[DIMS],
                     const size_t phase[DIMS], size_t begin)
{
    const size_t *length = view->length;
    const struct cairn_view_run row = row_at(&axis[2], phase[2], length[2]);
    size_t from[2];
    for (size_t d = 0; d < DIMS; d++)
        if (!is_seen(view, d, phase[d])) return;
    for (size_t i = 0; i < length[0]; i++)
        for (size_t j = 0; j < length[1]; j++)
            if (row.n > 0 && number_at(&axis[0], phase[0], i, &from[0]) &&
                number_at(&axis[1], phase[1], j, &from[1]))
                view->run[view->n_runs++] = (struct cairn_view_run){
                    .from = (from[0] * axis[1].n_from + from[1]) * axis[2].n_from + row.from,
                    .to = begin + (i * length[1] + j) * length[2] + row.to,
                    .n = row.n};
}

static cairn_status plan_runs(struct cairn_view *view, const struct axis axis[DIMS])
{
    const size_t phases[DIMS] = {axis[0].n_phases, axis[1].n_phases, axis[2].n_phases};
    const size_t n_phases = cairn_patches_count(phases);
    const size_t n = cairn_patches_count(view->length);
    view->plane = n_phases * n;
    view->from_stride = axis[2].n_phases;
    CAIRN_TRY(cairn_memory_get(n_phases * view->length[0] * view->length[1], sizeof *view->run,
                               subject, &view->run));
    for (size_t i = 0; i < n_phases; i++) {
        size_t phase[DIMS];
        unfold(i, phases, phase);
        add_runs(view, axis, phase, i * n);
    }
    return CAIRN_OK;
}

/* ---- classes and their taps */

/* The first output of a phase, and how many there are. */
static size_t outputs_of(const struct cairn_view *view, size_t d, size_t phase, size_t *n)
{
    const struct cairn_patches *patches = view->patches;
    const size_t stride = view->to_stride[d],
                 n_to = view->is_back ? patches->in[d] : patches->out[d];
    const size_t before = view->is_back ? patches->before[d] : 0;
    const size_t first = (phase + stride - before % stride) % stride;
    *n = first < n_to ? divided(n_to - first, stride) : 0;
    return first;
}

/* What the first output of a class sees through `tap` along a dimension, in the plane of *phase;
 * false: nothing. */
static bool sees(const struct cairn_view *view, size_t d, size_t first, size_t tap, size_t *phase,
                 size_t *at)
{
    const struct cairn_patches *patches = view->patches;
    const size_t stride = patches->stride[d], t = tap * patches->dilation[d];
    if (!view->is_back) {
        *phase = t % stride;
        *at = t / stride;
        return true;
    }
    *phase = 0;
    *at = (first + patches->before[d]) / stride + reach(patches, d) - t / stride;
    return (first + patches->before[d]) % stride == t % stride;
}

/* Place `tap` of the kernel, if the class sees through it. */
static void add_tap(struct cairn_view *view, size_t tap, struct cairn_view_class *class)
{
    const size_t *length = view->length;
    size_t of[DIMS], phase = 0, at = 0;
    unfold(tap, view->patches->kernel, of);
    for (size_t d = 0; d < DIMS; d++) {
        size_t phase_d = 0, at_d = 0;
        if (!sees(view, d, class->first[d], of[d], &phase_d, &at_d)) return;
        phase = phase * (view->is_back ? 1 : view->patches->stride[d]) + phase_d;
        at = at * length[d] + at_d;
    }
    view->tap[class->tap + class->n_taps++] =
        (struct cairn_view_tap){tap, phase * cairn_patches_count(length) + at};
}

static cairn_status plan_classes(struct cairn_view *view)
{
    const size_t n_taps = cairn_patches_count(view->patches->kernel);
    const size_t most = cairn_patches_count(view->to_stride);
    size_t n_seen = 0;
    CAIRN_TRY(cairn_memory_get(most, sizeof *view->class, subject, &view->class));
    CAIRN_TRY(cairn_memory_get(n_taps, sizeof *view->tap, subject, &view->tap));
    for (size_t i = 0; i < most; i++) {
        struct cairn_view_class *class = &view->class[view->n_classes];
        size_t phase[DIMS];
        unfold(i, view->to_stride, phase);
        for (size_t d = 0; d < DIMS; d++)
            class->first[d] = outputs_of(view, d, phase[d], &class->n[d]);
        if (cairn_patches_count(class->n) == 0) continue;
        class->tap = n_seen;
        for (size_t tap = 0; tap < n_taps; tap++) add_tap(view, tap, class);
        n_seen += class->n_taps;
        view->n_classes++;
    }
    return CAIRN_OK;
}

cairn_status cairn_view_plan(struct cairn_view *view)
{
    struct axis axis[DIMS];
    for (size_t d = 0; d < DIMS; d++) axis[d] = plan_axis(view, d);
    CAIRN_TRY(plan_runs(view, axis));
    return plan_classes(view);
}

void cairn_view_free(struct cairn_view *view)
{
    free(view->run);
    free(view->class);
    free(view->tap);
    *view = (struct cairn_view){0};
}

/* ---- few channels */

void cairn_view_copy(const struct cairn_view *view, const real *x, real *planes)
{
    const size_t in = cairn_patches_count(view->patches->in);
    memset(planes, 0, view->patches->channels * view->plane * sizeof *planes);
    for (size_t c = 0; c < view->patches->channels; c++, x += in, planes += view->plane)
        for (size_t i = 0; i < view->n_runs; i++) {
            const struct cairn_view_run *run = &view->run[i];
            for (size_t j = 0; j < run->n; j++)
                planes[run->to + j] = x[run->from + j * view->from_stride];
        }
}

size_t cairn_view_term(const struct cairn_view *view, size_t k)
{
    const size_t n_taps = cairn_patches_count(view->patches->kernel);
    return k / n_taps * view->plane + view->tap[k % n_taps].at;
}

size_t cairn_view_terms_extent(const struct cairn_view *view)
{
    return (view->class->n[0] - 1) * view->length[1] * view->length[2] +
           cairn_view_extent(view, view->class);
}
