/* SPDX-License-Identifier: BSD-3-Clause
 * A loss of the host as one of ours: it sees one answer at a time; weights, sums and accuracy are
 * counted here.  Compiled in two precisions (tensor/real.h). */
#include <string.h>

#include "base/host.h"
#include "base/memory.h"
#include "nn/each_output.h"
#include "nn/loss.h"
#include "nn/own.h"

static struct cairn_own_loss own_kind[CAIRN_MOST_OWN];
static struct cairn_loss_kind kind[CAIRN_MOST_OWN]; /* the same as rows like ours */
static size_t n_kinds;

/* What stands before the host's own struct, whose keys are moved by its size. */
struct head {
    _Alignas(CAIRN_ALIGNMENT) const struct cairn_own_loss *own;
    size_t n_targets;
};

/* One answer: its outputs h [k] and where their gradient goes. */
struct row {
    size_t k;
    const real *h;
    real *dh; /* or NULL */
    struct cairn_own_answer answer;
    double weight;
};

static const void *self_of(const struct head *head)
{
    return head + 1;
}

static bool is_missing(const struct cairn_own_loss *own)
{
    return CAIRN_R_BITS == CAIRN_REAL_BITS ? own->loss == NULL : own->loss_double == NULL;
}

static double call(const struct head *head, const struct row *row)
{
#if CAIRN_R_BITS == CAIRN_REAL_BITS
    return head->own->loss(self_of(head), row->k, row->h, &row->answer, row->dh);
#else
    return head->own->loss_double(self_of(head), row->k, row->h, &row->answer, row->dh);
#endif
}

static cairn_status check_outputs(size_t k, size_t n_targets, size_t n_classes)
{
    if (n_targets > 0 ? k == n_targets : k >= n_classes) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "the last layer has %zu outputs for %zu %s; set units: %zu", k,
                      n_targets + n_classes, n_targets > 0 ? "targets" : "classes",
                      n_targets + n_classes);
}

static cairn_status plan(void *self, const struct cairn_shape *outputs,
                         const struct cairn_model_options *options)
{
    struct head *head = self;
    const struct cairn_own_loss *own = head->own;
    const size_t n_labels = options->n_labels > 1 ? options->n_labels : 1;
    const size_t n = cairn_shape_count(outputs);
    head->n_targets = options->n_targets;
    if (is_missing(own))
        return cairn_fail(CAIRN_USAGE,
                          "loss %s has no function loss_double, which a check in "
                          "double needs",
                          own->name);
    if (n % n_labels != 0)
        return cairn_fail(CAIRN_USAGE, "the last layer has %zu outputs for %zu labels", n,
                          n_labels);
    if (own->plan == NULL)
        return check_outputs(n / n_labels, options->n_targets, options->n_classes);
    struct cairn_error before;
    cairn_host_ask(&before);
    return cairn_host_answer(
        &before, own->plan(head + 1, n / n_labels, options->n_targets, options->n_classes),
        "its plan");
}

static size_t class_of(const real *h, size_t k, bool behind_last)
{
    size_t best = 0;
    (void)behind_last; /* it contains no layer */
    for (size_t j = 1; j < k; j++)
        if (h[j] > h[best]) best = j;
    return best;
}

static void one_answer(const struct head *head, const struct row *row, struct cairn_scores *scores)
{
    const double loss = call(head, row);
    scores->loss += row->weight * loss;
    scores->weight += row->weight;
    if (row->dh != NULL && row->weight != 1)
        for (size_t j = 0; j < row->k; j++) row->dh[j] *= (real)row->weight;
    if (row->answer.target != NULL) return;
    scores->count += row->weight;
    if (class_of(row->h, row->k, false) == (size_t)row->answer.label)
        scores->correct += row->weight;
}

static cairn_status run(const void *self, const struct cairn_micro *micro, size_t k, const real *h,
                        real *dh, struct cairn_scores *scores)
{
    const struct head *head = self;
    const size_t n_labels = micro->target != NULL ? 1 : micro->n_labels;
    k /= n_labels;
    for (size_t i = 0; i < micro->n * n_labels; i++) {
        struct row row = {.k = k, .h = h + i * k, .weight = 1};
        if (dh != NULL) row.dh = dh + i * k;
        row.weight = micro->target != NULL ? cairn_each_output_part(micro, i, k)
                                           : cairn_micro_weight(micro, i / n_labels, i % n_labels);
        if (row.weight == 0) {
            if (dh != NULL) memset(row.dh, 0, k * sizeof *dh);
            continue;
        }
        if (micro->target != NULL)
            row.answer = (struct cairn_own_answer){.target = micro->target + i * head->n_targets,
                                                   .n_targets = head->n_targets};
        else
            row.answer.label = micro->label[i];
        if (row.answer.label < 0 || (micro->target == NULL && (size_t)row.answer.label >= k))
            return cairn_fail(
                CAIRN_DATA, "sample %llu has the label %d, but the model has %zu outputs",
                (unsigned long long)micro->sample[i / n_labels], (int)row.answer.label, k);
        one_answer(head, &row, scores);
    }
    return CAIRN_OK;
}

cairn_status CAIRN_R(cairn_own_loss_enter)(const struct cairn_own_loss *own)
{
    struct cairn_key *keys = NULL;
    CAIRN_TRY(cairn_memory_get(own->n_keys, sizeof *keys, "keys of a loss", &keys)); /* for life */
    for (size_t i = 0; i < own->n_keys; i++) {
        keys[i] = own->keys[i];
        keys[i].offset += sizeof(struct head);
    }
    own_kind[n_kinds] = *own;
    kind[n_kinds] = (struct cairn_loss_kind){
        .size = sizeof(struct cairn_loss_kind),
        .name = own->name,
        .doc = own->doc,
        .takes_classes = own->takes_classes,
        .takes_targets = own->takes_targets,
        .keys = keys,
        .n_keys = own->n_keys,
        .self_bytes = sizeof(struct head) + own->self_bytes,
        .own = &own_kind[n_kinds],
        .plan = plan,
        .class_of = class_of,
        .run = run,
    };
    n_kinds++;
    return CAIRN_OK;
}

const struct cairn_loss_kind *cairn_own_loss_at(size_t index)
{
    return index < n_kinds ? &kind[index] : NULL;
}
