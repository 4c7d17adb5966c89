/* SPDX-License-Identifier: BSD-3-Clause
 * Commands: one file and one line in commands.def each. */
#ifndef CAIRN_CLI_COMMAND_H
#define CAIRN_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/option.h"
#include "cairn/comm.h"
#include "cairn/status.h"
#include "cli/precision.h"
#include "cluster/launcher.h"

/** What follows the command's name, without the flags that every command has. */
struct cairn_arguments {
    int count;
    char **value;                      /* NULL after the last */
    double begin_s;                    /* of this process, by cairn_clock_s() */
    struct cairn_launcher_claim claim; /* taken before MPI began, which changes the environment */
    uint64_t program_bytes;            /* what weigh() found, on the first rank; 0: nothing */
    bool first;                        /* cairn_launcher_is_first(), likewise before */
    bool help;                         /* -h was among them */
};

enum { CAIRN_MOST_OVERRIDES = 256 };

/** The operands RUN.yaml key=value ..., in the order they stand there; a zeroed one is empty. */
struct cairn_run_operands {
    const char *run_file;
    const char *overrides[CAIRN_MOST_OVERRIDES + 1]; /* NULL after the last */
    size_t n_overrides;
};

/** A flag that every command has, wherever it stands. */
struct cairn_common_flag {
    const char *name, *word; /* "-q", "--quiet" */
    void (*take)(struct cairn_arguments *arguments);
    const char *doc;
};

/** All of them, up to one without a name. */
extern const struct cairn_common_flag cairn_common_flags[];

/** Carry them out, and leave the rest.  Ranks: local.  Errors: none. */
void cairn_arguments_take_common(struct cairn_arguments *arguments);

/** Flags of a command. */
struct cairn_option_table {
    const struct cairn_option *flags; /* ends with a row without a name; NULL: no table */
    size_t at;                        /* of the struct of their offsets in the request */
    const char *heading;              /* a paragraph above them in the help, or NULL */
};

enum { CAIRN_MOST_TABLES = 16 };

/** A command. */
struct cairn_command {
    const char *name;
    const char *launch;   /* what the usage has before the program: "mpirun -n RANKS", or NULL */
    const char *operands; /* "RUN.yaml [key=value ...]" */
    const char *doc;      /* one sentence */
    const char *about;    /* above the flags in the help, and ... */
    const char *notes; /* ... below; paragraphs, wrapped except for lines that begin with a blank */
    struct cairn_option_table tables[CAIRN_MOST_TABLES];
    /** Further tables for the help, into further [CAIRN_MOST_TABLES].  NULL: none. */
    void (*more)(struct cairn_option_table *further);
    const struct cairn_command *also; /* another use of it, with its own flags, or NULL */
    /** Take an operand into the request.  Ranks: local.  Errors: CAIRN_USAGE. */
    cairn_status (*take)(void *request, const char *value);
    enum cairn_precision_of precision; /* what says in which it computes */
    bool collective;                   /* calls MPI_Init; else comm is NULL in run */
    /** Whether it is collective this time, where it is not always.  NULL: it never is.  Ranks: the
     * same answer on each.  Errors: none. */
    bool (*gathers)(const struct cairn_arguments *arguments);
    bool saves;   /* on TERM, INT and USR1, which are caught from the start of the process on */
    bool once;    /* without MPI: of several ranks the first does it for all */
    bool watched; /* a watchdog ends it where it hangs, and not only in the start of MPI
                     (comm/watchdog.h) */
    /** What the program takes in memory, measured before MPI begins, after which no process may be
     * started; 0: not known.  NULL: not asked.  Ranks: the first.  Errors: none. */
    uint64_t (*weigh)(const struct cairn_arguments *arguments);
    /** What is done before MPI begins, after which no process may be started; the command finds
     * what came of it.  NULL: nothing.  Ranks: the first.  Errors: none. */
    void (*prepare)(const struct cairn_arguments *arguments);
    /** Ranks: all of the world where collective.  Errors: its own; main prints the one line. */
    cairn_status (*run)(const struct cairn_arguments *arguments, cairn_comm *comm);
};

/** The program from its words, which it changes, to its exit code, in the precision of this
 * instance.  Where the words want the other, `other` goes on instead; NULL: there is none.
 * Ranks: all of the world, if there is one.  Errors: the exit code. */
typedef int cairn_program_other(void);
int cairn_program(int argc, char **argv, cairn_program_other *other);

/** A command by its name.  Ranks: local.  Errors: CAIRN_USAGE: there is none; names the nearest. */
CAIRN_CHECKED cairn_status cairn_command_find(const char *name, const struct cairn_command **out);

#define X(name) extern const struct cairn_command cairn_command_##name;
#include "cli/commands.def"
#undef X

/**
 * Fill a command's request: first the defaults of its tables, then what the command line says.
 * Flags start with "-"; `--name value` and `--name=value` are the same.
 *
 * request   zeroed, except for what the command sets itself; its texts are borrowed from
 * `arguments`
 *
 * Ranks   local
 * Errors  CAIRN_USAGE: unknown flag (names the nearest, or the key of the run file), value missing,
 *         wrong or out of range; those of the command's take()
 */
CAIRN_CHECKED cairn_status cairn_arguments_read(const struct cairn_command *command,
                                                const struct cairn_arguments *arguments,
                                                void *request);

/** The operands alone, as far as they are RUN.yaml [key=value ...].  Ranks: local.
 * Errors: none. */
void cairn_arguments_operands(const struct cairn_command *command,
                              const struct cairn_arguments *arguments,
                              struct cairn_run_operands *operands);

/** Whether all required flags were given.  Ranks: local.  Errors: CAIRN_USAGE: the first that was
 * not, and the usage. */
CAIRN_CHECKED cairn_status cairn_arguments_complete(const struct cairn_command *command,
                                                    const void *request);

/** Fail with "WHAT usage: ...", the usage without what may be left out.  Ranks: local.
 * Errors: CAIRN_USAGE, always. */
CAIRN_CHECKED cairn_status cairn_usage_fail(const struct cairn_command *command, const char *what);

enum { CAIRN_VALUE_BYTES = 64 };

/** What stands for a flag's value, into text [CAIRN_VALUE_BYTES]; "" where it takes none.
 * Ranks: local.  Errors: none. */
const char *cairn_option_value(const struct cairn_option *flag, char text[CAIRN_VALUE_BYTES]);

/** Print what -h shows, in 80 columns.  Ranks: local.  Errors: none; those of `out`. */
void cairn_help_print(FILE *out, const struct cairn_command *command);

/** Take the one operand into a request whose first member it is, a const char *.  Ranks: local.
 * Errors: CAIRN_USAGE: a second one. */
CAIRN_CHECKED cairn_status cairn_single_operand(void *request, const char *value);

/** Take the next of them into a request whose first member they are.  Ranks: local.
 * Errors: CAIRN_USAGE: no key=value, too many. */
CAIRN_CHECKED cairn_status cairn_run_operand(void *request, const char *value);

#endif
