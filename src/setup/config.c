/* SPDX-License-Identifier: BSD-3-Clause
 * From a run file, or from the one inside a checkpoint, to the config on every rank. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "checkpoint/checkpoint.h"
#include "comm/exchange.h"
#include "setup/setup.h"

enum { MOST_BYTES = 1 << 24 }; /* a run file is a page of text */

/* A whole file, with a zero behind it; *text is released with free(). */
static cairn_status read_file(const char *path, char **text, size_t *n)
{
    struct stat status;
    char *block = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        if (file != NULL) fclose(file);
        return cairn_fail(CAIRN_USAGE, "run file %s: %s", path, strerror(errno));
    }
    cairn_status st = CAIRN_OK;
    if (!S_ISREG(status.st_mode) || status.st_size > MOST_BYTES)
        st = cairn_fail(CAIRN_USAGE, "run file %s is no text file", path);
    if (st == CAIRN_OK) st = cairn_memory_get((size_t)status.st_size + 1, 1, "the run file", &block);
    if (st == CAIRN_OK) {
        *n = fread(block, 1, (size_t)status.st_size, file);
        *text = block;
    }
    fclose(file);
    return st;
}

static cairn_status parse_everywhere(cairn_comm *comm, cairn_status st, char *text, size_t n, const char *source,
                                     const char *const *overrides, struct cairn_config **out)
{
    struct cairn_config *config = NULL;
    st = cairn_comm_broadcast_block(comm, st, &text, &n);
    if (st == CAIRN_OK) st = cairn_config_read(text, n, source, overrides, &config);
    free(text);
    st = cairn_comm_agree(comm, st);
    if (st != CAIRN_OK)
        cairn_config_free(config);
    else
        *out = config;
    return st;
}

cairn_status cairn_setup_config(cairn_comm *comm, const char *path, const char *const *overrides,
                                struct cairn_config **out)
{
    char *text = NULL;
    size_t n = 0;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = read_file(path, &text, &n);
    return parse_everywhere(comm, st, text, n, path, overrides, out);
}

cairn_status cairn_setup_stored_config(cairn_comm *comm, const char *checkpoint, const char *const *overrides,
                                       struct cairn_config **out)
{
    char *text = NULL;
    cairn_status st = CAIRN_OK;
    if (cairn_comm_rank(comm) == 0) st = cairn_checkpoint_text(checkpoint, "/config", &text);
    return parse_everywhere(comm, st, text, text == NULL ? 0 : strlen(text), checkpoint, overrides, out);
}
