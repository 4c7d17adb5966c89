/* SPDX-License-Identifier: BSD-3-Clause
 * The plan as JSON for programs: bytes, seconds, samples. */
#include <math.h>

#include "cluster/launch.h"
#include "plan/plan.h"
#include "record/json.h"

static void put_memory(struct cairn_json *json, const struct cairn_plan *plan)
{
    const struct cairn_planned *p = &plan->planned;
    uint64_t rank = cairn_planned_rank_bytes(p) + plan->program;
    const struct {
        const char *name;
        uint64_t bytes;
    } part[] = {
        {"weights", p->weights},
        {"average", p->average},
        {"gradient", p->gradient},
        {"optimizer", p->optimizer},
        {"activations", p->activations},
        {"activations_per_sample", p->sample},
        {"activations_without_recompute", p->activations_kept},
        {"code", p->code},
        {"data", p->data},
        {"labels", p->labels},
        {"buffers", p->buffers},
        {"exchange", p->exchange},
        {"program", plan->program},
        {"rank", rank},
        {"snapshot", p->snapshot},
        {"rank_0", rank + p->snapshot},
        {"once_a_node", p->once},
    };
    cairn_json_open(json, "memory_bytes", '{');
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        cairn_json_count(json, part[i].name, part[i].bytes);
    cairn_json_close(json, '}');
}

/* A limit that is not known is null. */
static void put_limit(struct cairn_json *json, const char *name, uint64_t n_bytes)
{
    if (n_bytes > 0)
        cairn_json_count(json, name, n_bytes);
    else
        cairn_json_number(json, name, NAN);
}

static void put_node(struct cairn_json *json, const struct cairn_plan *plan)
{
    cairn_json_open(json, "node_bytes", '{');
    put_limit(json, "cgroup", plan->memory.cgroup);
    put_limit(json, "slurm", plan->memory.slurm);
    put_limit(json, "machine", plan->memory.machine);
    put_limit(json, "available", plan->memory.available);
    put_limit(json, "limit", plan->room.limit);
    cairn_json_close(json, '}');
}

static void put_sizes(struct cairn_json *json, const struct cairn_plan *plan)
{
    cairn_json_open(json, "micro_batches", '[');
    for (size_t i = 0; i < plan->candidates.n; i++) {
        const struct cairn_candidate *size = &plan->candidates.item[i];
        const struct cairn_need *need = &size->need[plan->planned.exchange > 0];
        uint64_t fit = cairn_room_ranks_that_fit(&plan->room, need);
        cairn_json_open(json, NULL, '{');
        cairn_json_count(json, "micro", size->micro);
        cairn_json_count(json, "rank_bytes", cairn_room_rank_bytes(&plan->room, need));
        if (fit == UINT64_MAX)
            cairn_json_number(json, "ranks_that_fit", NAN);
        else
            cairn_json_count(json, "ranks_that_fit", fit);
        cairn_json_number(json, "pass_s", size->pass_s);
        cairn_json_close(json, '}');
    }
    cairn_json_close(json, ']');
}

static void put_times(struct cairn_json *json, const struct cairn_predicted *p)
{
    const struct {
        const char *name;
        double value;
    } number[] = {
        {"data_s", p->data_s},     {"compute_s", p->compute_s}, {"sum_s", p->sum_s},
        {"update_s", p->update_s}, {"time_s", p->total_s},      {"samples_per_s", p->samples_per_s},
    };
    for (size_t i = 0; i < sizeof number / sizeof number[0]; i++)
        cairn_json_number(json, number[i].name, number[i].value);
}

static void put_row(struct cairn_json *json, const struct cairn_plan_row *row)
{
    static const char *const fits[] = {"yes", "closely", "no"};
    const struct cairn_predicted *p = &row->predicted;
    struct cairn_idle idle;
    cairn_json_open(json, NULL, '{');
    cairn_json_count(json, "ranks", row->n_ranks);
    if (row->why[0] != '\0') {
        cairn_json_text(json, "why_not", row->why);
        cairn_json_close(json, '}');
        return;
    }
    cairn_json_count(json, "batch", p->batch);
    cairn_json_count(json, "micro", p->micro);
    cairn_json_count(json, "micro_batches", p->n_micro);
    cairn_json_count(json, "accumulate", p->accumulate);
    cairn_json_count(json, "idle_ranks",
                     cairn_idle_ranks(row->most_batch, p->micro, row->n_ranks, &idle));
    put_times(json, p);
    cairn_json_number(json, "efficiency", row->efficiency);
    cairn_json_count(json, "ranks_on_node", row->node_ranks);
    cairn_json_count(json, "node_bytes", row->node_bytes);
    cairn_json_text(json, "fits", fits[row->fit]);
    cairn_json_raw(json, "fastest", row->is_chosen ? "true" : "false");
    cairn_json_close(json, '}');
}

cairn_status cairn_plan_json(const struct cairn_plan *plan, char **text)
{
    struct cairn_json json = {0};
    char link[CAIRN_LINK_BYTES] = "";
    if (plan->link != NULL) cairn_link_text(plan->link, link);
    cairn_json_open(&json, NULL, '{');
    cairn_json_text(&json, "run_file", plan->run_file);
    cairn_json_count(&json, "n_parameters", plan->planned.n_weights);
    cairn_json_count(&json, "micro", plan->planned.micro);
    put_memory(&json, plan);
    cairn_json_count(&json, "reproducible_bytes_per_parameter",
                     plan->planned.fixed.memory_bytes - sizeof(real));
    cairn_json_count(&json, "reproducible_kept_bits", (uint64_t)plan->planned.fixed.kept_bits);
    cairn_json_raw(&json, "program_measured", plan->program_why[0] == '\0' ? "true" : "false");
    put_node(&json, plan);
    cairn_json_count(&json, "sum_bytes", plan->planned.on_wire);
    cairn_json_text(&json, "link", plan->link == NULL ? NULL : link);
    if (plan->measured_on > 0) cairn_json_count(&json, "link_ranks", (uint64_t)plan->measured_on);
    put_sizes(&json, plan);
    cairn_json_open(&json, "updates", '[');
    for (size_t i = 0; i < plan->n_rows; i++) put_row(&json, &plan->row[i]);
    cairn_json_close(&json, ']');
    cairn_json_close(&json, '}');
    return cairn_json_take(&json, text);
}
