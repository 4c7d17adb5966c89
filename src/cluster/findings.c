/* SPDX-License-Identifier: BSD-3-Clause
 * The list of what was found, and how it is printed. */
#include "cluster/findings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/json.h"

static void grow(struct cairn_findings *list)
{
    struct cairn_finding *grown = NULL;
    size_t room = 2 * list->room + 16;
    list->st = cairn_memory_get(room, sizeof *grown, "findings", &grown);
    if (list->st != CAIRN_OK) return;
    if (list->n > 0) memcpy(grown, list->item, list->n * sizeof *grown);
    free(list->item);
    list->item = grown;
    list->room = room;
}

struct cairn_finding *cairn_findings_add(struct cairn_findings *list, enum cairn_severity severity,
                                         const char *format, ...)
{
    va_list arguments;
    if (list->st == CAIRN_OK && list->n == list->room) grow(list);
    struct cairn_finding *added = list->st == CAIRN_OK ? &list->item[list->n++] : &list->spare;
    *added = (struct cairn_finding){.check = list->check, .severity = severity};
    va_start(arguments, format);
    vsnprintf(added->message, sizeof added->message, format, arguments);
    va_end(arguments);
    return added;
}

void cairn_finding_where(struct cairn_finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->where, sizeof finding->where, format, arguments);
    va_end(arguments);
}

void cairn_finding_fix(struct cairn_finding *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->fix, sizeof finding->fix, format, arguments);
    va_end(arguments);
}

const char *cairn_severity_name(enum cairn_severity severity)
{
    static const char *const names[] = {"ok", "warning", "error"};
    return names[severity];
}

const struct cairn_finding *cairn_findings_error(const struct cairn_findings *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->item[i].severity == CAIRN_FINDING_ERROR) return &list->item[i];
    return NULL;
}

void cairn_findings_print(const struct cairn_findings *list, FILE *out)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct cairn_finding *f = &list->item[i];
        fprintf(out, "%-7s  %-9s  %s%s%s%s%s\n", cairn_severity_name(f->severity), f->check,
                f->where, f->where[0] == '\0' ? "" : ": ", f->message,
                f->fix[0] == '\0' ? "" : "; ", f->fix);
    }
}

cairn_status cairn_findings_json(const struct cairn_findings *list, char **out)
{
    struct cairn_json json = {0};
    cairn_json_open(&json, NULL, '[');
    for (size_t i = 0; i < list->n; i++) {
        const struct cairn_finding *f = &list->item[i];
        cairn_json_open(&json, NULL, '{');
        cairn_json_text(&json, "check", f->check);
        cairn_json_text(&json, "severity", cairn_severity_name(f->severity));
        cairn_json_text(&json, "where", f->where);
        cairn_json_text(&json, "message", f->message);
        cairn_json_text(&json, "fix", f->fix);
        cairn_json_close(&json, '}');
    }
    cairn_json_close(&json, ']');
    return cairn_json_take(&json, out);
}

void cairn_findings_free(struct cairn_findings *list)
{
    free(list->item);
    *list = (struct cairn_findings){0};
}
