/* SPDX-License-Identifier: BSD-3-Clause
 * The thread's last error.  Keeps text only; who prints it is decided in cli/main.c. */
#include "cairn/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define X(name, code, text)                                                                        \
    _Static_assert(CAIRN_##name == (code), "the value of a status is its exit code");
#include "base/status.def"
#undef X

enum { TEXT_BYTES = 2048 };

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

const char *cairn_status_text(cairn_status st)
{
    static const struct {
        cairn_status st;
        const char *text;
    } meanings[] = {
#define X(name, code, text) {CAIRN_##name, text},
#include "base/status.def"
#undef X
    };
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (meanings[i].st == st) return meanings[i].text;
    return "an unknown status";
}
