/* SPDX-License-Identifier: BSD-3-Clause
 * Plain text for language models: a token is a byte or a character.  The end of the text is val and
 * test, the files stand one after the other. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data/format.h"
#include "data/gzip.h"
#include "data/tokens.h"

enum { LEAST_TOKENS = 2, BYTE_VALUES = 256, BYTE_ORDER_MARK = 0xfeff, ABSENT = -1 };

/* All files, and what their tokens are. */
struct text {
    uint32_t *code; /* [n] characters or bytes, owned */
    size_t n, capacity;
    size_t vocabulary;
    int32_t *token_of; /* [CAIRN_UTF8_CODES] token of a character, or ABSENT; owned */
    char *characters;  /* in the order of their tokens; NULL for bytes; owned */
};

/* Room for n codes more. */
static cairn_status lengthen(struct text *text, size_t n)
{
    uint32_t *longer = NULL;
    if (n <= text->capacity - text->n) return CAIRN_OK;
    size_t capacity = text->n + n > 2 * text->capacity ? text->n + n : 2 * text->capacity;
    CAIRN_TRY(cairn_memory_get(capacity, sizeof *longer, "the text", &longer));
    if (text->n > 0) memcpy(longer, text->code, text->n * sizeof *longer);
    free(text->code);
    text->code = longer;
    text->capacity = capacity;
    return CAIRN_OK;
}

static cairn_status no_character(const char *path, const char *bytes, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++) line += bytes[i] == '\n';
    if (bytes[at] == '\0')
        return cairn_fail(CAIRN_DATA,
                          "%s:%zu: byte %zu is NUL, not a character; --bytes accepts any file",
                          path, line, at);
    return cairn_fail(
        CAIRN_DATA,
        "%s:%zu: byte %zu (0x%02x) is not UTF-8; convert the file, or import it with --bytes", path,
        line, at, (unsigned)(unsigned char)bytes[at]);
}

static cairn_status add_characters(const char *path, const char *bytes, size_t n, struct text *text)
{
    uint32_t code = 0;
    for (size_t at = 0, length = 0; at < n; at += length) {
        length = cairn_utf8_read(bytes + at, n - at, &code);
        if (length == 0 || code == 0) return no_character(path, bytes, at);
        if (at > 0 || code != BYTE_ORDER_MARK) text->code[text->n++] = code;
    }
    return CAIRN_OK;
}

static cairn_status add_file(const char *path, bool bytes, struct text *text)
{
    struct cairn_gzip *file = NULL;
    char *content = NULL;
    size_t n = 0;
    CAIRN_TRY(cairn_gzip_open(path, &file));
    cairn_status st = cairn_gzip_rest(file, &content, &n);
    if (st == CAIRN_OK && n == 0) st = cairn_fail(CAIRN_DATA, "%s: is empty", path);
    if (st == CAIRN_OK) st = lengthen(text, n);
    if (st == CAIRN_OK && !bytes) st = add_characters(path, content, n, text);
    for (size_t i = 0; st == CAIRN_OK && bytes && i < n; i++)
        text->code[text->n++] = (unsigned char)content[i];
    free(content);
    cairn_gzip_close(file);
    return st;
}

/* Characters in sorted order become tokens 0, 1, ... */
static cairn_status number_characters(struct text *text)
{
    size_t bytes = 1;
    char buffer[CAIRN_UTF8_BYTES];
    CAIRN_TRY(cairn_memory_get(CAIRN_UTF8_CODES, sizeof *text->token_of, "the characters",
                               &text->token_of));
    for (size_t i = 0; i < CAIRN_UTF8_CODES; i++) text->token_of[i] = ABSENT;
    for (size_t i = 0; i < text->n; i++) text->token_of[text->code[i]] = 0;
    for (uint32_t i = 0; i < CAIRN_UTF8_CODES; i++) {
        if (text->token_of[i] == ABSENT) continue;
        text->token_of[i] = (int32_t)text->vocabulary++;
        bytes += cairn_utf8_write(i, buffer);
    }
    CAIRN_TRY(cairn_memory_get(bytes, 1, "the characters", &text->characters));
    size_t at = 0;
    for (uint32_t i = 0; i < CAIRN_UTF8_CODES; i++) {
        if (text->token_of[i] == ABSENT) continue;
        size_t length = cairn_utf8_write(i, buffer);
        memcpy(text->characters + at, buffer, length);
        at += length;
    }
    for (size_t i = 0; i < text->n; i++) text->code[i] = (uint32_t)text->token_of[text->code[i]];
    return CAIRN_OK;
}

/* The codes, now tokens, in the smallest type that holds them; over the codes, since no type is
 * larger. */
static enum cairn_h5_type pack(const struct text *text)
{
    unsigned char *byte = (unsigned char *)text->code;
    if (text->vocabulary > UINT16_MAX + 1) return CAIRN_H5_U32;
    for (size_t i = 0; i < text->n; i++) {
        const uint16_t pair = (uint16_t)text->code[i];
        if (text->vocabulary <= UINT8_MAX + 1)
            byte[i] = (unsigned char)pair;
        else
            memcpy(byte + 2 * i, &pair, sizeof pair);
    }
    return text->vocabulary <= UINT8_MAX + 1 ? CAIRN_H5_U8 : CAIRN_H5_U16;
}

/* A part of n, rounded down; but 1 - 0.9 of 10 is 1, which floating point just misses. */
static size_t whole(double part, size_t n)
{
    return (size_t)(part * (double)n + 1e-6);
}

static cairn_status count_parts(const struct cairn_import *import, size_t n,
                                size_t count[CAIRN_N_SPLITS])
{
    double train_part = 1 - import->val_part - import->test_part;
    if (train_part <= 0)
        return cairn_fail(CAIRN_USAGE, "--val %g and --test %g leave nothing to train on",
                          import->val_part, import->test_part);
    count[CAIRN_SPLIT_TEST] = whole(import->test_part, n);
    count[CAIRN_SPLIT_TRAIN] =
        import->val_part > 0 ? whole(train_part, n) : n - count[CAIRN_SPLIT_TEST];
    count[CAIRN_SPLIT_VAL] = n - count[CAIRN_SPLIT_TRAIN] - count[CAIRN_SPLIT_TEST];
    const double part[CAIRN_N_SPLITS] = {train_part, import->val_part, import->test_part};
    for (int split = 0; split < CAIRN_N_SPLITS; split++)
        if (part[split] > 0 && count[split] < LEAST_TOKENS)
            return cairn_fail(CAIRN_USAGE,
                              "of %zu tokens the group %s gets %zu, too few to learn one from "
                              "another; choose --val and --test for it, or take more text",
                              n, cairn_split_name((enum cairn_split)split), count[split]);
    return CAIRN_OK;
}

static cairn_status write_text(const struct cairn_import *import, const struct text *text,
                               struct cairn_writer *writer)
{
    size_t count[CAIRN_N_SPLITS];
    CAIRN_TRY(count_parts(import, text->n, count));
    struct cairn_token_table table = {
        .type = pack(text), .token = text->code, .vocabulary = text->vocabulary};
    const struct cairn_h5_form element = {.type = table.type};
    if (text->characters != NULL) CAIRN_TRY(cairn_writer_characters(writer, text->characters));
    for (int split = 0; split < CAIRN_N_SPLITS; split++) {
        table.n = count[split];
        CAIRN_TRY(cairn_writer_tokens(writer, (enum cairn_split)split, &table));
        table.token =
            (const unsigned char *)table.token + table.n * cairn_h5_element_bytes(&element);
    }
    return CAIRN_OK;
}

static cairn_status run(const struct cairn_import *import, struct cairn_writer *writer)
{
    struct text text = {.vocabulary = import->bytes ? BYTE_VALUES : 0};
    cairn_status st = CAIRN_OK;
    if (import->n_sources == 0)
        return cairn_fail(CAIRN_USAGE, "cairn import text takes one or more files");
    if (import->bytes && import->characters)
        return cairn_fail(CAIRN_USAGE, "a token is a byte or a character: --bytes or --characters");
    for (size_t i = 0; st == CAIRN_OK && i < import->n_sources; i++)
        st = add_file(import->source[i], import->bytes, &text);
    if (st == CAIRN_OK && !import->bytes) st = number_characters(&text);
    if (st == CAIRN_OK) st = write_text(import, &text, writer);
    free(text.characters);
    free(text.token_of);
    free(text.code);
    return st;
}

#define AT(field) offsetof(struct cairn_import, field)

static const struct cairn_option flags[] = {
    {"--characters", NULL, CAIRN_KEY_BOOL, AT(characters),
     .doc = "a token is a character, of those that occur (default)"},
    {"--bytes", NULL, CAIRN_KEY_BOOL, AT(bytes), .doc = "a token is a byte"},
    {"--val", "F", CAIRN_KEY_REAL, AT(val_part), .doc = "this part of the text is val",
     .fallback = "0.1", .high = 0.99},
    {"--test", "F", CAIRN_KEY_REAL, AT(test_part),
     .doc = "... and this one test; from its end (train, val, test)", .fallback = "0",
     .high = 0.99},
    {.name = NULL},
};

const struct cairn_format cairn_format_text = {
    .name = "text",
    .heading = "text FILE[.gz]...: plain text, one file after the other",
    .flags = flags,
    .run = run,
};
