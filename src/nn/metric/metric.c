/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of metrics, scores by name, and what several metrics share. */
#include "nn/metric/metric.h"

#include <stdio.h>
#include <string.h>

#define X(name) extern const struct cairn_metric_kind cairn_metric_##name;
#include "nn/metric/metrics.def"
#undef X

const struct cairn_metric_kind *cairn_metric_at(size_t index)
{
    static const struct cairn_metric_kind *const kinds[] = {
#define X(name) &cairn_metric_##name,
#include "nn/metric/metrics.def"
#undef X
    };
    return index < CAIRN_N_METRICS ? kinds[index] : NULL;
}

/* The names of all scores from one on, less their first n_cut bytes. */
static const char *all_names(size_t first, size_t n_cut, char text[512])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t s = first; s < CAIRN_N_SCORES && used < 512; s++)
        used += (size_t)snprintf(text + used, 512 - used, "%s%s", used > 0 ? ", " : "",
                                 cairn_score_name(s) + n_cut);
    return text;
}

cairn_status cairn_metric_find(const char *name, size_t *out)
{
    char names[512];
    for (size_t i = 0; i < CAIRN_N_METRICS; i++) {
        if (strcmp(cairn_metric_at(i)->name, name) != 0) continue;
        *out = i;
        return CAIRN_OK;
    }
    return cairn_fail(CAIRN_USAGE, "there is no metric '%s'; known are %s", name,
                      all_names(CAIRN_SCORE_ACCURACY, strlen("eval_"), names));
}

const char *cairn_score_name(size_t score)
{
    static const char *const names[] = {
        "none",
        "eval_loss",
#define X(name) "eval_" #name,
#include "nn/metric/metrics.def"
#undef X
    };
    return names[score];
}

bool cairn_score_is_error(size_t score)
{
    return score < CAIRN_SCORE_ACCURACY ||
           cairn_metric_at(score - CAIRN_SCORE_ACCURACY)->lower_is_better;
}

cairn_status cairn_score_find(const char *name, size_t *out)
{
    char names[512];
    for (size_t s = CAIRN_SCORE_LOSS; s < CAIRN_N_SCORES; s++) {
        if (strcmp(name, cairn_score_name(s)) != 0) continue;
        *out = s;
        return CAIRN_OK;
    }
    return cairn_fail(CAIRN_USAGE, "there is no score '%s'; known are %s", name,
                      all_names(CAIRN_SCORE_LOSS, 0, names));
}

size_t cairn_metric_two(const struct cairn_metric_about *about)
{
    (void)about;
    return 2;
}

double cairn_metric_mean(const struct cairn_metric_about *about, const double *sum)
{
    (void)about;
    return sum[0] / sum[1];
}

const char *cairn_metric_wants_targets(const struct cairn_metric_about *about)
{
    return about->n_targets > 0 ? NULL : "real targets that are compared with an output each";
}

const char *cairn_metric_wants_classes(const struct cairn_metric_about *about)
{
    return about->n_classes > 0 ? NULL : "classes, or targets that are answered by yes or no";
}
