/* SPDX-License-Identifier: BSD-3-Clause
 * The keys of the loss that the data were made for. */
#include <string.h>

#include "fuzz/valid.h"

static const char loss_keys[] =
    "label_smoothing class_weights ignore_index pos_weight delta log_input full eps reduce "
    "class_dim of smooth include_background";

/* One number for each of n, some of them 0, not those of the first. */
static void write_numbers(struct valid *run, const char *key, size_t n)
{
    fprintf(run->out, ", %s: [", key);
    for (size_t i = 0; i < n; i++) {
        bool zero = i > 1 && valid_once_in(run, 4);
        fprintf(run->out, "%s%.3g", i == 0 ? "" : ", ", zero ? 0 : valid_real(run, 0.1, 3));
    }
    fprintf(run->out, "]");
}

/* Of losses with a target for each output.  Rates would have to be positive, so outputs stay logs.
 */
static void write_target_key(struct valid *run, const char *key)
{
    if (strcmp(key, "delta") == 0) fprintf(run->out, ", %s: %.3g", key, valid_scale(run, 0.01, 10));
    if (strcmp(key, "eps") == 0) fprintf(run->out, ", %s: %.3g", key, valid_real(run, 0, 1));
    if (strcmp(key, "full") == 0) fprintf(run->out, ", %s: true", key);
    if (strcmp(key, "reduce") == 0) fprintf(run->out, ", %s: mean", key);
    if (strcmp(key, "smooth") == 0)
        fprintf(run->out, ", %s: %.3g", key, valid_scale(run, 0.01, 10));
    if (strcmp(key, "include_background") == 0 && run->n_classes > 0)
        fprintf(run->out, ", %s: false", key);
}

static void write_loss_key(struct valid *run, const char *key)
{
    bool leaves = valid_once_in(run, 2);
    if (strcmp(key, "class_dim") == 0) {
        if (run->y.ndim > 0)
            fprintf(run->out, ", %s: %s", key, run->classes_last ? "last" : "first");
    } else if (strcmp(key, "label_smoothing") == 0) {
        if (!leaves) fprintf(run->out, ", %s: %.3g", key, valid_real(run, 0, 0.5));
    } else if (strcmp(key, "class_weights") == 0) {
        if (!leaves) write_numbers(run, key, run->n_outputs);
    } else if (strcmp(key, "ignore_index") == 0) {
        if (run->ignored != -100 || !leaves) fprintf(run->out, ", %s: %d", key, run->ignored);
    } else if (strcmp(key, "pos_weight") == 0) {
        if (leaves)
            fprintf(run->out, ", %s: %.3g", key, valid_real(run, 0, 4));
        else
            write_numbers(run, key, run->n_outputs);
    } else if (!leaves) {
        write_target_key(run, key);
    }
}

void valid_write_loss(struct valid *run)
{
    fprintf(run->out, "loss: {type: %s", run->loss->name);
    for (size_t i = 0; i < run->loss->n_keys; i++) write_loss_key(run, run->loss->keys[i].name);
    fprintf(run->out, "}\n");
}

void valid_check_loss(void)
{
    const struct cairn_loss_kind *loss = NULL;
    for (size_t i = 0; (loss = cairn_loss_kind_at(i)) != NULL; i++)
        for (size_t k = 0; k < loss->n_keys; k++)
            if (!cairn_words_find(loss_keys, loss->keys[k].name, NULL))
                valid_unknown("key", loss->keys[k].name, loss->name);
}
