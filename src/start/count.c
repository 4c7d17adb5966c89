/* SPDX-License-Identifier: BSD-3-Clause
 * How often a trained model gives each class, of samples that need no labels. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "start/trained.h"

/* Micro-batches m of all, one after the other.  Local. */
static cairn_status count_micros(const struct cairn_trained *trained, size_t m, size_t end,
                                 uint64_t *count)
{
    const size_t n_classes = cairn_model_classes(trained->model);
    const size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    for (; m < end; m++) {
        struct cairn_micro micro;
        const real *outputs = NULL;
        const size_t first = m * trained->micro;
        const size_t left = trained->n_samples - first;
        const size_t n = left < trained->micro ? left : trained->micro;
        CAIRN_TRY(cairn_loader_read(trained->loader, first, n, &micro));
        CAIRN_TRY(cairn_model_outputs(trained->model, trained->w, &micro, &outputs));
        const size_t n_labels = n_classes == 0 ? 0 : n * (n_out / n_classes);
        for (size_t i = 0; i < n_labels; i++)
            count[cairn_model_class_of(trained->model, outputs + i * n_classes)]++;
    }
    return CAIRN_OK;
}

cairn_status cairn_trained_count(struct cairn_trained *trained, uint64_t **out)
{
    uint64_t *all = NULL, *mine = NULL;
    const size_t n = cairn_model_classes(trained->model);
    const size_t rank = (size_t)cairn_comm_rank(trained->comm);
    const size_t n_ranks = (size_t)cairn_comm_size(trained->comm);
    const size_t n_micros = (trained->n_samples + trained->micro - 1) / trained->micro;
    cairn_status st = cairn_memory_get(n, sizeof *mine, "counts of classes", &mine);
    if (st == CAIRN_OK && rank == 0)
        st = cairn_memory_get(n_ranks * n, sizeof *all, "counts of classes", &all);
    if (st == CAIRN_OK)
        st =
            count_micros(trained, rank * n_micros / n_ranks, (rank + 1) * n_micros / n_ranks, mine);
    st = cairn_comm_gather(trained->comm, st, mine, n * sizeof *mine, all);
    for (size_t i = n; st == CAIRN_OK && rank == 0 && i < n_ranks * n; i++) all[i % n] += all[i];
    free(mine);
    if (st == CAIRN_OK)
        *out = all;
    else
        free(all);
    return st;
}
