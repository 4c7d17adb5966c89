/* SPDX-License-Identifier: BSD-3-Clause
 * Random datasets: which loss, and arrays that fit it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/valid.h"
#include "h5/h5.h"

static const char *const groups[VALID_GROUPS] = {"train", "val", "test"};

static void checked(cairn_status st)
{
    if (st != CAIRN_OK) fuzz_broken("data of a random run");
}

static void *memory(size_t n)
{
    void *block = calloc(n, sizeof(double));
    if (block == NULL) fuzz_broken("no memory");
    return block;
}

static void write(struct cairn_h5 *file, const char *group, const char *name,
                  const struct cairn_h5_form *form, const void *data)
{
    char path[64];
    snprintf(path, sizeof path, "/%s/%s", group, name);
    checked(cairn_h5_write(file, path, form, data));
}

/* A list of numbers as an attribute, or one for all channels; none as often. */
static void write_factor(struct valid *run, struct cairn_h5 *file, const char *group,
                         const char *name)
{
    char path[64];
    double value[16];
    size_t n = valid_once_in(run, 2) ? 1 : run->input.dim[0];
    if (valid_once_in(run, 2) || n > sizeof value / sizeof value[0]) return;
    for (size_t i = 0; i < n; i++) value[i] = valid_real(run, 0.1, 1.5);
    snprintf(path, sizeof path, "/%s/x", group);
    checked(cairn_h5_set_numbers(file, path, name, value, n));
}

static void write_x(struct valid *run, struct cairn_h5 *file, int g, enum cairn_h5_type type)
{
    struct cairn_h5_form form = {.type = type, .shape = {.ndim = run->input.ndim + 1}};
    form.shape.dim[0] = run->n[g];
    for (int d = 0; d < run->input.ndim; d++) form.shape.dim[d + 1] = run->input.dim[d];
    size_t n = cairn_shape_count(&form.shape);
    void *x = memory(n);
    for (size_t i = 0; i < n; i++) {
        double value = valid_real(run, -1, 1) + valid_real(run, -1, 1);
        if (type == CAIRN_H5_U8) ((uint8_t *)x)[i] = (uint8_t)(2 + value);
        if (type == CAIRN_H5_I16) ((int16_t *)x)[i] = (int16_t)(4 * value);
        if (type == CAIRN_H5_F32) ((float *)x)[i] = (float)value;
        if (type == CAIRN_H5_F64) ((double *)x)[i] = value;
        if (type == CAIRN_H5_I8) ((int8_t *)x)[i] = (int8_t)(4 * value);
        if (type == CAIRN_H5_I64) ((int64_t *)x)[i] = (int64_t)(4 * value);
    }
    write(file, groups[g], "x", &form, x);
    free(x);
    write_factor(run, file, groups[g], "scale");
    write_factor(run, file, groups[g], "shift");
}

/* The first label always counts, so that no group is without weight. */
static int first_label(const struct valid *run)
{
    return run->ignored == 0 ? 1 : 0;
}

static struct cairn_shape shape_of_y(const struct valid *run, int g)
{
    struct cairn_shape shape = {run->y.ndim + 1, {run->n[g]}};
    for (int d = 0; d < run->y.ndim; d++) shape.dim[d + 1] = run->y.dim[d];
    return shape;
}

static void write_labels(struct valid *run, struct cairn_h5 *file, int g)
{
    struct cairn_h5_form form = {.type = CAIRN_H5_I32, .shape = shape_of_y(run, g)};
    const size_t n = cairn_shape_count(&form.shape);
    int32_t *y = memory(n);
    bool ignores = run->loss->ignored_label != NULL && valid_once_in(run, 2);
    for (size_t i = 0; i < n; i++) {
        y[i] = (int32_t)fuzz_below(&run->random, run->n_classes);
        if (ignores && valid_once_in(run, 4)) y[i] = run->ignored;
    }
    y[0] = first_label(run);
    write(file, groups[g], "y", &form, y);
    free(y);
}

/* Targets, from 0 to 1 where they might be probabilities, from 0 on where they are counts. */
static void write_targets(struct valid *run, struct cairn_h5 *file, int g)
{
    struct cairn_h5_form form = {.type = CAIRN_H5_F32, .shape = {2, {run->n[g], run->n_targets}}};
    if (run->n_targets == 1 && valid_once_in(run, 2)) form.shape.ndim = 1;
    if (run->y.ndim > 0) form.shape = shape_of_y(run, g);
    float *y = memory(run->n[g] * run->n_targets);
    bool shares = run->loss->takes_classes || run->loss->targets_are_classes;
    bool counts = strcmp(run->loss->name, "poisson") == 0;
    for (size_t i = 0; i < run->n[g] * run->n_targets; i++) {
        double value = valid_real(run, shares || counts ? 0 : -2, shares ? 1 : 2);
        y[i] = (float)value;
        if (shares && valid_once_in(run, 2)) y[i] = value < 0.5 ? 0.0F : 1.0F;
    }
    write(file, groups[g], "y", &form, y);
    free(y);
}

static float a_weight(struct valid *run)
{
    if (valid_once_in(run, 4)) return 0;
    if (valid_once_in(run, 8)) return (float)valid_scale(run, 1e-4, 1e3);
    return (float)valid_real(run, 0.1, 3);
}

/* Of samples, of the numbers of their y, or of tokens; the second token is the first label. */
static void write_weights(struct valid *run, struct cairn_h5 *file, int g, size_t n)
{
    bool whole = valid_once_in(run, 3);
    struct cairn_h5_form form = {.type = whole ? CAIRN_H5_U8 : CAIRN_H5_F32, .shape = {1, {n}}};
    if (run->y.ndim > 0 && valid_once_in(run, 2)) form.shape = shape_of_y(run, g);
    n = cairn_shape_count(&form.shape);
    void *weight = memory(n);
    if (!valid_once_in(run, 3)) {
        free(weight);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float value = i < 2 ? 1 : a_weight(run);
        if (whole)
            ((uint8_t *)weight)[i] = i < 2 ? 1 : (uint8_t)fuzz_below(&run->random, 4);
        else
            ((float *)weight)[i] = value;
    }
    write(file, groups[g], "weight", &form, weight);
    free(weight);
}

static void write_tokens(struct valid *run, struct cairn_h5 *file, int g)
{
    char path[64];
    size_t last = valid_count(run, 1, run->context); /* labels of the last window */
    size_t n = (run->n[g] - 1) * run->context + last + 1;
    struct cairn_h5_form form = {.type = CAIRN_H5_U8, .shape = {1, {n}}};
    uint8_t *token = memory(n);
    for (size_t i = 0; i < n; i++) token[i] = (uint8_t)fuzz_below(&run->random, run->vocabulary);
    token[1] = (uint8_t)first_label(run);
    write(file, groups[g], "tokens", &form, token);
    free(token);
    snprintf(path, sizeof path, "/%s/tokens", groups[g]);
    checked(cairn_h5_set_numbers(file, path, "vocabulary", &(double){(double)run->vocabulary}, 1));
    write_weights(run, file, g, n);
}

static void choose_shape(struct valid *run)
{
    size_t side = valid_once_in(run, 6) ? 1 : 3;
    switch (fuzz_below(&run->random, 9)) {
    case 0:
    case 1: run->input = (struct cairn_shape){1, {valid_count(run, 1, 12)}}; break;
    case 2:
    case 3:
        run->input = (struct cairn_shape){2, {valid_count(run, 1, 5), valid_count(run, 1, 14)}};
        break;
    case 4:
    case 5:
        run->input = (struct cairn_shape){4,
                                          {valid_count(run, 1, 2), valid_count(run, side, 5),
                                           valid_count(run, side, 5), valid_count(run, side, 5)}};
        break;
    default:
        run->input = (struct cairn_shape){
            3, {valid_count(run, 1, 4), valid_count(run, side, 8), valid_count(run, side, 8)}};
    }
}

/* Labels of positions, or targets in some dimensions; K: classes, as the loss tells them apart. */
static void choose_places(struct valid *run)
{
    const bool labels = run->n_classes > 0;
    const int n_places = (int)valid_count(run, 1, labels ? 3 : 2);
    struct cairn_shape places = {.ndim = n_places};
    for (int d = 0; d < n_places; d++) places.dim[d] = valid_count(run, 2, 3);
    const size_t k = labels ? run->n_outputs : valid_count(run, 2, 3);
    run->classes_last = valid_once_in(run, 3);
    run->outputs.ndim = n_places + 1;
    for (int d = 0; d < n_places; d++)
        run->outputs.dim[run->classes_last ? d : d + 1] = places.dim[d];
    run->outputs.dim[run->classes_last ? n_places : 0] = k;
    run->y = labels ? places : run->outputs;
    if (labels) return;
    run->n_targets = cairn_shape_count(&run->y);
    run->n_outputs = run->loss->targets_are_classes ? k : run->n_targets;
}

static void choose(struct valid *run)
{
    static const size_t sizes[] = {1, 2, 3, 7, 16, 31, 53, 53, 64, 77, 100, 129};
    static const int ignored[] = {-100, -100, -1, 0, 1};
    size_t n_losses = 0;
    while (cairn_loss_kind_at(n_losses) != NULL) n_losses++;
    run->loss = cairn_loss_kind_at(fuzz_below(&run->random, n_losses));
    bool classes = run->loss->takes_classes && (!run->loss->takes_targets || valid_once_in(run, 2));
    run->ignored = run->loss->ignored_label == NULL ? -100 : ignored[fuzz_below(&run->random, 5)];
    if (classes)
        run->n_classes = run->loss->n_classes > 0 ? run->loss->n_classes : valid_count(run, 2, 6);
    else
        run->n_targets = valid_count(run, run->loss->targets_are_classes ? 2 : 1, 4);
    choose_shape(run);
    if (classes && valid_once_in(run, 3)) {
        run->vocabulary = run->n_classes;
        run->context = valid_count(run, 1, 7);
        run->input = (struct cairn_shape){1, {run->context}};
    }
    run->n[0] = sizes[fuzz_below(&run->random, sizeof sizes / sizeof sizes[0])];
    for (int g = 1; g < VALID_GROUPS; g++)
        run->n[g] = valid_once_in(run, 3) ? 0 : valid_count(run, 1, 23);
    run->n_outputs = !classes                   ? run->n_targets
                     : run->loss->n_classes > 0 ? 1
                     : valid_once_in(run, 4)    ? run->n_classes + 1
                                                : run->n_classes;
    if (run->vocabulary == 0 && (!classes || run->loss->takes_positions) && valid_once_in(run, 3))
        choose_places(run);
}

void valid_write_data(struct valid *run, const char *folder)
{
    static const enum cairn_h5_type types[] = {CAIRN_H5_U8,  CAIRN_H5_I16, CAIRN_H5_F32,
                                               CAIRN_H5_F64, CAIRN_H5_I8,  CAIRN_H5_I64};
    struct cairn_h5 *file = NULL;
    char path[4096];
    choose(run);
    snprintf(path, sizeof path, "%s/data.h5", folder);
    checked(cairn_h5_create(path, &file));
    enum cairn_h5_type type = types[fuzz_below(&run->random, 6)];
    for (int g = 0; g < VALID_GROUPS; g++) {
        if (run->n[g] == 0) continue;
        snprintf(path, sizeof path, "/%s", groups[g]);
        checked(cairn_h5_group(file, path));
        if (run->vocabulary > 0) {
            write_tokens(run, file, g);
            continue;
        }
        write_x(run, file, g, type);
        if (run->n_classes > 0)
            write_labels(run, file, g);
        else
            write_targets(run, file, g);
        write_weights(run, file, g, run->n[g]);
    }
    checked(cairn_h5_close(file));
}
