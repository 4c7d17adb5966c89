/* SPDX-License-Identifier: BSD-3-Clause
 * From the keys data.* and model to loaders and what a model is made from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "setup/setup.h"

/* 16 MiB of each rank. */
enum { MOST_LABELS = 1 << 22 };

struct cairn_shuffle cairn_setup_shuffle(const struct cairn_config *config,
                                         struct cairn_dataset *dataset, bool held)
{
    static const enum cairn_shuffle_kind kinds[] = {
        [CAIRN_DATA_SHUFFLE_FULL] = CAIRN_SHUFFLE_FULL,
        [CAIRN_DATA_SHUFFLE_BLOCKS] = CAIRN_SHUFFLE_BLOCKS,
        [CAIRN_DATA_SHUFFLE_NONE] = CAIRN_SHUFFLE_NONE,
        [CAIRN_DATA_SHUFFLE_AUTO] = CAIRN_SHUFFLE_FULL,
    };
    const bool any = config->data_shuffle == CAIRN_DATA_SHUFFLE_AUTO;
    struct cairn_shuffle shuffle = {.kind = kinds[config->data_shuffle], .automatic = any};
    const struct cairn_stored_layout layout = cairn_loader_layout(dataset, CAIRN_SPLIT_TRAIN);
    if (any && !held && layout.in_chunks && !layout.scattered) shuffle.kind = CAIRN_SHUFFLE_BLOCKS;
    if (config->data_shuffle_window != CAIRN_KEY_WORD(CAIRN_SHUFFLE_WINDOW_AUTO))
        shuffle.window = config->data_shuffle_window;
    cairn_loader_shuffle(dataset, CAIRN_SPLIT_TRAIN, &shuffle);
    return shuffle;
}

struct cairn_loader_options cairn_setup_loader_options(const struct cairn_config *config,
                                                       struct cairn_dataset *dataset,
                                                       enum cairn_split split, size_t micro,
                                                       bool held)
{
    const bool trains = split == CAIRN_SPLIT_TRAIN;
    return (struct cairn_loader_options){
        .split = split,
        .micro = micro,
        .shuffle = trains ? cairn_setup_shuffle(config, dataset, held)
                          : (struct cairn_shuffle){.kind = CAIRN_SHUFFLE_NONE},
        .seed = config->train_seed,
        .memory_bytes = held ? SIZE_MAX : 0,
        .prefetch = config->data_prefetch,
        .augment = {.crop_padding = trains ? config->augment_crop_padding : 0,
                    .flip = trains && config->augment_flip},
    };
}

uint64_t cairn_setup_memory(const struct cairn_config *config)
{
    const bool any = config->data_memory == CAIRN_KEY_WORD(CAIRN_MEMORY_AUTO);
    return any ? 0 : config->data_memory;
}

unsigned cairn_setup_data_preferred(const struct cairn_setup_data_bytes *data)
{
    const unsigned all = (1U << CAIRN_N_SPLITS) - 1;
    if (data->in_memory == CAIRN_IN_MEMORY_FALSE) return 0;
    return data->in_memory == CAIRN_IN_MEMORY_AUTO ? all & ~data->once : all;
}

/* test, where evaluations on the way read another group, or there are none. */
static unsigned read_once(const struct cairn_config *config, const struct cairn_dataset *dataset)
{
    const bool never = config->train_evaluate_every == CAIRN_KEY_WORD(CAIRN_EVALUATE_EVERY_NONE);
    const bool other = cairn_dataset_size(dataset, CAIRN_SPLIT_VAL) > 0;
    return never || other ? 1U << CAIRN_SPLIT_TEST : 0;
}

/* A sum of those groups whose bit in `held` is `bit`. */
static uint64_t sum_of(const uint64_t bytes[CAIRN_N_SPLITS], unsigned held, unsigned bit)
{
    uint64_t sum = 0;
    for (int i = 0; i < CAIRN_N_SPLITS; i++) sum += (held >> i & 1) == bit ? bytes[i] : 0;
    return sum;
}

uint64_t cairn_setup_data_held(const struct cairn_setup_data_bytes *data, unsigned held)
{
    return sum_of(data->held, held, 1);
}

uint64_t cairn_setup_data_streamed(const struct cairn_setup_data_bytes *data, unsigned held)
{
    return sum_of(data->streamed, held, 0);
}

struct cairn_setup_data_bytes cairn_setup_loader_bytes(const struct cairn_config *config,
                                                       struct cairn_dataset *dataset, size_t micro)
{
    struct cairn_setup_data_bytes bytes = {
        .in_memory = (enum cairn_word_in_memory)config->data_in_memory,
        .memory = cairn_setup_memory(config),
        .buffers = cairn_dataset_files_bytes(dataset),
        .once = read_once(config, dataset),
    };
    for (int i = 0; i < CAIRN_N_SPLITS; i++) {
        struct cairn_loader_options options =
            cairn_setup_loader_options(config, dataset, (enum cairn_split)i, micro, true);
        const struct cairn_loader_memory held = cairn_loader_would_take(dataset, &options);
        options = cairn_setup_loader_options(config, dataset, (enum cairn_split)i, micro, false);
        const struct cairn_loader_memory streamed = cairn_loader_would_take(dataset, &options);
        bytes.held[i] = held.data;
        bytes.streamed[i] = streamed.rows - held.rows;
        bytes.buffers += held.rows + held.chunks;
    }
    return bytes;
}

cairn_status cairn_setup_check_train(const struct cairn_dataset *dataset)
{
    if (cairn_dataset_size(dataset, CAIRN_SPLIT_TRAIN) > 0) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA,
                      "%s: has no group train to learn from; cairn info shows what it has",
                      cairn_dataset_path(dataset));
}

cairn_status cairn_setup_loader(struct cairn_dataset *dataset,
                                const struct cairn_loader_options *options,
                                struct cairn_loader **out)
{
    *out = NULL;
    return cairn_dataset_has(dataset, options->split) ? cairn_loader_create(dataset, options, out)
                                                      : CAIRN_OK;
}

static cairn_status normalize(const struct cairn_config *config, struct cairn_dataset *dataset)
{
    size_t n_channels = cairn_dataset_input(dataset)->dim[0];
    double *value = NULL;
    if (config->data_mean == NULL && config->data_std == NULL) {
        cairn_dataset_normalize_not(dataset);
        return CAIRN_OK;
    }
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

static cairn_status set_classes(const struct cairn_config *config, struct cairn_dataset *dataset)
{
    bool classes = cairn_model_loss_names_classes(config->loss);
    if (cairn_dataset_y_is_whole(dataset)) {
        const struct cairn_model_options options = cairn_setup_model_options(config, dataset, 1);
        classes = cairn_model_wants_labels(&options);
    }
    return cairn_dataset_set_classes(dataset, classes);
}

cairn_status cairn_setup_adapt(const struct cairn_config *config, struct cairn_dataset *dataset)
{
    size_t context = config->data_context == CAIRN_NONE ? 0 : config->data_context;
    cairn_status st = cairn_dataset_set_context(dataset, context);
    if (st != CAIRN_OK)
        return cairn_fail_in(
            st, "%s", cairn_config_place(config, context == 0 ? "data.file" : "data.context"));
    CAIRN_TRY(set_classes(config, dataset));
    return normalize(config, dataset);
}

/* Where a config says that its data are. */
static struct cairn_dataset_options options_of(const struct cairn_config *config)
{
    return (struct cairn_dataset_options){
        .files = config->data_file,
        .open_files = config->data_open_files,
        .group = {[CAIRN_SPLIT_TRAIN] = config->data_train,
                  [CAIRN_SPLIT_VAL] = config->data_val,
                  [CAIRN_SPLIT_TEST] = config->data_test},
        .x = config->data_x,
        .y = config->data_y,
        .weight = config->data_weight,
        .hwc = config->data_layout == CAIRN_LAYOUT_HWC,
        .chwn = config->data_layout == CAIRN_LAYOUT_CHWN,
        .whole = config->data_sample == CAIRN_SAMPLE_FILE,
        .val_fraction = config->data_val_fraction,
        .test_fraction = config->data_test_fraction,
        .split_seed = config->data_split_seed,
        .most_labels = MOST_LABELS,
    };
}

/* Whether a group's place is one in whatever file the data are. */
static bool is_group(const struct cairn_node *node)
{
    return node != NULL && node->kind == CAIRN_NODE_SCALAR && !cairn_file_is_named(node->text);
}

cairn_status cairn_setup_dataset(const struct cairn_config *config,
                                 const struct cairn_setup_other *other, struct cairn_dataset **out)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_dataset_options options = options_of(config);
    options.labels_optional = other != NULL && other->labels_optional;
    if (other != NULL && other->as_stored) options.most_labels = 0;
    if (other != NULL && other->file != NULL) {
        options.file = other->file;
        options.files = NULL;
        options.alone = other->split;
        options.val_fraction = options.test_fraction = 0;
        for (int i = 0; i < CAIRN_N_SPLITS; i++)
            if (!is_group(options.group[i])) options.group[i] = NULL;
    }
    CAIRN_TRY(cairn_dataset_open_as(&options, &dataset));
    cairn_status st = other != NULL && other->as_stored ? set_classes(config, dataset)
                                                        : cairn_setup_adapt(config, dataset);
    if (st == CAIRN_OK)
        *out = dataset;
    else
        cairn_dataset_close(dataset);
    return st;
}

static void put_names(FILE *out, const struct cairn_node *node)
{
    fputc('\n', out);
    if (node == NULL) return;
    if (node->text != NULL) fprintf(out, " %s", node->text);
    for (const struct cairn_node *name = node->child; name != NULL; name = name->next)
        fprintf(out, " %s", name->text);
}

cairn_status cairn_setup_data_name(const struct cairn_config *config, char **out)
{
    const struct cairn_dataset_options o = options_of(config);
    char *text = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&text, &n);
    if (memory == NULL) return cairn_fail(CAIRN_MEMORY, "not enough memory for names of data");
    fprintf(memory, "%s\n%s\n%s\n%d %d %d %a %a %llu", o.x, o.y, o.weight, o.hwc, o.chwn, o.whole,
            o.val_fraction, o.test_fraction, (unsigned long long)o.split_seed);
    put_names(memory, o.files);
    for (int i = 0; i < CAIRN_N_SPLITS; i++) put_names(memory, o.group[i]);
    const bool failed = ferror(memory) != 0;
    if (fclose(memory) != 0 || failed) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "not enough memory for names of data");
    }
    *out = text;
    return CAIRN_OK;
}

static void let_go(struct cairn_setup_data *data)
{
    cairn_dataset_close(data->dataset);
    free(data->name);
    data->dataset = NULL;
    data->name = NULL;
}

cairn_status cairn_setup_data_is_open(const struct cairn_setup_data *data,
                                      const struct cairn_config *config, bool *out)
{
    char *name = NULL;
    CAIRN_TRY(cairn_setup_data_name(config, &name));
    *out = data->dataset != NULL && strcmp(data->name, name) == 0;
    free(name);
    return CAIRN_OK;
}

cairn_status cairn_setup_data_keep(struct cairn_setup_data *data, const struct cairn_config *config,
                                   struct cairn_dataset *dataset)
{
    char *name = NULL;
    CAIRN_TRY(cairn_setup_data_name(config, &name));
    let_go(data);
    data->dataset = dataset;
    data->name = name;
    return CAIRN_OK;
}

/* Other data than before. */
static cairn_status open_other(struct cairn_setup_data *data, const struct cairn_config *config)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_dataset_options options = options_of(config);
    options.root = data->root;
    CAIRN_TRY(cairn_dataset_open_as(&options, &dataset));
    cairn_status st = cairn_setup_data_keep(data, config, dataset);
    if (st != CAIRN_OK) cairn_dataset_close(dataset);
    return st;
}

cairn_status cairn_setup_data_open(struct cairn_setup_data *data, const struct cairn_config *config,
                                   struct cairn_dataset **out)
{
    bool open = false;
    if (data == NULL) return cairn_setup_dataset(config, NULL, out);
    CAIRN_TRY(cairn_setup_data_is_open(data, config, &open));
    if (!open) CAIRN_TRY(open_other(data, config));
    CAIRN_TRY(cairn_setup_adapt(config, data->dataset));
    *out = cairn_dataset_share(data->dataset);
    return CAIRN_OK;
}

void cairn_setup_data_close(struct cairn_setup_data *data)
{
    let_go(data);
    free(data->root);
    data->root = NULL;
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
        .n_labels = cairn_dataset_n_labels(dataset),
        .y = *cairn_dataset_y(dataset),
        .vocabulary = cairn_dataset_vocabulary(dataset),
        .micro = micro,
        .sizes = {micro},
        .backend = cairn_setup_backend(config),
        .rounds = cairn_setup_rounds(config),
        .holds = config->train_reproducible,
        .recompute = cairn_setup_recompute(config),
        .seed = config->train_seed,
    };
}

size_t cairn_setup_recompute(const struct cairn_config *config)
{
    const size_t n = config->train_recompute;
    const bool is_word = n == CAIRN_NONE || n == CAIRN_KEY_WORD(CAIRN_RECOMPUTE_AUTO);
    return is_word ? 0 : n;
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
        .sizes = {micro},
        .backend = cairn_setup_backend(config),
        .rounds = cairn_setup_rounds(config),
        .seed = config->train_seed,
    };
}
