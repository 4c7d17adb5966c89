/* SPDX-License-Identifier: BSD-3-Clause
 * What a part found. */
#include <stdarg.h>
#include <stdio.h>

#include "cluster/launch.h"
#include "selftest/part.h"

/* A verdict that may be replaced: any but a failure. */
static void say(struct cairn_selftest_result *out, enum cairn_outcome outcome, cairn_status code,
                const char *format, va_list arguments)
{
    if (out->outcome == CAIRN_OUTCOME_FAILED) return;
    out->outcome = outcome;
    out->code = code;
    vsnprintf(out->sentence, sizeof out->sentence, format, arguments);
}

void cairn_selftest_pass(struct cairn_selftest_result *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, CAIRN_OUTCOME_PASSED, CAIRN_OK, format, arguments);
    va_end(arguments);
}

void cairn_selftest_skip(struct cairn_selftest_result *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, CAIRN_OUTCOME_SKIPPED, CAIRN_OK, format, arguments);
    va_end(arguments);
}

void cairn_selftest_fail(struct cairn_selftest_result *out, cairn_status code, const char *format,
                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(out, CAIRN_OUTCOME_FAILED, code, format, arguments);
    va_end(arguments);
}

void cairn_selftest_line(struct cairn_selftest_result *out, const char *format, ...)
{
    va_list arguments;
    if (out->n_lines == CAIRN_SELFTEST_LINES) return;
    va_start(arguments, format);
    vsnprintf(out->line[out->n_lines], sizeof out->line[0], format, arguments);
    va_end(arguments);
    out->n_lines++;
}

void cairn_selftest_figure(struct cairn_selftest_result *out, double value, const char *format, ...)
{
    va_list arguments;
    if (out->n_figures == CAIRN_SELFTEST_FIGURES) return;
    struct cairn_selftest_figure *figure = &out->figure[out->n_figures++];
    va_start(arguments, format);
    vsnprintf(figure->name, sizeof figure->name, format, arguments);
    va_end(arguments);
    figure->value = value;
}

void cairn_selftest_who(const struct cairn_selftest *test, const int *rank, int n, char *text,
                        size_t n_bytes)
{
    char ranks[80];
    cairn_ranks_text(rank, n, ranks, sizeof ranks);
    snprintf(text, n_bytes, "%s (%s)", ranks, test->host[rank[0]].name);
}
