/* SPDX-License-Identifier: BSD-3-Clause
 * One pass over the text; what the words need is never more than the text has. */
#include "base/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static const char blanks[] = " \t\r\n";

/* The next word from *from to *to; both move on. */
static cairn_status take_word(const char **from, char **to)
{
    char quote = '\0';
    const char *p = *from;
    for (; *p != '\0' && (quote != '\0' || strchr(blanks, *p) == NULL); p++) {
        if (quote == '\0' && (*p == '\'' || *p == '"')) {
            quote = *p;
        } else if (*p == quote) {
            quote = '\0';
        } else {
            if (*p == '\\' && quote == '\0' && p[1] != '\0') p++;
            *(*to)++ = *p;
        }
    }
    *from = p;
    if (quote == '\0') return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "a quote %c has no end", quote);
}

cairn_status cairn_words_split(const char *text, struct cairn_words *out)
{
    size_t n_bytes = strlen(text) + 1;
    struct cairn_words words = {.n = 0};
    cairn_status st = cairn_memory_get(n_bytes, 1, "words", &words.text);
    if (st == CAIRN_OK)
        st = cairn_memory_get(n_bytes / 2 + 2, sizeof *words.word, "words", &words.word);
    char *to = words.text;
    const char *from = text;
    while (st == CAIRN_OK && *(from += strspn(from, blanks)) != '\0') {
        words.word[words.n++] = to;
        st = take_word(&from, &to);
        if (*from != '\0') from++;
        *to++ = '\0';
    }
    if (st == CAIRN_OK)
        *out = words;
    else
        cairn_words_free(&words);
    return st;
}

void cairn_words_free(struct cairn_words *words)
{
    free(words->text);
    free(words->word);
}

void cairn_words_quote(FILE *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (const char *p = word; *p != '\0'; p++)
        if (*p == '\'')
            fputs("'\\''", out);
        else
            fputc(*p, out);
    fputc('\'', out);
}
