/* SPDX-License-Identifier: BSD-3-Clause
 * Batch scripts: cairn job, cairn slurm, and cairn study --job, which is their work. */
#ifndef CAIRN_CLI_JOB_H
#define CAIRN_CLI_JOB_H

#include "base/file.h"
#include "base/words.h"
#include "cli/command.h"
#include "config/config.h"

/** What a script is made from, as the command line says it. */
struct cairn_job_source {
    struct cairn_run_operands run; /* of a study its file in place of the run file */
    bool study;
    size_t n_nodes, ranks_per_node;
    const char *setup, *wrap, *program, *array, *folder, *init;
    bool init_partial, no_check;
};

enum { CAIRN_MOST_JOB_ARGUMENTS = CAIRN_MOST_OVERRIDES + 8, CAIRN_MOST_ELEMENTS = 100000 };

/** The same, read and checked; released by cairn_job_parts_free(). */
struct cairn_job_parts {
    struct cairn_config *config;
    char *run_file, *setup, *list;
    size_t n_bytes; /* of the run file */
    struct cairn_words wrap;
    char folder[CAIRN_PATH_BYTES], program[CAIRN_PATH_BYTES];
    const char *arguments[CAIRN_MOST_JOB_ARGUMENTS + 1];
    const char **elements; /* lines of `list` */
    size_t n_elements;
};

/** Read the files, see what would end the job at its start, and find what the script says.
 * Ranks: local (rank 0).  Errors: those of the run file, the data, the model and the lists; free
 * the parts all the same. */
CAIRN_CHECKED cairn_status cairn_job_parts_read(const struct cairn_job_source *source,
                                                struct cairn_job_parts *parts);

/** Release them; zeroed ones are fine.  Ranks: local.  Errors: none. */
void cairn_job_parts_free(struct cairn_job_parts *parts);

/** Tables of flags of cairn job, for cairn slurm to share; `_slurm` is its own. */
extern const struct cairn_option cairn_job_operands[], cairn_job_size[], cairn_job_slurm[],
    cairn_job_ways[], cairn_job_run[];

/** Its own flags. */
extern const struct cairn_command cairn_job_of_study;

/** Whether a study wants a batch script: --slurm, or --job.  Ranks: local.  Errors: none. */
bool cairn_job_is_wanted(const struct cairn_arguments *arguments);

/** The batch script of a job array whose tasks share the study.
 * Ranks: local (rank 0).  Errors: CAIRN_USAGE, CAIRN_FILES. */
CAIRN_CHECKED cairn_status cairn_job_study(const struct cairn_arguments *arguments);

/** The batch script of a run, for a scheduler by name; NULL: the one that the flags name.
 * Ranks: local.  Errors: CAIRN_USAGE, CAIRN_FILES, those of cairn_job_parts_read(). */
CAIRN_CHECKED cairn_status cairn_job_write(const struct cairn_command *command,
                                           const char *scheduler,
                                           const struct cairn_arguments *arguments);

#endif
