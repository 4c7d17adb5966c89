/* SPDX-License-Identifier: BSD-3-Clause
 * For tests of losses. */
#include "support/loss.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/nn.h"

const real loss_outputs[LOSS_ROWS * LOSS_K] = {0.5f, -1, 2, 1.5f,   0.25f,  -0.75f,
                                               -2,   3,  0, 0.125f, 0.375f, -1.25f};
const int32_t loss_labels[LOSS_ROWS] = {2, 1, 1, 0};
const real loss_targets[LOSS_ROWS * LOSS_K] = {0, 1, 0.25f, 1, 0.5f, 0, 0.75f, 0, 1, 0.125f, 1, 0};
const uint64_t loss_numbers[LOSS_ROWS] = {10, 11, 12, 13};

struct alone loss_make(const char *text, const struct cairn_shape *outputs,
                       const struct cairn_model_options *options)
{
    struct alone loss = {.tree = tree_of(text)};
    const char *type = cairn_node_find(loss.tree, "type")->text;
    size_t i = 0;
    while (strcmp(cairn_loss_kind_at(i)->name, type) != 0) i++;
    loss.kind = cairn_loss_kind_at(i);
    loss.self = calloc(1, loss.kind->self_bytes + 1);
    cairn_status st =
        cairn_keys_read(loss.kind->keys, loss.kind->n_keys, loss.tree, "type", "loss", loss.self);
    if (st == CAIRN_OK) st = loss.kind->plan(loss.self, outputs, options);
    if (st != CAIRN_OK) fail_msg("%s: %s", text, cairn_error_text());
    return loss;
}

void loss_free(struct alone *loss)
{
    if (loss->kind->free != NULL) loss->kind->free(loss->self);
    free(loss->self);
    cairn_node_free(loss->tree);
}

struct alone loss_of_classes(const char *text, size_t n_classes)
{
    const struct cairn_shape outputs = {1, {n_classes == 2 ? 1 : n_classes}};
    const struct cairn_model_options options = {.n_classes = n_classes};
    return loss_make(text, &outputs, &options);
}

struct alone loss_of_targets(const char *text)
{
    const struct cairn_shape outputs = {1, {LOSS_K}};
    const struct cairn_model_options options = {.n_targets = LOSS_K};
    return loss_make(text, &outputs, &options);
}

cairn_status loss_run(const struct alone *loss, const struct cairn_micro *micro, size_t k,
                      const real *h, real *dh, struct cairn_scores *scores)
{
    return loss->kind->run(loss->self, micro, k, h, dh, scores);
}
