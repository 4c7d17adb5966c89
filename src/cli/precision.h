/* SPDX-License-Identifier: BSD-3-Clause
 * In which precision a command is to compute, looked up before anything begins: by train.precision
 * of its run file, or by the weights of its checkpoint.  Local. */
#ifndef CAIRN_CLI_PRECISION_H
#define CAIRN_CLI_PRECISION_H

/** What says in which precision a command computes: its first operand, or a flag. */
enum cairn_precision_of {
    CAIRN_PRECISION_OF_BUILD = 0, /* nothing does */
    CAIRN_PRECISION_OF_RUN,
    CAIRN_PRECISION_OF_FOLDER, /* of a run */
    CAIRN_PRECISION_OF_STUDY,
    CAIRN_PRECISION_OF_WEIGHTS,
    CAIRN_PRECISION_OF_FLAG, /* --precision */
};

struct cairn_command;
struct cairn_arguments;

/** 32 or 64.  Where the words are wrong, or the file cannot be read here, that of this instance,
 * whose command then says what is wrong.  Ranks: local, before MPI.  Errors: none. */
int cairn_precision_wanted(const struct cairn_command *command,
                           const struct cairn_arguments *arguments);

#endif
