/* SPDX-License-Identifier: BSD-3-Clause
 * The plan as tables for people. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cluster/launch.h"
#include "plan/plan.h"

enum { TIME_BYTES = 24, NOTE_BYTES = 160 };

/* "850 us", "12.3 ms", "1.23 s"; nothing for NaN. */
static const char *time_text(double seconds, char text[TIME_BYTES])
{
    const char *unit = seconds < 1e-3 ? "us" : seconds < 1 ? "ms" : "s";
    double value = seconds * (seconds < 1e-3 ? 1e6 : seconds < 1 ? 1e3 : 1);
    int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
    text[0] = '\0';
    if (!isnan(seconds)) snprintf(text, TIME_BYTES, "%.*f %s", digits, value, unit);
    return text;
}

/* ---- memory */

static void print_part(const char *name, uint64_t n_bytes, const char *note)
{
    char text[32];
    cairn_bytes_text(n_bytes, text);
    printf("  %-16s %16" PRIu64 "  %9s  %s\n", name, n_bytes, text, note);
}

static void print_model(const struct cairn_plan *plan)
{
    const struct cairn_planned *p = &plan->planned;
    char note[NOTE_BYTES], all[32];
    snprintf(note, sizeof note, "%" PRIu64 " parameters%s", p->n_weights,
             p->n_values > p->n_weights ? " and running averages" : "");
    print_part("weights", p->weights, note);
    if (p->average > 0) print_part("moving average", p->average, "train.ema");
    snprintf(note, sizeof note,
             plan->config->train_reproducible
                 ? "train.reproducible: %zu bytes a parameter of it; entries down to 2^-%d of a "
                   "tensor's largest are summed"
                 : "train.reproducible would add %zu bytes a parameter, and sum entries down to "
                   "2^-%d of a tensor's largest",
             p->fixed.memory_bytes - sizeof(real), p->fixed.kept_bits);
    print_part("gradient", p->gradient, note);
    snprintf(note, sizeof note, "optim.name: %s", plan->config->optim_name);
    print_part("optimizer", p->optimizer, note);
    int n = snprintf(note, sizeof note, "%" PRIu64 " a sample x %" PRIu64 ", and %" PRId64,
                     p->sample, p->micro, (int64_t)(p->activations - p->sample * p->micro));
    cairn_bytes_text(p->activations_kept, all);
    if (p->recompute > 0)
        snprintf(note + n, sizeof note - (size_t)n, "; %s without train.recompute: %" PRIu64, all,
                 p->recompute);
    print_part("activations", p->activations, note);
    if (p->code > 0) print_part("code", p->code, "that oneDNN makes for matrix products");
}

/* What is held, and of data.in_memory: auto what there is no room for. */
static void print_data(const struct cairn_plan *plan)
{
    const struct cairn_planned *p = &plan->planned;
    char streamed[128];
    char note[NOTE_BYTES + sizeof streamed];
    const bool is_auto = p->groups.in_memory == CAIRN_IN_MEMORY_AUTO;
    const struct cairn_need need = cairn_need(p, plan->program);
    const bool shared = cairn_room_shares(&plan->room, &need, plan->held);
    cairn_room_streamed_text(&p->groups, plan->held, streamed, sizeof streamed);
    snprintf(note, sizeof note, "%s%s%s%s", p->data > 0 ? "held in memory" : "read as they come",
             shared ? ", once for the ranks of a node" : "",
             is_auto && streamed[0] != '\0' ? "; there is no room for " : "",
             is_auto ? streamed : "");
    print_part("data", p->data, note);
}

static void print_rest(const struct cairn_plan *plan)
{
    const struct cairn_planned *p = &plan->planned;
    uint64_t rank = cairn_planned_rank_bytes(p) + plan->program;
    char note[NOTE_BYTES + sizeof plan->program_why];
    print_data(plan);
    if (p->labels > 0) print_part("labels", p->labels, "held in memory");
    print_part("buffers", p->buffers, "rows of micro-batches, and what HDF5 keeps");
    if (p->exchange > 0)
        print_part("exchange", p->exchange, "of MPI_Allreduce, where there are several ranks");
    if (plan->program_why[0] == '\0')
        snprintf(note, sizeof note, "with its libraries and MPI, as measured");
    else
        snprintf(note, sizeof note, "of this process; MPI is not in it: %s", plan->program_why);
    print_part("program", plan->program, note);
    print_part("every rank", rank, "");
    print_part("snapshot", p->snapshot,
               "rank 0: a copy for checkpoints, where some are written before the end");
    print_part("rank 0", rank + p->snapshot, "");
    if (p->once > 0)
        print_part("of it once", p->once,
                   "for the ranks of a node that share weights and optimizer (comm.sum)");
}

static void print_node(const struct cairn_plan *plan)
{
    const struct {
        const char *name;
        uint64_t bytes;
        const char *note;
    } limit[] = {
        {"control group", plan->memory.cgroup, "grants this node's processes of the job"},
        {"Slurm", plan->memory.slurm, "grants this node"},
        {"node", plan->memory.machine, "has"},
        {"of it free", plan->memory.available, "now"},
    };
    for (size_t i = 0; i < sizeof limit / sizeof limit[0]; i++)
        if (limit[i].bytes > 0) print_part(limit[i].name, limit[i].bytes, limit[i].note);
}

static void print_memory(const struct cairn_plan *plan)
{
    printf("memory of a rank, micro-batches of %" PRIu64 ", bytes\n", plan->planned.micro);
    print_model(plan);
    print_rest(plan);
    printf("memory of this node, bytes\n");
    print_node(plan);
}

/* ---- sizes of micro-batches */

static void print_size(const struct cairn_plan *plan, const struct cairn_candidate *size)
{
    const bool several = plan->planned.exchange > 0;
    char bytes[32], pass[TIME_BYTES], sample[TIME_BYTES], ranks[24] = "";
    uint64_t n = cairn_room_ranks_that_fit(&plan->room, &size->need[several]);
    const struct cairn_candidate *best =
        cairn_micro_fastest(&plan->candidates, UINT64_MAX, &plan->room);
    cairn_bytes_text(cairn_room_rank_bytes(&plan->room, &size->need[several]), bytes);
    if (n != UINT64_MAX) snprintf(ranks, sizeof ranks, "%" PRIu64, n);
    const char *why = size == best          ? "fastest"
                      : n == 0              ? "does not fit"
                      : size->refused       ? "no memory now"
                      : !plan->is_timed     ? ""
                      : isnan(size->pass_s) ? "not timed"
                                            : "";
    printf("  %8" PRIu64 "  %10s  %9s  %10s  %10s  %s%s\n", size->micro, bytes, ranks,
           time_text(size->pass_s, pass), time_text(size->pass_s / (double)size->micro, sample),
           why, size->ghost ? " (batchnorm depends on it)" : "");
}

/* What computing again costs. */
static void print_price(const struct cairn_plan *plan)
{
    const struct cairn_planned *p = &plan->planned;
    if (p->recompute == 0) return;
    if (isnan(plan->recompute_price))
        printf("train.recompute: %" PRIu64 ": most of forward is computed twice\n", p->recompute);
    else
        printf("train.recompute: %" PRIu64 ": a pass takes %.2f times as long as without\n",
               p->recompute, plan->recompute_price);
}

static void print_sizes(const struct cairn_plan *plan)
{
    printf("micro-batches, forward and backward\n  %8s  %10s  %9s  %10s  %10s\n", "samples",
           "rank takes", "ranks fit", "pass", "sample");
    for (size_t i = 0; i < plan->candidates.n; i++) print_size(plan, &plan->candidates.item[i]);
    print_price(plan);
}

/* ---- updates */

static void print_row(const struct cairn_plan_row *row)
{
    static const char *const fits[] = {"fits", "closely", "too much"};
    char part[4][TIME_BYTES], total[TIME_BYTES], bytes[32], rate[24] = "", efficiency[16] = "";
    const struct cairn_predicted *p = &row->predicted;
    if (row->why[0] != '\0') {
        printf("  %6" PRIu64 "  %s\n", row->n_ranks, row->why);
        return;
    }
    cairn_bytes_text(row->node_bytes, bytes);
    if (!isnan(p->samples_per_s)) snprintf(rate, sizeof rate, "%.0f", p->samples_per_s);
    if (!isnan(row->efficiency))
        snprintf(efficiency, sizeof efficiency, "%.0f %%", 100 * row->efficiency);
    printf("  %6" PRIu64 " %8" PRIu64 " %6" PRIu64 " %6" PRIu64
           " %9s %9s %9s %9s %9s %9s %6s  %4" PRIu64 " x %8s %-8s %s\n",
           row->n_ranks, p->batch, p->micro, p->accumulate, time_text(p->data_s, part[0]),
           time_text(p->compute_s, part[1]), time_text(p->sum_s, part[2]),
           time_text(p->update_s, part[3]), time_text(p->total_s, total), rate, efficiency,
           row->node_ranks, bytes, fits[row->fit], row->is_chosen ? "fastest" : "");
}

/* Ranks for which the batch is cut too coarsely. */
static void print_idle(const struct cairn_plan *plan)
{
    struct cairn_idle idle;
    for (size_t i = 0; i < plan->n_rows; i++) {
        const struct cairn_predicted *p = &plan->row[i].predicted;
        if (plan->row[i].why[0] != '\0') continue;
        if (cairn_idle_ranks(plan->row[i].most_batch, p->micro, plan->row[i].n_ranks, &idle) > 0)
            printf("share: %s; %s\n", idle.message, idle.fix);
    }
}

/* How the sum over the ranks was counted, or how that is done. */
static void print_sum(const struct cairn_plan *plan, const char *bytes)
{
    char link[CAIRN_LINK_BYTES];
    if (plan->link == NULL) {
        printf("sum: not in the time; --link LATENCY,BANDWIDTH says what it costs (mpirun -n "
               "RANKS cairn doctor %s prints that flag), mpirun -n RANKS cairn plan measures it; "
               "until then there is no efficiency\n",
               plan->run_file);
        return;
    }
    cairn_link_text(plan->link, link);
    printf("sum: %s over %s, ", bytes, link[0] == '\0' ? "a link without bounds" : link);
    if (plan->measured_on == 0)
        printf("which must be the link between these ranks\n");
    else
        printf("measured between %d ranks; more of them on other hosts have another link\n",
               plan->measured_on);
}

static void print_updates(const struct cairn_plan *plan)
{
    char bytes[32];
    printf("one update, predicted\n  %6s %8s %6s %6s %9s %9s %9s %9s %9s %9s %6s  %s\n", "ranks",
           "B", "b", "A", "data", "compute", "sum", "update", "time", "samples/s", "effic.",
           "ranks on a node, and what they take");
    for (size_t i = 0; i < plan->n_rows; i++) print_row(&plan->row[i]);
    print_idle(plan);
    cairn_bytes_text(plan->planned.on_wire, bytes);
    print_sum(plan, bytes);
    printf(
        "B: samples of an update; b: of a micro-batch; A: the most micro-batches of a rank; each "
        "rank on %zu core%s of its own\n",
        plan->config->train_threads, plan->config->train_threads == 1 ? "" : "s");
}

void cairn_plan_print(const struct cairn_plan *plan)
{
    print_memory(plan);
    print_sizes(plan);
    print_updates(plan);
}
