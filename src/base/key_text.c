/* SPDX-License-Identifier: BSD-3-Clause
 * The values of keys, as a run file says them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/keys.h"

static const char *word_text(const struct cairn_key *key, int index, char *buffer)
{
    const char *word = key->words;
    for (; index > 0; index--) word += strcspn(word, " ") + 1;
    snprintf(buffer, CAIRN_KEY_TEXT_BYTES, "%.*s", (int)strcspn(word, " "), word);
    return buffer;
}

static int n_words(const char *list)
{
    int n = list != NULL && *list != '\0';
    for (const char *c = list; c != NULL && *c != '\0'; c++) n += *c == ' ';
    return n;
}

/* A number, or the word that it stands for. */
static const char *count_text(const struct cairn_key *key, size_t value, char *buffer)
{
    for (int i = 0; i < n_words(key->words); i++)
        if (value == CAIRN_KEY_WORD(i)) return word_text(key, i, buffer);
    if (key->type == CAIRN_KEY_BYTES) return cairn_amount_text((double)value, buffer);
    snprintf(buffer, CAIRN_KEY_TEXT_BYTES, "%zu", value);
    return buffer;
}

static const char *duration_text(const struct cairn_key *key, double value, char *buffer)
{
    if (value >= 0) return cairn_duration_text(value, buffer);
    return word_text(key, (int)(CAIRN_KEY_DURATION_WORD(0) - value), buffer);
}

static const char *real_text(double value, char *buffer)
{
    int digits = 15; /* the fewest that give the same number again */
    do snprintf(buffer, CAIRN_KEY_TEXT_BYTES, "%.*g", digits, value);
    while (strtod(buffer, NULL) != value && digits++ < 17);
    return buffer;
}

const char *cairn_key_text(const struct cairn_key *key, const void *fields, char *buffer)
{
    const void *field = (const unsigned char *)fields + key->offset;
    switch (key->type) {
    case CAIRN_KEY_COUNT:
    case CAIRN_KEY_BYTES: return count_text(key, *(const size_t *)field, buffer);
    case CAIRN_KEY_REAL: return real_text(*(const double *)field, buffer);
    case CAIRN_KEY_DURATION: return duration_text(key, *(const double *)field, buffer);
    case CAIRN_KEY_BOOL: return *(const bool *)field ? "true" : "false";
    case CAIRN_KEY_CHOICE: return word_text(key, *(const int *)field, buffer);
    case CAIRN_KEY_TEXT:
    case CAIRN_KEY_PATH: return *(const char *const *)field;
    case CAIRN_KEY_TREE: break;
    }
    return NULL;
}
