/* SPDX-License-Identifier: BSD-3-Clause
 * The trainings: their texts, their data, and the worlds that they run on. */
#include "selftest/work.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "comm/watchdog.h"
#include "start/start.h"

enum { CLASSES = 10, N_SAMPLES = 1 << 20, MOST_VALUES = 4096, KEY_BYTES = 64 };

static const size_t mlp_dim[] = {256}, cube_dim[] = {1, 16, 16, 16};
static const size_t small_mlp_dim[] = {64}, small_cube_dim[] = {1, 8, 8, 8};

static const char *const mlp[] = {
    "model=[{type: dense, units: 512}, {type: relu}, {type: dense, units: 512}, {type: relu}, "
    "{type: dense, units: 10}]",
    NULL};
static const char *const cube[] = {
    "model=[{type: conv3d, channels: 8, kernel: 3, padding: same}, {type: relu}, "
    "{type: maxpool, kernel: 2}, {type: conv3d, channels: 16, kernel: 3, padding: same}, "
    "{type: relu}, {type: maxpool, kernel: 2}, {type: flatten}, {type: dense, units: 10}]",
    NULL};
/* Of more than CAIRN_TEAM_LEAST_VALUES weights, so that the ranks of a node share them. */
static const char *const small_mlp[] = {
    "model=[{type: dense, units: 256}, {type: relu}, {type: dense, units: 10}]", NULL};
static const char *const small_cube[] = {
    "model=[{type: conv3d, channels: 16, kernel: 3, padding: same}, {type: relu}, "
    "{type: maxpool, kernel: 2}, {type: flatten}, {type: dense, units: 10}]",
    NULL};

#define FORM(dims)                                                                                 \
    {                                                                                              \
        .size = sizeof(struct cairn_data_form), .dim = (dims),                                     \
        .n_dims = sizeof(dims) / sizeof *(dims), .n_classes = CLASSES                              \
    }
static const struct cairn_selftest_net nets[] = {
    {"MLP", "mlp", mlp, FORM(mlp_dim), 32},
    {"3-D net", "net3d", cube, FORM(cube_dim), 4},
};
static const struct cairn_selftest_net small_nets[] = {
    {"MLP", "mlp", small_mlp, FORM(small_mlp_dim), 4},
    {"3-D net", "net3d", small_cube, FORM(small_cube_dim), 2},
};
enum { N_NETS = sizeof nets / sizeof nets[0] };

const struct cairn_selftest_net *cairn_selftest_net_at(size_t index, bool small)
{
    if (index >= N_NETS) return NULL;
    return small ? &small_nets[index] : &nets[index];
}

static size_t values_of(const struct cairn_data_form *form)
{
    size_t n = 1;
    for (size_t i = 0; i < form->n_dims; i++) n *= form->dim[i];
    return n;
}

/* Noise, and a label that follows from some of it, so that there is something to learn. */
static cairn_status fill(void *context, const uint64_t *sample, size_t n,
                         const struct cairn_rows_out *out)
{
    const struct cairn_selftest_net *net = context;
    const size_t n_values = values_of(&net->form);
    const uint64_t key = cairn_random_key(1, CAIRN_RANDOM_INIT, n_values, 0);
    uint32_t bits[MOST_VALUES];
    for (size_t i = 0; i < n; i++) {
        cairn_random_fill(key, sample[i], n_values, bits);
        for (size_t v = 0; v < n_values; v++)
            out->x[i * n_values + v] = (real)cairn_random_unit(bits[v]) - (real)0.5;
        out->label[i] = (int32_t)((uint64_t)bits[0] * CLASSES >> 32);
    }
    return CAIRN_OK;
}

static cairn_status set(cairn_options *options, const char *pair)
{
    char key[KEY_BYTES];
    const char *equal = strchr(pair, '=');
    snprintf(key, sizeof key, "%.*s", (int)(equal - pair), pair);
    return cairn_options_set(options, key, equal + 1);
}

static cairn_status set_all(const struct cairn_selftest_training *training, cairn_options *options)
{
    static const char *const common[] = {"train.evaluate_every=none", "data.in_memory=false",
                                         "optim.lr=0.05", "train.updates=1000000000", NULL};
    const char *const *const lists[] = {common, training->net->keys, training->more};
    char number[32];
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        for (size_t i = 0; lists[l] != NULL && lists[l][i] != NULL; i++)
            CAIRN_TRY(set(options, lists[l][i]));
    snprintf(number, sizeof number, "%zu", training->net->micro);
    CAIRN_TRY(cairn_options_set(options, "batch.micro", number));
    snprintf(number, sizeof number, "%zu", training->global);
    return cairn_options_set(options, "batch.global", number);
}

cairn_status cairn_selftest_options(const struct cairn_selftest_training *training,
                                    cairn_options **options, cairn_data **data)
{
    const struct cairn_selftest_net *net = training->net;
    *data = NULL;
    CAIRN_TRY(cairn_options_create(options));
    cairn_status st = set_all(training, *options);
    if (st == CAIRN_OK) st = cairn_data_create(&net->form, data);
    if (st == CAIRN_OK) st = cairn_data_function(*data, "train", N_SAMPLES, fill, (void *)net);
    return st;
}

cairn_status cairn_selftest_config(const struct cairn_selftest_training *training,
                                   struct cairn_config **config, struct cairn_setup_data *given)
{
    cairn_options *options = NULL;
    cairn_data *data = NULL;
    cairn_status st = cairn_selftest_options(training, &options, &data);
    if (st == CAIRN_OK) st = cairn_options_config(options, true, config);
    if (st == CAIRN_OK) st = cairn_start_given_data(*config, data, given);
    cairn_data_free(data);
    cairn_options_free(options);
    return st;
}

cairn_status cairn_selftest_open(const struct cairn_selftest_training *training, cairn_comm *part,
                                 cairn_trainer **out)
{
    cairn_options *options = NULL;
    cairn_data *data = NULL;
    cairn_status st = cairn_comm_agree(part, cairn_selftest_options(training, &options, &data));
    if (st == CAIRN_OK) st = cairn_trainer_open_with(options, data, part, out);
    cairn_data_free(data);
    cairn_options_free(options);
    return st;
}

cairn_status cairn_selftest_on(const struct cairn_selftest *test, int group, int place,
                               cairn_selftest_job *job, void *context)
{
    cairn_comm *part = NULL;
    cairn_watchdog_phase(test->comm, CAIRN_PHASE_READY);
    CAIRN_TRY(cairn_comm_arrange(test->comm, CAIRN_OK, group, place, &part)); /* agreed */
    const cairn_status st = part == NULL ? CAIRN_OK : job(context, part);
    cairn_comm_close(part);
    return cairn_comm_idle_barrier(test->comm, st);
}
