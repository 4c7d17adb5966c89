/* SPDX-License-Identifier: BSD-3-Clause
 * Pages of the commands. */
#include <stdio.h>
#include <string.h>

#include "cli/pages/pages.h"
#include "cli/pages/roff.h"

enum { LINE_BYTES = 2048 };

struct end {
    int code;
    const char *meaning;
};

/* Two statuses may share a code; the first says what it means. */
static const struct end ends[] = {
#define X(name, value, code, meaning) {code, meaning},
#include "base/status.def"
#undef X
};

static void put_flags(FILE *out, const struct cairn_option_table *tables,
                      const struct cairn_option_table *first)
{
    char value[CAIRN_VALUE_BYTES];
    char doc[LINE_BYTES];
    for (const struct cairn_option_table *table = tables; table->flags != NULL; table++) {
        if (table->heading != NULL) {
            if (table != first) fputs(".PP\n", out);
            cairn_roff_text(out, table->heading);
        }
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++) {
            const bool shown =
                flag->fallback != NULL && flag->fallback[0] != '\0' && flag->type != CAIRN_KEY_BOOL;
            const char *after = cairn_option_value(flag, value);
            char name[2 * CAIRN_VALUE_BYTES];
            snprintf(name, sizeof name, "%s%s", flag->name, flag->bare == NULL ? "" : after);
            cairn_roff_tag(out, name, flag->bare == NULL ? after : "");
            snprintf(doc, sizeof doc, "%s%s%s", flag->doc, shown ? "; default " : "",
                     shown ? flag->fallback : "");
            cairn_roff_text(out, doc);
        }
    }
}

static void put_common(FILE *out)
{
    for (const struct cairn_common_flag *flag = cairn_common_flags; flag->name != NULL; flag++) {
        char names[64];
        snprintf(names, sizeof names, "%s, %s", flag->name, flag->word);
        cairn_roff_tag(out, names, "");
        cairn_roff_text(out, flag->doc);
    }
}

static void put_usage(FILE *out, const struct cairn_command *command)
{
    char line[LINE_BYTES];
    char value[CAIRN_VALUE_BYTES];
    size_t n = (size_t)snprintf(
        line, sizeof line, "%s%scairn %s %s", command->launch == NULL ? "" : command->launch,
        command->launch == NULL ? "" : " ", command->name, command->operands);
    for (const struct cairn_option_table *table = command->tables; table->flags != NULL; table++)
        for (const struct cairn_option *flag = table->flags; flag->name != NULL; flag++)
            if (flag->required && n < sizeof line)
                n += (size_t)snprintf(line + n, sizeof line - n, " %s %s", flag->name,
                                      cairn_option_value(flag, value));
    if (n < sizeof line) snprintf(line + n, sizeof line - n, " [OPTION ...]");
    cairn_roff_text(out, line);
}

static void put_ends(FILE *out)
{
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char code[16];
        size_t first = 0;
        while (ends[first].code != ends[i].code) first++;
        if (first < i) continue;
        snprintf(code, sizeof code, "%d", ends[i].code);
        cairn_roff_tag(out, code, "");
        cairn_roff_text(out, ends[i].meaning);
    }
}

void cairn_pages_command(FILE *out, const struct cairn_command *command)
{
    struct cairn_option_table further[CAIRN_MOST_TABLES] = {{.flags = NULL}};
    char name[64];
    snprintf(name, sizeof name, "cairn-%s", command->name);
    cairn_roff_begin(out, name, 1, command->doc);
    fputs(".SH SYNOPSIS\n", out);
    put_usage(out, command);
    if (command->also != NULL) {
        fputs(".PP\n", out);
        put_usage(out, command->also);
    }
    if (command->about != NULL || command->notes != NULL) fputs(".SH DESCRIPTION\n", out);
    if (command->about != NULL) cairn_roff_paragraphs(out, command->about);
    if (command->about != NULL && command->notes != NULL) fputs(".PP\n", out);
    if (command->notes != NULL) cairn_roff_paragraphs(out, command->notes);
    fputs(".SH OPTIONS\n", out);
    put_flags(out, command->tables, command->tables);
    if (command->more != NULL) command->more(further);
    put_flags(out, further, command->tables);
    if (command->also != NULL) put_flags(out, command->also->tables, command->tables);
    fputs(".SS Of every command\n", out);
    put_common(out);
    put_ends(out);
    fputs(".SH SEE ALSO\n.BR cairn (1),\n.BR cairn\\-options (5)\n", out);
}

void cairn_pages_program(FILE *out)
{
    cairn_roff_begin(out, "cairn", 1, "trains neural networks on CPU clusters");
    fputs(".SH SYNOPSIS\n.B cairn\n.I COMMAND\n[OPTION ...]\n.SH DESCRIPTION\n", out);
    cairn_roff_text(out, "Exact effective batches on any number of ranks: the ranks of mpirun or "
                         "srun accumulate the gradients of micro-batches, and one sum over all of "
                         "them makes an update.");
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        fprintf(out, ".TP\n.BR cairn\\-%s (1)\n", cairn_pages_commands[i]->name);
        cairn_roff_text(out, cairn_pages_commands[i]->doc);
    }
    fputs(".SH OPTIONS\n", out);
    put_common(out);
    cairn_roff_tag(out, "--version", "");
    cairn_roff_text(out, "own version and those of MPI, BLAS, HDF5");
    put_ends(out);
    fputs(".SH SEE ALSO\n.BR cairn\\-mpirun (1),\n.BR cairn\\-options (5),\n.BR mpirun (1)\n", out);
}
