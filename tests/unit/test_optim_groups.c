/* SPDX-License-Identifier: BSD-3-Clause
 * Parameter groups: a model with groups gives, tensor by tensor, the bits of models that hold only
 * that tensor and have its settings for their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "optim/groups.h"
#include "support/optim.h"

enum { N_ITEMS = 4, UPDATES = 6 };

static struct cairn_param items[N_ITEMS] = {
    {.name = "1.weight", .shape = {.ndim = 2, .dim = {5, 7}}, .offset = 0, .count = 35},
    {.name = "1.bias", .shape = {.ndim = 1, .dim = {5}}, .offset = 35, .count = 5},
    {.name = "3.body.0.weight", .shape = {.ndim = 2, .dim = {3, 5}}, .offset = 40, .count = 15},
    {.name = "3.body.0.bias", .shape = {.ndim = 1, .dim = {3}}, .offset = 55, .count = 3},
};

enum { N_ALL = 58 };

static const struct cairn_params params = {
    .item = items, .n_items = N_ITEMS, .n_tensors = N_ITEMS, .n_weights = N_ALL, .n_values = N_ALL};

/* What each tensor should have. */
struct wanted {
    double weight_decay[N_ITEMS], lr_scale[N_ITEMS];
    bool trust_ratio[N_ITEMS];
};

static struct cairn_node *node(enum cairn_node_kind kind, const char *key, const char *text)
{
    struct cairn_node *made = NULL;
    assert_int_equal(cairn_node_create(kind, key, text, &made), CAIRN_OK);
    made->source = "test";
    return made;
}

/* "match=*.bias weight_decay=0; match=1.* lr_scale=2": a list of maps; "match=a,b" is a list of
 * patterns. */
static struct cairn_node *groups_of(const char *text)
{
    char copy[256], *entries = NULL, *fields = NULL, *patterns = NULL;
    struct cairn_node *list = node(CAIRN_NODE_LIST, NULL, NULL);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *e = strtok_r(copy, ";", &entries); e != NULL; e = strtok_r(NULL, ";", &entries)) {
        struct cairn_node *map = node(CAIRN_NODE_MAP, NULL, NULL);
        for (char *f = strtok_r(e, " ", &fields); f != NULL; f = strtok_r(NULL, " ", &fields)) {
            char *value = strchr(f, '=');
            *value++ = '\0';
            bool many = strchr(value, ',') != NULL;
            struct cairn_node *field =
                node(many ? CAIRN_NODE_LIST : CAIRN_NODE_SCALAR, f, many ? NULL : value);
            char *p = many ? strtok_r(value, ",", &patterns) : NULL;
            for (; p != NULL; p = strtok_r(NULL, ",", &patterns))
                cairn_node_add(field, node(CAIRN_NODE_SCALAR, NULL, p));
            cairn_node_add(map, field);
        }
        cairn_node_add(list, map);
    }
    return list;
}

static void draw(int t, size_t n, real *out)
{
    uint32_t bits[N_ALL];
    cairn_random_fill(cairn_random_key(9, CAIRN_RANDOM_INIT, 0, 0), (uint64_t)t, n, bits);
    for (size_t i = 0; i < n; i++) out[i] = cairn_random_unit(bits[i]) - 0.5f;
}

static struct cairn_rate rates_of(int t)
{
    return (struct cairn_rate){0.02 / t, t == 1 ? 0 : 0.02 / (t - 1)};
}

static struct cairn_optim *make(const struct tried *o, const struct cairn_params *of)
{
    struct cairn_optim *optim = NULL;
    if (cairn_optim_create(o->kind, &o->options, of, &optim) != CAIRN_OK)
        fail_msg("%s", cairn_error_text());
    return optim;
}

/* The tensor k alone, with w [count] of its own: its settings are those of the whole optimizer. */
static void update_alone(const struct tried *o, const struct wanted *wanted, int k, real *w)
{
    struct cairn_param item = items[k];
    struct cairn_params alone = {.item = &item,
                                 .n_items = 1,
                                 .n_tensors = 1,
                                 .n_weights = item.count,
                                 .n_values = item.count};
    struct tried own = *o;
    struct cairn_node *without = groups_of("match=* trust_ratio=false");
    item.offset = 0;
    own.options.weight_decay = wanted->weight_decay[k];
    own.options.exclude_1d = false;
    own.options.groups = wanted->trust_ratio[k] ? NULL : without;
    struct cairn_optim *optim = make(&own, &alone);
    for (int t = 1; t <= UPDATES; t++) {
        real g[N_ALL];
        draw(t, N_ALL, g);
        struct cairn_rate rate = rates_of(t);
        rate.now *= wanted->lr_scale[k];
        rate.before *= wanted->lr_scale[k];
        optim_update(optim, rate, g + items[k].offset, w);
    }
    cairn_optim_free(optim);
    cairn_node_free(without);
}

static void check(const struct tried *o, const char *groups, const struct wanted *wanted)
{
    real w[N_ALL], g[N_ALL], alone[N_ALL];
    struct cairn_node *list = groups_of(groups);
    struct tried grouped = *o;
    grouped.options.groups = list;
    struct cairn_optim *optim = make(&grouped, &params);
    cairn_node_free(list); /* nothing of it may be kept */
    draw(0, N_ALL, w);
    memcpy(alone, w, sizeof w);
    for (int t = 1; t <= UPDATES; t++) {
        draw(t, N_ALL, g);
        optim_update(optim, rates_of(t), g, w);
    }
    cairn_optim_free(optim);
    for (int k = 0; k < N_ITEMS; k++) {
        size_t first = items[k].offset;
        update_alone(o, wanted, k, alone + first);
        if (memcmp(w + first, alone + first, items[k].count * sizeof *w) != 0)
            fail_msg("%s, groups '%s': %s has other bits than alone", o->kind->name, groups,
                     items[k].name);
    }
}

/* Groups, and what each tensor has by them. */
static const struct {
    const char *groups;
    bool exclude_1d;
    struct wanted wanted;
} cases[] = {
    {"", false, {{0.1, 0.1, 0.1, 0.1}, {1, 1, 1, 1}, {true, true, true, true}}},
    {"", true, {{0.1, 0, 0.1, 0}, {1, 1, 1, 1}, {true, false, true, false}}},
    {"match=*.bias weight_decay=0.5 lr_scale=2",
     true,
     {{0.1, 0.5, 0.1, 0.5}, {1, 2, 1, 2}, {true, false, true, false}}},
    {"match=1.weight lr_scale=2",
     false,
     {{0.1, 0.1, 0.1, 0.1}, {2, 1, 1, 1}, {true, true, true, true}}},
    {"match=1.* lr_scale=0;match=*.weight,3.*.bias weight_decay=0 trust_ratio=false",
     false,
     {{0.1, 0.1, 0, 0}, {0, 0, 1, 1}, {true, true, false, false}}},
};

static void groups_give_the_bits_of_tensors_alone(void **state)
{
    const struct cairn_optim_kind *kind = NULL;
    (void)state;
    for (size_t k = 0; (kind = cairn_optim_kind_at(k)) != NULL; k++)
        for (const char *const *keys = formula_of(kind)->example; *keys != NULL; keys++) {
            struct tried o = tried(kind, *keys);
            o.options.weight_decay = 0.1;
            for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
                o.options.exclude_1d = cases[c].exclude_1d;
                check(&o, cases[c].groups, &cases[c].wanted);
            }
            tried_free(&o);
        }
}

static size_t n_ranges(const char *name, bool exclude_1d, double weight_decay)
{
    const struct cairn_optim_kind *kind = NULL;
    struct cairn_optim_ranges ranges;
    struct cairn_optim_options o = {.exclude_1d = exclude_1d, .weight_decay = weight_decay};
    assert_int_equal(cairn_optim_find(name, &kind), CAIRN_OK);
    assert_int_equal(cairn_optim_ranges_create(&o, kind, &params, &ranges), CAIRN_OK);
    size_t n = ranges.n;
    size_t end = 0;
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(ranges.range[i].offset, end);
        end += ranges.range[i].count;
    }
    assert_int_equal(end, N_ALL);
    cairn_optim_ranges_free(&ranges);
    return n;
}

/* Tensors that are treated alike are one loop, but where norms are taken. */
static void neighbours_alike_are_one_range(void **state)
{
    (void)state;
    assert_int_equal(n_ranges("sgd", true, 0), 1);
    assert_int_equal(n_ranges("adamw", false, 0.1), 1);
    assert_int_equal(n_ranges("adamw", true, 0.1), N_ITEMS);
    assert_int_equal(n_ranges("lars", true, 0), N_ITEMS);
    assert_int_equal(n_ranges("lamb", false, 0.1), N_ITEMS);
}

static void wrong_groups_are_named(void **state)
{
    static const struct {
        const char *name, *groups, *says;
    } wrong[] = {
        {"sgd", "match=*.bais", "there is no tensor '*.bais'; did you mean '1.bias'?"},
        {"sgd", "match=1.*,nothing_like_it", "there are: 1.weight, 1.bias, 3.body.0.weight"},
        {"sgd", "match=* wieght_decay=0", "did you mean 'weight_decay'?"},
        {"sgd", "match=* weight_decay=-1", "at least 0"},
        {"sgd", "match=* lr_scale=fast", "takes a number"},
        {"sgd", "weight_decay=0", "'optim.groups.match' must be given"},
        {"sgd", "match=* trust_ratio=true", "these have one: lars, lamb"},
        {"lamb", "match=*;match=7.*", "there is no tensor '7.*'"},
    };
    (void)state;
    for (size_t c = 0; c < sizeof wrong / sizeof wrong[0]; c++) {
        struct cairn_optim *optim = NULL;
        struct cairn_node *list = groups_of(wrong[c].groups);
        struct tried o = tried_named(wrong[c].name, "{}");
        o.options.groups = list;
        assert_int_equal(cairn_optim_create(o.kind, &o.options, &params, &optim), CAIRN_USAGE);
        assert_null(optim);
        if (strstr(cairn_error_text(), wrong[c].says) == NULL) fail_msg("%s", cairn_error_text());
        cairn_node_free(list);
        tried_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_give_the_bits_of_tensors_alone),
        cmocka_unit_test(neighbours_alike_are_one_range),
        cmocka_unit_test(wrong_groups_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
