/* SPDX-License-Identifier: BSD-3-Clause
 * Reading metrics.csv.  Its lines are written by run_folder.c. */
#include "record/updates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"

static const char header[] = "update,epoch,samples,batch_samples,normalizer,loss,lr,grad_norm,";
enum { EXACT_COLUMNS = 8 };

/* Up to the comma after column n, or NULL. */
static const char *after_columns(const char *text, int n)
{
    for (; n > 0; n--) {
        text = strchr(text, ',');
        if (text == NULL) return NULL;
        text++;
    }
    return text - 1;
}

/* noise_scale, which may be empty, stands before ranks. */
static bool read_line(const char *text, struct cairn_update_line *out)
{
    const char *end = after_columns(text, EXACT_COLUMNS);
    const char *ranks = after_columns(text, EXACT_COLUMNS + 1);
    if (ranks == NULL) return false;
    out->exact = XXH64(text, (size_t)(end - text), 0);
    return sscanf(text, "%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",%" SCNu64 ",", &out->update,
                  &out->epoch, &out->samples, &out->batch_samples) == 4 &&
           sscanf(ranks, ",%d,", &out->ranks) == 1 && out->update > 0 && out->ranks > 0 &&
           out->batch_samples > 0 && out->batch_samples <= out->samples;
}

static cairn_status read_lines(FILE *file, const char *path,
                               cairn_status (*visit)(void *context,
                                                     const struct cairn_update_line *line),
                               void *context)
{
    struct cairn_update_line line;
    char *text = NULL;
    size_t room = 0, number = 1;
    cairn_status st = CAIRN_OK;
    ssize_t n = getline(&text, &room, file);
    if (n < 0 || strncmp(text, header, sizeof header - 1) != 0)
        st = cairn_fail(CAIRN_DATA, "%s: does not begin with '%s'", path, header);
    while (st == CAIRN_OK && (n = getline(&text, &room, file)) > 0 && text[n - 1] == '\n') {
        number++;
        st = read_line(text, &line)
                 ? visit(context, &line)
                 : cairn_fail(CAIRN_DATA, "%s: line %zu is not one of an update", path, number);
    }
    if (st == CAIRN_OK && ferror(file)) st = cairn_file_refused(path, "cannot be read");
    free(text);
    return st;
}

cairn_status cairn_updates_each(const char *folder,
                                cairn_status (*visit)(void *context,
                                                      const struct cairn_update_line *line),
                                void *context)
{
    char path[CAIRN_PATH_BYTES];
    FILE *file = NULL;
    CAIRN_TRY(cairn_path_join(folder, "metrics.csv", path));
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file == NULL) return cairn_fail(CAIRN_DATA, "%s: there is none", path);
    cairn_status st = read_lines(file, path, visit, context);
    fclose(file);
    return st;
}
