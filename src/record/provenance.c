/* SPDX-License-Identifier: BSD-3-Clause
 * provenance.json.  Entries are put in and ended by their text, since what is read was written
 * here: no parser. */
#include "record/provenance.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "record/json.h"

static const char OPEN_END[] = ",\n    \"end\": null,\n    \"status\": null\n  }\n]\n";

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Bytes up to the end of the last entry, 0 where this is no list. */
static size_t list_bytes(const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && is_space(text[n - 1])) n--;
    if (text[strspn(text, " \t\r\n")] != '[' || n < 2 || text[n - 1] != ']') return 0;
    n--;
    while (is_space(text[n - 1])) n--;
    return n;
}

/* Write the text and release it. */
static cairn_status write_json(const char *path, struct cairn_json *json)
{
    char *text = NULL;
    CAIRN_TRY(cairn_json_take(json, &text));
    cairn_status st = cairn_file_replace(path, text, strlen(text));
    free(text);
    return st;
}

/* Close the entry, and the list around it. */
static void end_entry(struct cairn_json *json, const char *end, const char *status)
{
    cairn_json_text(json, "end", end);
    cairn_json_text(json, "status", status);
    cairn_json_close(json, '}');
    cairn_json_close(json, ']');
}

cairn_status cairn_provenance_file_begin(const char *path, const struct cairn_fact *facts)
{
    char now[32];
    char *old = NULL;
    struct cairn_json json = {0};
    cairn_clock_utc(now);
    CAIRN_TRY(cairn_file_read(path, &old));
    size_t n = old == NULL ? 0 : list_bytes(old);
    cairn_status st = old != NULL && n == 0 ? cairn_file_keep_aside(path) : CAIRN_OK;
    if (st != CAIRN_OK) goto done;
    if (n > 0)
        cairn_json_resume(&json, old, n, 1, old[n - 1] != '[');
    else
        cairn_json_open(&json, NULL, '[');
    cairn_json_open(&json, NULL, '{');
    cairn_json_text(&json, "begin", now);
    for (; facts->name != NULL; facts++) {
        if (facts->raw && facts->value != NULL)
            cairn_json_raw(&json, facts->name, facts->value);
        else
            cairn_json_text(&json, facts->name, facts->value);
    }
    end_entry(&json, NULL, NULL);
    st = write_json(path, &json);
done:
    free(old);
    return st;
}

cairn_status cairn_provenance_file_end(const char *path, const char *status)
{
    char now[32];
    char *old = NULL;
    struct cairn_json json = {0};
    cairn_status st = CAIRN_OK;
    cairn_clock_utc(now);
    CAIRN_TRY(cairn_file_read(path, &old));
    size_t n = old == NULL ? 0 : strlen(old);
    size_t n_open = sizeof OPEN_END - 1;
    if (n < n_open || memcmp(old + n - n_open, OPEN_END, n_open) != 0) {
        cairn_log_warning("%s was changed while the run went on; its end is not written there",
                          path);
    } else {
        cairn_json_resume(&json, old, n - n_open, 2, true);
        end_entry(&json, now, status);
        st = write_json(path, &json);
    }
    free(old);
    return st;
}
