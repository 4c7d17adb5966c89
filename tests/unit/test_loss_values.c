/* SPDX-License-Identifier: BSD-3-Clause
 * Losses and their options against PyTorch; labels of tokens; numbers that overflow. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/loss.h"
#include "support/nn.h"

static const double ROUNDING = 3e-7; /* a few float operations on numbers near 1 */

/* The numbers are those of PyTorch 2.13.0 in double: nn.CrossEntropyLoss with its mean and the
 * gradient of that, and nn.BCEWithLogitsLoss with reduction "sum", divided by the 4 samples. */
struct value {
    const char *loss;
    double mean, gradient[LOSS_ROWS * LOSS_K];
};

static void check_value(const struct value *value, const struct alone *loss,
                        const struct cairn_micro *micro, size_t k, const real *h)
{
    real dh[LOSS_ROWS * LOSS_K];
    struct cairn_scores scores = {0};
    memset(dh, 0xff, sizeof dh); /* NaN: every place is written */
    assert_int_equal(loss_run(loss, micro, k, h, dh, &scores), CAIRN_OK);
    if (fabs(scores.loss / scores.weight - value->mean) > ROUNDING)
        fail_msg("%s: loss %.9f", value->loss, scores.loss / scores.weight);
    for (size_t i = 0; i < micro->n * k; i++)
        if (!(fabs((double)dh[i] / scores.weight - value->gradient[i]) < ROUNDING))
            fail_msg("%s: gradient %zu is %.9f", value->loss, i, (double)dh[i] / scores.weight);
}

/* n losses of the real targets. */
static void check_targets(const struct value *row, size_t n)
{
    const struct cairn_micro micro = {.n = LOSS_ROWS,
                                      .n_labels = 1,
                                      .target = loss_targets,
                                      .sample = loss_numbers,
                                      .epoch = loss_numbers};
    for (size_t i = 0; i < n; i++) {
        struct alone loss = loss_of_targets(row[i].loss);
        check_value(&row[i], &loss, &micro, LOSS_K, loss_outputs);
        loss_free(&loss);
    }
}

static void test_cross_entropy_against_pytorch(void **state)
{
    (void)state;
    static const struct value rows[] = {
        {"{type: cross_entropy}",
         0.701974553278,
         {0.0438225980, 0.0097781433, -0.0536007414, 0.1796100853, -0.1985408490, 0.0189307637,
          0.0015943652, -0.0133752194, 0.0117808541, -0.1514531720, 0.1265366319, 0.0249165402}},
        {"{type: cross_entropy, label_smoothing: 0.1}",
         0.813432886611,
         {0.0354892647, 0.0014448100, -0.0369340747, 0.1712767520, -0.1818741823, 0.0105974304,
          -0.0067389681, 0.0032914473, 0.0034475208, -0.1347865054, 0.1182032985, 0.0165832068}},
        {"{type: cross_entropy, class_weights: [1, 0.5, 2]}",
         0.557845146844,
         {0.0876451961, 0.0195562866, -0.1072014827, 0.0898050426, -0.0992704245, 0.0094653819,
          0.0007971826, -0.0066876097, 0.0058904271, -0.1514531720, 0.1265366319, 0.0249165402}},
        {"{type: cross_entropy, class_weights: [1, 0.5, 2], label_smoothing: 0.1}",
         0.728749330042,
         {0.0756599796, 0.0145747747, -0.0902347543, 0.0934457150, -0.0875064811, -0.0059392339,
          -0.0074298597, 0.0174207090, -0.0099908493, -0.1331440582, 0.1244789091, 0.0086651492}},
        {"{type: cross_entropy, class_weights: [1, 0.5, 2], label_smoothing: 0.1, ignore_index: 1}",
         0.532152624930,
         {0.1008799728, 0.0194330329, -0.1203130057, 0, 0, 0, 0, 0, 0, -0.1775254110, 0.1659718787,
          0.0115535322}},
        /* the last row's label has the weight 0 and still a part in what is smoothed */
        {"{type: cross_entropy, class_weights: [0, 1, 3], label_smoothing: 0.25, ignore_index: 2}",
         1.702594511203,
         {0, 0, 0, 0.3891551848, -0.3051718395, -0.0839833453, 0.0034544580, 0.0960203580,
          -0.0994748160, 0.0656978853, 0.0426910879, -0.1083889732}},
    };
    const struct cairn_micro micro = {.n = LOSS_ROWS,
                                      .n_labels = 1,
                                      .label = loss_labels,
                                      .sample = loss_numbers,
                                      .epoch = loss_numbers};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct alone loss = loss_of_classes(rows[i].loss, LOSS_K);
        check_value(&rows[i], &loss, &micro, LOSS_K, loss_outputs);
        loss_free(&loss);
    }
}

/* By the formula of nn.CrossEntropyLoss with probabilities, in double: the mean over samples,
 * whatever the weights of classes. */
static void test_cross_entropy_of_probabilities(void **state)
{
    (void)state;
    static const struct value rows[] = {
        {"{type: cross_entropy}",
         3.016541850618,
         {0.0547782475, -0.2377773209, 0.1829990733, 0.0194151279, -0.0478112735, 0.0283961456,
          -0.1847098608, 0.4140933661, -0.2293835053, 0.0796151815, -0.1076462892, 0.0280311077}},
        {"{type: cross_entropy, class_weights: [1, 0.5, 2], label_smoothing: 0.1}",
         3.112356926119,
         {0.0362196413, -0.1067255543, 0.0705059130, -0.0103174774, 0.0034784458, 0.0068390316,
          -0.1729512701, 0.6090858898, -0.4361346197, 0.0304713873, -0.0307272042, 0.0002558169}},
    };
    check_targets(rows, sizeof rows / sizeof rows[0]);
}

static void test_binary_cross_entropy_against_pytorch(void **state)
{
    (void)state;
    static const struct value real_rows[] = {
        {"{type: binary_cross_entropy}",
         3.022294827674,
         {0.1556148328, -0.1827646447, 0.1576992695, -0.0456063810, 0.0155441252, 0.0802053252,
          -0.1576992695, 0.2381435317, -0.1250000000, 0.1015523433, -0.1018333500, 0.0556750347}},
        {"{type: binary_cross_entropy, pos_weight: 3}",
         5.384753832973,
         {0.1556148328, -0.5482939340, 0.1427989042, -0.1368191429, -0.0939117496, 0.0802053252,
          -0.4879981737, 0.2381435317, -0.3750000000, 0.0722529292, -0.3055000500, 0.0556750347}},
        {"{type: binary_cross_entropy, pos_weight: [0.5, 2, 0]}",
         3.137703176533,
         {0.1556148328, -0.3655292893, 0.1651494521, -0.0228031905, -0.0391838122, 0.0802053252,
          -0.0751245434, 0.2381435317, 0, 0.1088771969, -0.2036667000, 0.0556750347}},
    };
    static const struct value class_rows[] = {
        {"{type: binary_cross_entropy}",
         1.028919990181,
         {0.1556148328, -0.1827646447, -0.0298007305, 0.2043936190}},
        {"{type: binary_cross_entropy, pos_weight: 3}",
         1.749014839462,
         {0.1556148328, -0.5482939340, -0.0894021915, 0.2043936190}},
    };
    static const int32_t yes_or_no[LOSS_ROWS] = {0, 1, 1, 0};
    struct cairn_micro micro = {.n = LOSS_ROWS,
                                .n_labels = 1,
                                .target = loss_targets,
                                .sample = loss_numbers,
                                .epoch = loss_numbers};
    for (size_t i = 0; i < sizeof real_rows / sizeof real_rows[0]; i++) {
        struct alone loss = loss_of_targets(real_rows[i].loss);
        check_value(&real_rows[i], &loss, &micro, LOSS_K, loss_outputs);
        loss_free(&loss);
    }
    micro.target = NULL;
    micro.label = yes_or_no;
    for (size_t i = 0; i < sizeof class_rows / sizeof class_rows[0]; i++) {
        struct alone loss = loss_of_classes(class_rows[i].loss, 2);
        check_value(&class_rows[i], &loss, &micro, 1, loss_outputs);
        loss_free(&loss);
    }
}

/* By the formulas of nn.L1Loss, nn.HuberLoss and nn.PoissonNLLLoss with reduction "sum", and of
 * nn.KLDivLoss of log_softmax with "batchmean", in double, divided by the 4 samples; the gradient
 * is that of this. */
static void test_losses_of_real_targets(void **state)
{
    (void)state;
    static const struct value rows[] = {
        {"{type: absolute_error}",
         3.593750000000,
         {0.25, -0.25, 0.25, 0.25, -0.25, -0.25, -0.25, 0.25, -0.25, 0, -0.25, -0.25}},
        {"{type: huber}",
         2.376953125000,
         {0.125, -0.25, 0.25, 0.125, -0.0625, -0.1875, -0.25, 0.25, -0.25, 0, -0.15625, -0.25}},
        {"{type: huber, delta: 0.5}",
         1.460937500000,
         {0.125, -0.125, 0.125, 0.125, -0.0625, -0.125, -0.125, 0.125, -0.125, 0, -0.125, -0.125}},
        {"{type: huber, delta: 2.5}",
         3.423828125000,
         {0.125, -0.5, 0.4375, 0.125, -0.0625, -0.1875, -0.625, 0.625, -0.25, 0, -0.15625,
          -0.3125}},
        {"{type: poisson}",
         9.930907430385,
         {0.4121803177, -0.1580301397, 1.7847640247, 0.8704222676, 0.1960063542, 0.1180916382,
          -0.1536661792, 5.0213842308, 0, 0.2520371133, 0.1137478537, 0.0716261992}},
        {"{type: kl_divergence}",
         2.724332118716,
         {0.0547782475, -0.2377773209, 0.1829990733, 0.0194151279, -0.0478112735, 0.0283961456,
          -0.1847098608, 0.4140933661, -0.2293835053, 0.0796151815, -0.1076462892, 0.0280311077}},
    };
    check_targets(rows, sizeof rows / sizeof rows[0]);
}

/* The same formula, for four times the targets, which are above 1 then, and outputs |h| that may
 * be rates. */
static void test_poisson_of_counts(void **state)
{
    (void)state;
    static const struct value logs = {"{type: poisson, full: true}",
                                      13.680423845666,
                                      {0.4121803177, -0.9080301397, 1.5972640247, 0.1204222676,
                                       -0.1789936458, 0.1180916382, -0.7161661792, 5.0213842308,
                                       -0.75, 0.1582871133, -0.6362521463, 0.0716261992}};
    static const struct value rates = {"{type: poisson, log_input: false, eps: 0.5, full: true}",
                                       5.963102207805,
                                       {0.25, -0.4166666667, 0.15, -0.25, -0.4166666667, 0.25,
                                        -0.05, 0.25, -1.75, 0.05, -0.8928571429, 0.25}};
    real counts[LOSS_ROWS * LOSS_K];
    real outputs[LOSS_ROWS * LOSS_K];
    for (size_t i = 0; i < LOSS_ROWS * LOSS_K; i++) {
        counts[i] = 4 * loss_targets[i];
        outputs[i] = (real)fabs((double)loss_outputs[i]);
    }
    const struct cairn_micro micro = {.n = LOSS_ROWS,
                                      .n_labels = 1,
                                      .target = counts,
                                      .sample = loss_numbers,
                                      .epoch = loss_numbers};
    struct alone loss = loss_of_targets(logs.loss);
    check_value(&logs, &loss, &micro, LOSS_K, loss_outputs);
    loss_free(&loss);
    loss = loss_of_targets(rates.loss);
    check_value(&rates, &loss, &micro, LOSS_K, outputs);
    loss_free(&loss);
}

/* Where the softmax is the target there is nothing between them; large outputs do not overflow. */
static void test_kl_divergence_of_equals_is_zero(void **state)
{
    (void)state;
    static const real outputs[2 * LOSS_K] = {1, 1, 1, 1e4f, 0, -1e4f};
    static const real targets[2 * LOSS_K] = {0.3333333333f, 0.3333333333f, 0.3333333333f, 1, 0, 0};
    const struct cairn_micro micro = {
        .n = 2, .n_labels = 1, .target = targets, .sample = loss_numbers, .epoch = loss_numbers};
    struct alone loss = loss_of_targets("{type: kl_divergence}");
    struct cairn_scores scores = {0};
    real dh[2 * LOSS_K];
    assert_int_equal(loss_run(&loss, &micro, LOSS_K, outputs, dh, &scores), CAIRN_OK);
    assert_true(fabs(scores.loss) < ROUNDING);
    assert_true(scores.correct == 2 && scores.count == 2);
    for (size_t i = 0; i < 2 * LOSS_K; i++) assert_true(fabs((double)dh[i]) < ROUNDING);
    loss_free(&loss);
}

/* Of each output whether it is on the side of 0 that its target asks for; 1/2 asks for none. */
static void test_binary_cross_entropy_counts_answers(void **state)
{
    (void)state;
    static const real outputs[6] = {2, -1, 0.5f, -3, 0.1f, -0.1f};
    static const real targets[6] = {1, 0.2f, 0, 0.7f, 0.9f, 0.5f};
    static const real weights[2] = {2, 1};
    real dh[6];
    struct cairn_scores scores = {0};
    struct cairn_micro micro = {.n = 2,
                                .n_labels = 1,
                                .target = targets,
                                .weight = weights,
                                .sample = loss_numbers,
                                .epoch = loss_numbers};
    struct alone loss = loss_of_targets("{type: binary_cross_entropy}");
    assert_int_equal(loss_run(&loss, &micro, 3, outputs, dh, &scores), CAIRN_OK);
    assert_true(scores.correct == 2 + 2 + 1); /* of 2, 2, 2, 1, 1 */
    assert_true(scores.count == 8);
    loss_free(&loss);
}

/* log(1 + exp(h)) for no, log(1 + exp(-h)) for yes. */
static void test_binary_cross_entropy_does_not_overflow(void **state)
{
    (void)state;
    static const struct {
        real h;
        int32_t label;
        double loss, gradient, correct;
    } rows[] = {
        {0, 1, 0.69314718055994531, -0.5, 0},
        {0, 0, 0.69314718055994531, 0.5, 1},
        {1e4f, 1, 0, 0, 1},
        {1e4f, 0, 1e4, 1, 0},
        {-1e4f, 1, 1e4, -1, 0},
        {-1e4f, 0, 0, 0, 1},
        {-30, 0, 9.3576229688393e-14, 9.3576229688393e-14, 1},
    };
    struct alone loss = loss_of_classes("{type: binary_cross_entropy}", 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct cairn_micro micro = {.n = 1,
                                          .n_labels = 1,
                                          .label = &rows[i].label,
                                          .sample = loss_numbers,
                                          .epoch = loss_numbers};
        struct cairn_scores scores = {0};
        real dh = NAN;
        assert_int_equal(loss_run(&loss, &micro, 1, &rows[i].h, &dh, &scores), CAIRN_OK);
        assert_true(fabs(scores.loss - rows[i].loss) <= ROUNDING * rows[i].loss);
        assert_true(fabs((double)dh - rows[i].gradient) <= ROUNDING * fabs(rows[i].gradient));
        assert_true(scores.correct == rows[i].correct && scores.count == 1);
        assert_int_equal(loss.kind->class_of(&rows[i].h, 1, false), rows[i].h > 0);
    }
    loss_free(&loss);
}

/* Labels of tokens are rows like any others: two samples of two tokens are four samples. */
static void test_labels_of_tokens(void **state)
{
    (void)state;
    static const real mask[LOSS_ROWS] = {1, 0, 0.25f, 1};
    const struct cairn_shape shape = {2, {2, LOSS_K}};
    const struct cairn_model_options options = {
        .n_classes = LOSS_K, .n_labels = 2, .vocabulary = 5};
    const char *text = "{type: cross_entropy, label_smoothing: 0.1, class_weights: [1, 2, 3]}";
    struct alone tokens = loss_make(text, &shape, &options);
    struct alone plain = loss_of_classes(text, LOSS_K);
    struct cairn_micro micro = {.n = LOSS_ROWS / 2,
                                .n_labels = 2,
                                .n_weights = 2,
                                .label = loss_labels,
                                .weight = mask,
                                .sample = loss_numbers,
                                .epoch = loss_numbers};
    struct cairn_scores of_tokens = {0};
    struct cairn_scores of_rows = {0};
    real dh_tokens[LOSS_ROWS * LOSS_K];
    real dh_rows[LOSS_ROWS * LOSS_K];
    assert_int_equal(loss_run(&tokens, &micro, 2 * LOSS_K, loss_outputs, dh_tokens, &of_tokens),
                     CAIRN_OK);
    micro.n = LOSS_ROWS;
    micro.n_labels = micro.n_weights = 1;
    assert_int_equal(loss_run(&plain, &micro, LOSS_K, loss_outputs, dh_rows, &of_rows), CAIRN_OK);
    assert_memory_equal(dh_tokens, dh_rows, sizeof dh_rows);
    assert_memory_equal(&of_tokens, &of_rows, sizeof of_rows);
    assert_true(of_tokens.count == 2.25 && of_tokens.weight == 3 + 0.25 * 2 + 1);
    loss_free(&tokens);
    loss_free(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_entropy_against_pytorch),
        cmocka_unit_test(test_cross_entropy_of_probabilities),
        cmocka_unit_test(test_binary_cross_entropy_against_pytorch),
        cmocka_unit_test(test_losses_of_real_targets),
        cmocka_unit_test(test_poisson_of_counts),
        cmocka_unit_test(test_kl_divergence_of_equals_is_zero),
        cmocka_unit_test(test_binary_cross_entropy_counts_answers),
        cmocka_unit_test(test_binary_cross_entropy_does_not_overflow),
        cmocka_unit_test(test_labels_of_tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
