/* SPDX-License-Identifier: BSD-3-Clause
 * The words that shells complete, as functions of one `case` each; cairn.bash and cairn.zsh read
 * them. */
#include <stdio.h>
#include <string.h>

#include "cli/pages/pages.h"
#include "config/config.h"
#include "data/format.h"

static void put_commands(FILE *out)
{
    fputs("_cairn_commands='", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++)
        fprintf(out, "%s ", cairn_pages_commands[i]->name);
    fputs("help'\n_cairn_with_keys='", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++)
        if (cairn_pages_takes_keys(cairn_pages_commands[i]))
            fprintf(out, "%s ", cairn_pages_commands[i]->name);
    fputs("'\n_cairn_formats='", out);
    for (size_t i = 0; cairn_formats()[i] != NULL; i++)
        fprintf(out, "%s%s", i == 0 ? "" : " ", cairn_formats()[i]->name);
    fputs("'\n_cairn_keys='", out);
    for (struct cairn_config_walk walk = {0}; cairn_config_next(&walk);)
        fprintf(out, "%s ", walk.key->name);
    fputs("'\n", out);
}

static void put_flags(FILE *out)
{
    const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS];
    fputs("_cairn_flags()\n{\n    case $1 in\n", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        fprintf(out, "    %s) echo '", cairn_pages_commands[i]->name);
        const size_t n = cairn_pages_flags(cairn_pages_commands[i], flags);
        for (size_t k = 0; k < n; k++) fprintf(out, "%s ", flags[k]->name);
        fputs("' ;;\n", out);
    }
    fputs("    esac\n    echo '", out);
    for (const struct cairn_common_flag *flag = cairn_common_flags; flag->name != NULL; flag++)
        fprintf(out, "%s %s ", flag->name, flag->word);
    fputs("'\n}\n", out);
}

/* What follows a flag or the "=" of a key: words, @files where it may be one. */
static void put_values(FILE *out)
{
    const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS];
    char words[CAIRN_PAGES_WORDS_BYTES];
    fputs("_cairn_value()\n{\n    case \"$1 $2\" in\n", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        const size_t n = cairn_pages_flags(cairn_pages_commands[i], flags);
        for (size_t k = 0; k < n; k++)
            if (flags[k]->type != CAIRN_KEY_BOOL && flags[k]->bare == NULL)
                fprintf(out, "    '%s %s') echo '%s%s' ;;\n", cairn_pages_commands[i]->name,
                        flags[k]->name, flags[k]->type == CAIRN_KEY_PATH ? "@files " : "",
                        cairn_pages_flag_words(flags[k], words));
    }
    fputs("    *)\n        case $2 in\n", out);
    for (struct cairn_config_walk walk = {0}; cairn_config_next(&walk);)
        fprintf(out, "        %s) echo '%s%s' ;;\n", walk.key->name,
                cairn_pages_takes_files(walk.key) ? "@files " : "",
                cairn_pages_key_words(walk.key, words));
    fputs("        *) return 1 ;;\n        esac\n        ;;\n    esac\n}\n", out);
}

void cairn_pages_words(FILE *out)
{
    put_commands(out);
    put_flags(out);
    put_values(out);
}
