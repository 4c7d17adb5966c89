/* SPDX-License-Identifier: BSD-3-Clause
 * Writing JSON: two blanks for each level, one member a line. */
#include "record/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "record/number.h"

static void put(struct cairn_json *json, const char *bytes, size_t n)
{
    if (json->st != CAIRN_OK) return;
    if (json->n_bytes + n + 1 > json->room_bytes) {
        char *grown = NULL;
        size_t room = 2 * (json->n_bytes + n + 1);
        json->st = cairn_memory_get(room, 1, "a JSON text", &grown);
        if (json->st != CAIRN_OK) return;
        if (json->n_bytes > 0) memcpy(grown, json->text, json->n_bytes);
        free(json->text);
        json->text = grown;
        json->room_bytes = room;
    }
    memcpy(json->text + json->n_bytes, bytes, n);
    json->n_bytes += n;
    json->text[json->n_bytes] = '\0';
}

static void put_line(struct cairn_json *json)
{
    if (json->n_bytes > 0) put(json, "\n", 1);
    for (int i = 0; i < json->depth; i++) put(json, "  ", 2);
}

/* As much of `value` as is one character, escaped where it is not plain. */
static size_t put_character(struct cairn_json *json, const char *value, size_t left)
{
    char escape[8];
    uint32_t code = 0;
    size_t n = cairn_utf8_read(value, left, &code);
    if (n == 0)
        put(json, "\\ufffd", 6);
    else if (code == '"' || code == '\\')
        put(json, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", *value));
    else if (code == '\n')
        put(json, "\\n", 2);
    else if (!cairn_utf8_is_plain(code)) /* none of these is above 0xffff */
        put(json, escape,
            (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)code & 0xffff));
    else
        put(json, value, n);
    return n == 0 ? 1 : n;
}

static void put_quoted(struct cairn_json *json, const char *value)
{
    put(json, "\"", 1);
    for (size_t left = strlen(value), n = 0; left > 0; left -= n, value += n)
        n = put_character(json, value, left);
    put(json, "\"", 1);
}

static void begin_value(struct cairn_json *json, const char *name)
{
    if (json->follows) put(json, ",", 1);
    put_line(json);
    if (name != NULL) {
        put_quoted(json, name);
        put(json, ": ", 2);
    }
    json->follows = true;
}

void cairn_json_resume(struct cairn_json *json, const char *bytes, size_t n, int depth,
                       bool follows)
{
    put(json, bytes, n);
    json->depth = depth;
    json->follows = follows;
}

void cairn_json_open(struct cairn_json *json, const char *name, char bracket)
{
    begin_value(json, name);
    put(json, &bracket, 1);
    json->depth++;
    json->follows = false;
}

void cairn_json_close(struct cairn_json *json, char bracket)
{
    json->depth--;
    if (json->follows) put_line(json);
    put(json, &bracket, 1);
    json->follows = true;
}

void cairn_json_text(struct cairn_json *json, const char *name, const char *value)
{
    if (value == NULL) {
        cairn_json_raw(json, name, "null");
        return;
    }
    begin_value(json, name);
    put_quoted(json, value);
}

void cairn_json_number(struct cairn_json *json, const char *name, double value)
{
    char text[CAIRN_NUMBER_BYTES] = "null";
    if (isfinite(value)) cairn_number_text(value, text);
    cairn_json_raw(json, name, text);
}

void cairn_json_count(struct cairn_json *json, const char *name, uint64_t value)
{
    char text[CAIRN_NUMBER_BYTES];
    snprintf(text, sizeof text, "%" PRIu64, value);
    cairn_json_raw(json, name, text);
}

void cairn_json_raw(struct cairn_json *json, const char *name, const char *value)
{
    begin_value(json, name);
    put(json, value, strlen(value));
}

cairn_status cairn_json_take(struct cairn_json *json, char **out)
{
    put(json, "\n", 1);
    cairn_status st = json->st;
    if (st == CAIRN_OK)
        *out = json->text;
    else
        free(json->text);
    *json = (struct cairn_json){0};
    return st;
}
