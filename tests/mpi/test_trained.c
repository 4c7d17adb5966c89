/* SPDX-License-Identifier: BSD-3-Clause
 * A trained model by public functions: what it gives is what its trainer gives, for a group of the
 * data over the ranks and for inputs in memory. */
#include <string.h>

#include "support/linear.h"
#include "support/mpi.h"

static const char *const keys[] = {"batch.global=64", "batch.micro=16", "train.epochs=3",
                                   "train.ema=0.9", NULL};

static struct linear all;

/* Samples from memory in the place of the file: arrays, or none but their form. */
static void ask_from_memory(const cairn_real wanted[50])
{
    static const size_t dim[] = {LINEAR_INPUTS};
    const struct cairn_data_form form = {
        .size = sizeof form, .dim = dim, .n_dims = 1, .n_targets = 1};
    const struct cairn_samples samples = {.n = 50, .x = all.x, .target = all.y};
    struct cairn_trained_settings settings = {
        .size = sizeof settings, .checkpoint = "state.h5", .average = true};
    cairn_trained *trained = NULL;
    const cairn_real *outputs = NULL;
    cairn_real mine[50];
    double loss = 0, accuracy = 0;
    assert_on_all(cairn_data_create(&form, &settings.data) == CAIRN_OK &&
                  cairn_data_arrays(settings.data, "test", &samples) == CAIRN_OK &&
                  cairn_data_fed(settings.data, 1) == CAIRN_OK);
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_OK &&
                  cairn_trained_outputs(trained, &outputs) == CAIRN_OK);
    assert_on_all(cairn_comm_rank(world) != 0 || memcmp(outputs, wanted, 50 * sizeof *wanted) == 0);
    cairn_trained_close(trained);

    settings.split = "train";
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_OK &&
                  cairn_trained_predict(trained, all.x, 50, mine) == CAIRN_OK &&
                  memcmp(mine, wanted, sizeof mine) == 0);
    assert_on_all(cairn_trained_outputs(trained, &outputs) == CAIRN_USAGE &&
                  cairn_trained_write(trained, "outputs.h5") == CAIRN_USAGE);
    assert_on_all(cairn_trained_evaluate(trained, &loss, &accuracy) == CAIRN_USAGE);
    cairn_trained_close(trained);
    settings.data_file = "data.h5"; /* as well */
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_USAGE);
    cairn_data_free(settings.data);
}

static void test_trained(void **state)
{
    (void)state;
    struct cairn_trained_settings settings = {
        .size = sizeof settings, .checkpoint = "state.h5", .split = "train", .average = true};
    cairn_trained *trained = NULL;
    const cairn_real *outputs = NULL;
    cairn_real mine[50], theirs[50];
    size_t n_dims = 0;
    double loss = 0, accuracy = 0;
    struct cairn_update_record record;
    cairn_trainer *t = linear_trainer(world, keys);
    assert_on_all(t != NULL && cairn_trainer_update(t, &record) == CAIRN_OK &&
                  cairn_trainer_save(t, "state.h5") == CAIRN_OK);
    assert_on_all(linear_read(&all) && cairn_trained_open(world, &settings, &trained) == CAIRN_OK);
    const size_t *shape = cairn_trained_shape(trained, &n_dims);
    assert_on_all(cairn_trained_samples(trained) == all.n && n_dims == 1 && shape[0] == 1);
    assert_on_all(cairn_trained_predict(trained, all.x, 50, mine) == CAIRN_OK &&
                  cairn_trainer_predict(t, true, all.x, 50, theirs) == CAIRN_OK &&
                  memcmp(mine, theirs, sizeof mine) == 0);
    assert_on_all(cairn_trained_outputs(trained, &outputs) == CAIRN_OK);
    assert_on_all(cairn_comm_rank(world) == 0 ? outputs != NULL : outputs == NULL);
    assert_on_all(cairn_trained_evaluate(trained, &loss, &accuracy) == CAIRN_OK && loss > 0 &&
                  accuracy != accuracy);
    assert_on_all(cairn_trained_write(trained, "no/such/outputs.h5") == CAIRN_FILES);
    cairn_trained_close(trained);
    cairn_trainer_close(t);
    ask_from_memory(theirs);
    linear_free(&all);

    settings.split = "middle";
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_USAGE);
    settings.split = NULL;
    settings.checkpoint = NULL;
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_USAGE);
    settings.checkpoint = "none.h5";
    assert_on_all(cairn_trained_open(world, &settings, &trained) == CAIRN_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trained)};
    return RUN_ON_ALL("trained", tests);
}
