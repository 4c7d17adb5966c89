/* SPDX-License-Identifier: BSD-3-Clause
 * Writing JSON.  Not a parser.  A failure sticks: the calls that follow do nothing and
 * cairn_json_take() tells.  Local. */
#ifndef CAIRN_RECORD_JSON_H
#define CAIRN_RECORD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

/** A text that grows; zero it before use. */
struct cairn_json {
    char *text; /* owned until taken */
    size_t n_bytes, room_bytes;
    int depth;
    bool follows; /* a value stands before in the same object or list */
    cairn_status st;
};

/** Go on behind n bytes of JSON, `depth` levels deep; `follows`: behind another value.
 * Ranks: local.  Errors: sticks. */
void cairn_json_resume(struct cairn_json *json, const char *bytes, size_t n, int depth,
                       bool follows);

/** Open an object '{' or a list '['; `name` is NULL in a list and at the top.
 *  Ranks: local.  Errors: sticks. */
void cairn_json_open(struct cairn_json *json, const char *name, char bracket);

/** Close with '}' or ']'.  Ranks: local.  Errors: sticks. */
void cairn_json_close(struct cairn_json *json, char bracket);

/** A text, escaped; bytes that are no UTF-8 become U+FFFD; NULL is null.
 *  Ranks: local.  Errors: sticks. */
void cairn_json_text(struct cairn_json *json, const char *name, const char *value);

/** A number that reads back as the same bits; null where it is not finite.
 *  Ranks: local.  Errors: sticks. */
void cairn_json_number(struct cairn_json *json, const char *name, double value);

/** A whole number.  Ranks: local.  Errors: sticks. */
void cairn_json_count(struct cairn_json *json, const char *name, uint64_t value);

/** A value that is JSON already.  Ranks: local.  Errors: sticks. */
void cairn_json_raw(struct cairn_json *json, const char *name, const char *value);

/** The text, to be released with free().
 *  Ranks: local.  Errors: CAIRN_MEMORY; the text is then released. */
CAIRN_CHECKED cairn_status cairn_json_take(struct cairn_json *json, char **out);

#endif
