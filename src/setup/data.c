/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys data.* and model to loaders and what a model is made from. */
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "setup/setup.h"

/* A quarter of the free memory, so that several ranks of a node and their models fit as well. */
static size_t memory_for_data(const struct cairn_config *config)
{
    if (config->data_in_memory == CAIRN_IN_MEMORY_TRUE) return SIZE_MAX;
    if (config->data_in_memory == CAIRN_IN_MEMORY_FALSE) return 0;
    long pages = sysconf(_SC_AVPHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    return pages <= 0 || page_bytes <= 0 ? 0 : (size_t)pages * (size_t)page_bytes / 4;
}

struct cairn_loader_options cairn_setup_loader_options(const struct cairn_config *config,
                                                       enum cairn_split split, size_t micro)
{
    bool augmented = split == CAIRN_SPLIT_TRAIN;
    return (struct cairn_loader_options){
        .split = split,
        .micro = micro,
        .shuffle = split == CAIRN_SPLIT_TRAIN,
        .seed = config->train_seed,
        .memory_bytes = memory_for_data(config),
        .augment = {.crop_padding = augmented ? config->augment_crop_padding : 0,
                    .flip = augmented && config->augment_flip},
    };
}

struct cairn_setup_held cairn_setup_loader_bytes(const struct cairn_config *config,
                                                 struct cairn_dataset *dataset, size_t micro)
{
    struct cairn_setup_held held = {0};
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        struct cairn_loader_options options =
            cairn_setup_loader_options(config, (enum cairn_split)split, micro);
        struct cairn_loader_memory of_this = cairn_loader_would_take(dataset, &options);
        held.data += of_this.data;
        held.rows += of_this.rows;
        held.chunks += of_this.chunks;
    }
    return held;
}

cairn_status cairn_setup_check_train(const struct cairn_dataset *dataset)
{
    if (cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN) > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: has no group train to learn from; cairn info shows what it has",
                      cairn_dataset_path(dataset));
}

cairn_status cairn_setup_loader(const struct cairn_config *config, struct cairn_dataset *dataset,
                                enum cairn_split split, size_t micro, struct cairn_loader **out)
{
    const struct cairn_loader_options options = cairn_setup_loader_options(config, split, micro);
    *out = NULL;
    return cairn_dataset_has(dataset, split) ? cairn_loader_create(dataset, &options, out)
                                             : CAIRN_OK;
}

static cairn_status normalize(const struct cairn_config *config, struct cairn_dataset *dataset)
{
    size_t n_channels = cairn_dataset_input(dataset)->dim[0];
    double *value = NULL;
    if (config->data_mean == NULL && config->data_std == NULL) return CAIRN_OK;
    CAIRN_TRY(cairn_memory_get(2 * n_channels, sizeof *value, "mean and deviation", &value));
    const struct cairn_normalization by = {
        .mean = value,
        .std = value + n_channels,
        .n_mean = cairn_key_numbers(config->data_mean, n_channels, value),
        .n_std = cairn_key_numbers(config->data_std, n_channels, value + n_channels),
    };
    const char *key = config->data_mean != NULL ? "data.mean" : "data.std";
    cairn_status st = cairn_dataset_normalize(dataset, &by);
    free(value);
    return st == CAIRN_OK ? st : cairn_fail_in(st, "%s", cairn_config_place(config, key));
}

cairn_status cairn_setup_dataset(const struct cairn_config *config, const char *path,
                                 struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_dataset_open(path == NULL ? config->data_file : path, &dataset));
    size_t context = config->data_context == CAIRN_NONE ? 0 : config->data_context;
    cairn_status st = cairn_dataset_set_context(dataset, context);
    if (st != CAIRN_OK)
        st = cairn_fail_in(st, "%s",
                           cairn_config_place(config, context == 0 ? "data.file" : "data.context"));
    if (st == CAIRN_OK) st = normalize(config, dataset);
    if (st != CAIRN_OK) {
        cairn_dataset_close(dataset);
        return st;
    }
    *out = dataset;
    return CAIRN_OK;
}

cairn_status cairn_setup_check_labels(const struct cairn_dataset *dataset,
                                      const struct cairn_model *model)
{
    if (cairn_dataset_classes(dataset) == 0) return CAIRN_OK;
    return cairn_dataset_check_labels(dataset, cairn_model_classes(model),
                                      cairn_model_ignored_label(model));
}

struct cairn_model_options cairn_setup_model_options(const struct cairn_config *config,
                                                     const struct cairn_dataset *dataset,
                                                     size_t micro)
{
    return (struct cairn_model_options){
        .layers = config->model,
        .loss = config->loss,
        .input = *cairn_dataset_input(dataset),
        .n_targets = cairn_dataset_targets(dataset),
        .n_classes = cairn_dataset_classes(dataset),
        .n_labels = cairn_dataset_context(dataset),
        .vocabulary = cairn_dataset_vocabulary(dataset),
        .micro = micro,
        .seed = config->train_seed,
    };
}

struct cairn_model_options cairn_setup_text_model_options(const struct cairn_config *config,
                                                          size_t vocabulary, size_t micro)
{
    return (struct cairn_model_options){
        .layers = config->model,
        .loss = config->loss,
        .input = {.ndim = 1, .dim = {config->data_context}},
        .n_classes = vocabulary,
        .n_labels = config->data_context,
        .vocabulary = vocabulary,
        .micro = micro,
        .seed = config->train_seed,
    };
}
