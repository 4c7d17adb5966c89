/* SPDX-License-Identifier: BSD-3-Clause
 * Find the command, run it, print the one line if it failed, return the exit code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/interrupt.h"
#include "base/keys.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/process.h"
#include "cairn/real.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cluster/node.h"
#include "comm/exchange.h"
#include "comm/watchdog.h"
#include "h5/h5.h"
#include "record/system.h"
#include "start/start.h"
#include "tensor/backend.h"
#include "tensor/threads.h"

static const struct cairn_command *const commands[] = {
#define X(name) &cairn_command_##name,
#include "cli/commands.def"
#undef X
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_commands(FILE *out)
{
    fprintf(out, "Cairn trains neural networks on CPU clusters: exact effective batches on any "
                 "number of ranks.\n\n"
                 "usage: cairn COMMAND");
    for (const struct cairn_common_flag *flag = cairn_common_flags; flag->name != NULL; flag++)
        fprintf(out, " [%s]", flag->name);
    fprintf(out, " ...\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-8s  %s\n", commands[i]->name, commands[i]->doc);
    fprintf(out, "\n  cairn COMMAND -h   says more\n  cairn --version    own version and those of "
                 "MPI, BLAS, HDF5\n");
}

static void print_version(void)
{
    const struct cairn_build *build = cairn_system_build();
    char mpi[256];
    char blas[256];
    char hdf5[32];
    char kernels[64];
    cairn_backend_text(cairn_backend_best(), kernels, sizeof kernels);
    cairn_comm_library(mpi, sizeof mpi);
    cairn_threads_blas(blas, sizeof blas);
    cairn_h5_version(hdf5);
#ifdef CAIRN_ONE_PRECISION
    const char *precision = cairn_h5_type_name(CAIRN_H5_REAL);
#else
    const char *precision = "float32, float64 (train.precision)";
#endif
    printf("cairn %s (%s)\nprecision %s\ncompiler %s, %s\nMPI %s\n"
           "BLAS %s\nkernels %s\nHDF5 %s\n",
           build->version, build->commit, precision, build->compiler, build->flags, mpi, blas,
           kernels, hdf5);
}

cairn_status cairn_command_find(const char *name, const struct cairn_command **out)
{
    const char *names[N_COMMANDS];
    size_t found = 0;
    for (size_t i = 0; i < N_COMMANDS; i++) names[i] = commands[i]->name;
    CAIRN_TRY(cairn_name_find("command", name, names, N_COMMANDS, &found));
    *out = commands[found];
    return CAIRN_OK;
}

/* The one place where standard output is found to refuse.  Other failures stay what they are, and
 * so does a stop: started again, that run goes on. */
static cairn_status bring_out(cairn_status st)
{
    if (st == CAIRN_OK) return cairn_output_flush();
    fflush(stdout); /* before the line of the error */
    return st;
}

/* The same by rank 0 for all, which agree on `st`. */
static cairn_status bring_out_of_all(cairn_comm *comm, cairn_status st)
{
    cairn_status out = cairn_comm_rank(comm) == 0 ? bring_out(st) : st;
    return st == CAIRN_OK ? cairn_comm_agree_root(comm, out) : st;
}

/* Messages of all of Cairn; "cairn: " in front is for trouble. */
static void print_message(void *context, enum cairn_message kind, const char *line)
{
    (void)context;
    fprintf(stderr, "%s%s\n", cairn_log_before(kind), line);
}

/* The one line of an error. */
static int end(cairn_status st, bool speaks)
{
    if (st != CAIRN_OK && st != CAIRN_STOPPED && speaks && cairn_error_text()[0] != '\0')
        fprintf(stderr, "cairn: %s\n", cairn_error_text());
    return cairn_exit_code(st);
}

static bool wants_other(const struct cairn_command *command,
                        const struct cairn_arguments *arguments, cairn_program_other *other)
{
    return other != NULL && cairn_precision_wanted(command, arguments) != CAIRN_REAL_BITS;
}

static int run_collective(const struct cairn_command *command,
                          const struct cairn_arguments *arguments, cairn_program_other *other)
{
    cairn_comm *comm = NULL;
    struct cairn_watched_start start;
    cairn_status st = cairn_start_watched(&arguments->claim, &start);
    if (st != CAIRN_OK) return cairn_launcher_is_first() ? end(st, true) : CAIRN_OK;
    cairn_fault_set_rank(start.rank);
    struct cairn_watchdog *dog = cairn_watchdog_start(&start);
    cairn_watchdog_ask(dog, cairn_node_killed);
    if (wants_other(command, arguments, other)) { /* a disk may hang */
        cairn_watchdog_stop(dog);
        return other();
    }
    if (command->saves) cairn_interrupt_catch();
    st = cairn_comm_open(&comm);
    if (st != CAIRN_OK || !command->watched) {
        cairn_watchdog_stop(dog);
        dog = NULL;
    }
    if (st != CAIRN_OK) return end(st, true);
    bool main_rank = cairn_comm_rank(comm) == 0;
    if (main_rank)
        cairn_launcher_mark();
    else
        cairn_log_mute();
    cairn_watchdog_join(dog, comm);
    cairn_watchdog_phase(comm, CAIRN_PHASE_READY);
    st = command->run(arguments, comm);
    cairn_watchdog_phase(comm, CAIRN_PHASE_END);
    int code = end(bring_out_of_all(comm, st), main_rank);
    if (command->saves) cairn_interrupt_ignore(); /* the outcome stands */
    cairn_comm_close(comm);
    cairn_watchdog_stop(dog);
    return code;
}

static int end_alone(cairn_status st)
{
    return end(bring_out(st), true);
}

int cairn_program(int argc, char **argv, cairn_program_other *other)
{
    double begin_s = cairn_clock_s();
    cairn_process_begin();
    cairn_log_set_sink(print_message, NULL);
    cairn_memory_settle();
    struct cairn_arguments arguments = {
        .count = argc - 1, .value = argv + 1, .begin_s = begin_s, .claim = cairn_launcher_claim()};
    cairn_arguments_take_common(&arguments);
    if (arguments.count > 0 && strcmp(arguments.value[0], "help") == 0) {
        arguments.help = true; /* cairn help train */
        arguments.count--;
        arguments.value++;
    }
    /* One of several ranks says what all would say.  Where MPI has not begun there is no barrier
     * after its line, and a launcher kills all once one ends with an error: so no other does. */
    bool first = cairn_launcher_is_first();
    if (arguments.count > 0 && (strcmp(arguments.value[0], "--version") == 0 ||
                                strcmp(arguments.value[0], "version") == 0)) {
        if (first) print_version();
        return end_alone(CAIRN_OK);
    }
    if (arguments.count == 0) {
        if (first) print_commands(arguments.help ? stdout : stderr);
        return end_alone(arguments.help || !first ? CAIRN_OK : CAIRN_USAGE);
    }
    const struct cairn_command *command = NULL;
    cairn_status st = cairn_command_find(arguments.value[0], &command);
    if (st != CAIRN_OK) return first ? end_alone(st) : CAIRN_OK;
    arguments.count--;
    arguments.value++;
    if (arguments.help) {
        if (first) cairn_help_print(stdout, command);
        return end_alone(CAIRN_OK);
    }
    arguments.first = first;
    if (!command->collective && wants_other(command, &arguments, other)) return other();
    if (command->weigh != NULL && first) arguments.program_bytes = command->weigh(&arguments);
    if (command->prepare != NULL && first) command->prepare(&arguments);
    bool gathers = command->gathers != NULL && command->gathers(&arguments);
    if (command->collective || gathers) return run_collective(command, &arguments, other);
    if (command->once && !first) return CAIRN_OK;
    return end_alone(command->run(&arguments, NULL));
}
