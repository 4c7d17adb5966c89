/* SPDX-License-Identifier: BSD-3-Clause
 * From a study file to a study that can run: what is wrong is said before anything is made. */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "cluster/doctor.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "setup/setup.h"
#include "start/start.h"
#include "study/run/run.h"

enum { MOST_RANKS = 1000000 };

/* ---- what can be wrong */

/* A cell in the middle of what the study file has. */
static size_t some_cell(const struct cairn_study *study)
{
    size_t cell = 0;
    for (size_t i = 0; i < study->axes.n; i++)
        cell = cairn_study_with(&study->axes, cell, i, study->axes.axis[i].first);
    return cell;
}

static cairn_status check_ranks(const struct cairn_study *study,
                                const struct cairn_study_axis *axis)
{
    int world = cairn_comm_size(study->comm);
    int most = world / study->n_groups;
    for (size_t i = 0; i < axis->n; i++) {
        char *end = NULL;
        long ranks = strtol(axis->value[i], &end, 10);
        if (*end != '\0' || ranks < 1 || ranks > INT_MAX / study->n_groups)
            return cairn_fail(CAIRN_USAGE,
                              "%s: the axis ranks has %s, which is not a number of ranks",
                              cairn_node_place(axis->node), axis->value[i]);
        if (ranks > most)
            return cairn_fail(
                CAIRN_USAGE,
                "%s: the axis ranks goes to %ld, and %d rank%s for each of %d cells at once; start "
                "it as mpirun -n %ld cairn study ...",
                cairn_node_place(axis->node), ranks, most, most == 1 ? " is there" : "s are there",
                study->n_groups, ranks * study->n_groups);
    }
    return CAIRN_OK;
}

/* Each value of each axis, beside the first ones of the others. */
static cairn_status check_values(const struct cairn_study *study)
{
    size_t first = some_cell(study);
    for (size_t i = 0; i < study->axes.n; i++) {
        const struct cairn_study_axis *axis = &study->axes.axis[i];
        if (axis->role == CAIRN_STUDY_RANKS) CAIRN_TRY(check_ranks(study, axis));
        for (size_t k = axis->first; k < axis->end; k++) {
            struct cairn_config *config = NULL;
            size_t cell = cairn_study_with(&study->axes, first, i, k);
            CAIRN_TRY_IN(cairn_study_config(study, cell, &config), "%s: the axis %s, value %s",
                         cairn_node_place(axis->node), axis->name, axis->value[k]);
            cairn_config_free(config);
        }
    }
    return CAIRN_OK;
}

static cairn_status check_groups(const struct cairn_study *study)
{
    const struct cairn_study_file *file = study->file;
    bool timed = file->kind != CAIRN_STUDY_TO_TARGET;
    CAIRN_TRY(cairn_study_file_shares(file, (size_t)cairn_comm_size(study->comm)));
    if (timed && file->concurrent > 1)
        return cairn_fail(CAIRN_USAGE, "%s: cells that are timed run alone; leave concurrent out",
                          cairn_study_file_place(file, "concurrent"));
    return CAIRN_OK;
}

static cairn_status check_kind(const struct cairn_study *study)
{
    const struct cairn_study_file *file = study->file;
    bool to_target = file->kind == CAIRN_STUDY_TO_TARGET;
    const char *place = cairn_study_file_place(file, to_target ? "target" : "kind");
    bool scaling = file->kind == CAIRN_STUDY_STRONG || file->kind == CAIRN_STUDY_WEAK;
    if (to_target && !study->target.any)
        return cairn_fail(CAIRN_USAGE,
                          "%s: updates to which target? say study.target: eval_accuracy >= 0.96, "
                          "or another study.kind",
                          place);
    if (!to_target && (study->target.any || study->targets.n > 0))
        return cairn_fail(CAIRN_USAGE, "%s: only updates-to-target has a target; leave it out",
                          place);
    if (scaling && !cairn_study_has_axis(study, "ranks"))
        return cairn_fail(CAIRN_USAGE, "%s: this kind of study needs the axis ranks", place);
    if (file->kind == CAIRN_STUDY_ACCUMULATION &&
        !cairn_study_has_axis(study, "batch.accumulate") &&
        !cairn_study_has_axis(study, "batch.micro"))
        return cairn_fail(CAIRN_USAGE,
                          "%s: an accumulation study needs the axis batch.accumulate or "
                          "batch.micro",
                          place);
    return CAIRN_OK;
}

/* What needs the data: rank 0. */
static cairn_status check_data(struct cairn_study *study, const struct cairn_config *config)
{
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_setup_data_open(&study->data, config, &dataset));
    cairn_status st = CAIRN_OK;
    if (study->target.any && !cairn_dataset_has(dataset, CAIRN_SPLIT_VAL))
        st = cairn_fail(CAIRN_USAGE,
                        "%s: a study selects by the group val, which %s does not have; make one "
                        "(data.val_fraction, cairn import ... --val N)",
                        cairn_study_file_place(study->file, "target"), cairn_dataset_path(dataset));
    if (st == CAIRN_OK) st = cairn_dataset_fingerprint(dataset, &study->data_fingerprint);
    cairn_dataset_close(dataset);
    return st;
}

/* Whether what the targets are of is evaluated. */
static cairn_status check_metric(struct cairn_study *study, const struct cairn_config *config)
{
    struct cairn_dataset *dataset = NULL;
    struct cairn_model *model = NULL;
    bool needed = study->target.any && !cairn_study_target_is_loss(&study->target);
    for (size_t i = 0; i < study->targets.n; i++)
        needed = needed || !cairn_study_target_is_loss(&study->targets.of[i].target);
    if (!needed) return CAIRN_OK;
    CAIRN_TRY(cairn_setup_data_open(&study->data, config, &dataset));
    struct cairn_model_options options = cairn_setup_model_options(config, dataset, 1);
    cairn_status st = cairn_model_create(&options, &model);
    if (st == CAIRN_OK) {
        st = cairn_setup_check_score(config, model, study->metric);
        if (st != CAIRN_OK)
            st = cairn_fail_in(st, "%s", cairn_study_file_place(study->file, "target"));
    }
    cairn_model_free(model);
    cairn_dataset_close(dataset);
    return st;
}

/* A cell ends at its target, and is evaluated where that is told from. */
static cairn_status check_early(const struct cairn_study *study, const struct cairn_config *config)
{
    const bool patient = config->train_patience != CAIRN_KEY_WORD(CAIRN_PATIENCE_NONE);
    const bool stops = strcmp(config->train_stop, "none") != 0;
    if (config->schedule_decay == CAIRN_LR_DECAY_PLATEAU)
        return cairn_fail(CAIRN_USAGE,
                          "%s: schedule.decay: plateau counts evaluations, and a study makes them "
                          "where its target wants them; take another decay",
                          study->file->run);
    if (!patient && !stops) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: cells of a study end at study.target; leave %s out",
                      study->file->run, stops ? "train.stop" : "train.patience");
}

/* A decay is as long as the budget; cells that reach the target end before. */
static void warn_of_decay(const struct cairn_study *study, const struct cairn_config *config)
{
    bool falls = config->schedule_decay != CAIRN_LR_DECAY_CONSTANT &&
                 config->schedule_decay != CAIRN_LR_DECAY_STEP &&
                 config->schedule_decay != CAIRN_LR_DECAY_MILESTONES;
    if (!study->target.any || !falls) return;
    cairn_log_warning("%s: schedule.decay ends with the budget of a cell, and most end at "
                      "the target before: another budget would give other updates to the target; "
                      "take schedule.decay: constant",
                      study->file->run);
}

/* Checks keep the loss and one metric. */
static cairn_status take_metric(struct cairn_study *study, const struct cairn_study_target *target,
                                const char *place)
{
    if (cairn_study_target_is_loss(target)) return CAIRN_OK;
    if (study->metric != CAIRN_SCORE_NONE && study->metric != target->goal.score)
        return cairn_fail(CAIRN_USAGE,
                          "%s: targets are of %s and of %s; a study has those of the loss and of "
                          "one metric",
                          place, cairn_score_name(study->metric),
                          cairn_score_name(target->goal.score));
    study->metric = target->goal.score;
    return CAIRN_OK;
}

/* Further targets: cells end at study.target, so they must have been reached by then. */
static cairn_status take_targets(struct cairn_study *study)
{
    struct cairn_study_targets *targets = &study->targets;
    const struct cairn_node *list = study->file->targets;
    for (const struct cairn_node *at = list == NULL ? NULL : list->child; at != NULL;
         at = at->next) {
        const char *place = cairn_node_place(at);
        struct cairn_study_target target;
        if (at->kind != CAIRN_NODE_SCALAR)
            return cairn_fail(CAIRN_USAGE, "%s: study.targets is a list of texts", place);
        CAIRN_TRY_IN(cairn_study_target_read(at->text, &target), "%s", place);
        CAIRN_TRY(take_metric(study, &target, place));
        if (target.goal.score == study->target.goal.score &&
            !cairn_study_target_is_easier(&target, &study->target))
            return cairn_fail(CAIRN_USAGE,
                              "%s: '%s' is not easier than study.target (%s), where cells end; "
                              "make the hardest one study.target",
                              place, at->text, study->file->target);
        if (targets->n == CAIRN_STUDY_MOST_TARGETS)
            return cairn_fail(CAIRN_USAGE, "%s: more than %d targets", place,
                              CAIRN_STUDY_MOST_TARGETS);
        targets->of[targets->n].text = at->text;
        targets->of[targets->n++].target = target;
    }
    return CAIRN_OK;
}

/* A whole number from 1 to `most`; 0: it is none. */
static uint64_t number_of(const struct cairn_node *node, uint64_t most)
{
    char *end = NULL;
    if (node->kind != CAIRN_NODE_SCALAR || !isdigit((unsigned char)node->text[0])) return 0;
    uint64_t n = strtoull(node->text, &end, 10);
    return *end == '\0' && n <= most ? n : 0;
}

/* Splits that are to be predicted: ranks, B, b. */
static cairn_status take_splits(struct cairn_study *study)
{
    const uint64_t most = (uint64_t)1 << 40;
    const struct cairn_node *list = study->file->predict;
    for (const struct cairn_node *at = list == NULL ? NULL : list->child; at != NULL;
         at = at->next) {
        uint64_t number[3] = {0};
        size_t n = 0;
        for (const struct cairn_node *item = at->child; item != NULL; item = item->next, n++)
            if (n < 3) number[n] = number_of(item, n == 0 ? MOST_RANKS : most);
        if (at->kind != CAIRN_NODE_LIST || n != 3 || number[0] == 0 || number[1] == 0 ||
            number[2] == 0)
            return cairn_fail(CAIRN_USAGE,
                              "%s: study.predict is a list of [ranks, B, b], as in [[2, 512, 32]]",
                              cairn_node_place(at));
        if (study->n_splits == CAIRN_STUDY_MOST_SPLITS)
            return cairn_fail(CAIRN_USAGE, "%s: more than %d splits", cairn_node_place(at),
                              CAIRN_STUDY_MOST_SPLITS);
        study->split[study->n_splits++] =
            (struct cairn_study_split){(int)number[0], number[1], number[2]};
    }
    return CAIRN_OK;
}

/* ---- together */

static cairn_status parse(struct cairn_study *study)
{
    const struct cairn_study_request *given = &study->request;
    CAIRN_TRY(cairn_study_file_read(study->study_text, study->n_study_text, given->file,
                                    given->overrides, &study->file));
    study->n_groups = (int)study->file->concurrent;
    CAIRN_TRY(cairn_study_axes_read(study->file->axes, &study->axes));
    if (study->file->target[0] != '\0')
        CAIRN_TRY_IN(cairn_study_target_read(study->file->target, &study->target), "%s",
                     cairn_study_file_place(study->file, "target"));
    if (study->target.any) CAIRN_TRY(take_metric(study, &study->target, ""));
    CAIRN_TRY(take_targets(study));
    if (study->metric == CAIRN_SCORE_NONE) study->metric = CAIRN_SCORE_ACCURACY;
    CAIRN_TRY(take_splits(study));
    study->has_link = study->file->link[0] != '\0';
    if (study->has_link)
        CAIRN_TRY_IN(cairn_link_read(study->file->link, &study->link), "%s: study.link",
                     cairn_study_file_place(study->file, "link"));
    CAIRN_TRY(check_groups(study));
    return check_kind(study);
}

/* Collective. */
static cairn_status look_at_launch(struct cairn_study *study, const struct cairn_config *config)
{
    struct cairn_opened opened = {.dataset = NULL};
    CAIRN_TRY(cairn_start_foresee(config, study->comm, &study->data, &opened));
    struct cairn_wanted wanted = cairn_start_wanted(config, &opened, NULL, NULL);
    wanted.batch = 0; /* ranks and micro-batches are those of the cells */
    cairn_status st = cairn_doctor_start(study->comm, &wanted);
    cairn_opened_close(&opened);
    return st;
}

static cairn_status prepare_cells(struct cairn_study *study)
{
    struct cairn_config *config = NULL;
    bool main = cairn_comm_rank(study->comm) == 0;
    cairn_status st = cairn_study_base(study);
    if (st == CAIRN_OK) st = check_values(study);
    if (st == CAIRN_OK) st = cairn_study_config(study, some_cell(study), &config);
    st = cairn_start_allow(config, study->comm, st);
    if (st == CAIRN_OK && main)
        st = cairn_start_check(config, &study->data,
                               (size_t)cairn_study_ranks(study, some_cell(study)));
    if (st == CAIRN_OK && main) st = check_data(study, config);
    if (st == CAIRN_OK && main) st = check_metric(study, config);
    if (st == CAIRN_OK) st = check_early(study, config);
    if (st == CAIRN_OK && main) warn_of_decay(study, config);
    if (st == CAIRN_OK && main && !study->request.check)
        st = cairn_start_deadline(config, study->request.begin_s, &study->deadline_s,
                                  &study->deadline_unix_s);
    st = cairn_comm_agree(study->comm, st);
    double deadline[2] = {study->deadline_s, study->deadline_unix_s};
    st = cairn_comm_broadcast(study->comm, st, deadline, sizeof deadline);
    st = cairn_comm_broadcast(study->comm, st, &study->data_fingerprint,
                              sizeof study->data_fingerprint);
    study->deadline_s = deadline[0];
    study->deadline_unix_s = deadline[1];
    if (st == CAIRN_OK) cairn_watchdog_limit(study->comm, cairn_start_hang_timeout_s(config));
    if (st == CAIRN_OK) st = look_at_launch(study, config);
    if (st == CAIRN_OK && !study->request.check)
        st = cairn_start_stage(config, study->comm, &study->data);
    cairn_config_free(config);
    return st;
}

cairn_status cairn_study_prepare(struct cairn_study *study)
{
    cairn_status st = CAIRN_OK;
    bool main = cairn_comm_rank(study->comm) == 0;
    if (main)
        st = cairn_study_file_load(study->request.file, &study->study_text, &study->n_study_text);
    CAIRN_TRY(
        cairn_comm_broadcast_block(study->comm, st, &study->study_text, &study->n_study_text));
    CAIRN_TRY(cairn_comm_agree(study->comm, parse(study)));
    if (main) st = cairn_config_load(study->file->run, &study->run_text, &study->n_run_text);
    if (st != CAIRN_OK)
        st = cairn_fail_in(st, "%s", cairn_node_place(cairn_node_find(study->file->tree, "run")));
    CAIRN_TRY(cairn_comm_broadcast_block(study->comm, st, &study->run_text, &study->n_run_text));
    return prepare_cells(study);
}
