/* SPDX-License-Identifier: BSD-3-Clause
 * cairn plan RUN.yaml: what a run takes in memory, and how long an update will take on so many
 * ranks.  Nothing is trained.  MPI is started where there are several ranks to time sums between,
 * and no link was stated. */
#include "cli/plan.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/plan_program.h"
#include "comm/exchange.h"
#include "setup/setup.h"
#include "tensor/threads.h"

#define MOST_RANKS 1000000

/* What the command line says. */
struct request {
    struct cairn_run_operands run;
    const char *ranks, *link;
    size_t per_node; /* 0: not given */
    bool json, memory;
};

static const struct cairn_key numbers[] = {
    {"--ranks-per-node", CAIRN_KEY_COUNT, offsetof(struct request, per_node), NULL, 1, MOST_RANKS,
     NULL, ""},
};

/* ---- the command line */

static cairn_status read_option(struct request *request, const char *name, const char *value)
{
    const struct cairn_key *number = cairn_argument_key(numbers, 1, name);
    if (number != NULL) return cairn_argument_number(number, value, request);
    if (strcmp(name, "--ranks") == 0) request->ranks = value;
    if (strcmp(name, "--link") == 0) request->link = value;
    if (strcmp(name, "--json") == 0) request->json = true;
    if (strcmp(name, "--memory") == 0) request->memory = true;
    return CAIRN_OK;
}

static cairn_status read_request(const struct cairn_arguments *arguments, struct request *request)
{
    int position = 0;
    const char *name = NULL;
    const char *value = NULL;
    for (;;) {
        CAIRN_TRY(cairn_arguments_next(arguments,
                                       "--ranks= --ranks-per-node= --link= --json --memory",
                                       &position, &name, &value));
        if (name == NULL && value == NULL) break;
        if (name != NULL)
            CAIRN_TRY(read_option(request, name, value));
        else
            CAIRN_TRY(cairn_run_operand(&request->run, value));
    }
    if (request->run.run_file != NULL) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE,
                      "which run file? usage: cairn plan RUN.yaml [key=value ...] [--ranks LIST]");
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

/* A number that Slurm tells of this job; 0: none. */
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
        st = cairn_plan_program(plan->config->train_threads, &plan->program);
    if (st != CAIRN_OK || plan->program == 0) {
        snprintf(plan->program_why, sizeof plan->program_why, "%s",
                 st != CAIRN_OK ? cairn_error_text() : "it could not be measured");
        plan->program = cairn_node_own_memory();
    }
    plan->memory = cairn_node_memory_read("");
}

static cairn_status tell(const struct cairn_plan *plan, bool as_json)
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
        st = cairn_setup_check(plan->config, NULL, (size_t)plan->ranks[i]);
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
    cairn_status st = cairn_setup_planned(plan->config, dataset, plan->measured_on, &planned);
    for (size_t i = 0; i < plan->n_ranks && st != CAIRN_OK; i++)
        st = cairn_setup_planned(plan->config, dataset, (int)plan->ranks[i], &planned);
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
    if (st == CAIRN_OK && first) st = tell(&plan, request.json);
    if (!alone) st = cairn_comm_idle_barrier(comm, st);
    cairn_config_free(config);
    return st;
}

static bool has_option(const struct cairn_arguments *arguments, const char *name)
{
    size_t n = strlen(name);
    for (int i = 0; i < arguments->count; i++) {
        const char *word = arguments->value[i];
        if (strncmp(word, name, n) == 0 && (word[n] == '\0' || word[n] == '=')) return true;
    }
    return false;
}

/* There are several ranks, all know of it, and what a sum costs is not stated. */
static bool gathers(const struct cairn_arguments *arguments)
{
    const struct cairn_launcher_claim *claim = &arguments->claim;
    bool several = claim->is_size && !claim->is_job && claim->least > 1;
    return several && !has_option(arguments, "--link") && !has_option(arguments, "--memory");
}

static cairn_status weigh_for(const struct cairn_arguments *arguments, uint64_t *n_bytes)
{
    struct request request = {.per_node = 0};
    CAIRN_TRY(read_request(arguments, &request));
    return cairn_plan_weigh(request.run.run_file, request.run.overrides, n_bytes);
}

/* Where MPI begins.  What is wrong is said by run_plan(). */
static uint64_t weigh(const struct cairn_arguments *arguments)
{
    struct cairn_arguments copy = {.value = NULL};
    uint64_t n_bytes = 0;
    if (!gathers(arguments)) return 0;
    cairn_status st = cairn_arguments_copy(arguments, &copy);
    if (st == CAIRN_OK) st = weigh_for(&copy, &n_bytes);
    cairn_arguments_free(&copy);
    return st == CAIRN_OK ? n_bytes : 0;
}

const struct cairn_command cairn_command_plan = {
    .name = "plan",
    .usage =
        "[mpirun -n RANKS] cairn plan RUN.yaml [key=value ...] [--ranks LIST] [--ranks-per-node "
        "N] [--link LINK] [--memory] [--json]",
    .doc = "says what a run takes in memory, and how long an update takes on more ranks",
    .help =
        "\nNothing is trained.  Memory is planned to the byte; the program with its libraries and "
        "MPI is measured\n"
        "by a run of a few weights.  Passes of each size of micro-batch, the update of the weights "
        "and reading\n"
        "are timed here, on train.threads cores: start it on a machine like those of the run.\n\n"
        "  key=value           sets a key of the run file, as for cairn train\n"
        "  --ranks LIST        numbers of ranks: 1,2,4; default 1,2,4,8 and that of this Slurm "
        "job\n"
        "  --ranks-per-node N  so many of them on a node at most; default that of this Slurm job, "
        "else all\n"
        "  --link LINK         what a message costs: 12us,1.2GB/s,ring; cairn doctor RUN.yaml "
        "prints it as a\n"
        "                      flag.  ring or doubling is how MPI_Allreduce goes about it.  Not "
        "given: started\n"
        "                      by mpirun on several ranks, it is measured between them\n"
        "  --memory            the memory only; nothing is timed\n"
        "  --json              the same as one object\n"
        "\nThe exit code is 2 where the run does not fit in memory.\n",
    .once = true,
    .gathers = gathers,
    .weigh = weigh,
    .run = run_plan,
};
