/* SPDX-License-Identifier: BSD-3-Clause
 * Kinds of a host's own: what the registry refuses, in one line each, and the gradient check of
 * right and wrong ones.  The registry is the process's, so the order of the tests counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/own_kinds.h"

static const size_t dims[] = {3};

static struct cairn_data_form form_of(size_t n_targets, size_t n_classes)
{
    return (struct cairn_data_form){.size = sizeof(struct cairn_data_form),
                                    .dim = dims,
                                    .n_dims = 1,
                                    .n_targets = n_targets,
                                    .n_classes = n_classes};
}

/* The status is CAIRN_USAGE, and its line has these words. */
static void refused(cairn_status st, const char *words)
{
    assert_int_equal(st, CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("no '%s' in: %s", words, cairn_error_text());
    assert_null(strchr(cairn_error_text(), '\n'));
}

static void test_tables_that_are_not_complete(void **state)
{
    (void)state;
    struct cairn_own_layer layer = own_powers;
    layer.size--;
    refused(cairn_layer_register(&layer), "struct cairn_own_layer");
    layer = own_powers;
    layer.name = "two words";
    refused(cairn_layer_register(&layer), "'two words': its name must be");
    layer.name = NULL;
    refused(cairn_layer_register(&layer), "its name must be");
    layer.name = "dense";
    refused(cairn_layer_register(&layer), "layer type 'dense' is there already");
    layer = own_powers;
    layer.forward = NULL;
    refused(cairn_layer_register(&layer), "layer type 'powers' has no function forward");
    layer = own_powers;
    layer.backward_double = NULL;
    refused(cairn_layer_register(&layer), "no backward_double beside forward_double");
    layer = own_powers;
    layer.doc = "";
    refused(cairn_layer_register(&layer), "has no doc");

    struct cairn_own_loss loss = own_brier;
    loss.size++;
    refused(cairn_loss_register(&loss), "struct cairn_own_loss");
    loss = own_brier;
    loss.loss = NULL;
    refused(cairn_loss_register(&loss), "loss 'brier' has no function loss");
    loss = own_brier;
    loss.takes_classes = loss.takes_targets = false;
    refused(cairn_loss_register(&loss), "set takes_classes or takes_targets");
    loss.name = "cross_entropy";
    loss.takes_classes = true;
    refused(cairn_loss_register(&loss), "'cross_entropy' is there already");

    struct cairn_optim_kind optim = own_soft_sign;
    optim.size = 0;
    refused(cairn_optim_register(&optim), "struct cairn_optim_kind");
    optim = own_soft_sign;
    optim.update = NULL;
    refused(cairn_optim_register(&optim), "optimizer 'soft_sign' has no function update");
    optim = own_soft_sign;
    optim.name = "adam";
    refused(cairn_optim_register(&optim), "'adam' is there already");
}

static void key_refused(struct cairn_key key, const char *words)
{
    struct cairn_own_layer layer = own_powers;
    layer.keys = &key;
    refused(cairn_layer_register(&layer), words);
}

static void optim_key_refused(struct cairn_key key, const char *words)
{
    struct cairn_optim_kind optim = own_soft_sign;
    optim.keys = &key;
    optim.n_keys = 1;
    refused(cairn_optim_register(&optim), words);
}

static void test_keys_that_make_no_sense(void **state)
{
    (void)state;
    const struct cairn_key good = own_powers.keys[0];
    struct cairn_key key = good;
    key.name = "type";
    key_refused(key, "key 0 (type) is a key that every one has");
    key.name = "a.b";
    key_refused(key, "needs a name such as decay");
    key = good;
    key.offset = own_powers.self_bytes;
    key_refused(key, "outside of self_bytes");
    key = good;
    key.type = CAIRN_KEY_TREE;
    key_refused(key, "a type that own kinds cannot have");
    key = good;
    key.words = "a b";
    key_refused(key, "needs words where it is a choice");
    key = good;
    key.fallback = "perhaps";
    key_refused(key, "wrong is perhaps, but takes true or false");
    key = good;
    key.doc = NULL;
    key_refused(key, "needs a doc");

    const struct cairn_key shared = own_soft_sign.keys[0];
    key = shared;
    key.fallback = "0.5";
    optim_key_refused(key, "optim.beta1 is there already and has another type, default or range");
    key = shared;
    key.name = "optim.lr";
    optim_key_refused(key, "optim.lr is there already and is Cairn's own");
    key.name = "momentum";
    optim_key_refused(key, "needs a name such as optim.decay");
}

static cairn_status no_reason(void *self, struct cairn_own_plan *plan)
{
    (void)self, (void)plan;
    return CAIRN_USAGE;
}

static cairn_status too_many(void *self, struct cairn_own_plan *plan)
{
    (void)self;
    plan->out.n_dims = 9;
    return CAIRN_OK;
}

/* Sums are set where they should be added to, in cairn_real only. */
static void overwrite(const void *self, const struct cairn_own_pass *pass)
{
    cairn_real *db = pass->dw[1];
    for (size_t j = 0; j < pass->n_in; j++) db[j] = 0;
    own_powers.backward(self, pass);
}

static void test_once_and_no_more(void **state)
{
    (void)state;
    assert_int_equal(cairn_layer_register(&own_powers), CAIRN_OK);
    assert_int_equal(cairn_loss_register(&own_brier), CAIRN_OK);
    assert_int_equal(cairn_optim_register(&own_soft_sign), CAIRN_OK);
    refused(cairn_layer_register(&own_powers), "layer type 'powers' is there already");
    refused(cairn_loss_register(&own_brier), "loss 'brier' is there already");
    refused(cairn_optim_register(&own_soft_sign), "optimizer 'soft_sign' is there already");
    static char names[40][8];
    struct cairn_own_layer layer = own_powers;
    struct cairn_optim_kind optim = own_soft_sign;
    struct cairn_own_loss loss = own_brier;
    layer.name = "overwrites";
    layer.backward = overwrite;
    assert_int_equal(cairn_layer_register(&layer), CAIRN_OK);
    layer = own_powers;
    layer.name = "no_reason";
    layer.plan = no_reason;
    assert_int_equal(cairn_layer_register(&layer), CAIRN_OK);
    layer.name = "too_many";
    layer.plan = too_many;
    assert_int_equal(cairn_layer_register(&layer), CAIRN_OK);
    layer = own_powers;
    layer.forward_double = layer.backward_double = NULL;
    loss.loss_double = NULL;
    for (int i = 0; i < 31; i++) {
        snprintf(names[i], sizeof names[i], "more%d", i);
        layer.name = loss.name = optim.name = names[i];
        if (i > 2) assert_int_equal(cairn_layer_register(&layer), CAIRN_OK);
        assert_int_equal(cairn_loss_register(&loss), CAIRN_OK);
        assert_int_equal(cairn_optim_register(&optim), CAIRN_OK);
    }
    layer.name = loss.name = optim.name = "one_more";
    refused(cairn_layer_register(&layer), "one more than 32");
    refused(cairn_loss_register(&loss), "one more than 32");
    refused(cairn_optim_register(&optim), "one more than 32");
}

/* The check of a model and a loss. */
static cairn_status check(const char *model, const char *loss, const struct cairn_data_form *form,
                          double *worst)
{
    cairn_options *options = NULL;
    assert_int_equal(cairn_options_create(&options), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "model", model), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "loss", loss), CAIRN_OK);
    cairn_status st = cairn_check_gradient(options, form, worst);
    cairn_options_free(options);
    return st;
}

static void test_the_check_of_what_is_right(void **state)
{
    (void)state;
    const struct cairn_data_form classes = form_of(0, 4), targets = form_of(4, 0);
    static const char model[] =
        "[{type: dense, units: 5}, {type: powers}, {type: dense, units: 4}]";
    static const char *const losses[] = {"brier", "{type: brier, factor: 3}", "cross_entropy"};
    for (int i = 0; i < 3; i++) {
        double worst = 1;
        if (check(model, losses[i], &classes, &worst) != CAIRN_OK)
            fail_msg("%s: %s", losses[i], cairn_error_text());
        assert_true(worst > 0 && worst < 1e-6);
    }
    double worst = 1;
    assert_int_equal(check(model, "brier", &targets, &worst), CAIRN_OK);
    assert_true(worst < 1e-6);
    assert_int_equal(check("[{type: powers}, {type: dense, units: 4}]", "brier", &targets, NULL),
                     CAIRN_OK);
}

static void test_the_check_of_tokens(void **state)
{
    (void)state;
    const struct cairn_data_form form = {.size = sizeof form, .vocabulary = 5};
    cairn_options *options = NULL;
    double worst = 1;
    assert_int_equal(cairn_options_create(&options), CAIRN_OK);
    assert_int_equal(cairn_options_set(options, "model",
                                       "[{type: embedding, units: 3}, {type: dense, units: 5}]"),
                     CAIRN_OK);
    refused(cairn_check_gradient(options, &form, &worst), "give data.context");
    assert_int_equal(cairn_options_set(options, "data.context", "4"), CAIRN_OK);
    for (int i = 0; i < 2; i++) {
        if (cairn_check_gradient(options, &form, &worst) != CAIRN_OK)
            fail_msg("%s", cairn_error_text());
        assert_true(worst > 0 && worst < 1e-6);
        assert_int_equal(cairn_options_set(options, "loss", "brier"), CAIRN_OK);
    }
    cairn_options_free(options);
}

static void test_the_check_of_what_is_wrong(void **state)
{
    (void)state;
    const struct cairn_data_form form = form_of(0, 4);
    assert_int_equal(check("[{type: dense, units: 5}, {type: powers, wrong: true}, {type: dense, "
                           "units: 4}]",
                           "brier", &form, NULL),
                     CAIRN_NUMBERS);
    assert_non_null(strstr(cairn_error_text(), "the gradient by 1.b ["));
    refused(check("[{type: no_reason}]", "brier", &form, NULL),
            "layer 0 (no_reason): its plan failed and gave no reason");
    refused(check("[{type: too_many}]", "brier", &form, NULL),
            "layer 0 (too_many): its plan gives y 9 dimensions, and 1 to");
    refused(check("[{type: dense, units: 3}]", "brier", &form, NULL),
            "the last layer has 3 outputs for 4 classes; set units: 4");
    if (CAIRN_REAL_BITS == 64) return; /* its functions are those for double */
    refused(check("[{type: more9}, {type: dense, units: 4}]", "brier", &form, NULL),
            "layer 0 (more9): it has no functions forward_double and backward_double");
    refused(check("[{type: dense, units: 4}]", "more1", &form, NULL),
            "loss more1 has no function loss_double");
}

static void test_the_check_of_cairn_real(void **state)
{
    (void)state;
    const struct cairn_data_form form = form_of(0, 4);
    assert_int_equal(check("[{type: overwrites}, {type: dense, units: 4}]", "brier", &form, NULL),
                     CAIRN_NUMBERS);
    assert_non_null(strstr(cairn_error_text(), "the gradient by 0.b [0], summed over two"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_that_are_not_complete),
        cmocka_unit_test(test_keys_that_make_no_sense),
        cmocka_unit_test(test_once_and_no_more),
        cmocka_unit_test(test_the_check_of_what_is_right),
        cmocka_unit_test(test_the_check_of_tokens),
        cmocka_unit_test(test_the_check_of_what_is_wrong),
        cmocka_unit_test(test_the_check_of_cairn_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
