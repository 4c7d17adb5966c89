/* SPDX-License-Identifier: BSD-3-Clause
 * From the run file's list of layers and its loss to a planned model.
 * Running it is in gradient.c. */
#include "nn/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keys.h"
#include "base/last_error.h"
#include "nn/planned.h"

static const struct cairn_node *last_child(const struct cairn_node *list)
{
    const struct cairn_node *node = list->child;
    while (node->next != NULL) node = node->next;
    return node;
}

static cairn_status find_loss(const struct cairn_node *name, const struct cairn_loss_kind **out)
{
    enum { MOST = 128 };
    const char *names[MOST];
    size_t n = 0;
    size_t found = 0;
    for (; n < MOST && cairn_loss_kind_at(n) != NULL; n++) names[n] = cairn_loss_kind_at(n)->name;
    CAIRN_TRY_IN(cairn_name_find("loss", name->text, names, n, &found), "%s",
                 cairn_node_place(name));
    *out = cairn_loss_kind_at(found);
    return CAIRN_OK;
}

static bool takes(const struct cairn_loss_kind *loss, bool classes)
{
    return classes ? loss->takes_classes : loss->takes_targets;
}

static const struct cairn_loss_kind *default_loss(bool classes)
{
    size_t i = 0;
    while (!takes(cairn_loss_kind_at(i), classes)) i++;
    return cairn_loss_kind_at(i);
}

static cairn_status choose_loss(const struct cairn_model_options *options,
                                const struct cairn_loss_kind **out)
{
    const struct cairn_node *name = options->loss;
    bool classes = options->n_classes > 0;
    if (name == NULL) {
        *out = default_loss(classes);
        return CAIRN_OK;
    }
    if (name->kind == CAIRN_NODE_MAP) name = cairn_node_find(name, "type");
    if (name == NULL || name->kind != CAIRN_NODE_SCALAR)
        return cairn_fail(CAIRN_USAGE, "%s: loss must be a name, such as %s",
                          cairn_node_place(options->loss), default_loss(classes)->name);
    const struct cairn_loss_kind *loss = NULL;
    CAIRN_TRY(find_loss(name, &loss));
    if (!takes(loss, classes))
        return cairn_fail(CAIRN_USAGE, "%s: loss %s needs %s, but the data has %s; use %s",
                          cairn_node_place(name), loss->name, classes ? "real targets" : "classes",
                          classes ? "classes" : "real targets", default_loss(classes)->name);
    *out = loss;
    return CAIRN_OK;
}

bool cairn_model_loss_names_classes(const struct cairn_node *name)
{
    if (name != NULL && name->kind == CAIRN_NODE_MAP) name = cairn_node_find(name, "type");
    if (name == NULL || name->kind != CAIRN_NODE_SCALAR) return false;
    for (size_t i = 0; cairn_loss_kind_at(i) != NULL; i++)
        if (strcmp(cairn_loss_kind_at(i)->name, name->text) == 0)
            return cairn_loss_kind_at(i)->targets_are_classes;
    return false;
}

/* The chain that the loss stands after. */
static struct cairn_chain learnt_chain(const struct cairn_chain *chain,
                                       const struct cairn_loss_kind *loss)
{
    struct cairn_chain learnt = *chain;
    const char *last = chain->layer[chain->n_layers - 1].kind->name;
    if (loss->last != NULL && chain->n_layers > 1 && strcmp(last, loss->last) == 0)
        learnt.n_layers--;
    if (learnt.n_segments > 0 && learnt.segment[learnt.n_segments - 1].end == learnt.n_layers)
        learnt.n_segments--; /* the last had that layer alone */
    return learnt;
}

static struct cairn_class_rows rows_of(const struct cairn_model *model,
                                       const struct cairn_model_options *options)
{
    const struct cairn_shape *outputs = cairn_chain_output(&model->learnt);
    const size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    const struct cairn_class_rows *rows = NULL;
    if (model->loss_self != NULL && model->loss->rows != NULL)
        rows = model->loss->rows(model->loss_self);
    if (rows != NULL) return *rows;
    if (options->unlabelled != NULL && options->unlabelled_dim != CAIRN_CLASS_DIM_AUTO)
        return cairn_class_rows_at(outputs, options->unlabelled_dim == CAIRN_CLASS_DIM_FIRST);
    return (struct cairn_class_rows){cairn_shape_count(outputs) / n_labels, n_labels, false};
}

/* What the outputs stand for. */
static cairn_status name_outputs(struct cairn_model *model,
                                 const struct cairn_model_options *options)
{
    const struct cairn_loss_kind *kind = model->loss;
    model->rows = rows_of(model, options);
    if (options->n_classes > 0 || kind->targets_are_classes)
        model->n_classes = kind->n_classes > 0 ? kind->n_classes : model->rows.k;
    model->n_targets = options->n_targets;
    model->is_text = options->vocabulary > 0 && options->n_labels > 1;
    model->has_positions =
        options->n_targets > 0 ? options->y.ndim > 1 : options->n_labels > 1 && !model->is_text;
    if (!model->rows.first) return CAIRN_OK;
    return cairn_memory_get(model->rows.k, sizeof *model->row, "the outputs of a label",
                            &model->row);
}

/* No labels, so that there is nothing to fit to the loss. */
static cairn_status name_loss(struct cairn_model *model, const struct cairn_model_options *options)
{
    struct cairn_node name = {.kind = CAIRN_NODE_SCALAR, .source = "checkpoint"};
    CAIRN_TRY(cairn_memory_text(options->unlabelled, &name.text));
    cairn_status st = find_loss(&name, &model->loss);
    free(name.text);
    if (st != CAIRN_OK) return st;
    model->learnt = learnt_chain(&model->chain, model->loss);
    return name_outputs(model, options);
}

static cairn_status plan_loss(struct cairn_model *model, const struct cairn_model_options *options)
{
    const struct cairn_node *keys = options->loss;
    if (options->unlabelled != NULL) return name_loss(model, options);
    if (keys != NULL && keys->kind != CAIRN_NODE_MAP) keys = NULL;
    CAIRN_TRY(choose_loss(options, &model->loss));
    const struct cairn_loss_kind *kind = model->loss;
    model->learnt = learnt_chain(&model->chain, kind);
    char what[64];
    snprintf(what, sizeof what, "loss (%s)", kind->name);
    CAIRN_TRY(cairn_memory_get(1, kind->self_bytes, what, &model->loss_self));
    if (kind->own != NULL) memcpy(model->loss_self, &kind->own, sizeof kind->own);
    CAIRN_TRY(cairn_keys_read(kind->keys, kind->n_keys, keys, "type", what, model->loss_self));
    CAIRN_TRY_IN(kind->plan(model->loss_self, cairn_chain_output(&model->learnt), options), "%s",
                 cairn_node_place(keys != NULL ? keys : last_child(options->layers)));
    CAIRN_TRY(name_outputs(model, options));
    if (!model->rows.first || model->learnt.n_layers == model->chain.n_layers) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "%s: {type: %s} at the end is along the last dimension, but the first one "
                      "counts classes; leave it out, as loss %s contains it",
                      cairn_node_place(last_child(options->layers)), kind->last, kind->name);
}

/* costs: NULL where all activations are kept. */
static cairn_status plan_chain(struct cairn_model *model, const struct cairn_model_options *options,
                               struct cairn_layer_costs *costs, struct cairn_plan *out)
{
    struct cairn_plan plan = {.micro = options->micro,
                              .params = &model->params,
                              .arena = &model->arena,
                              .vocabulary = options->vocabulary,
                              .input_unchanged = true,
                              .backend = options->backend,
                              .rounds = options->rounds,
                              .holds = options->holds,
                              .costs = costs};
    memcpy(plan.sizes, options->sizes, sizeof plan.sizes);
    model->n_in = cairn_shape_count(&options->input);
    model->micro = options->micro;
    model->backend = options->backend;
    model->seed = options->seed;
#ifdef CAIRN_F64
    model->input_at = cairn_plan_activation(&plan, model->n_in, sizeof(real));
#endif
    if (options->layers == NULL)
        return cairn_fail(CAIRN_USAGE, "the run file has no model; give a list of layers, such as "
                                       "model: [{type: flatten}, {type: dense, units: 10}]");
    CAIRN_TRY(cairn_chain_plan(&model->chain, options->layers, "", &options->input, &plan));
    *out = plan;
    return CAIRN_OK;
}

/* The gradient by the outputs lies over them where that is possible: of a large vocabulary they are
 * most of what there is. */
static void plan_loss_gradient(struct cairn_model *model, struct cairn_plan *plan)
{
    const size_t n_out = cairn_shape_count(cairn_chain_output(&model->learnt));
    model->over_outputs = model->loss->over && cairn_chain_is_free(&model->learnt);
    cairn_chain_plan_gradients(&model->learnt, false, plan);
    if (!model->over_outputs) cairn_plan_gradient(plan, model->learnt.depth, 0, n_out);
}

/* A segment holds at most an N-th of the activations that a model without segments has. */
static cairn_status gather_costs(const struct cairn_model_options *options,
                                 struct cairn_layer_costs *costs)
{
    struct cairn_model *whole = NULL;
    struct cairn_plan plan;
    CAIRN_TRY(cairn_memory_get(1, sizeof *whole, "the model", &whole));
    cairn_status st = plan_chain(whole, options, costs, &plan);
    costs->most = whole->arena.planned_bytes / options->recompute + 1;
    costs->n_seen = 0;
    cairn_model_free(whole);
    return st;
}

static cairn_status plan_layers(struct cairn_model *model,
                                const struct cairn_model_options *options, struct cairn_plan *plan)
{
    struct cairn_layer_costs costs = {.most = 0};
    if (options->recompute <= 1) return plan_chain(model, options, NULL, plan);
    cairn_status st = gather_costs(options, &costs);
    if (st == CAIRN_OK) st = plan_chain(model, options, &costs, plan);
    plan->costs = NULL;
    free(costs.layer);
    return st;
}

static cairn_status plan_model(struct cairn_model *model, const struct cairn_model_options *options)
{
    struct cairn_plan plan;
    CAIRN_TRY(plan_layers(model, options, &plan));
    model->ghost = plan.ghost;
    model->last = plan.last;
    CAIRN_TRY(plan_loss(model, options));
    plan_loss_gradient(model, &plan);
    for (int depth = 0; depth < CAIRN_MAX_DEPTH; depth++)
        for (int turn = 0; turn < 2; turn++)
            model->gradient_at[depth][turn] =
                cairn_plan_activation(&plan, plan.gradient[depth][turn], sizeof(real));
    model->workspace_at = cairn_arena_plan(&model->arena, plan.workspace_bytes, 1);
    model->code_bytes = plan.code.bytes;
    model->most_held = plan.most_held;
    model->scratch_at = cairn_arena_plan(&model->arena, plan.scratch_bytes, 1);
    return CAIRN_OK;
}

static cairn_status take_memory(struct cairn_model *model)
{
    struct cairn_arena all = model->arena; /* asked for together, before any is taken */
    cairn_arena_plan(&all, model->params.n_values, sizeof(real));
    CAIRN_TRY(cairn_memory_check(all.planned_bytes, "activations and weights"));
    return cairn_arena_allocate(&model->arena, "activations");
}

cairn_status cairn_model_create(const struct cairn_model_options *options, struct cairn_model **out)
{
    struct cairn_model *model = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *model, "the model", &model));
    cairn_status st = plan_model(model, options);
    if (st == CAIRN_OK) st = take_memory(model);
    if (st != CAIRN_OK) {
        cairn_model_free(model);
        return st;
    }
    *out = model;
    return CAIRN_OK;
}

static size_t count_shared(const struct cairn_params *params)
{
    size_t n = 0;
    for (size_t p = 0; p < params->n_items; p++)
        if (params->item[p].n_uses > 1) n += params->item[p].count;
    return n;
}

cairn_status cairn_model_measure(const struct cairn_model_options *options,
                                 struct cairn_model_size *out)
{
    struct cairn_model *model = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *model, "the model", &model));
    cairn_status st = plan_model(model, options);
    if (st == CAIRN_OK)
        *out = (struct cairn_model_size){.n_weights = model->params.n_weights,
                                         .n_values = model->params.n_values,
                                         .n_shared = count_shared(&model->params),
                                         .activation_bytes = model->arena.planned_bytes,
                                         .code_bytes = model->code_bytes};
    cairn_model_free(model);
    return st;
}

void cairn_model_free(struct cairn_model *model)
{
    if (model == NULL) return;
    if (model->loss_self != NULL && model->loss->free != NULL) model->loss->free(model->loss_self);
    free(model->loss_self);
    free(model->row);
    cairn_profile_free(model->profile);
    cairn_chain_free(&model->chain);
    cairn_params_free(&model->params);
    cairn_arena_free(&model->arena);
    free(model);
}

size_t cairn_model_most_held(const struct cairn_model *model)
{
    return model->most_held;
}

const struct cairn_params *cairn_model_params(const struct cairn_model *model)
{
    return &model->params;
}

const struct cairn_chain *cairn_model_layers(const struct cairn_model *model)
{
    return &model->chain;
}

/* The loss that would be chosen for labels; NULL where it takes none of positions. */
static const struct cairn_loss_kind *loss_of_positions(const struct cairn_model_options *options)
{
    struct cairn_model_options labelled = *options;
    const struct cairn_loss_kind *loss = NULL;
    labelled.n_classes = 1;
    if (choose_loss(&labelled, &loss) != CAIRN_OK) return NULL;
    return loss->takes_positions ? loss : NULL;
}

bool cairn_model_wants_labels(const struct cairn_model_options *options)
{
    struct cairn_error before;
    struct cairn_plan plan;
    struct cairn_model *model = NULL;
    bool wants = false;
    cairn_error_take(CAIRN_OK, &before);
    const struct cairn_loss_kind *loss = loss_of_positions(options);
    if (loss != NULL && cairn_memory_get(1, sizeof *model, "the model", &model) == CAIRN_OK &&
        plan_chain(model, options, NULL, &plan) == CAIRN_OK) {
        const struct cairn_chain learnt = learnt_chain(&model->chain, loss);
        wants = cairn_class_rows_fit(cairn_chain_output(&learnt), &options->y);
    }
    cairn_model_free(model);
    (void)cairn_error_put(&before);
    return wants;
}

int64_t cairn_model_ignored_label(const struct cairn_model *model)
{
    const struct cairn_loss_kind *loss = model->loss;
    return loss->ignored_label == NULL ? INT64_MIN : loss->ignored_label(model->loss_self);
}

bool cairn_model_is_ghost(const struct cairn_model *model)
{
    return model->ghost;
}

enum cairn_backend cairn_model_backend(const struct cairn_model *model)
{
    return model->backend;
}

size_t cairn_model_activation_bytes(const struct cairn_model *model)
{
    return model->arena.planned_bytes;
}

void cairn_model_init(const struct cairn_model *model, real *w)
{
    cairn_chain_init(&model->chain, &model->params, model->seed, w);
}
