/* SPDX-License-Identifier: BSD-3-Clause
 * Optimizers against their formulas in double and against PyTorch's own numbers, their keys and
 * state.  Parameter groups: test_optim_groups.c; learning rates: test_schedule.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include <cmocka.h>

#include "base/random.h"
#include "optim/optim.h"
#include "support/optim.h"

enum { UPDATES = 20 };

/* 20 updates of weights below 1, each rounded to 2^-24 */
static const double TOLERANCE = 1e-6;
/* RMSprop without its gradient's mean: the moves of 20 updates sum up to weights of 8, and
 * variances are differences of rounded squares */
static const double TOLERANCE_CENTERED = 2e-5;

static double rate_of(int t)
{
    return 0.02 / (1 + 0.1 * t);
}

/* n numbers in [-1/2, 1/2) for update t. */
static void draw(int t, int n, real *out)
{
    uint32_t bits[N];
    cairn_random_fill(cairn_random_key(7, CAIRN_RANDOM_INIT, 0, 0), (uint64_t)t, (size_t)n, bits);
    for (int i = 0; i < n; i++) out[i] = cairn_random_unit(bits[i]) - 0.5f;
}

static struct cairn_rate rates_of(int t)
{
    return (struct cairn_rate){rate_of(t), t == 1 ? 0 : rate_of(t - 1)};
}

static struct cairn_optim *make(const struct tried *o)
{
    struct cairn_optim *optim = NULL;
    if (cairn_optim_create(o->kind, &o->options, &two_tensors, &optim) != CAIRN_OK)
        fail_msg("%s", cairn_error_text());
    return optim;
}

static struct cairn_optim *make_named(const char *name, const char *keys)
{
    struct tried o = tried_named(name, keys);
    struct cairn_optim *optim = make(&o);
    tried_free(&o); /* nothing of it may be kept */
    return optim;
}

/* Call `test` with every registered optimizer and each of the examples it has. */
static void each_example(void (*test)(const struct tried *o, const char *keys))
{
    const struct cairn_optim_kind *kind = NULL;
    for (size_t k = 0; (kind = cairn_optim_kind_at(k)) != NULL; k++)
        for (const char *const *keys = formula_of(kind)->example; *keys != NULL; keys++) {
            struct tried o = tried(kind, *keys);
            test(&o, *keys);
            tried_free(&o);
        }
}

static void run(struct cairn_optim *optim, int from, int to, real *w)
{
    real g[N];
    for (int t = from; t <= to; t++) {
        draw(t, N, g);
        optim_update(optim, rates_of(t), g, w);
    }
}

static void follows_its_formula(const struct tried *o, const char *keys)
{
    struct reference r = {.w = {0}};
    real w[N], g[N];
    double tolerance = strstr(keys, "centered") != NULL ? TOLERANCE_CENTERED : TOLERANCE;
    struct cairn_optim *optim = make(o);
    draw(0, N, w);
    for (int i = 0; i < N; i++) r.w[i] = (double)w[i];
    for (int t = 1; t <= UPDATES; t++) {
        draw(t, N, g);
        optim_update(optim, rates_of(t), g, w);
        formula_of(o->kind)->update(&r, g, o, rates_of(t), t);
    }
    for (int i = 0; i < N; i++)
        if (fabs((double)w[i] - r.w[i]) > tolerance)
            fail_msg("%s %s weight %d: %.9g, formula %.9g", o->kind->name, keys, i, (double)w[i],
                     r.w[i]);
    assert_int_equal(cairn_optim_count(optim), UPDATES);
    cairn_optim_free(optim);
}

static void formulas(void **state)
{
    (void)state;
    each_example(follows_its_formula);
}

/* Keys of the same name are the same key, whoever has them: the run file and config.yaml do not ask
 * which optimizer one is of. */
static void check_key(const struct cairn_key *key)
{
    const struct cairn_optim_kind *kind = NULL;
    assert_memory_equal(key->name, "optim.", 6);
    assert_non_null(key->fallback);
    for (size_t k = 0; (kind = cairn_optim_kind_at(k)) != NULL; k++)
        for (const struct cairn_key *other = kind->keys; other < kind->keys + kind->n_keys;
             other++) {
            if (strcmp(other->name, key->name) != 0) continue;
            assert_int_equal(other->type, key->type);
            assert_string_equal(other->fallback, key->fallback);
            assert_true(other->low == key->low && other->high == key->high);
            assert_string_equal(other->doc, key->doc);
        }
}

static void kinds_are_whole(void **state)
{
    const struct cairn_optim_kind *kind = NULL;
    (void)state;
    for (size_t k = 0; (kind = cairn_optim_kind_at(k)) != NULL; k++) {
        assert_int_equal(kind->size, sizeof *kind);
        assert_non_null(kind->doc);
        for (size_t i = 0; i < kind->n_keys; i++) {
            assert_true(kind->keys[i].offset < kind->self_bytes);
            check_key(&kind->keys[i]);
        }
    }
}

/* Stop after 8 updates, carry slots and count into a new optimizer: the bits must not know. */
static void goes_on_with_the_same_bits(const struct tried *o, const char *keys)
{
    real whole[N], parts[N];
    struct cairn_optim *a = make(o);
    struct cairn_optim *b = make(o);
    (void)keys;
    draw(0, N, whole);
    run(a, 1, 8, whole);
    memcpy(parts, whole, sizeof whole);
    const char *from_name, *to_name;
    real *from, *to;
    size_t k = 0;
    for (; cairn_optim_slot(a, k, &from_name, &from); k++) {
        assert_true(cairn_optim_slot(b, k, &to_name, &to));
        assert_string_equal(from_name, to_name);
        memcpy(to, from, N * sizeof *to);
    }
    assert_false(cairn_optim_slot(b, k, &to_name, &to));
    cairn_optim_set_count(b, cairn_optim_count(a));
    run(a, 9, UPDATES, whole);
    run(b, 9, UPDATES, parts);
    assert_memory_equal(whole, parts, sizeof whole);
    cairn_optim_free(a);
    cairn_optim_free(b);
}

static void restored_state_gives_the_same_bits(void **state)
{
    (void)state;
    each_example(goes_on_with_the_same_bits);
}

/* An optimizer with a key of its own, which no list knows: w -= rate * pull * sign(g). */
struct pull {
    double pull;
};

static const struct cairn_key pull_keys[] = {
    {"optim.pull", CAIRN_KEY_REAL, offsetof(struct pull, pull), "1", 0, 10, NULL,
     "length of a step"},
};

static void pull_update(const void *self, const struct cairn_optim_step *step)
{
    const struct pull *pull = self;
    for (size_t i = 0; i < step->n; i++)
        step->w[i] -= (real)(step->rate.now * pull->pull * (step->g[i] > 0 ? 1 : -1));
}

static const struct cairn_optim_kind pull_kind = {
    .size = sizeof(struct cairn_optim_kind),
    .name = "pull",
    .doc = "for this test",
    .keys = pull_keys,
    .n_keys = 1,
    .self_bytes = sizeof(struct pull),
    .update = pull_update,
};

static void a_kind_brings_its_own_keys(void **state)
{
    static const struct {
        const char *keys;
        real w;
    } given[] = {{"{}", 0.5f}, {"{pull: 3, name: pull}", -0.5f}};
    char uses[64];
    struct cairn_optim *optim = NULL;
    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct tried o = tried(&pull_kind, given[c].keys);
        real w[N] = {1}, g[N] = {2};
        optim = make(&o);
        optim_update(optim, (struct cairn_rate){0.5, 0}, g, w);
        assert_true(w[0] == given[c].w);
        cairn_optim_free(optim);
        tried_free(&o);
    }
    struct tried far = tried(&pull_kind, "{pull: 11}");
    assert_int_equal(cairn_optim_create(&pull_kind, &far.options, &two_tensors, &optim),
                     CAIRN_USAGE);
    assert_string_equal(cairn_error_text(), "test: optim.pull is 11, but must be at most 10");
    tried_free(&far);
    cairn_optim_uses(&pull_kind, uses, sizeof uses);
    assert_string_equal(uses, "lr weight_decay pull");
}

/* Weights after five updates at rate 0.1 by PyTorch 2.13.0 (torch.optim on the CPU, defaults where
 * not said). */
static void numbers_of_pytorch(void **state)
{
    static const struct {
        const char *name, *keys;
        real w[3];
    } table[] = {
        {"sgd", "{weight_decay: 0.01}", {0.965059936f, -2.03992987f, 0.427634805f}},
        {"sgd",
         "{momentum: 0.9, dampening: 0.5, weight_decay: 0.01}",
         {0.936047137f, -2.08420062f, 0.34820953f}},
        {"sgd", "{momentum: 0.9, nesterov: true}", {0.907076478f, -2.15914392f, 0.274635673f}},
        {"adam",
         "{beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01}",
         {0.661864042f, -2.24505472f, 0.217113808f}},
        {"adamw",
         "{beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01}",
         {0.684659123f, -2.27616024f, 0.2201377f}},
        {"rmsprop", "{alpha: 0.99, eps: 1e-8}", {-0.908103347f, -3.68483329f, -1.10596311f}},
        {"rmsprop",
         "{alpha: 0.9, eps: 1e-3, weight_decay: 0.01}",
         {0.355487674f, -2.4562192f, -0.021134153f}},
        {"rmsprop",
         "{alpha: 0.99, eps: 1e-8, momentum: 0.9}",
         {-4.25955153f, -6.79177904f, -4.13037872f}},
        {"rmsprop",
         "{alpha: 0.9, eps: 1e-2, momentum: 0.5, centered: true, weight_decay: 0.01}",
         {0.0953083113f, -2.67266035f, -0.318757594f}},
    };
    struct cairn_param item = {.name = "w", .shape = {1, {3}}, .count = 3};
    const struct cairn_params three = {
        .item = &item, .n_items = 1, .n_tensors = 1, .n_weights = 3, .n_values = 3};
    (void)state;
    for (size_t c = 0; c < sizeof table / sizeof table[0]; c++) {
        real w[3] = {1.0f, -2.0f, 0.5f}, g[3];
        struct cairn_optim *optim = NULL;
        struct tried o = tried_named(table[c].name, table[c].keys);
        assert_int_equal(cairn_optim_create(o.kind, &o.options, &three, &optim), CAIRN_OK);
        tried_free(&o);
        for (int k = 0; k < 5; k++) {
            for (int i = 0; i < 3; i++)
                g[i] = (real)(0.1 * (i + 1) * (k % 2 == 0 ? 1 : -0.5) + 0.01 * k);
            optim_update(optim, (struct cairn_rate){0.1, 0.1}, g, w);
        }
        for (int i = 0; i < 3; i++) /* a few units in the last place of numbers up to 2, or 7 */
            if (fabs(w[i] - table[c].w[i]) > 2.5e-7f * fmax(2, fabs(w[i])))
                fail_msg("case %zu weight %d: %.9g, PyTorch %.9g", c, i, (double)w[i],
                         (double)table[c].w[i]);
        cairn_optim_free(optim);
    }
}

static void slots_are_kept_only_where_needed(void **state)
{
    const char *name;
    real *block;
    struct cairn_optim *plain = make_named("sgd", "{}");
    struct cairn_optim *momentum = make_named("sgd", "{momentum: 0.5}");
    struct cairn_optim *adam = make_named("adam", "{}");
    struct cairn_optim *rmsprop = make_named("rmsprop", "{centered: true}");
    (void)state;
    assert_false(cairn_optim_slot(plain, 0, &name, &block));
    assert_true(cairn_optim_slot(momentum, 0, &name, &block));
    assert_string_equal(name, "momentum_buffer");
    assert_true(cairn_optim_slot(adam, 1, &name, &block));
    assert_string_equal(name, "exp_avg_sq");
    assert_true(cairn_optim_slot(rmsprop, 1, &name, &block));
    assert_string_equal(name, "grad_avg");
    assert_false(cairn_optim_slot(rmsprop, 2, &name, &block));
    cairn_optim_free(rmsprop);
    cairn_optim_free(plain);
    cairn_optim_free(momentum);
    cairn_optim_free(adam);
    cairn_optim_free(NULL);
}

static void wrong_options_are_named(void **state)
{
    static const struct {
        const char *name, *keys, *says;
    } wrong[] = {
        {"sgd", "{nesterov: true}", "optim.nesterov needs momentum"},
        {"sgd", "{nesterov: true, momentum: 0.9, dampening: 0.1}", "optim.dampening 0.1"},
        {"adam", "{beta1: 1}", "below 1"},
        {"adamw", "{beta2: 1}", "below 1"},
        {"lamb", "{beta2: 1}", "below 1"},
        {"rmsprop", "{alpha: 1}", "optim.alpha is 1"},
    };
    (void)state;
    for (size_t c = 0; c < sizeof wrong / sizeof wrong[0]; c++) {
        struct cairn_optim *optim = NULL;
        struct tried o = tried_named(wrong[c].name, wrong[c].keys);
        assert_int_equal(cairn_optim_create(o.kind, &o.options, &two_tensors, &optim), CAIRN_USAGE);
        tried_free(&o);
        assert_null(optim);
        if (strstr(cairn_error_text(), wrong[c].says) == NULL) fail_msg("%s", cairn_error_text());
    }
}

static void unknown_names_lead_to_known_ones(void **state)
{
    const struct cairn_optim_kind *kind = NULL;
    (void)state;
    assert_int_equal(cairn_optim_find("admw", &kind), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "did you mean 'adamw'?"));
    assert_int_equal(cairn_optim_find("conjugate_gradients", &kind), CAIRN_USAGE);
    for (size_t k = 0; cairn_optim_kind_at(k) != NULL; k++)
        assert_non_null(strstr(cairn_error_text(), cairn_optim_kind_at(k)->name));
    assert_null(kind);
}

/* A constant gradient has no variance: its mean square and squared mean meet, and rounding may put
 * the difference below 0, of which PyTorch's root is NaN. */
static void variance_never_falls_below_zero(void **state)
{
    real w[N] = {0}, g[N];
    struct cairn_optim *optim = make_named("rmsprop", "{alpha: 0.5, eps: 1e-3, centered: true}");
    (void)state;
    draw(1, N, g);
    for (int t = 1; t <= 100; t++) optim_update(optim, (struct cairn_rate){1e-4, 1e-4}, g, w);
    for (int i = 0; i < N; i++) assert_true(isfinite(w[i]));
    cairn_optim_free(optim);
}

/* A tensor of zeros starts to move, and one without a gradient stays: the ratio of both is 1. */
static void zero_norms_scale_nothing(void **state)
{
    static const char *const kinds[] = {"lars", "lamb"};
    static const double moves[] = {0.1 * 0.25, 0.1}; /* rate * g; rate * sign(g) */
    (void)state;
    for (size_t c = 0; c < sizeof kinds / sizeof kinds[0]; c++) {
        struct cairn_optim *optim = make_named(kinds[c], "{}");
        real w[N] = {0}, g[N] = {0};
        for (int i = 0; i < FIRST; i++) g[i] = 0.25f;
        for (int i = FIRST; i < N; i++) w[i] = 3;
        optim_update(optim, (struct cairn_rate){0.1, 0}, g, w);
        for (int i = 0; i < FIRST; i++) assert_true(fabs((double)w[i] + moves[c]) < TOLERANCE);
        for (int i = FIRST; i < N; i++) assert_true(w[i] == 3);
        cairn_optim_free(optim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formulas),
        cmocka_unit_test(kinds_are_whole),
        cmocka_unit_test(a_kind_brings_its_own_keys),
        cmocka_unit_test(restored_state_gives_the_same_bits),
        cmocka_unit_test(numbers_of_pytorch),
        cmocka_unit_test(slots_are_kept_only_where_needed),
        cmocka_unit_test(wrong_options_are_named),
        cmocka_unit_test(unknown_names_lead_to_known_ones),
        cmocka_unit_test(variance_never_falls_below_zero),
        cmocka_unit_test(zero_norms_scale_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
