/* SPDX-License-Identifier: BSD-3-Clause
 * What zsh shows beside commands and flags: lines for its _describe and _arguments. */
#include <stdio.h>
#include <string.h>

#include "cli/pages/pages.h"

/* A text up to its first semicolon, with backslashes before what means something there. */
static void put_doc(FILE *out, const char *text, const char *special)
{
    for (; *text != '\0' && *text != ';'; text++) {
        if (strchr(special, *text) != NULL) fputc('\\', out);
        fputc(*text, out);
    }
}

static void put_flag(FILE *out, const char *command, const struct cairn_option *flag)
{
    char value[CAIRN_VALUE_BYTES];
    const bool takes = flag->type != CAIRN_KEY_BOOL && flag->bare == NULL;
    const bool is_long = strncmp(flag->name, "--", 2) == 0;
    fprintf(out, "%s%s%s[", flag->most > 0 ? "*" : "", flag->name, takes && is_long ? "=" : "");
    put_doc(out, flag->doc, "[]:\\");
    fputs("]", out);
    if (takes) {
        fputs(":", out);
        put_doc(out, cairn_option_value(flag, value), ":\\");
        fprintf(out, ": _cairn_after %s %s", command,
                flag->name); /* the blank: and no more words */
    }
    fputs("\n", out);
}

void cairn_pages_described(FILE *out)
{
    const struct cairn_option *flags[CAIRN_PAGES_MOST_FLAGS];
    fputs("_cairn_described()\n{\n    cat <<'END'\n", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        fprintf(out, "%s:", cairn_pages_commands[i]->name);
        put_doc(out, cairn_pages_commands[i]->doc, ":\\");
        fputs("\n", out);
    }
    fputs("END\n}\n_cairn_specs()\n{\n    case $1 in\n", out);
    for (size_t i = 0; cairn_pages_commands[i] != NULL; i++) {
        fprintf(out, "    %s)\n        cat <<'END'\n", cairn_pages_commands[i]->name);
        const size_t n = cairn_pages_flags(cairn_pages_commands[i], flags);
        for (size_t k = 0; k < n; k++) put_flag(out, cairn_pages_commands[i]->name, flags[k]);
        fputs("END\n        ;;\n", out);
    }
    fputs("    esac\n    cat <<'END'\n", out);
    for (const struct cairn_common_flag *flag = cairn_common_flags; flag->name != NULL; flag++)
        fprintf(out, "%s[%s]\n%s[%s]\n", flag->name, flag->doc, flag->word, flag->doc);
    fputs("END\n}\n", out);
}
