/* SPDX-License-Identifier: BSD-3-Clause
 * From a study's rows to fit.json and scaling.json. */
#include "study/analyse.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "study/parts.h"

/* The rows in order, at the target of the study and at further ones. */
struct orders {
    const struct cairn_study_about *about;
    struct cairn_study_order order;
    size_t n_further;
    struct cairn_study_table table[CAIRN_STUDY_MOST_TARGETS]; /* rows owned, what they hold not */
    struct cairn_study_order further[CAIRN_STUDY_MOST_TARGETS];
    double *room; /* [CAIRN_STUDY_DRAWS] */
};

static cairn_status make_orders(const struct cairn_study_table *table,
                                const struct cairn_study_about *about, struct orders *out)
{
    const struct cairn_study_targets *targets = about->targets;
    out->about = about;
    CAIRN_TRY(cairn_memory_get(CAIRN_STUDY_DRAWS, sizeof *out->room, "an analysis", &out->room));
    CAIRN_TRY(cairn_study_order_create(table, &out->order));
    for (size_t i = 0; targets != NULL && i < targets->n; i++) {
        CAIRN_TRY(cairn_study_at_target(table, &targets->of[i].target, &out->table[i]));
        out->n_further = i + 1;
        CAIRN_TRY(cairn_study_order_create(&out->table[i], &out->further[i]));
    }
    return CAIRN_OK;
}

static void free_orders(struct orders *orders)
{
    for (size_t i = 0; i < orders->n_further; i++) {
        cairn_study_order_free(&orders->further[i]);
        free(orders->table[i].row);
    }
    cairn_study_order_free(&orders->order);
    free(orders->room);
}

static const struct cairn_study_series *find_series(const struct cairn_study_order *order,
                                                    const char *name)
{
    for (size_t i = 0; i < order->n_series; i++)
        if (strcmp(order->series[i].name, name) == 0) return &order->series[i];
    return NULL;
}

/* What cells of earlier versions have no scores for is left out. */
static cairn_status put_further(const struct orders *orders, const char *name,
                                struct cairn_json *fits)
{
    cairn_status st = CAIRN_OK;
    cairn_json_open(fits, "targets", '[');
    for (size_t i = 0; i < orders->n_further && st == CAIRN_OK; i++) {
        struct cairn_study_fit fit = {0};
        const char *target = orders->about->targets->of[i].text;
        const struct cairn_study_series *series = find_series(&orders->further[i], name);
        if (series == NULL) continue;
        st = cairn_study_fit_create(series, &fit);
        if (st == CAIRN_OK) {
            cairn_json_open(fits, NULL, '{');
            cairn_json_text(fits, "target", target);
            cairn_study_put_fit(fits, series, &fit, orders->room);
            cairn_json_close(fits, '}');
            if (orders->about->logs) cairn_study_log_target(series, target, &fit, orders->room);
        }
        cairn_study_fit_free(&fit);
    }
    cairn_json_close(fits, ']');
    return st;
}

static cairn_status put_fit(const struct orders *orders, const struct cairn_study_series *series,
                            const struct cairn_study_fit *fit, struct cairn_json *fits)
{
    if (orders->about->logs) cairn_study_log_fit(series, fit, orders->room);
    cairn_json_open(fits, series->name, '{');
    cairn_study_put_fit(fits, series, fit, orders->room);
    cairn_status st = put_further(orders, series->name, fits);
    cairn_json_close(fits, '}');
    return st;
}

static cairn_status put_series(const struct orders *orders, const struct cairn_study_series *series,
                               struct cairn_json *fits, struct cairn_json *scalings)
{
    struct cairn_study_fit fit = {0};
    struct cairn_study_times times = {0};
    struct cairn_study_predictions predictions = {0};
    const struct cairn_study_about *about = orders->about;
    const struct cairn_study_fit *known = about->has_target ? &fit : NULL;
    cairn_status st = CAIRN_OK;
    if (about->has_target) st = cairn_study_fit_create(series, &fit);
    if (st == CAIRN_OK) st = cairn_study_times_create(series, &times);
    if (st == CAIRN_OK) st = cairn_study_predict(&times, known, &about->asked, &predictions);
    if (st == CAIRN_OK && about->has_target) st = put_fit(orders, series, &fit, fits);
    if (st == CAIRN_OK) cairn_study_put_scaling(scalings, series->name, &times, &predictions);
    cairn_study_fit_free(&fit);
    cairn_study_times_free(&times);
    cairn_study_predictions_free(&predictions);
    return st;
}

cairn_status cairn_study_analyse(const struct cairn_study_table *table,
                                 const struct cairn_study_about *about, char **fit_json,
                                 char **scaling_json)
{
    struct orders orders = {.about = NULL};
    struct cairn_json fits = {0}, scalings = {0};
    char *fit = NULL, *scaling = NULL;
    cairn_status st = make_orders(table, about, &orders);
    cairn_json_open(&fits, NULL, '{');
    cairn_json_open(&scalings, NULL, '{');
    for (size_t i = 0; st == CAIRN_OK && i < orders.order.n_series; i++)
        st = put_series(&orders, &orders.order.series[i], &fits, &scalings);
    cairn_json_close(&fits, '}');
    cairn_json_close(&scalings, '}');
    if (st == CAIRN_OK) st = cairn_json_take(&fits, &fit);
    if (st == CAIRN_OK) st = cairn_json_take(&scalings, &scaling);
    free_orders(&orders);
    if (st != CAIRN_OK) {
        free(fit);
        free(fits.text);
        free(scalings.text);
        return st;
    }
    *fit_json = fit;
    *scaling_json = scaling;
    return CAIRN_OK;
}
