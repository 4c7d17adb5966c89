/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys data.* and model to loaders and what a model is made from. */
#include <unistd.h>

#include "setup/setup.h"

enum { IN_MEMORY_AUTO, IN_MEMORY_TRUE, IN_MEMORY_FALSE }; /* the words of data.in_memory */

/* A quarter of the free memory, so that several ranks of a node and their models fit as well. */
static size_t memory_for_data(const struct cairn_config *config)
{
    if (config->data_in_memory == IN_MEMORY_TRUE) return SIZE_MAX;
    if (config->data_in_memory == IN_MEMORY_FALSE) return 0;
    long pages = sysconf(_SC_AVPHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    return pages <= 0 || page_bytes <= 0 ? 0 : (size_t)pages * (size_t)page_bytes / 4;
}

cairn_status cairn_setup_loader(const struct cairn_config *config, struct cairn_dataset *dataset,
                                enum cairn_split split, size_t micro, struct cairn_loader **out)
{
    const struct cairn_loader_options options = {
        .split = split,
        .micro = micro,
        .shuffle = split == CAIRN_SPLIT_TRAIN,
        .seed = config->train_seed,
        .memory_bytes = memory_for_data(config),
    };
    *out = NULL;
    return cairn_dataset_has(dataset, split) ? cairn_loader_create(dataset, &options, out)
                                             : CAIRN_OK;
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
        .micro = micro,
        .seed = config->train_seed,
    };
}
