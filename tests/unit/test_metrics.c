/* SPDX-License-Identifier: BSD-3-Clause
 * Metrics against values worked out by hand, in any cut into micro-batches; what has no meaning. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nn/metric/metrics.h"
#include "support/nn.h"

enum { MOST = 64 };

static const double CLOSE = 1e-14; /* a few roundings in double */

/* A model whose outputs are its inputs. */
struct mirror {
    struct cairn_node *tree, *loss;
    struct cairn_model *model;
    struct cairn_metric_set *metrics;
    real *w;
};

static size_t index_of(const char *name)
{
    size_t i = 0;
    assert_int_equal(cairn_metric_find(name, &i), CAIRN_OK);
    return i;
}

static struct cairn_metric_choice choice_of(const char *names)
{
    struct cairn_metric_choice choice = {{false}};
    char text[256];
    char *rest = NULL;
    snprintf(text, sizeof text, "%s", names);
    for (char *name = strtok_r(text, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest))
        choice.wanted[index_of(name)] = true;
    return choice;
}

static struct mirror mirror_make(const char *loss, size_t k, size_t n_classes, const char *names)
{
    char layers[96];
    struct mirror mirror = {.loss = tree_of(loss)};
    snprintf(layers, sizeof layers, "[{type: dense, units: %zu, bias: false}]", k);
    mirror.tree = tree_of(layers);
    const struct cairn_model_options options = {.layers = mirror.tree,
                                                .loss = mirror.loss,
                                                .input = {1, {k}},
                                                .n_classes = n_classes,
                                                .n_targets = n_classes > 0 ? 0 : k,
                                                .micro = MOST,
                                                .seed = 1};
    assert_int_equal(cairn_model_create(&options, &mirror.model), CAIRN_OK);
    mirror.w = calloc(k * k, sizeof *mirror.w);
    assert_non_null(mirror.w);
    for (size_t i = 0; i < k; i++) mirror.w[i * k + i] = 1;
    const struct cairn_metric_choice choice = choice_of(names);
    assert_int_equal(cairn_metrics_create(mirror.model, &choice, &mirror.metrics), CAIRN_OK);
    return mirror;
}

static void mirror_free(struct mirror *mirror)
{
    cairn_metrics_free(mirror->metrics);
    cairn_model_free(mirror->model);
    cairn_node_free(mirror->tree);
    cairn_node_free(mirror->loss);
    free(mirror->w);
}

/* Samples as they are compared. */
struct given {
    size_t n, k;
    const real *h; /* [n, k] */
    const int32_t *label;
    const cairn_real *target, *weight;
};

/* In micro-batches of b: the metrics by their index. */
static void evaluate(struct mirror *mirror, const struct given *given, size_t b,
                     double value[CAIRN_N_METRICS])
{
    static const uint64_t number[MOST] = {0};
    cairn_metrics_begin(mirror->metrics);
    for (size_t i = 0; i < given->n; i += b) {
        struct cairn_scores scores = {0};
        const struct cairn_micro micro = {
            .n = given->n - i < b ? given->n - i : b,
            .x = given->h + i * given->k,
            .n_labels = 1,
            .label = given->label == NULL ? NULL : given->label + i,
            .target = given->target == NULL ? NULL : given->target + i * given->k,
            .weight = given->weight == NULL ? NULL : given->weight + i,
            .sample = number,
            .epoch = number,
        };
        assert_int_equal(cairn_model_evaluate(mirror->model, mirror->w, &micro, &scores), CAIRN_OK);
        cairn_metrics_add(mirror->metrics, mirror->model, &micro, &scores);
    }
    cairn_metrics_values(mirror->metrics, value);
}

/* A metric in several cuts; the first one's value. */
static void expect(struct mirror *mirror, const struct given *given, const char *name,
                   double expected)
{
    for (size_t b = 1; b <= given->n; b++) {
        double value[CAIRN_N_METRICS];
        evaluate(mirror, given, b, value);
        const double found = value[index_of(name)];
        if (!(fabs(found - expected) <= CLOSE * fmax(1, fabs(expected))))
            fail_msg("%s in micro-batches of %zu: %.17g, not %.17g", name, b, found, expected);
    }
}

/* Six labels, three classes; the fourth has no part, the last counts twice. */
static void test_classes(void **state)
{
    (void)state;
    static const real h[] = {5, 1, 0, 0, 2, 1, 1, 1, 0, 9, 0, 0, 0, 1, 7, 0, 3, 2};
    static const int32_t label[] = {0, 1, 1, -100, 2, 2};
    static const cairn_real weight[] = {1, 1, 1, 1, 1, 2};
    const struct given given = {.n = 6, .k = 3, .h = h, .label = label, .weight = weight};
    struct mirror mirror = mirror_make("cross_entropy", 3, 3, "accuracy mean_iou dice perplexity");
    /* predicted 0 1 0 - 2 1, of weight 1 1 1 - 1 2; class 0: both 1, predicted 2, there 1; class
     * 1: 1, 3, 2; class 2: 1, 1, 3 */
    expect(&mirror, &given, "accuracy", 3.0 / 6);
    expect(&mirror, &given, "mean_iou", (1.0 / 2 + 1.0 / 4 + 1.0 / 3) / 3);
    expect(&mirror, &given, "dice", (2.0 / 3 + 2.0 / 5 + 2.0 / 4) / 3);
    double loss = 0;
    for (size_t i = 0; i < 6; i++) {
        double sum = 0;
        if (label[i] < 0) continue;
        for (size_t c = 0; c < 3; c++) sum += exp((double)h[3 * i + c]);
        loss += (double)weight[i] * (log(sum) - (double)h[3 * i + (size_t)label[i]]);
    }
    double value[CAIRN_N_METRICS];
    evaluate(&mirror, &given, 6, value);
    assert_true(fabs(value[index_of("perplexity")] - exp(loss / 6)) <
                1e-5);                          /* float exponentials */
    assert_true(isnan(value[index_of("mae")])); /* nobody asked */
    mirror_free(&mirror);
}

/* A class that nobody has and nobody predicts has no part in the mean. */
static void test_absent_class(void **state)
{
    (void)state;
    static const real h[] = {5, 1, 0, 0, 2, 1};
    static const int32_t label[] = {0, 0};
    const struct given given = {.n = 2, .k = 3, .h = h, .label = label};
    struct mirror mirror = mirror_make("cross_entropy", 3, 3, "mean_iou dice");
    expect(&mirror, &given, "mean_iou", (1.0 / 2 + 0) / 2);
    expect(&mirror, &given, "dice", (2.0 / 3 + 0) / 2);
    mirror_free(&mirror);
}

static void test_top5(void **state)
{
    (void)state;
    static const real h[] = {7, 6, 5, 4, 3, 2, 1, /* the fifth */
                             7, 6, 5, 4, 3, 2, 1, /* the sixth */
                             0, 0, 0, 0, 0, 0, 0, /* equal: the first five */
                             0, 0, 0, 0, 0, 0, 0};
    static const int32_t label[] = {4, 5, 4, 5};
    const struct given given = {.n = 4, .k = 7, .h = h, .label = label};
    struct mirror mirror = mirror_make("cross_entropy", 7, 7, "top5");
    expect(&mirror, &given, "top5", 0.5);
    mirror_free(&mirror);
}

/* Logits: yes is above 0.  A target of 1/2 asks for neither. */
static void test_yes_and_no(void **state)
{
    (void)state;
    static const real h[] = {2, -1, 0.25f, 3, -2, -0.5f, 1, 4};
    static const cairn_real target[] = {1, 1, 0, 1, 0, 0, 0.5f, 0};
    const struct given given = {.n = 4, .k = 2, .h = h, .target = target};
    struct mirror mirror =
        mirror_make("binary_cross_entropy", 2, 0, "accuracy binary_accuracy mean_iou dice mae");
    /* of seven: yes 1 0 1 1 0 0 1, wanted 1 1 0 1 0 0 0 */
    expect(&mirror, &given, "accuracy", 4.0 / 7);
    expect(&mirror, &given, "binary_accuracy", 4.0 / 7);
    expect(&mirror, &given, "mean_iou", 2.0 / (4 + 3 - 2));
    expect(&mirror, &given, "dice", 4.0 / (4 + 3));
    double sum = 0;
    for (size_t i = 0; i < 8; i++)
        sum += fabs(1 / (1 + exp(-(double)h[i])) - (double)target[i]); /* probabilities */
    expect(&mirror, &given, "mae", sum / 8);
    mirror_free(&mirror);
}

/* The same from classes 0 and 1 of one output, and from outputs that are no logits. */
static void test_yes_and_no_otherwise(void **state)
{
    (void)state;
    static const real h[] = {2, -1, 0.25f, 3};
    static const int32_t label[] = {1, 1, 0, 1};
    static const cairn_real target[] = {1, 1, 0, 1};
    const struct given classes = {.n = 4, .k = 1, .h = h, .label = label};
    const struct given targets = {.n = 4, .k = 1, .h = h, .target = target};
    struct mirror mirror = mirror_make("binary_cross_entropy", 1, 2, "binary_accuracy mean_iou");
    expect(&mirror, &classes, "binary_accuracy", 2.0 / 4);
    expect(&mirror, &classes, "mean_iou", 2.0 / 4);
    mirror_free(&mirror);
    mirror = mirror_make("squared_error", 1, 0, "binary_accuracy mean_iou");
    expect(&mirror, &targets, "binary_accuracy", 3.0 / 4); /* 0.25 is no */
    expect(&mirror, &targets, "mean_iou", 2.0 / 3);
    mirror_free(&mirror);
}

static void test_real_targets(void **state)
{
    (void)state;
    static const real h[] = {1, 10, 2, 10, 4, 10, 8, 77};
    static const cairn_real target[] = {2, 10, 2, 10, 3, 10, 6, 0};
    static const cairn_real weight[] = {1, 2, 1, 0};
    const struct given given = {.n = 4, .k = 2, .h = h, .target = target};
    const struct given weighted = {.n = 4, .k = 2, .h = h, .target = target, .weight = weight};
    struct mirror mirror = mirror_make("squared_error", 2, 0, "mae rmse r2");
    expect(&mirror, &given, "mae", (1 + 0 + 1 + 2 + 77.0) / 8);
    expect(&mirror, &given, "rmse", sqrt((1 + 0 + 1 + 4 + 77.0 * 77) / 8));
    /* about the means, 3.25 and 7.5: 53 - 4 * 3.25^2 and 300 - 4 * 7.5^2 */
    expect(&mirror, &given, "r2", ((1 - 6 / 10.75) + (1 - 77.0 * 77 / 75)) / 2);
    expect(&mirror, &weighted, "mae", (1 + 0 + 1) / 8.0);
    /* the second never changes, and is met */
    expect(&mirror, &weighted, "r2", ((1 - 2 / (21 - 9.0 * 9 / 4)) + 1) / 2);
    mirror_free(&mirror);
}

/* Masks of regions by the loss dice: logits, or probabilities. */
static void test_masks(void **state)
{
    (void)state;
    static const real h[] = {0.6f, 0.4f, 0.3f, 0.9f};
    static const cairn_real target[] = {1, 1, 0, 1};
    const struct given given = {.n = 2, .k = 2, .h = h, .target = target};
    struct mirror mirror = mirror_make("dice", 2, 0, "mean_iou dice");
    expect(&mirror, &given, "mean_iou", 3.0 / 4);
    expect(&mirror, &given, "dice", 6.0 / 7);
    mirror_free(&mirror);
    mirror = mirror_make("{type: dice, of: none}", 2, 0, "mean_iou dice mae accuracy");
    expect(&mirror, &given, "mean_iou", 2.0 / 3);
    expect(&mirror, &given, "dice", 4.0 / 5);
    expect(&mirror, &given, "accuracy", 3.0 / 4);
    mirror_free(&mirror);
}

/* What an output says of a count is exp of it. */
static void test_poisson(void **state)
{
    (void)state;
    static const real h[] = {0, 1};
    static const cairn_real target[] = {2, 1};
    const struct given given = {.n = 2, .k = 1, .h = h, .target = target};
    struct mirror mirror = mirror_make("poisson", 1, 0, "mae");
    expect(&mirror, &given, "mae", (1 + exp(1) - 1) / 2);
    mirror_free(&mirror);
    mirror = mirror_make("{type: poisson, log_input: false}", 1, 0, "mae");
    const struct given rates = {.n = 1, .k = 1, .h = h + 1, .target = target};
    expect(&mirror, &rates, "mae", 1);
    mirror_free(&mirror);
}

/* Probabilities of classes: the label is the most likely. */
static void test_mixtures(void **state)
{
    (void)state;
    static const real h[] = {5, 1, 0, 0, 2, 1};
    static const cairn_real target[] = {0.2f, 0.5f, 0.3f, 0.1f, 0.8f, 0.1f};
    const struct given given = {.n = 2, .k = 3, .h = h, .target = target};
    struct mirror mirror = mirror_make("cross_entropy", 3, 0, "accuracy mean_iou");
    expect(&mirror, &given, "accuracy", 0.5);
    expect(&mirror, &given, "mean_iou", (0 + 1.0 / 2) / 2);
    mirror_free(&mirror);
}

static void test_without_meaning(void **state)
{
    (void)state;
    static const struct {
        const char *loss;
        size_t k, n_classes;
        const char *metric;
    } tried[] = {
        {"cross_entropy", 3, 3, "mae"},
        {"cross_entropy", 3, 3, "r2"},
        {"cross_entropy", 3, 3, "top5"},
        {"cross_entropy", 5, 5, "top5"},
        {"squared_error", 3, 0, "accuracy"},
        {"squared_error", 3, 0, "perplexity"},
        {"cross_entropy", 3, 0, "perplexity"},
        {"kl_divergence", 3, 0, "rmse"},
        {"cross_entropy", 3, 3, "binary_accuracy"},
    };
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct mirror mirror = mirror_make(tried[i].loss, tried[i].k, tried[i].n_classes, "");
        struct cairn_metric_set *none = NULL;
        const struct cairn_metric_choice choice = choice_of(tried[i].metric);
        assert_int_equal(cairn_metrics_create(mirror.model, &choice, &none), CAIRN_USAGE);
        assert_non_null(strstr(cairn_error_text(), tried[i].metric));
        mirror_free(&mirror);
    }
}

static void test_usual(void **state)
{
    (void)state;
    static const struct {
        const char *loss;
        size_t k, n_classes;
        const char *names;
    } tried[] = {{"cross_entropy", 7, 7, "accuracy"},
                 {"binary_cross_entropy", 2, 0, "accuracy"},
                 {"squared_error", 2, 0, "mae rmse"},
                 {"huber", 2, 0, "mae rmse"},
                 {"kl_divergence", 3, 0, "accuracy"}};
    for (size_t i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct mirror mirror = mirror_make(tried[i].loss, tried[i].k, tried[i].n_classes, "");
        const struct cairn_metric_choice usual = cairn_metrics_usual(mirror.model);
        const struct cairn_metric_choice wanted = choice_of(tried[i].names);
        assert_memory_equal(&usual, &wanted, sizeof usual);
        mirror_free(&mirror);
    }
}

static void test_names(void **state)
{
    (void)state;
    size_t score = 0;
    for (size_t i = 0; i < CAIRN_N_METRICS; i++) {
        const struct cairn_metric_kind *kind = cairn_metric_at(i);
        char name[64];
        assert_true(strlen(kind->doc) > 0 && kind->least < kind->most);
        assert_int_equal(
            (kind->add_scores != NULL) + (kind->add_label != NULL) + (kind->add_target != NULL), 1);
        snprintf(name, sizeof name, "eval_%s", kind->name);
        assert_int_equal(cairn_score_find(name, &score), CAIRN_OK);
        assert_int_equal(score, CAIRN_SCORE_ACCURACY + i);
        assert_string_equal(cairn_score_name(score), name);
    }
    assert_null(cairn_metric_at(CAIRN_N_METRICS));
    assert_int_equal(cairn_score_find("eval_loss", &score), CAIRN_OK);
    assert_true(score == CAIRN_SCORE_LOSS && cairn_score_is_error(score));
    assert_false(cairn_score_is_error(CAIRN_SCORE_ACCURACY));
    assert_int_equal(cairn_score_find("accuracy", &score), CAIRN_USAGE);
    assert_int_equal(cairn_score_find("eval_f1", &score), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "eval_loss, eval_accuracy, eval_top5"));
    assert_int_equal(cairn_metric_find("f1", &score), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "accuracy, top5"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_absent_class),
        cmocka_unit_test(test_top5),
        cmocka_unit_test(test_yes_and_no),
        cmocka_unit_test(test_yes_and_no_otherwise),
        cmocka_unit_test(test_real_targets),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_mixtures),
        cmocka_unit_test(test_without_meaning),
        cmocka_unit_test(test_usual),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
