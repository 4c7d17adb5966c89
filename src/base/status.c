/* SPDX-License-Identifier: BSD-3-Clause
 * The thread's last error.  Keeps text only; who prints it is decided in cli/main.c. */
#include "cairn/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/last_error.h"
#include "base/utf8.h"

#define X(name, value, code, text)                                                                 \
    _Static_assert(CAIRN_##name == (value), "the two lists of statuses differ");
#include "base/status.def"
#undef X

enum { TEXT_BYTES = CAIRN_ERROR_TEXT_BYTES };

static _Thread_local char last_error[TEXT_BYTES];

cairn_status cairn_fail(cairn_status st, const char *format, ...)
{
    va_list arguments;
    char text[TEXT_BYTES]; /* the arguments may point into last_error */
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    cairn_utf8_clean(text); /* one line, whatever stands in a name or a path */
    memcpy(last_error, text, sizeof text);
    return st;
}

cairn_status cairn_fail_in(cairn_status st, const char *format, ...)
{
    va_list arguments;
    char words[TEXT_BYTES];
    char old[TEXT_BYTES];
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    memcpy(old, last_error, sizeof old);
    size_t n = strlen(words);
    if (n + 3 > sizeof words) n = sizeof words - 3;
    snprintf(words + n, sizeof words - n, ": %.*s", (int)(sizeof words - n - 3), old);
    cairn_utf8_clean(words);
    memcpy(last_error, words, sizeof words);
    return st;
}

const char *cairn_error_text(void)
{
    return last_error;
}

void cairn_error_take(cairn_status st, struct cairn_error *out)
{
    out->st = st;
    memcpy(out->text, last_error, sizeof out->text);
}

cairn_status cairn_error_put(const struct cairn_error *error)
{
    memcpy(last_error, error->text, sizeof last_error);
    return error->st;
}

static const struct {
    cairn_status st;
    int exit_code;
    const char *text;
} meanings[] = {
#define X(name, value, code, text) {CAIRN_##name, code, text},
#include "base/status.def"
#undef X
};
enum { N_MEANINGS = sizeof meanings / sizeof meanings[0] };

int cairn_exit_code(cairn_status st)
{
    for (size_t i = 0; i < N_MEANINGS; i++)
        if (meanings[i].st == st) return meanings[i].exit_code;
    return CAIRN_BUG;
}

const char *cairn_status_text(cairn_status st)
{
    for (size_t i = 0; i < N_MEANINGS; i++)
        if (meanings[i].st == st) return meanings[i].text;
    return "an unknown status";
}
