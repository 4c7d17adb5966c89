/* SPDX-License-Identifier: BSD-3-Clause
 * Which micro-batch is the fastest that fits in memory: for batch.micro: auto and for `cairn plan`.
 * A run asks rank 0, and the others wait for its answer. */
#include "plan/micro_search.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cluster/launch.h"
#include "cluster/node.h"
#include "comm/exchange.h"
#include "plan/benchmark.h"

enum { LARGEST = 1024 };
#define LONG_S 0.5  /* of a pass: larger sizes are tried only while ... */
#define GAIN   0.98 /* ... the last took less than this part of the best before, per sample */

uint64_t cairn_micro_most(uint64_t batch, uint64_t n_ranks)
{
    return batch / n_ranks + (batch % n_ranks != 0);
}

static enum cairn_fit candidate_fit(const struct cairn_room *room,
                                    const struct cairn_candidate *candidate)
{
    return cairn_room_fit(room, &candidate->need[room->several]);
}

static cairn_status plan(const struct cairn_candidate_job *job, uint64_t micro,
                         struct cairn_candidate *out)
{
    struct cairn_planned planned;
    *out = (struct cairn_candidate){.micro = micro, .pass_s = NAN};
    for (int several = 0; several < 2; several++) {
        CAIRN_TRY(
            cairn_planned_for(job->config, job->dataset, job->rule, micro, several != 0, &planned));
        out->need[several] = cairn_need(&planned, job->room->program);
    }
    return CAIRN_OK;
}

static cairn_status try_size(const struct cairn_candidate_job *job, uint64_t micro, bool timed,
                             struct cairn_candidate *out)
{
    CAIRN_TRY(plan(job, micro, out));
    if (!timed || candidate_fit(job->room, out) != CAIRN_FITS) return CAIRN_OK;
    CAIRN_TRY_IN(cairn_benchmark_pass(job->config, job->dataset, job->rule, (size_t)micro,
                                      &out->pass_s, &out->ghost),
                 "timing batch.micro %" PRIu64, micro);
    return CAIRN_OK;
}

static double per_sample(const struct cairn_candidate *candidate)
{
    return candidate->pass_s / (double)candidate->micro;
}

/* Whether a size that is larger than the last may be faster. */
static bool may_gain(const struct cairn_candidates *list, const struct cairn_room *room)
{
    const struct cairn_candidate *last = &list->item[list->n - 1];
    const struct cairn_candidate *best =
        list->n < 2 ? NULL : cairn_micro_fastest(list, last->micro - 1, room);
    if (best == NULL || isnan(last->pass_s) || last->pass_s < LONG_S) return true;
    return per_sample(last) < GAIN * per_sample(best);
}

cairn_status cairn_micro_candidates(const struct cairn_candidate_job *job, uint64_t most,
                                    struct cairn_candidates *out)
{
    uint64_t n = cairn_dataset_size(job->dataset, CAIRN_SPLIT_TRAIN);
    bool timed = true;
    out->n = 0;
    for (uint64_t size = 1; size <= LARGEST && size <= most && size <= n; size *= 2) {
        struct cairn_candidate *next = &out->item[out->n];
        cairn_status st = try_size(job, size, timed, next);
        bool any = cairn_micro_fastest(out, most, job->room) != NULL;
        if (st == CAIRN_USAGE && size == 1 && most > 1 && n > 1)
            continue; /* normalisation may want two samples */
        if ((st == CAIRN_MEMORY || st == CAIRN_USAGE) && any) {
            next->refused = true; /* too large for the memory, or to be counted */
            st = CAIRN_OK;
            timed = false;
        }
        CAIRN_TRY(st);
        out->n++;
        timed = timed && may_gain(out, job->room);
    }
    return CAIRN_OK;
}

cairn_status cairn_micro_add(const struct cairn_candidate_job *job, uint64_t micro, bool timed,
                             struct cairn_candidates *list)
{
    size_t at = 0;
    struct cairn_candidate added;
    while (at < list->n && list->item[at].micro < micro) at++;
    bool there = at < list->n && list->item[at].micro == micro;
    if (list->n == CAIRN_MOST_CANDIDATES || (there && !isnan(list->item[at].pass_s)))
        return CAIRN_OK;
    cairn_status st = try_size(job, micro, timed, &added);
    if ((st == CAIRN_MEMORY || st == CAIRN_USAGE) && timed) {
        cairn_log_warning("%s", cairn_error_text());
        st = try_size(job, micro, false, &added);
        added.refused = true;
    }
    CAIRN_TRY(st);
    if (!there) {
        memmove(&list->item[at + 1], &list->item[at], (list->n - at) * sizeof added);
        list->n++;
    }
    list->item[at] = added;
    return CAIRN_OK;
}

const struct cairn_candidate *cairn_micro_fastest(const struct cairn_candidates *list,
                                                  uint64_t most, const struct cairn_room *room)
{
    const struct cairn_candidate *best = NULL;
    for (size_t i = 0; i < list->n; i++) {
        const struct cairn_candidate *here = &list->item[i];
        if (here->micro > most || isnan(here->pass_s)) continue;
        if (candidate_fit(room, here) != CAIRN_FITS) continue;
        if (best == NULL || per_sample(here) < per_sample(best)) best = here;
    }
    return best;
}

cairn_status cairn_micro_least(const struct cairn_candidate_job *job, uint64_t *out)
{
    struct cairn_candidate one;
    cairn_status st = plan(job, 1, &one);
    *out = st == CAIRN_USAGE ? 2 : 1; /* what else is wrong is found with two as well */
    return st == CAIRN_USAGE ? CAIRN_OK : st;
}

cairn_status cairn_micro_largest_that_fits(const struct cairn_candidate_job *job, uint64_t micro,
                                           uint64_t *out)
{
    uint64_t fits = 0;
    while (micro - fits > 1) { /* `micro` does not */
        struct cairn_candidate middle;
        const uint64_t size = fits + (micro - fits) / 2;
        cairn_status st = plan(job, size, &middle);
        if (st == CAIRN_USAGE) break; /* normalisation may want more samples than fit */
        CAIRN_TRY(st);
        if (candidate_fit(job->room, &middle) == CAIRN_FITS)
            fits = middle.micro;
        else
            micro = middle.micro;
    }
    *out = fits;
    return CAIRN_OK;
}

/* Rank 0's choice. */
static cairn_status choose(const struct cairn_candidate_job *job, uint64_t most,
                           struct cairn_candidate *out)
{
    char need[32], limit[32];
    const char *whose = NULL;
    struct cairn_candidates list;
    CAIRN_TRY(cairn_micro_candidates(job, most, &list));
    const struct cairn_candidate *best = cairn_micro_fastest(&list, most, job->room);
    if (best != NULL) {
        *out = *best;
        return CAIRN_OK;
    }
    const struct cairn_need none = {0};
    const struct cairn_need *least = list.n == 0 ? &none : &list.item[0].need[job->room->several];
    cairn_bytes_text(cairn_room_node_bytes(job->room, least), need);
    cairn_bytes_text(cairn_room_exceeded(job->room, least, &whose), limit);
    return cairn_fail(
        CAIRN_MEMORY,
        "batch.micro: auto: even the smallest micro-batch takes %s of memory for %" PRIu64
        " rank%s, and %s %s; use a smaller model, or fewer ranks per node",
        need, job->room->n_ranks, job->room->n_ranks == 1 ? "" : "s", whose, limit);
}

struct cairn_room cairn_room_here(const struct cairn_config *config, cairn_comm *comm)
{
    const uint64_t here = (uint64_t)cairn_comm_node(comm).n_ranks;
    struct cairn_node_memory memory = cairn_node_memory_read("");
    memory.given = cairn_setup_memory(config);
    const uint64_t own = cairn_node_resident_memory();
    const struct cairn_node_ranks ranks = {.n = here, .n_group = here, .own = own};
    struct cairn_room room = cairn_room(&memory, &ranks, own);
    room.several = cairn_comm_size(comm) > 1;
    return room;
}

cairn_status cairn_micro_auto(const struct cairn_config *config, cairn_comm *comm,
                              struct cairn_dataset *dataset, const struct cairn_window_rule *rule,
                              uint64_t *out)
{
    struct cairn_candidate best = {.micro = 1};
    uint64_t most = cairn_micro_most(rule->global, (uint64_t)cairn_comm_size(comm));
    const struct cairn_room room = cairn_room_here(config, comm);
    const struct cairn_candidate_job job = {config, dataset, rule, &room};
    cairn_status st = cairn_comm_rank(comm) == 0 ? choose(&job, most, &best) : CAIRN_OK;
    CAIRN_TRY(cairn_comm_broadcast(comm, st, &best, sizeof best));
    cairn_log_info("batch.micro: auto took %" PRIu64 ", the fastest", best.micro);
    if (best.ghost)
        cairn_log_warning("batch.micro: auto took %" PRIu64 ", and batchnorm takes its statistics "
                          "from so many samples: give a number, since elsewhere auto may take "
                          "another",
                          best.micro);
    *out = best.micro;
    return CAIRN_OK;
}
