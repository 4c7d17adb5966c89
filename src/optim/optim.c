/* SPDX-License-Identifier: BSD-3-Clause
 * The registry of optimizers, and the one object that holds an optimizer's state.  Knows no
 * formula. */
#include "optim/optim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/host.h"
#include "base/keys.h"
#include "base/memory.h"
#include "base/tiny.h"
#include "optim/groups.h"
#include "tensor/threads.h"

#define X(name) extern const struct cairn_optim_kind cairn_optim_##name;
#include "optim/optimizers.def"
#undef X

static const struct cairn_optim_kind *const kinds[] = {
#define X(name) &cairn_optim_##name,
#include "optim/optimizers.def"
#undef X
};

enum { N_KINDS = sizeof kinds / sizeof kinds[0], MOST_OWN = 32, BLOCK = CAIRN_GRADIENT_BLOCK };

/* Those of the host. */
static struct cairn_optim_kind own_kind[MOST_OWN];
static size_t n_own;

struct cairn_optim {
    const struct cairn_optim_kind *kind;
    const struct cairn_params *params; /* borrowed for life */
    void *self;                        /* kind->self_bytes, filled by its keys; owned */
    struct cairn_optim_ranges ranges;
    size_t n_slots;              /* that are kept */
    real *own;                   /* their memory, unless it is elsewhere; owned */
    real *slot[CAIRN_MAX_SLOTS]; /* [n_weights] each, NULL where none is kept */
    struct cairn_part part;      /* of the weights that are changed here */
    uint64_t t;                  /* updates done */
    bool is_ours;                /* the kind may be called in any thread, ... */
    bool by_blocks;              /* ... and for a part of a range */
};

const struct cairn_optim_kind *cairn_optim_kind_at(size_t index)
{
    if (index < N_KINDS) return kinds[index];
    return index - N_KINDS < n_own ? &own_kind[index - N_KINDS] : NULL;
}

bool cairn_optim_enter(const struct cairn_optim_kind *kind)
{
    if (n_own == MOST_OWN) return false;
    own_kind[n_own++] = *kind;
    return true;
}

cairn_status cairn_optim_find(const char *name, const struct cairn_optim_kind **out)
{
    const char *names[N_KINDS + MOST_OWN];
    size_t n = 0;
    size_t found = 0;
    for (; cairn_optim_kind_at(n) != NULL; n++) names[n] = cairn_optim_kind_at(n)->name;
    CAIRN_TRY(cairn_name_find("optimizer", name, names, n, &found));
    *out = cairn_optim_kind_at(found);
    return CAIRN_OK;
}

static bool table_at(size_t index, struct cairn_key_table *table)
{
    const struct cairn_optim_kind *kind = cairn_optim_kind_at(index);
    if (kind == NULL) return false;
    *table = (struct cairn_key_table){kind->keys, kind->n_keys};
    return true;
}

const struct cairn_key_section cairn_optim_section = {"optim", table_at};

static const struct cairn_key *find_key(const struct cairn_optim_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->n_keys; i++)
        if (strcmp(kind->keys[i].name, name) == 0) return &kind->keys[i];
    return NULL;
}

bool cairn_optim_has_key(const struct cairn_optim_kind *kind, const char *name)
{
    return find_key(kind, name) != NULL;
}

/* "momentum" of "optim.momentum", as it is written in the section */
static const char *name_in_section(const struct cairn_key *key)
{
    return key->name + strlen(cairn_optim_section.name) + 1;
}

void cairn_optim_uses(const struct cairn_optim_kind *kind, char *text, size_t n_bytes)
{
    snprintf(text, n_bytes, "lr weight_decay");
    for (size_t i = 0; i < kind->n_keys; i++) {
        size_t n = strlen(text);
        snprintf(text + n, n_bytes - n, " %s", name_in_section(&kind->keys[i]));
    }
}

/* Make the struct of the kind, to be released with free(). */
static cairn_status read_own(const struct cairn_optim_kind *kind, const struct cairn_node *own,
                             void **out)
{
    unsigned char *self = NULL;
    cairn_status st = cairn_memory_get(1, kind->self_bytes + 1, "the optimizer", &self);
    for (size_t i = 0; i < kind->n_keys && st == CAIRN_OK; i++)
        st = cairn_key_read(&kind->keys[i], cairn_node_find(own, name_in_section(&kind->keys[i])),
                            "", self);
    if (st != CAIRN_OK)
        free(self);
    else
        *out = self;
    return st;
}

static cairn_status check_own(const struct cairn_optim_kind *kind, const struct cairn_node *own,
                              const void *self)
{
    const struct cairn_node *name = cairn_node_find(own, "name");
    const struct cairn_node *place = name == NULL ? own : name;
    if (kind->check == NULL) return CAIRN_OK;
    struct cairn_error before; /* it may be the host's */
    cairn_host_ask(&before);
    cairn_status st = cairn_host_answer(&before, kind->check(self), "its check");
    CAIRN_TRY_IN(st, "%s", place == NULL ? "default" : cairn_node_place(place));
    return CAIRN_OK;
}

static bool is_kept(const struct cairn_optim_kind *kind, const void *self, int slot)
{
    return kind->needs_slot == NULL || kind->needs_slot(self, slot);
}

cairn_status cairn_optim_count_slots(const struct cairn_optim_kind *kind,
                                     const struct cairn_optim_options *options, size_t *out)
{
    void *self = NULL;
    size_t n = 0;
    CAIRN_TRY(read_own(kind, options->own, &self));
    for (int k = 0; k < CAIRN_MAX_SLOTS && kind->slots[k] != NULL; k++) n += is_kept(kind, self, k);
    free(self);
    *out = n;
    return CAIRN_OK;
}

/* From one slot to the next, so that each is aligned. */
static size_t slot_bytes(const struct cairn_optim *optim)
{
    return cairn_memory_whole(optim->params->n_weights * sizeof(real));
}

size_t cairn_optim_bytes(const struct cairn_optim *optim)
{
    return optim->n_slots * slot_bytes(optim);
}

cairn_status cairn_optim_place(struct cairn_optim *optim, struct cairn_part part, void *memory)
{
    const struct cairn_optim_kind *kind = optim->kind;
    unsigned char *at = memory;
    if (memory == NULL) {
        CAIRN_TRY(
            cairn_memory_get(optim->n_slots, slot_bytes(optim), "the optimizer", &optim->own));
        at = (unsigned char *)optim->own;
    }
    for (int k = 0; k < CAIRN_MAX_SLOTS && kind->slots[k] != NULL; k++) {
        if (!is_kept(kind, optim->self, k)) continue;
        optim->slot[k] = (real *)(void *)at;
        at += slot_bytes(optim);
    }
    optim->part = part;
    return CAIRN_OK;
}

static cairn_status make(const struct cairn_optim_options *options, struct cairn_optim *optim)
{
    const struct cairn_optim_kind *kind = optim->kind;
    CAIRN_TRY(read_own(kind, options->own, &optim->self));
    CAIRN_TRY(check_own(kind, options->own, optim->self));
    CAIRN_TRY(cairn_optim_ranges_create(options, kind, optim->params, &optim->ranges));
    for (int k = 0; k < CAIRN_MAX_SLOTS && kind->slots[k] != NULL; k++)
        optim->n_slots += is_kept(kind, optim->self, k);
    return options->placed_later ? CAIRN_OK : cairn_optim_place(optim, cairn_part_whole(), NULL);
}

cairn_status cairn_optim_create(const struct cairn_optim_kind *kind,
                                const struct cairn_optim_options *options,
                                const struct cairn_params *params, struct cairn_optim **out)
{
    struct cairn_optim *optim = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *optim, "the optimizer", &optim));
    optim->kind = kind;
    optim->params = params;
    for (size_t i = 0; i < N_KINDS; i++) optim->is_ours |= kinds[i] == kind;
    optim->by_blocks = optim->is_ours && !kind->by_tensor;
    cairn_status st = make(options, optim);
    if (st != CAIRN_OK) {
        cairn_optim_free(optim);
        return st;
    }
    *out = optim;
    return CAIRN_OK;
}

void cairn_optim_free(struct cairn_optim *optim)
{
    if (optim == NULL) return;
    cairn_optim_ranges_free(&optim->ranges);
    free(optim->own);
    free(optim->self);
    free(optim);
}

/* What all calls of one update share. */
struct job {
    const struct cairn_optim *optim;
    struct cairn_rate rate;
    const struct cairn_gradient *gradient;
    real *w;
    bool settles; /* the gradient is divided and clipped where it lies */
    size_t first; /* block or range */
};

/* Elements [first, first + n) of the flat block, which lie in one range, with their gradient. */
static void change(const struct job *job, const struct cairn_optim_range *range, size_t first,
                   size_t n, const real *g)
{
    const struct cairn_optim *optim = job->optim;
    struct cairn_optim_step step = {
        .n = n,
        .w = job->w + first,
        .g = g,
        .weight_decay = range->weight_decay,
        .trust_ratio = range->trust_ratio,
        .rate = {job->rate.now * range->lr_scale, job->rate.before * range->lr_scale},
        .t = optim->t,
    };
    for (int k = 0; k < CAIRN_MAX_SLOTS; k++)
        step.slot[k] = optim->slot[k] == NULL ? NULL : optim->slot[k] + first;
    const uint64_t before = cairn_tiny_to_zero();
    optim->kind->update(optim->self, &step);
    cairn_tiny_as_before(before);
}

/* Elements [first, first + n) of the gradient, in place where it is settled. */
static const real *read_block(const struct job *job, size_t first, size_t n, real *block)
{
    real *to = job->settles ? job->gradient->sum + first : block;
    return cairn_gradient_read(job->gradient, first, n, to);
}

static void change_range(void *context, size_t i)
{
    const struct job *job = context;
    const struct cairn_optim_range *range = &job->optim->ranges.range[job->first + i];
    for (size_t done = 0; done < range->count; done += BLOCK) {
        const size_t n = range->count - done < BLOCK ? range->count - done : BLOCK;
        (void)read_block(job, range->offset + done, n, NULL);
    }
    change(job, range, range->offset, range->count, job->gradient->sum + range->offset);
}

/* Block i of the weights: its part of each range. */
static void change_block(void *context, size_t i)
{
    const struct job *job = context;
    const struct cairn_optim_range *range = job->optim->ranges.range;
    const size_t all = job->optim->params->n_weights;
    size_t first = (job->first + i) * BLOCK;
    const size_t end = all - first > BLOCK ? first + BLOCK : all;
    real buffer[BLOCK];
    while (range->offset + range->count <= first) range++;
    for (; first < end; range++) {
        const size_t left = range->offset + range->count - first;
        const size_t n = left < end - first ? left : end - first;
        change(job, range, first, n, read_block(job, first, n, buffer));
        first += n;
    }
}

/* The first range whose middle is in this part of the weights, or after it. */
static size_t first_range(const struct cairn_optim *optim, struct cairn_part part)
{
    const size_t begin = cairn_part_begin(part, optim->params->n_weights);
    const struct cairn_optim_range *range = optim->ranges.range;
    size_t r = 0;
    while (r < optim->ranges.n && range[r].offset + range[r].count / 2 < begin) r++;
    return r;
}

void cairn_optim_update(struct cairn_optim *optim, struct cairn_rate rate,
                        struct cairn_gradient *gradient, real *w)
{
    const struct cairn_part part = optim->part, next = {part.index + 1, part.n};
    const size_t n_blocks = (optim->params->n_weights + BLOCK - 1) / BLOCK;
    struct job job = {optim, rate, gradient, w, gradient->shown || !optim->by_blocks, 0};
    optim->t++;
    if (optim->by_blocks) {
        job.first = cairn_part_begin(part, n_blocks);
        cairn_threads_each(cairn_part_end(part, n_blocks) - job.first, change_block, &job);
    } else if (optim->is_ours) {
        job.first = first_range(optim, part);
        cairn_threads_each(first_range(optim, next) - job.first, change_range, &job);
    } else {
        for (size_t r = 0; r < optim->ranges.n; r++) change_range(&job, r);
    }
    if (job.settles) cairn_gradient_settled(gradient);
}

bool cairn_optim_can_share(const struct cairn_optim *optim)
{
    return optim->is_ours;
}

bool cairn_optim_slot(struct cairn_optim *optim, size_t index, const char **name, real **block)
{
    for (int k = 0; k < CAIRN_MAX_SLOTS; k++) {
        if (optim->slot[k] == NULL || index-- > 0) continue;
        *name = optim->kind->slots[k];
        *block = optim->slot[k];
        return true;
    }
    return false;
}

const char *cairn_optim_name(const struct cairn_optim *optim)
{
    return optim->kind->name;
}

double *cairn_optim_real(const struct cairn_optim *optim, const char *key)
{
    const struct cairn_key *found = find_key(optim->kind, key);
    if (found == NULL || found->type != CAIRN_KEY_REAL) return NULL;
    void *field = (unsigned char *)optim->self + found->offset;
    return field;
}

uint64_t cairn_optim_count(const struct cairn_optim *optim)
{
    return optim->t;
}

void cairn_optim_set_count(struct cairn_optim *optim, uint64_t t)
{
    optim->t = t;
}
