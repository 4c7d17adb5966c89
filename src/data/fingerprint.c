/* SPDX-License-Identifier: BSD-3-Clause
 * Recognising data wherever they lie.  Not a checksum of every byte: large data are sampled. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/memory.h"
#include "data/internal.h"
#include "data/labels.h"

/* Of each group: 4 MiB of x or tokens, 1 MiB of real targets and 1/4 MiB of weights, so at most 16
 * MiB of a file. */
static const size_t x_bytes = (size_t)4 << 20;
static const size_t y_bytes = (size_t)1 << 20;
static const size_t weight_bytes = (size_t)1 << 18;

enum { MOST_BLOCKS = 32, LEAST_DIMS = 4, LINE_BYTES = 16 + 1 };

/* At least LEAST_DIMS sizes, the missing ones 0: so stored fingerprints stay valid. */
static void add_shape(XXH64_state_t *hash, const struct cairn_h5_form *form)
{
    uint64_t words[2 + CAIRN_MAX_DIMS] = {(uint64_t)form->type, (uint64_t)form->shape.ndim};
    const int n_dims = form->shape.ndim;
    for (int d = 0; d < n_dims; d++) words[2 + d] = form->shape.dim[d];
    XXH64_update(hash, words,
                 (size_t)(2 + (n_dims > LEAST_DIMS ? n_dims : LEAST_DIMS)) * sizeof *words);
}

/* Blocks of rows, evenly spread from the first row to the last. */
static cairn_status add_rows(XXH64_state_t *hash, const struct cairn_rows *from,
                             size_t budget_bytes)
{
    const struct cairn_h5_form *form = &from->form;
    unsigned char *buffer = NULL;
    size_t n = form->shape.dim[0];
    size_t row_bytes = cairn_row_bytes(form);
    size_t rows = budget_bytes / row_bytes == 0 ? 1 : budget_bytes / row_bytes;
    size_t n_blocks = rows < MOST_BLOCKS ? rows : MOST_BLOCKS;
    size_t block = rows / n_blocks;
    if (n <= rows) {
        n_blocks = 1;
        block = n;
    }
    if (!cairn_rows_known(from)) return CAIRN_OK; /* nobody knows them yet */
    CAIRN_TRY(cairn_memory_get(block, row_bytes, "the fingerprint", &buffer));
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < n_blocks && st == CAIRN_OK; i++) {
        double part = n_blocks == 1 ? 0 : (double)i / (double)(n_blocks - 1);
        size_t first = (size_t)(part * (double)(n - block));
        st = cairn_rows_read(from, first, block, form->type, buffer);
        if (st == CAIRN_OK) XXH64_update(hash, buffer, block * row_bytes);
    }
    free(buffer);
    return st;
}

/* As float32 in every build: what recognises data must not depend on who reads them. */
static void add_factors(XXH64_state_t *hash, const real *factor, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float single = (float)factor[i];
        XXH64_update(hash, &single, sizeof single);
    }
}

static cairn_status add_labels(void *context, size_t first, size_t n, const int32_t *label)
{
    (void)first;
    XXH64_update(context, label, n * sizeof *label);
    return CAIRN_OK;
}

static cairn_status add_group(XXH64_state_t *hash, const struct cairn_dataset *dataset,
                              const struct cairn_group *group)
{
    const size_t n_labels = cairn_shape_count(&dataset->y);
    add_shape(hash, &group->x.form);
    add_factors(hash, group->scale, group->n_scale);
    add_factors(hash, group->shift, group->n_shift);
    CAIRN_TRY(add_rows(hash, &group->x, x_bytes));
    CAIRN_TRY(cairn_labels_each(group, add_labels, hash));
    if (group->label != NULL) /* those of positions besides */
        XXH64_update(hash, group->label + group->n,
                     group->n * (n_labels - 1) * sizeof *group->label);
    if (cairn_rows_exist(&group->y) && (!group->labels_in_file || group->y.form.shape.ndim > 1)) {
        add_shape(hash, &group->y.form);
        CAIRN_TRY(add_rows(hash, &group->y, y_bytes));
    }
    if (!cairn_rows_exist(&group->weight)) return CAIRN_OK;
    add_shape(hash, &group->weight.form);
    return add_rows(hash, &group->weight, weight_bytes);
}

/* Of tokens: what they stand for. */
static void add_vocabulary(XXH64_state_t *hash, const struct cairn_dataset *dataset)
{
    const uint64_t vocabulary = dataset->vocabulary;
    if (vocabulary > 0) XXH64_update(hash, &vocabulary, sizeof vocabulary);
    if (dataset->characters != NULL)
        XXH64_update(hash, dataset->characters, strlen(dataset->characters));
}

cairn_status cairn_dataset_fingerprint(struct cairn_dataset *dataset, uint64_t *out)
{
    XXH64_state_t *hash = XXH64_createState();
    if (hash == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for the fingerprint");
    XXH64_reset(hash, 0);
    cairn_status st = CAIRN_OK;
    for (uint64_t split = 0; split < CAIRN_N_SPLITS && st == CAIRN_OK; split++) {
        if (!cairn_rows_exist(&dataset->group[split].x)) continue;
        XXH64_update(hash, &split, sizeof split);
        st = add_group(hash, dataset, &dataset->group[split]);
    }
    add_vocabulary(hash, dataset);
    if (st == CAIRN_OK) *out = XXH64_digest(hash);
    XXH64_freeState(hash);
    return st;
}

uint64_t cairn_dataset_sample(const struct cairn_dataset *dataset)
{
    return cairn_data_files_sample(dataset->files);
}

/* ---- of each file */

cairn_status cairn_dataset_files_text(const struct cairn_dataset *dataset, char **out)
{
    const size_t n = cairn_data_files_count(dataset->files);
    char *text = NULL;
    if (n < 2) {
        *out = NULL; /* the fingerprint tells it from any other */
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_memory_get(n * LINE_BYTES + 1, 1, "fingerprints of files", &text));
    for (size_t i = 0; i < n; i++)
        snprintf(text + i * LINE_BYTES, LINE_BYTES + 1, "%016" PRIx64 "\n",
                 cairn_data_files_at(dataset->files, i)->sample);
    *out = text;
    return CAIRN_OK;
}

cairn_status cairn_dataset_check_files(const struct cairn_dataset *dataset, const char *before,
                                       const char *path)
{
    char *now = NULL;
    CAIRN_TRY(cairn_dataset_files_text(dataset, &now));
    size_t n = now == NULL ? 0 : strlen(now) / LINE_BYTES;
    const size_t n_before = strlen(before) / LINE_BYTES;
    cairn_status st = CAIRN_OK;
    if (n != n_before) n = 0; /* the same rows may lie in other files: the fingerprint says it */
    for (size_t i = 0; i < n && st == CAIRN_OK; i++)
        if (strncmp(now + i * LINE_BYTES, before + i * LINE_BYTES, LINE_BYTES) != 0)
            st = cairn_fail(CAIRN_DATA,
                            "%s: has changed since %s was made, or is not the file that was there "
                            "in its place; put it back, or begin another run with the weights: "
                            "--init %s --out NEW",
                            cairn_data_files_at(dataset->files, i)->path, path, path);
    free(now);
    return st;
}
