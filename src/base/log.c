/* SPDX-License-Identifier: BSD-3-Clause
 * Messages: one line at a time to whoever takes them. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/utf8.h"

static enum cairn_log_level level = CAIRN_LOG_NORMAL;
static bool muted, hidden;
static void (*clear_bar)(void);
static void (*sink)(void *context, enum cairn_message kind, const char *line);
static void *sink_context;

void cairn_log_set_level(enum cairn_log_level new_level)
{
    level = new_level;
}

enum cairn_log_level cairn_log_get_level(void)
{
    return muted || hidden ? CAIRN_LOG_QUIET : level;
}

void cairn_log_hide(bool wanted)
{
    hidden = wanted && level == CAIRN_LOG_NORMAL;
}

void cairn_log_mute(void)
{
    muted = true;
}

void cairn_log_set_clear(void (*clear)(void))
{
    clear_bar = clear;
}

void cairn_log_set_sink(void (*new_sink)(void *context, enum cairn_message kind, const char *line),
                        void *context)
{
    sink = new_sink;
    sink_context = context;
}

const char *cairn_log_before(enum cairn_message kind)
{
    return kind == CAIRN_MESSAGE_WARNING ? "cairn: warning: " : "";
}

static void say(enum cairn_message kind, const char *format, va_list arguments)
{
    char line[4096];
    const bool said = !muted && (int)kind <= (int)cairn_log_get_level();
    if (sink == NULL || (int)kind > (int)level || (!said && !cairn_log_has_copy())) return;
    vsnprintf(line, sizeof line, format, arguments);
    cairn_utf8_clean(line);
    cairn_log_copy(cairn_log_before(kind), line);
    if (!said) return;
    if (clear_bar != NULL) clear_bar();
    sink(sink_context, kind, line);
}

void cairn_log_info(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(CAIRN_MESSAGE_INFO, format, arguments);
    va_end(arguments);
}

void cairn_log_detail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(CAIRN_MESSAGE_DETAIL, format, arguments);
    va_end(arguments);
}

void cairn_log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(CAIRN_MESSAGE_WARNING, format, arguments);
    va_end(arguments);
}
