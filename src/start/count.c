/* SPDX-License-Identifier: BSD-3-Clause
 * How often a trained model gives each class, of samples that need no labels. */
#include <stdlib.h>

#include "base/memory.h"
#include "comm/exchange.h"
#include "nn/class_rows.h"
#include "start/trained.h"

/* Micro-batches m of all, one after the other; classes [labels of a sample].  Local. */
static cairn_status count_micros(const struct cairn_trained *trained, size_t m, size_t end,
                                 int32_t *classes, uint64_t *count)
{
    const size_t n_classes = cairn_model_classes(trained->model);
    const size_t n_out = cairn_shape_count(cairn_model_output_shape(trained->model));
    const size_t n_labels = cairn_model_rows(trained->model)->n;
    for (; m < end; m++) {
        struct cairn_micro micro;
        const real *outputs = NULL;
        const size_t first = m * trained->micro;
        const size_t left = trained->n_samples - first;
        const size_t n = left < trained->micro ? left : trained->micro;
        CAIRN_TRY(cairn_loader_read(trained->loader, first, n, &micro));
        CAIRN_TRY(cairn_model_outputs(trained->model, trained->w, &micro, &outputs));
        for (size_t i = 0; i < n && n_classes > 0; i++) {
            cairn_model_classes_of(trained->model, outputs + i * n_out, classes);
            for (size_t j = 0; j < n_labels; j++) count[classes[j]]++;
        }
    }
    return CAIRN_OK;
}

cairn_status cairn_trained_count(struct cairn_trained *trained, uint64_t **out)
{
    uint64_t *all = NULL, *mine = NULL;
    int32_t *classes = NULL;
    const size_t n_labels = cairn_model_rows(trained->model)->n;
    const size_t n = cairn_model_classes(trained->model);
    const size_t rank = (size_t)cairn_comm_rank(trained->comm);
    const size_t n_ranks = (size_t)cairn_comm_size(trained->comm);
    const size_t n_micros = (trained->n_samples + trained->micro - 1) / trained->micro;
    cairn_status st = cairn_memory_get(n, sizeof *mine, "counts of classes", &mine);
    if (st == CAIRN_OK)
        st = cairn_memory_get(n_labels, sizeof *classes, "classes of a sample", &classes);
    if (st == CAIRN_OK && rank == 0)
        st = cairn_memory_get(n_ranks * n, sizeof *all, "counts of classes", &all);
    if (st == CAIRN_OK)
        st = count_micros(trained, rank * n_micros / n_ranks, (rank + 1) * n_micros / n_ranks,
                          classes, mine);
    st = cairn_comm_gather(trained->comm, st, mine, n * sizeof *mine, all);
    for (size_t i = n; st == CAIRN_OK && rank == 0 && i < n_ranks * n; i++) all[i % n] += all[i];
    free(mine);
    free(classes);
    if (st == CAIRN_OK)
        *out = all;
    else
        free(all);
    return st;
}
