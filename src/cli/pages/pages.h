/* SPDX-License-Identifier: BSD-3-Clause
 * Pages of the manual and completion for shells, made of the tables that make the help.  Local. */
#ifndef CAIRN_CLI_PAGES_PAGES_H
#define CAIRN_CLI_PAGES_PAGES_H

#include <stddef.h>
#include <stdio.h>

#include "base/keys.h"
#include "cli/command.h"

/** The commands, in the order of commands.def; NULL at the end. */
extern const struct cairn_command *const cairn_pages_commands[];

enum { CAIRN_PAGES_MOST_FLAGS = 128 };

/** All flags of a command, also those of its other uses, each once.  Ranks: local.  Errors: none.
 */
size_t cairn_pages_flags(const struct cairn_command *command,
                         const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS]);

/** Whether among the operands of a command are key=value.  Ranks: local.  Errors: none. */
bool cairn_pages_takes_keys(const struct cairn_command *command);

enum { CAIRN_PAGES_WORDS_BYTES = 1024 };

/** The words that a flag takes, with blanks between them; "" for none.  Ranks: local.  Errors:
 * none.
 */
const char *cairn_pages_flag_words(const struct cairn_option *flag,
                                   char words[CAIRN_PAGES_WORDS_BYTES]);

/** Likewise those that a key takes.  Ranks: local.  Errors: none. */
const char *cairn_pages_key_words(const struct cairn_key *key, char words[CAIRN_PAGES_WORDS_BYTES]);

/** Whether a key takes names of files.  Ranks: local.  Errors: none. */
bool cairn_pages_takes_files(const struct cairn_key *key);

/** cairn-COMMAND(1).  Ranks: local.  Errors: those of `out`, as below. */
void cairn_pages_command(FILE *out, const struct cairn_command *command);

/** cairn(1). */
void cairn_pages_program(FILE *out);

/** cairn-options(5). */
void cairn_pages_options(FILE *out);

/** The tables that cairn.bash and cairn.zsh read. */
void cairn_pages_words(FILE *out);

/** Commands and flags with what they do, for cairn.zsh. */
void cairn_pages_described(FILE *out);

#endif
