/* SPDX-License-Identifier: BSD-3-Clause
 * Writing JSON: two blanks for each level, one member a line. */
#include "report/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/number.h"

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

/* Bytes of the UTF-8 character at `c`, 0 where there is none (too short, overlong, surrogate, too
 * large). */
static size_t utf8_bytes(const unsigned char *c)
{
    if (c[0] < 0x80) return 1;
    size_t n = c[0] >= 0xf0 ? 4 : c[0] >= 0xe0 ? 3 : 2;
    if (c[0] < 0xc2 || c[0] > 0xf4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xc0) != 0x80) return 0; /* also the NUL at the end */
    if (c[0] == 0xe0 && c[1] < 0xa0) return 0;
    if (c[0] == 0xed && c[1] > 0x9f) return 0;
    if (c[0] == 0xf0 && c[1] < 0x90) return 0;
    if (c[0] == 0xf4 && c[1] > 0x8f) return 0;
    return n;
}

static void put_quoted(struct cairn_json *json, const char *value)
{
    char escape[8];
    put(json, "\"", 1);
    for (const unsigned char *c = (const unsigned char *)value; *c != '\0';) {
        size_t n = utf8_bytes(c);
        if (n == 0)
            put(json, "\\ufffd", 6);
        else if (*c == '"' || *c == '\\')
            put(json, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", *c));
        else if (*c == '\n')
            put(json, "\\n", 2);
        else if (*c < 0x20 || *c == 0x7f)
            put(json, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", *c));
        else
            put(json, (const char *)c, n);
        c += n == 0 ? 1 : n;
    }
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
