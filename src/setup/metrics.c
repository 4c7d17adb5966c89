/* SPDX-License-Identifier: BSD-3-Clause
 * eval.metrics: which metrics an evaluation has; and which score a key means by its name. */
#include <stdio.h>
#include <string.h>

#include "setup/setup.h"

static cairn_status choose_one(const struct cairn_node *name, struct cairn_metric_choice *choice)
{
    size_t metric = 0;
    if (name->kind != CAIRN_NODE_SCALAR)
        return cairn_fail(CAIRN_USAGE, "%s: eval.metrics is a list of names, as in [mae, r2]",
                          cairn_node_place(name));
    CAIRN_TRY_IN(cairn_metric_find(name->text, &metric), "%s: eval.metrics",
                 cairn_node_place(name));
    choice->wanted[metric] = true;
    return CAIRN_OK;
}

static cairn_status choose(const struct cairn_config *config, const struct cairn_model *model,
                           struct cairn_metric_choice *out)
{
    const struct cairn_node *names = config->eval_metrics;
    *out = (struct cairn_metric_choice){{false}};
    if (names == NULL) {
        *out = cairn_metrics_usual(model);
        return CAIRN_OK;
    }
    if (names->kind == CAIRN_NODE_SCALAR) return choose_one(names, out);
    for (const struct cairn_node *name = names->child; name != NULL; name = name->next)
        CAIRN_TRY(choose_one(name, out));
    return CAIRN_OK;
}

cairn_status cairn_setup_metrics(const struct cairn_config *config, const struct cairn_model *model,
                                 struct cairn_metric_set **out)
{
    struct cairn_metric_choice choice;
    CAIRN_TRY(choose(config, model, &choice));
    CAIRN_TRY_IN(cairn_metrics_create(model, &choice, out), "%s: eval.metrics",
                 cairn_config_place(config, "eval.metrics"));
    return CAIRN_OK;
}

/* "eval_loss, eval_accuracy": what is evaluated. */
static void evaluated_names(const struct cairn_metric_choice *choice, char text[512])
{
    size_t used = (size_t)snprintf(text, 512, "%s", cairn_score_name(CAIRN_SCORE_LOSS));
    for (size_t i = 0; i < CAIRN_N_METRICS && used < 512; i++)
        if (choice->wanted[i])
            used += (size_t)snprintf(text + used, 512 - used, ", %s",
                                     cairn_score_name(CAIRN_SCORE_ACCURACY + i));
}

cairn_status cairn_setup_check_score(const struct cairn_config *config,
                                     const struct cairn_model *model, size_t score)
{
    struct cairn_metric_choice choice;
    char names[512];
    CAIRN_TRY(choose(config, model, &choice));
    if (cairn_model_has_accuracy(model)) choice.wanted[0] = true;
    if (score == CAIRN_SCORE_LOSS || choice.wanted[score - CAIRN_SCORE_ACCURACY]) return CAIRN_OK;
    evaluated_names(&choice, names);
    if (score == CAIRN_SCORE_ACCURACY)
        return cairn_fail(CAIRN_USAGE, "the loss %s has no accuracy; take one of %s",
                          cairn_model_loss_name(model), names);
    return cairn_fail(CAIRN_USAGE,
                      "%s is not evaluated; take one of %s, or name the metric in eval.metrics",
                      cairn_score_name(score), names);
}
