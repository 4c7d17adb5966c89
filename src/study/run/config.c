/* SPDX-License-Identifier: BSD-3-Clause
 * From a cell to the config that it runs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/run/run.h"

enum { VALUE_BYTES = 1024, MOST_CELL_KEYS = CAIRN_STUDY_MOST_SET + CAIRN_STUDY_MOST_AXES + 4 };

/* The keys that a cell has besides the run file's; texts that are made for it stand in `text`. */
struct keys {
    const char *list[MOST_CELL_KEYS + 1];
    char text[CAIRN_STUDY_MOST_AXES + 4][VALUE_BYTES];
    size_t n, n_texts;
};

static cairn_status add_key(struct keys *keys, const char *name, const char *value)
{
    char *text = keys->text[keys->n_texts++];
    int n = snprintf(text, VALUE_BYTES, "%s=%s", name, value);
    if (n >= VALUE_BYTES)
        return cairn_fail(CAIRN_USAGE, "%s: the value %.60s... is too long", name, value);
    keys->list[keys->n++] = text;
    return CAIRN_OK;
}

static cairn_status add_count(struct keys *keys, const char *name, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return add_key(keys, name, text);
}

static cairn_status read_with(const struct cairn_study *study, const struct keys *keys,
                              struct cairn_config **out)
{
    return cairn_config_read_from(study->run_text, study->n_run_text, study->file->run, keys->list,
                                  "the study", out);
}

static void add_set(const struct cairn_study *study, struct keys *keys)
{
    for (size_t i = 0; i < study->file->n_overrides; i++)
        keys->list[keys->n++] = study->file->override[i];
}

static cairn_status add_axes(const struct cairn_study *study, size_t cell, struct keys *keys)
{
    for (size_t i = 0; i < study->axes.n; i++) {
        const struct cairn_study_axis *axis = &study->axes.axis[i];
        if (axis->role != CAIRN_STUDY_RANKS)
            CAIRN_TRY(
                add_key(keys, axis->name, axis->value[cairn_study_place(&study->axes, cell, i)]));
    }
    return CAIRN_OK;
}

bool cairn_study_has_axis(const struct cairn_study *study, const char *name)
{
    for (size_t i = 0; i < study->axes.n; i++)
        if (strcmp(study->axes.axis[i].name, name) == 0) return true;
    return false;
}

/* weak: the global batch grows with the ranks. */
static uint64_t batch_of(const struct cairn_study *study, size_t cell,
                         const struct cairn_config *config)
{
    bool weak = study->file->kind == CAIRN_STUDY_WEAK;
    return config->batch_global * (weak ? (uint64_t)cairn_study_ranks(study, cell) : 1);
}

static cairn_status add_weak_batch(const struct cairn_study *study, size_t cell,
                                   const struct cairn_config *config, struct keys *keys)
{
    if (study->file->kind != CAIRN_STUDY_WEAK) return CAIRN_OK;
    if (config->batch_global == CAIRN_NONE)
        return cairn_fail(CAIRN_USAGE,
                          "%s: a weak study needs batch.global, the batch of one rank, which "
                          "grows with the ranks",
                          cairn_study_file_place(study->file, "kind"));
    return add_count(keys, "batch.global", batch_of(study, cell, config));
}

/* The budget is the length of the run, where there is one. */
static cairn_status add_budget(const struct cairn_study *study, size_t cell,
                               const struct cairn_config *config, struct keys *keys)
{
    const struct cairn_study_file *file = study->file;
    uint64_t updates = file->budget_updates;
    if (file->budget_samples != CAIRN_NONE) {
        if (config->batch_global == CAIRN_NONE)
            return cairn_fail(CAIRN_USAGE,
                              "%s: budget_samples needs batch.global; say budget_updates",
                              cairn_study_file_place(file, "budget_samples"));
        uint64_t global = batch_of(study, cell, config);
        uint64_t by_samples = (file->budget_samples + global - 1) / global;
        if (updates == CAIRN_NONE || by_samples < updates) updates = by_samples;
    }
    return updates == CAIRN_NONE ? CAIRN_OK : add_count(keys, "train.updates", updates);
}

cairn_status cairn_study_config(const struct cairn_study *study, size_t cell,
                                struct cairn_config **out)
{
    struct keys *keys = NULL;
    struct cairn_config *config = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *keys, "a cell's keys", &keys));
    add_set(study, keys);
    cairn_status st = CAIRN_OK;
    if (study->file->kind == CAIRN_STUDY_ACCUMULATION &&
        cairn_study_has_axis(study, "batch.accumulate") &&
        !cairn_study_has_axis(study, "batch.micro"))
        st = add_key(keys, "batch.micro", "none"); /* it follows from the two others */
    if (st == CAIRN_OK) st = add_axes(study, cell, keys);
    if (st == CAIRN_OK) st = read_with(study, keys, &config);
    if (st == CAIRN_OK) st = add_weak_batch(study, cell, config, keys);
    if (st == CAIRN_OK) st = add_budget(study, cell, config, keys);
    cairn_config_free(config);
    config = NULL;
    if (st == CAIRN_OK) st = read_with(study, keys, &config);
    free(keys);
    if (st == CAIRN_OK) *out = config;
    return st;
}

int cairn_study_ranks(const struct cairn_study *study, size_t cell)
{
    for (size_t i = 0; i < study->axes.n; i++) {
        const struct cairn_study_axis *axis = &study->axes.axis[i];
        if (axis->role == CAIRN_STUDY_RANKS)
            return (int)strtol(axis->value[cairn_study_place(&study->axes, cell, i)], NULL, 10);
    }
    return cairn_comm_size(study->comm) / study->n_groups;
}

cairn_status cairn_study_base(struct cairn_study *study)
{
    struct keys *keys = NULL;
    struct cairn_config *config = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *keys, "keys", &keys));
    add_set(study, keys);
    cairn_status st = read_with(study, keys, &config);
    if (st == CAIRN_OK) st = cairn_config_print(config, &study->base_text);
    cairn_config_free(config);
    free(keys);
    return st;
}
