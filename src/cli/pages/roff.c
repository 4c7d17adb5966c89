/* SPDX-License-Identifier: BSD-3-Clause
 * Writing roff. */
#include "cli/pages/roff.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "cairn/version.h"

enum { COLUMNS = 72, LINE_BYTES = 512 };

static const char *escape(char c)
{
    switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    case '"': return "\\(dq";
    default: return NULL;
    }
}

/* As many columns of the source as it takes. */
static size_t width(const char *text, size_t n)
{
    size_t columns = n;
    for (size_t i = 0; i < n; i++)
        columns += escape(text[i]) == NULL ? 0 : strlen(escape(text[i])) - 1;
    return columns;
}

static void put(FILE *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *escaped = escape(text[i]);
        if (escaped != NULL)
            fputs(escaped, out);
        else
            fputc(text[i], out);
    }
}

void cairn_roff_put(FILE *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_words(FILE *out, const char *text, size_t n_text)
{
    size_t column = 0;
    bool ended = false; /* a sentence, which asks for a new line */
    const char *end = text + n_text;
    while (text < end) {
        const char *blank = memchr(text, ' ', (size_t)(end - text));
        const size_t n = (size_t)((blank == NULL ? end : blank) - text);
        const bool breaks = column > 0 && (ended || column + 1 + width(text, n) > COLUMNS);
        if (breaks) fputc('\n', out);
        if (column > 0 && !breaks) fputc(' ', out);
        if ((column == 0 || breaks) && *text == '.') fputs("\\&", out);
        column = (breaks || column == 0 ? 0 : column + 1) + width(text, n);
        put(out, text, n);
        ended = n > 0 && strchr(".!?", text[n - 1]) != NULL;
        text += n;
        while (text < end && *text == ' ') text++;
    }
    fputc('\n', out);
}

void cairn_roff_text(FILE *out, const char *text)
{
    put_words(out, text, strlen(text));
}

void cairn_roff_begin(FILE *out, const char *name, int section, const char *doc)
{
    char line[LINE_BYTES];
    fprintf(out, ".\\\" Made by Cairn's build from the tables of its help.\n.TH \"");
    for (const char *c = name; *c != '\0'; c++) fputc(toupper((unsigned char)*c), out);
    fprintf(out, "\" %d \"\" \"Cairn %s\" \"Cairn\"\n.SH NAME\n", section, CAIRN_VERSION);
    snprintf(line, sizeof line, "%s - %s", name, doc);
    cairn_roff_text(out, line);
}

void cairn_roff_paragraphs(FILE *out, const char *text)
{
    bool as_is = false, first = true;
    while (*text != '\0') {
        const size_t n = strcspn(text, "\n");
        const bool literal = *text == ' ';
        if (as_is && !literal) fputs(".fi\n", out);
        if (n > 0 && !first && !(as_is && literal)) fputs(".PP\n", out);
        if (!as_is && literal) fputs(".nf\n", out);
        if (literal) {
            put(out, text, n);
            fputc('\n', out);
        } else if (n > 0) {
            put_words(out, text, n);
        }
        as_is = literal;
        first = false;
        text += n + (text[n] == '\n');
    }
    if (as_is) fputs(".fi\n", out);
}

void cairn_roff_tag(FILE *out, const char *name, const char *value)
{
    fputs(".TP\n\\fB", out);
    cairn_roff_put(out, name);
    fputs("\\fR", out);
    if (*value != '\0') {
        fputs(" \\fI", out);
        cairn_roff_put(out, value);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}
