/* SPDX-License-Identifier: BSD-3-Clause
 * Commands: one file and one line in commands.def each. */
#ifndef CAIRN_CLI_COMMAND_H
#define CAIRN_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/keys.h"
#include "cairn/comm.h"
#include "cairn/status.h"
#include "cluster/launcher.h"

/** What follows the command's name.  Flags that every command has (-h, -q, -v) are taken out by
 * main. */
struct cairn_arguments {
    int count;
    char **value;                      /* NULL behind the last */
    double begin_s;                    /* of this process, by cairn_clock_s() */
    struct cairn_launcher_claim claim; /* taken before MPI began, which changes the environment */
    uint64_t program_bytes;            /* what weigh() found, on the first rank; 0: nothing */
    bool first;                        /* cairn_launcher_is_first(), likewise before */
};

/** A command. */
struct cairn_command {
    const char *name;
    const char *usage; /* "cairn import FORMAT SOURCE... -o FILE.h5" */
    const char *doc;   /* one sentence */
    const char *help;  /* the rest of what -h prints, lines */
    bool collective;   /* calls MPI_Init; else comm is NULL in run */
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
    /** Ranks: all of the world where collective.  Errors: its own; main prints the one line. */
    cairn_status (*run)(const struct cairn_arguments *arguments, cairn_comm *comm);
};

/**
 * Options of a command line, one at a time.  Options start with "-"; `--name value` and
 * `--name=value` are the same.
 *
 * known     "--out= --overwrite --prompt=?": names separated by blanks, with = where a value
 * follows, with =? where that may be empty
 *
 * position  0 at first, advanced by the call
 *
 * name      the option's name, or NULL for an operand, which is then in *value
 *
 * Answer    CAIRN_OK; *name and *value NULL at the end
 * Errors    CAIRN_USAGE: unknown option (names the nearest), value missing
 */
CAIRN_CHECKED cairn_status cairn_arguments_next(const struct cairn_arguments *arguments,
                                                const char *known, int *position, const char **name,
                                                const char **value);

/** The key of an option in a table of n whose values are numbers, or NULL.  Ranks: local.
 * Errors: none. */
const struct cairn_key *cairn_argument_key(const struct cairn_key *table, size_t n,
                                           const char *name);

/** Read such an option's value into `fields`.  Ranks: local.  Errors: CAIRN_USAGE: no number, out
 * of range. */
CAIRN_CHECKED cairn_status cairn_argument_number(const struct cairn_key *key, const char *value,
                                                 void *fields);

/** A copy of the words, since reading them cuts them at their "="; to be released also where it
 * failed.  Ranks: local.  Errors: CAIRN_USAGE: memory. */
CAIRN_CHECKED cairn_status cairn_arguments_copy(const struct cairn_arguments *arguments,
                                                struct cairn_arguments *copy);

/** Release a copy.  Ranks: local.  Errors: none. */
void cairn_arguments_free(struct cairn_arguments *copy);

enum { CAIRN_MOST_OVERRIDES = 256 };

/** The operands RUN.yaml key=value ..., in the order they stand there; a zeroed one is empty. */
struct cairn_run_operands {
    const char *run_file;
    const char *overrides[CAIRN_MOST_OVERRIDES + 1]; /* NULL behind the last */
    size_t n_overrides;
};

/** Take the next of them.  Ranks: local.  Errors: CAIRN_USAGE: no key=value, too many. */
CAIRN_CHECKED cairn_status cairn_run_operand(struct cairn_run_operands *operands,
                                             const char *value);

#endif
