/* SPDX-License-Identifier: BSD-3-Clause
 * What a key takes, and who reads it, in words. */
#include "cli/key_words.h"

#include <stdio.h>
#include <string.h>

#include "optim/optim.h"

static const double endless = 1e15; /* the largest that tables of keys have, for "any" */

const char *cairn_key_fallback(const struct cairn_key *key)
{
    if (key->fallback == NULL) return "required";
    return key->fallback[0] == '\0' ? "-" : key->fallback;
}

/* Append words with bars between them. */
static void put_words(const char *words, char *text)
{
    size_t used = strlen(text);
    for (const char *c = words; *c != '\0' && used + 4 < CAIRN_TAKES_BYTES; c++)
        used +=
            (size_t)snprintf(text + used, CAIRN_TAKES_BYTES - used, *c == ' ' ? " | " : "%c", *c);
}

bool cairn_key_is_open(const struct cairn_key *key)
{
    return key->high >= endless;
}

bool cairn_key_has_range(const struct cairn_key *key)
{
    return (key->type == CAIRN_KEY_COUNT || key->type == CAIRN_KEY_REAL ||
            key->type == CAIRN_KEY_DURATION || key->type == CAIRN_KEY_BYTES ||
            key->type == CAIRN_KEY_TREE) &&
           key->low < key->high;
}

const char *cairn_key_takes(const struct cairn_key *key, char *text)
{
    text[0] = '\0';
    if (key->type == CAIRN_KEY_BOOL) put_words("true false", text);
    if (key->type == CAIRN_KEY_TEXT) put_words("text", text);
    if (key->type == CAIRN_KEY_PATH) put_words("path", text);
    if (key->words != NULL) put_words(key->words, text);
    if (key->type == CAIRN_KEY_DURATION)
        put_words(key->words == NULL ? "duration" : " duration", text);
    if (key->type == CAIRN_KEY_BYTES) put_words(key->words == NULL ? "bytes" : " bytes", text);
    if (key->type != CAIRN_KEY_COUNT && key->type != CAIRN_KEY_REAL) return text;
    if (key->words != NULL) put_words(" ", text);
    size_t used = strlen(text);
    if (cairn_key_is_open(key))
        snprintf(text + used, CAIRN_TAKES_BYTES - used, "at least %.10g", key->low);
    else
        snprintf(text + used, CAIRN_TAKES_BYTES - used, "%.10g to %.10g", key->low, key->high);
    return text;
}

bool cairn_key_same_section(const char *a, const char *b)
{
    size_t n = strcspn(a, ".");
    return a[n] == '.' ? strncmp(a, b, n + 1) == 0 : strchr(b, '.') == NULL;
}

const char *cairn_key_readers(const struct cairn_key *key, char *text)
{
    const struct cairn_optim_kind *kind = NULL;
    const size_t n_bytes = CAIRN_KEY_DOC_BYTES;
    size_t n = 0;
    for (size_t i = 0; (kind = cairn_optim_kind_at(i)) != NULL && n < n_bytes; i++)
        if (cairn_optim_has_key(kind, key->name))
            n += (size_t)snprintf(text + n, n_bytes - n, "%s%s", n == 0 ? "" : ", ", kind->name);
    if (n < n_bytes) snprintf(text + n, n_bytes - n, ": %s", key->doc);
    return text;
}
