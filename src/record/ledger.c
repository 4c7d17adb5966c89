/* SPDX-License-Identifier: BSD-3-Clause
 * Reading ledger.csv.  Its lines are written by run_folder.c. */
#include "record/ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* A line that is whole, its end included. */
static bool read_line(const char *text, struct cairn_ledger_line *out)
{
    int n = 0;
    int fields = sscanf(
        text, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNx64 ",%" SCNu64 "%n",
        &out->update, &out->epoch, &out->first, &out->samples, &out->hash, &out->epoch_samples, &n);
    return fields == 6 && strcmp(text + n, "\n") == 0 && out->update > 0 &&
           out->epoch_samples > 0 && out->samples <= out->epoch_samples;
}

static cairn_status read_lines(FILE *file, const char *path, struct cairn_ledger_line **lines,
                               size_t *n_lines)
{
    char *text = NULL;
    size_t room = 0;
    cairn_status st = CAIRN_OK;
    ssize_t n = getline(&text, &room, file);
    if (n < 0 || strcmp(text, CAIRN_LEDGER_HEADER "\n") != 0)
        st = cairn_fail(CAIRN_DATA, "%s: is not a ledger: its first line is not '%s'", path,
                        CAIRN_LEDGER_HEADER);
    while (st == CAIRN_OK && (n = getline(&text, &room, file)) > 0 && text[n - 1] == '\n') {
        st = cairn_memory_room(*n_lines, sizeof **lines, "the ledger", lines);
        if (st == CAIRN_OK && !read_line(text, &(*lines)[*n_lines]))
            st = cairn_fail(CAIRN_DATA, "%s: line %zu is not one of a ledger", path, *n_lines + 2);
        ++*n_lines;
    }
    if (st == CAIRN_OK && ferror(file)) st = cairn_file_refused(path, "cannot be read");
    free(text);
    return st;
}

cairn_status cairn_ledger_read(const char *path, struct cairn_ledger_line **lines, size_t *n)
{
    struct cairn_ledger_line *found = NULL;
    size_t n_found = 0;
    FILE *file = NULL;
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file == NULL)
        return cairn_fail(CAIRN_DATA, "%s: there is none; a run writes it with data.ledger=true",
                          path);
    cairn_status st = read_lines(file, path, &found, &n_found);
    fclose(file);
    if (st != CAIRN_OK) {
        free(found);
        return st;
    }
    *lines = found;
    *n = n_found;
    return CAIRN_OK;
}
