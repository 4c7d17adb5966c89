/* SPDX-License-Identifier: BSD-3-Clause
 * A survey by several ranks: what one has seen of all is what many have seen of their shares, with
 * room for all samples and with little. */
#include "comm/exchange.h"
#include "start/survey.h"
#include "support/data.h"
#include "support/mpi.h"

enum { N = 5000, D = 2 };

/* Rows 0 .. N - 1 of train are (i, i / 2); those of test are every second of them. */
static cairn_status make_data(void)
{
    static float x[N * D], half[N / 2 * D];
    static int32_t label[N];
    struct cairn_table train = {
        .n = N, .input = {1, {D}}, .x_type = CAIRN_H5_F32, .x = x, .label = label};
    struct cairn_table test = train;
    if (cairn_comm_rank(world) != 0) return CAIRN_OK;
    for (size_t i = 0; i < N; i++) {
        x[i * D] = (float)i;
        x[i * D + 1] = (float)(i / 2);
        label[i] = (int32_t)(i % 3);
    }
    for (size_t i = 0; i < N / 2; i++) memcpy(&half[i * D], &x[2 * i * D], D * sizeof *x);
    test.n = N / 2;
    test.x = half;
    write_dataset("survey.h5", &train, &test);
    return CAIRN_OK;
}

/* On rank 0: whether this is right of a survey that compared all of them, or a part. */
static bool right(const struct cairn_survey *survey, bool little)
{
    const struct cairn_survey_array *x = &survey->array[CAIRN_SPLIT_TRAIN][CAIRN_SURVEY_X];
    const struct cairn_twins_found *both = &survey->table.of[CAIRN_SPLIT_TRAIN][CAIRN_SPLIT_TEST];
    double mean = 0;
    double deviation = 0;
    cairn_survey_moments(x, 0, &mean, &deviation);
    if (x->column[0].low != 0 || x->column[0].high != N - 1 || mean != (N - 1) / 2.0) return false;
    if (cairn_exact_sum_value(&x->column[1].n) != N || x->varies[0] != 1) return false;
    if (survey->table.of[CAIRN_SPLIT_TRAIN][CAIRN_SPLIT_TRAIN].n != 0) return false;
    if (!little) return both->n == N / 2 && both->row[0] == 0 && both->row[1] == 0;
    /* of 2^-narrow of the samples, give or take six deviations */
    const double expected = N / 2.0 / (double)((uint64_t)1 << survey->twins.narrow);
    const double off = (double)both->n - expected;
    return survey->twins.narrow > 0 && both->n > 0 && off * off < 36 * expected &&
           both->row[0] == 2 * both->row[1];
}

static void test_room(void **state)
{
    static const size_t room[] = {(size_t)1 << 24, 400 * sizeof(struct cairn_twin)};
    struct cairn_dataset *dataset = NULL;
    (void)state;
    cairn_status st = cairn_comm_agree_root(world, make_data());
    if (st == CAIRN_OK) st = cairn_comm_agree(world, cairn_dataset_open("survey.h5", &dataset));
    assert_on_all(st == CAIRN_OK);
    for (int little = 0; little < 2; little++) {
        struct cairn_survey *survey = NULL;
        st = cairn_start_survey(dataset, world, room[little], &survey);
        assert_on_all(st == CAIRN_OK);
        assert_on_all(cairn_comm_rank(world) != 0 || right(survey, little == 1));
        cairn_survey_free(survey);
    }
    cairn_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_room)};
    return RUN_ON_ALL("survey", tests);
}
