/* SPDX-License-Identifier: BSD-3-Clause
 * What is planned before any memory is taken is what the trainer then has: to the byte for what
 * the model, the sum and the optimizer hold. */
#include <string.h>

#include "setup/setup.h"
#include "start/start.h"
#include "support/mpi.h"
#include "train/average.h"

/* A dense net, and one of images with everything that adds blocks. */
static const char *const run_files[] = {
    "data: {file: " CAIRN_SOURCE_DIR "/datasets/diabetes.h5}\n"
    "model: [{type: dense, units: 7}, {type: relu}, {type: dense, units: 1}]\n"
    "batch: {global: 64, micro: 16}\n"
    "train: {updates: 10}\n"
    "checkpoint: {every_updates: 4, milestones: 3}\n",
    "data: {file: " CAIRN_SOURCE_DIR "/datasets/digits.h5, in_memory: false}\n"
    "model: [{type: conv2d, channels: 4, kernel: 3}, {type: batchnorm}, {type: relu},\n"
    "        {type: flatten}, {type: dense, units: 10}]\n"
    "batch: {global: 64, micro: 8}\n"
    "optim: {name: adam, lr: 0.001}\n"
    "train: {updates: 10, reproducible: true, ema: 0.99}\n"
    "checkpoint: {every_updates: 0, keep_best: eval_loss, milestones: [2, 10, 11]}\n",
};

/* One of them on this world: the plan, and then the objects. */
struct subject {
    struct cairn_config *config;
    cairn_trainer *t;
    struct cairn_opened opened;
    struct cairn_planned planned;
};

static cairn_status make(const char *run_file, struct subject *s)
{
    cairn_status st = cairn_config_read(run_file, strlen(run_file), "run.yaml", NULL, &s->config);
    st = cairn_comm_agree(world, st);
    if (st == CAIRN_OK) st = cairn_start_open(s->config, world, NULL, &s->opened);
    s->planned = s->opened.planned;
    if (st == CAIRN_OK) st = cairn_start_trainer_from(s->config, world, &s->opened, &s->t);
    cairn_opened_close(&s->opened);
    return st;
}

static uint64_t slot_bytes(const cairn_trainer *t)
{
    const char *name = NULL;
    real *block = NULL;
    uint64_t bytes = 0;
    for (size_t i = 0; cairn_optim_slot(t->parts.optim, i, &name, &block); i++)
        bytes += t->params->n_weights * sizeof *block;
    return bytes;
}

static uint64_t data_bytes(const cairn_trainer *t)
{
    uint64_t bytes = 0;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (t->parts.loader[split] != NULL) bytes += cairn_loader_bytes(t->parts.loader[split]);
    return bytes;
}

static uint64_t label_bytes(const cairn_trainer *t)
{
    const struct cairn_dataset *dataset = t->parts.dataset;
    uint64_t bytes = 0;
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (cairn_dataset_labels(dataset, (enum cairn_split)split) != NULL)
            bytes += cairn_dataset_size(dataset, (enum cairn_split)split) * sizeof(int32_t);
    return bytes;
}

static void plans_are_what_is_taken(void **state)
{
    (void)state;
    static const uint64_t saves[] = {3, 1}; /* of updates 4, 8, 10; at the end */
    static const uint64_t stay[] = {3, 3};  /* of updates 3, 6, 9; 2, 10 and the best one */
    for (size_t i = 0; i < 2; i++) {
        struct subject s = {.config = NULL};
        assert_on_all(make(run_files[i], &s) == CAIRN_OK);
        uint64_t block = s.t->params->n_values * sizeof(real);
        bool fixed = s.config->train_reproducible;
        assert_on_all(s.planned.weights == block);
        assert_on_all(s.planned.average == (cairn_trainer_average(s.t) != NULL ? block : 0));
        assert_on_all(s.planned.gradient ==
                      s.t->params->n_values * s.t->sum->kind->cost(s.t->sum->n_micro).memory_bytes);
        assert_on_all(s.planned.optimizer == slot_bytes(s.t));
        assert_on_all(s.planned.activations == cairn_model_activation_bytes(s.t->parts.model));
        assert_on_all(s.planned.data == data_bytes(s.t));
        assert_on_all(s.planned.labels == label_bytes(s.t));
        assert_on_all(s.planned.buffers > 0);
        assert_on_all(s.planned.sample * s.planned.micro <= s.planned.activations);
        assert_on_all(s.planned.on_wire == block * (fixed ? 2 : 1));
        assert_on_all(s.planned.n_saves == saves[i]);
        assert_on_all(s.planned.n_stay == stay[i]);
        assert_on_all(cairn_planned_total_bytes(&s.planned) >
                      s.planned.weights + s.planned.activations);
        cairn_trainer_close(s.t);
        cairn_config_free(s.config);
    }
}

/* Products that no machine can hold are large numbers, not small ones. */
static void nothing_wraps(void **state)
{
    (void)state;
    struct cairn_planned planned = {.weights = UINT64_MAX, .optimizer = 5};
    assert_on_all(cairn_planned_total_bytes(&planned) == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_what_is_taken),
        cmocka_unit_test(nothing_wraps),
    };
    return RUN_ON_ALL("planned", tests);
}
