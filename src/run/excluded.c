/* SPDX-License-Identifier: BSD-3-Clause
 * Samples that count as if their weight were 0, in checkpoints.  A run may leave out others than
 * the checkpoint that it goes on from, as long as these would have been the same weights: none of
 * them was used before. */
#include "run/excluded.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "data/shuffle.h"

enum { LINE_BYTES = 21 };

cairn_status cairn_excluded_text(const struct cairn_dataset *dataset, char **out)
{
    size_t n = 0, used = 0;
    char *text = NULL;
    const uint64_t *sample = cairn_dataset_excluded(dataset, &n);
    if (n == 0) {
        *out = NULL;
        return CAIRN_OK;
    }
    CAIRN_TRY(cairn_memory_get(n * LINE_BYTES + 1, 1, "the samples that are left out", &text));
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, LINE_BYTES + 1, "%" PRIu64 "\n", sample[i]);
    *out = text;
    return CAIRN_OK;
}

/* Where a checkpoint stands. */
struct reached {
    struct cairn_shuffled order; /* of the first epoch */
    uint64_t update, position;   /* in the epochs laid end to end */
};

static cairn_status read_reached(const char *path, uint64_t n_samples, uint64_t seed,
                                 struct reached *out)
{
    struct cairn_state state = {0};
    struct cairn_shuffle shuffle;
    uint64_t epoch = 0;
    char *text = NULL;
    cairn_status st =
        cairn_state_add_number(&state, "/progress/update", CAIRN_ARRAY_U64, &out->update);
    if (st == CAIRN_OK)
        st = cairn_state_add_number(&state, "/progress/epoch", CAIRN_ARRAY_U64, &epoch);
    if (st == CAIRN_OK)
        st = cairn_state_add_number(&state, "/progress/position", CAIRN_ARRAY_U64, &out->position);
    if (st == CAIRN_OK) st = cairn_checkpoint_read(path, &state);
    cairn_state_free(&state);
    if (st == CAIRN_OK) st = cairn_checkpoint_text(path, "/progress/order", &text);
    if (st == CAIRN_OK && !cairn_shuffle_read(text, &shuffle))
        st = cairn_fail(CAIRN_DATA, "%s uses the order of samples %s, which is not known here",
                        path, text);
    free(text);
    if (st != CAIRN_OK) return st;
    out->position = epoch > 0 ? UINT64_MAX : out->position;
    cairn_shuffle_begin(&shuffle, seed, 0, n_samples, &out->order);
    return CAIRN_OK;
}

/* A sample that is in one of the two lists alone.  In the first epoch each has its turn. */
static cairn_status check_sample(const char *path, struct reached *reached, uint64_t sample,
                                 bool before)
{
    if (cairn_shuffle_find(&reached->order, sample) >= reached->position) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "cannot go on from %s: data.exclude %s sample %" PRIu64 ", and the run has "
                      "had it by update %" PRIu64
                      "; cairn forget RUN --samples FILE trains on from "
                      "before that",
                      path, before ? "no longer has" : "has", sample, reached->update);
}

/* Both lists rise. */
static cairn_status compare(const struct cairn_dataset *dataset, const char *path,
                            const char *before, struct reached *reached)
{
    size_t n = 0, i = 0;
    const uint64_t *now = cairn_dataset_excluded(dataset, &n);
    const size_t n_samples = cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN);
    while (i < n || *before != '\0') {
        const uint64_t mine = i < n ? now[i] : UINT64_MAX;
        const uint64_t then = *before == '\0' ? UINT64_MAX : strtoull(before, NULL, 10);
        if (then >= n_samples && then != UINT64_MAX)
            return cairn_fail(CAIRN_DATA, "%s: /progress/excluded is not of this run", path);
        if (mine != then)
            CAIRN_TRY(check_sample(path, reached, mine < then ? mine : then, then < mine));
        if (mine <= then) i++;
        if (then > mine) continue;
        before += strcspn(before, "\n");
        before += *before == '\n';
    }
    return CAIRN_OK;
}

cairn_status cairn_excluded_check(const struct cairn_dataset *dataset, uint64_t seed,
                                  const char *path)
{
    struct reached reached = {.update = 0};
    size_t n = 0;
    char *before = NULL;
    cairn_dataset_excluded(dataset, &n);
    CAIRN_TRY(cairn_checkpoint_text_if_any(path, "/progress/excluded", &before));
    if (before == NULL && n == 0) return CAIRN_OK;
    cairn_status st =
        read_reached(path, cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN), seed, &reached);
    if (st == CAIRN_OK) st = compare(dataset, path, before == NULL ? "" : before, &reached);
    free(before);
    return st;
}
