/* SPDX-License-Identifier: BSD-3-Clause
 * A trainer against the checkpoint of its update, array by array. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "run/inside.h"

static const char *const group[CAIRN_N_COMPARED] = {
    [CAIRN_COMPARED_WEIGHTS] = "/weights/",
    [CAIRN_COMPARED_BUFFERS] = "/buffers/",
    [CAIRN_COMPARED_EMA] = "/ema/",
    [CAIRN_COMPARED_OPTIMIZER] = "/optimizer/",
};

static bool is_of(const struct cairn_array *array, enum cairn_compared_part part)
{
    return strncmp(array->path, group[part], strlen(group[part])) == 0;
}

/* Sums over the weights: of the squares of the differences, and of those of the checkpoint. */
struct squares {
    double difference, then;
};

static void add_squares(const struct cairn_array *now, const struct cairn_array *then,
                        struct squares *sum)
{
    const real *a = now->data, *b = then->data;
    for (size_t i = 0; i < cairn_array_bytes(now) / sizeof *a; i++) {
        sum->difference += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        sum->then += (double)b[i] * (double)b[i];
    }
}

static cairn_status compare(const cairn_trainer *t, const struct cairn_state *now,
                            const struct cairn_state *then, struct cairn_compared *out)
{
    struct squares sum = {0};
    struct cairn_compared compared = {.now = cairn_trainer_weights_hash(t)};
    real *w = NULL; /* [n_weights] of the checkpoint, laid end to end as the trainer has its own */
    size_t n = 0;
    CAIRN_TRY(cairn_memory_get(t->params->n_weights, sizeof *w, "weights to compare", &w));
    for (size_t i = 0; i < now->n_arrays; i++) {
        const struct cairn_array *a = &now->array[i], *b = &then->array[i];
        for (enum cairn_compared_part part = 0; part < CAIRN_N_COMPARED; part++)
            if (is_of(a, part) && memcmp(a->data, b->data, cairn_array_bytes(a)) != 0)
                compared.differs[part] = true;
        if (!is_of(a, CAIRN_COMPARED_WEIGHTS)) continue;
        memcpy(w + n, b->data, cairn_array_bytes(b));
        n += cairn_array_bytes(b) / sizeof *w;
        add_squares(a, b, &sum);
    }
    compared.then = cairn_params_hash(w, n);
    free(w);
    compared.difference = sum.difference > 0 ? sqrt(sum.difference / sum.then) : 0;
    *out = compared;
    return CAIRN_OK;
}

static cairn_status check_data(const cairn_trainer *t, const char *path,
                               const struct cairn_state *then)
{
    uint64_t now = 0;
    CAIRN_TRY(cairn_dataset_fingerprint(t->parts.dataset, &now));
    for (size_t i = 0; i < then->n_arrays; i++) {
        const struct cairn_array *array = &then->array[i];
        if (strcmp(array->path, "/progress/data_fingerprint") != 0) continue;
        if (memcmp(array->data, &now, sizeof now) == 0) return CAIRN_OK;
    }
    return cairn_fail(CAIRN_DATA, "%s was made with other data (fingerprint now %016" PRIx64 ")",
                      path, now);
}

cairn_status cairn_run_compare(cairn_trainer *t, const char *path, struct cairn_compared *out)
{
    struct cairn_run run = {.t = t, .root = true};
    struct cairn_stored stored = {0};
    struct cairn_state now = {0}, then = {0};
    void *block = NULL;
    cairn_status st = cairn_run_state(&run, &stored, &now);
    if (st == CAIRN_OK) st = cairn_state_twin(&now, false, &then, &block);
    if (st == CAIRN_OK) {
        cairn_state_copy(&now, &then); /* what the file lacks and need not have */
        st = cairn_checkpoint_read(path, &then);
    }
    if (st == CAIRN_OK) st = check_data(t, path, &then);
    if (st == CAIRN_OK) st = compare(t, &now, &then, out);
    free(then.array);
    free(block);
    cairn_state_free(&now);
    return st;
}
