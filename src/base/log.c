/* SPDX-License-Identifier: BSD-3-Clause
 * The log sink.  One line at a time to stderr. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/utf8.h"

static enum cairn_log_level level = CAIRN_LOG_NORMAL;
static bool muted;
static void (*clear_bar)(void);

void cairn_log_set_level(enum cairn_log_level new_level)
{
    level = new_level;
}

enum cairn_log_level cairn_log_get_level(void)
{
    return muted ? CAIRN_LOG_QUIET : level;
}

void cairn_log_mute(void)
{
    muted = true;
}

void cairn_log_set_clear(void (*clear)(void))
{
    clear_bar = clear;
}

static void say(const char *before, const char *format, va_list arguments)
{
    char line[4096];
    vsnprintf(line, sizeof line, format, arguments);
    cairn_utf8_clean(line);
    if (clear_bar != NULL) clear_bar();
    fprintf(stderr, "%s%s\n", before, line);
}

void cairn_log_info(const char *format, ...)
{
    if (muted || level < CAIRN_LOG_NORMAL) return;
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void cairn_log_detail(const char *format, ...)
{
    if (muted || level < CAIRN_LOG_VERBOSE) return;
    va_list arguments;
    va_start(arguments, format);
    say("", format, arguments);
    va_end(arguments);
}

void cairn_log_warning(const char *format, ...)
{
    if (muted) return;
    va_list arguments;
    va_start(arguments, format);
    say("cairn: warning: ", format, arguments);
    va_end(arguments);
}
