/* SPDX-License-Identifier: BSD-3-Clause
 * What is said of a key to people: in the text of `cairn options`, its JSON and its page.  Local.
 */
#ifndef CAIRN_CLI_KEY_WORDS_H
#define CAIRN_CLI_KEY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/keys.h"
#include "cli/command.h"

enum { CAIRN_TAKES_BYTES = 128, CAIRN_KEY_DOC_BYTES = 512 };

/** The default as it is shown: "required", "-" for none.  Ranks: local.  Errors: none. */
const char *cairn_key_fallback(const struct cairn_key *key);

/** What a key takes, "true | false" or "1 to 100", into text [CAIRN_TAKES_BYTES].  Ranks: local.
 * Errors: none. */
const char *cairn_key_takes(const struct cairn_key *key, char *text);

/** Whether the range of a key says something.  Ranks: local.  Errors: none. */
bool cairn_key_has_range(const struct cairn_key *key);

/** Whether a range has no end that anybody would reach.  Ranks: local.  Errors: none. */
bool cairn_key_is_open(const struct cairn_key *key);

/** Whether two keys, "data.x" and "data.y", are of one section.  Ranks: local.  Errors: none. */
bool cairn_key_same_section(const char *a, const char *b);

/** "sgd, lars: momentum": which optimizers have the key, and its meaning, into text
 * [CAIRN_KEY_DOC_BYTES].  Ranks: local.  Errors: none. */
const char *cairn_key_readers(const struct cairn_key *key, char *text);

/** Print all keys as one object of JSON.  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_options_json(void);

#endif
