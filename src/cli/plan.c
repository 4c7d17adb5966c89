/* SPDX-License-Identifier: BSD-3-Clause
 * cairn plan RUN.yaml: what a run takes in memory, and how long an update will take on so many
 * ranks.  Nothing is trained.  MPI is started where there are several ranks to time sums between,
 * and no link was stated. */
#include "plan/plan.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "start/start.h"
#include "tensor/threads.h"

#define MOST_RANKS 1000000

/* What the command line says. */
struct request {
    struct cairn_run_operands run;
    const char *ranks, *link;
    size_t per_node; /* 0: not given */
    bool json, memory;
};

#define AT(field) offsetof(struct request, field)

static const struct cairn_option flags[] = {
    {"key=value", .doc = "sets a key of the run file, as for cairn train"},
    {"--ranks", "LIST", CAIRN_KEY_TEXT, AT(ranks),
     .doc = "numbers of ranks: 1,2,4; default 1,2,4,8 and that of this Slurm job"},
    {"--ranks-per-node", "N", CAIRN_KEY_COUNT, AT(per_node),
     .doc = "so many of them on a node at most; default that of this Slurm job, else all", .low = 1,
     .high = MOST_RANKS},
    {"--link", "LINK", CAIRN_KEY_TEXT, AT(link),
     .doc = "what a message costs: 12us,1.2GB/s,ring; cairn doctor RUN.yaml prints it as a flag.  "
            "ring or doubling is how MPI_Allreduce goes about it.  Not given: started by mpirun "
            "on several ranks, it is measured between them"},
    {"--memory", NULL, CAIRN_KEY_BOOL, AT(memory), .doc = "the memory only; nothing is timed"},
    {"--json", NULL, CAIRN_KEY_BOOL, AT(json), .doc = "the same as one object"},
    {.name = NULL},
};

/* ---- the command line */

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    CAIRN_TRY(cairn_arguments_read(&cairn_command_plan, arguments, request));
    if (request->run.run_file != NULL) return CAIRN_OK;
    return cairn_usage_fail(&cairn_command_plan, "which run file?");
}

/* A number of ranks into the list, which rises; one that is there already changes nothing. */
static bool add_ranks(struct cairn_plan *plan, uint64_t n)
{
    size_t at = 0;
    while (at < plan->n_ranks && plan->ranks[at] < n) at++;
    if (at < plan->n_ranks && plan->ranks[at] == n) return true;
    if (plan->n_ranks == CAIRN_PLAN_MOST_RANKS) return false;
    memmove(&plan->ranks[at + 1], &plan->ranks[at], (plan->n_ranks - at) * sizeof plan->ranks[0]);
    plan->ranks[at] = n;
    plan->n_ranks++;
    return true;
}

/* "1,2,4" */
static cairn_status read_ranks(const char *text, struct cairn_plan *plan)
{
    const char *at = text;
    for (bool more = true; more;) {
        char *end = NULL;
        uint64_t n = *at >= '0' && *at <= '9' ? strtoull(at, &end, 10) : 0;
        if (n < 1 || n > MOST_RANKS || (*end != ',' && *end != '\0'))
            return cairn_fail(CAIRN_USAGE,
                              "--ranks %s: wants numbers from 1 to %d with commas between them, as "
                              "in 1,2,4",
                              text, MOST_RANKS);
        if (!add_ranks(plan, n))
            return cairn_fail(CAIRN_USAGE, "--ranks %.40s: more than %d numbers", text,
                              CAIRN_PLAN_MOST_RANKS);
        more = *end == ',';
        at = end + 1;
    }
    return CAIRN_OK;
}

/* A number that Slurm gives of this job; 0: none. */
static uint64_t slurm_number(const char *variable)
{
    const char *text = getenv(variable);
    uint64_t n = text == NULL ? 0 : strtoull(text, NULL, 10);
    return n > MOST_RANKS ? 0 : n;
}

static cairn_status choose_ranks(const struct request *request, struct cairn_plan *plan)
{
    uint64_t of_job = slurm_number("SLURM_NTASKS");
    plan->per_node =
        request->per_node != 0 ? request->per_node : slurm_number("SLURM_NTASKS_PER_NODE");
    if (plan->per_node == 0) plan->per_node = MOST_RANKS;
    if (request->ranks != NULL) return read_ranks(request->ranks, plan);
    for (uint64_t n = 1; n <= 8; n *= 2) add_ranks(plan, n);
    if (of_job > 0) add_ranks(plan, of_job);
    if (plan->measured_on > 0) add_ranks(plan, (uint64_t)plan->measured_on);
    return CAIRN_OK;
}

/* ---- the plan */

/* The program first, while this process is small; before, where MPI has begun. */
static void find_room(struct cairn_plan *plan, const struct cairn_arguments *arguments)
{
    cairn_status st = CAIRN_OK;
    plan->program = arguments->program_bytes;
    if (plan->program == 0 && plan->measured_on == 0)
        st = cairn_plan_program(plan->config, &plan->program);
    if (st != CAIRN_OK || plan->program == 0) {
        snprintf(plan->program_why, sizeof plan->program_why, "%s",
                 st != CAIRN_OK ? cairn_error_text() : "it could not be measured");
        plan->program = cairn_node_own_memory();
    }
    plan->memory = cairn_node_memory_read("");
    plan->memory.given = cairn_setup_memory(plan->config);
}

static cairn_status print(const struct cairn_plan *plan, bool as_json)
{
    char *text = NULL;
    const struct cairn_plan_row *first = cairn_plan_first(plan);
    if (as_json) {
        CAIRN_TRY(cairn_plan_json(plan, &text));
        printf("%s", text);
        free(text);
    } else {
        cairn_plan_print(plan);
    }
    return first->fit == CAIRN_FITS_NOT ? cairn_plan_refuse(plan, first) : CAIRN_OK;
}

static cairn_status read_config(const struct request *request, struct cairn_config **out)
{
    char *text = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_config_load(request->run.run_file, &text, &n));
    cairn_status st =
        cairn_config_read(text, n, request->run.run_file, request->run.overrides, out);
    free(text);
    return st;
}

/* What a run would refuse at its start, where the batch is possible at all. */
static cairn_status check(const struct cairn_plan *plan)
{
    cairn_status st = CAIRN_OK;
    for (size_t i = 0; i < plan->n_ranks; i++) {
        st = cairn_start_check(plan->config, NULL, (size_t)plan->ranks[i]);
        if (st == CAIRN_OK) return st;
    }
    return st;
}

/* Everything up to what is timed.  The first rank. */
static cairn_status prepare(const struct request *request, const struct cairn_arguments *arguments,
                            struct cairn_config **config, struct cairn_plan *plan)
{
    CAIRN_TRY(read_config(request, config));
    plan->config = *config;
    plan->is_auto = (*config)->batch_micro == CAIRN_KEY_WORD(CAIRN_MICRO_AUTO);
    CAIRN_TRY(cairn_threads_set((*config)->train_threads));
    find_room(plan, arguments);
    return check(plan);
}

/* Bytes that are summed on these ranks, or on others where the batch cannot be cut for them. */
static cairn_status bytes_of_sum(const struct cairn_plan *plan, uint64_t *n_bytes)
{
    struct cairn_planned planned = {.on_wire = 0};
    struct cairn_dataset *dataset = NULL;
    CAIRN_TRY(cairn_setup_dataset(plan->config, NULL, &dataset));
    cairn_status st = cairn_planned_on(plan->config, dataset, plan->measured_on, &planned);
    for (size_t i = 0; i < plan->n_ranks && st != CAIRN_OK; i++)
        st = cairn_planned_on(plan->config, dataset, (int)plan->ranks[i], &planned);
    cairn_dataset_close(dataset);
    *n_bytes = planned.on_wire;
    return st;
}

/* What a sum costs between these ranks.  Collective. */
static cairn_status measure(cairn_comm *comm, cairn_status st, struct cairn_plan *plan,
                            struct cairn_link *link)
{
    struct cairn_network network;
    uint64_t n_bytes = 0;
    if (st == CAIRN_OK && cairn_comm_rank(comm) == 0) st = bytes_of_sum(plan, &n_bytes);
    CAIRN_TRY(cairn_comm_broadcast(comm, st, &n_bytes, sizeof n_bytes));
    CAIRN_TRY(cairn_probe_network(comm, CAIRN_OK, n_bytes, &network));
    *link = cairn_link_of(&network);
    plan->link = link;
    return CAIRN_OK;
}

/* The first rank plans; the others take part in the sums that it times, and rest. */
static cairn_status run_plan(const struct cairn_arguments *arguments, cairn_comm *comm)
{
    struct request request = {.per_node = 0};
    struct cairn_link link;
    struct cairn_config *config = NULL;
    struct cairn_plan plan = {.data_sample_s = NAN, .update_s = NAN};
    bool alone = comm == NULL || cairn_comm_size(comm) == 1;
    bool first = alone ? arguments->first : cairn_comm_rank(comm) == 0;
    cairn_status st = CAIRN_OK;
    if (!alone) plan.measured_on = cairn_comm_size(comm);
    CAIRN_TRY(read_request(arguments, &request)); /* the same words on every rank */
    CAIRN_TRY(choose_ranks(&request, &plan));
    if (request.link != NULL) CAIRN_TRY_IN(cairn_link_read(request.link, &link), "--link");
    plan.run_file = request.run.run_file;
    plan.link = request.link == NULL ? NULL : &link;
    plan.is_timed = !request.memory;
    if (first) st = prepare(&request, arguments, &config, &plan);
    if (!alone) st = measure(comm, st, &plan, &link);
    if (st == CAIRN_OK && first) st = cairn_plan_make(&plan);
    if (st == CAIRN_OK && first) st = print(&plan, request.json);
    if (!alone) st = cairn_comm_idle_barrier(comm, st);
    cairn_config_free(config);
    return st;
}

/* There are several ranks, all know of it, and what a sum costs is not stated. */
static bool gathers(const struct cairn_arguments *arguments)
{
    struct request request = {.per_node = 0};
    const struct cairn_launcher_claim *claim = &arguments->claim;
    bool several = claim->is_size && !claim->is_job && claim->least > 1;
    if (read_request(arguments, &request) != CAIRN_OK) return several; /* run_plan() says why */
    return several && request.link == NULL && !request.memory;
}

/* Where MPI begins.  What is wrong is said by run_plan(). */
static uint64_t weigh(const struct cairn_arguments *arguments)
{
    struct request request = {.per_node = 0};
    uint64_t n_bytes = 0;
    if (!gathers(arguments)) return 0;
    cairn_status st = read_request(arguments, &request);
    if (st == CAIRN_OK)
        st = cairn_plan_weigh(request.run.run_file, request.run.overrides, &n_bytes);
    return st == CAIRN_OK ? n_bytes : 0;
}

const struct cairn_command cairn_command_plan = {
    .name = "plan",
    .launch = "[mpirun -n RANKS]",
    .operands = "RUN.yaml [key=value ...]",
    .doc = "says what a run takes in memory, and how long an update takes on more ranks",
    .about = "Nothing is trained.  Memory is planned to the byte; the program with its libraries "
             "and MPI is measured by a run of a few weights.  Passes of each size of micro-batch, "
             "the update of the weights and reading are timed here, on train.threads cores: start "
             "it on a machine like those of the run.",
    .tables = {{.flags = flags}},
    .notes = "The exit code is 2 where the run does not fit in memory.",
    .take = cairn_run_operand,
    .precision = CAIRN_PRECISION_OF_RUN,
    .once = true,
    .gathers = gathers,
    .weigh = weigh,
    .run = run_plan,
};
