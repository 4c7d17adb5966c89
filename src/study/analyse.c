/* SPDX-License-Identifier: BSD-3-Clause
 * From a study's rows to fit.json and scaling.json. */
#include "study/analyse.h"

#include <stdlib.h>

#include "base/memory.h"
#include "study/parts.h"

static cairn_status put_series(const struct cairn_study_series *series,
                               const struct cairn_study_about *about, double *room,
                               struct cairn_json *fits, struct cairn_json *scalings)
{
    struct cairn_study_fit fit = {0};
    struct cairn_study_times times = {0};
    struct cairn_study_predictions predictions = {0};
    const struct cairn_study_fit *known = about->has_target ? &fit : NULL;
    cairn_status st = CAIRN_OK;
    if (about->has_target) st = cairn_study_fit_create(series, &fit);
    if (st == CAIRN_OK) st = cairn_study_times_create(series, &times);
    if (st == CAIRN_OK) st = cairn_study_predict(&times, known, about->link, &predictions);
    if (st == CAIRN_OK && about->has_target) cairn_study_put_fit(fits, series, &fit, room);
    if (st == CAIRN_OK && about->has_target && about->tells)
        cairn_study_tell_fit(series, &fit, room);
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
    struct cairn_study_order order = {0};
    struct cairn_json fits = {0}, scalings = {0};
    double *room = NULL;
    char *fit = NULL, *scaling = NULL;
    cairn_status st = cairn_memory_get(CAIRN_STUDY_DRAWS, sizeof *room, "an analysis", &room);
    if (st == CAIRN_OK) st = cairn_study_order_create(table, &order);
    cairn_json_open(&fits, NULL, '{');
    cairn_json_open(&scalings, NULL, '{');
    for (size_t i = 0; i < order.n_series && st == CAIRN_OK; i++)
        st = put_series(&order.series[i], about, room, &fits, &scalings);
    cairn_json_close(&fits, '}');
    cairn_json_close(&scalings, '}');
    if (st == CAIRN_OK) st = cairn_json_take(&fits, &fit);
    if (st == CAIRN_OK) st = cairn_json_take(&scalings, &scaling);
    cairn_study_order_free(&order);
    free(room);
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
