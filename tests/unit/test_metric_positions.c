/* SPDX-License-Identifier: BSD-3-Clause
 * Metrics of labels that have positions. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "nn/metric/metrics.h"
#include "support/nn.h"

enum { ACCURACY = 0 };

static const double CLOSE = 1e-14; /* a few roundings in double */

/* Labels of four pixels, the classes being channels: as many rows, of which one is ignored and one
 * weighs nothing. */
static void test_positions(void **state)
{
    (void)state;
    static const real h[] = {9, 0, 0, 5, 0, 9, 0, 0, 0, 0, 9, 0,  /* [3, 2, 2]: 0 1 2 0 */
                             9, 9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9}; /* 0 0 1 2 */
    static const int32_t label[] = {0, 1, 1, 2, -100, 0, 1, 1};
    static const cairn_real weight[] = {1, 1, 1, 1, 1, 1, 1, 0};
    static const uint64_t number[2] = {0};
    struct cairn_node *tree = tree_of("[{type: scale, factor: 1}]");
    struct cairn_node *loss = tree_of("cross_entropy");
    const struct cairn_model_options options = {.layers = tree,
                                                .loss = loss,
                                                .input = {3, {3, 2, 2}},
                                                .y = {2, {2, 2}},
                                                .n_classes = 3,
                                                .n_labels = 4,
                                                .micro = 2,
                                                .seed = 1};
    const struct cairn_micro micro = {.n = 2,
                                      .x = h,
                                      .n_labels = 4,
                                      .label = label,
                                      .n_weights = 4,
                                      .weight = weight,
                                      .sample = number,
                                      .epoch = number};
    struct cairn_model *model = NULL;
    struct cairn_metric_set *metrics = NULL;
    struct cairn_scores scores = {0};
    double value[CAIRN_N_METRICS];
    size_t mean_iou = 0, dice = 0;
    assert_int_equal(cairn_metric_find("mean_iou", &mean_iou), CAIRN_OK);
    assert_int_equal(cairn_metric_find("dice", &dice), CAIRN_OK);
    assert_int_equal(cairn_model_create(&options, &model), CAIRN_OK);
    struct cairn_metric_choice choice = cairn_metrics_usual(model);
    assert_true(choice.wanted[mean_iou] && choice.wanted[ACCURACY]);
    choice.wanted[dice] = true;
    assert_int_equal(cairn_metrics_create(model, &choice, &metrics), CAIRN_OK);
    assert_int_equal(cairn_model_evaluate(model, NULL, &micro, &scores), CAIRN_OK);
    cairn_metrics_begin(metrics);
    cairn_metrics_add(metrics, model, &micro, &scores);
    cairn_metrics_values(metrics, value);
    /* six that count: labels 0 1 1 2 0 1, predicted 0 1 2 0 0 1 */
    assert_true(fabs(value[ACCURACY] - 4.0 / 6) < CLOSE);
    assert_true(fabs(value[mean_iou] - (2.0 / 3 + 2.0 / 3 + 0) / 3) < CLOSE);
    assert_true(fabs(value[dice] - (4.0 / 5 + 4.0 / 5 + 0) / 3) < CLOSE);
    cairn_metrics_free(metrics);
    cairn_model_free(model);
    cairn_node_free(loss);
    cairn_node_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_positions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
