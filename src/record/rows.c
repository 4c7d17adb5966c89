/* SPDX-License-Identifier: BSD-3-Clause
 * CSV files that grow. */
#include "record/rows.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/last_error.h"
#include "base/log.h"
#include "base/memory.h"
#include "record/number.h"

/* Lines wait for 5 s at most: for this, and until the next update checks again. */
static const double WAIT_S = 2.0;

enum { NAME_BYTES = 128 };

cairn_status cairn_rows_create(struct cairn_rows *rows, const char *folder, const char *name)
{
    rows->fd = -1;
    CAIRN_TRY(cairn_path_join(folder, name, rows->path));
    return cairn_memory_get(CAIRN_ROWS_KEPT_BYTES, 1, name, &rows->kept);
}

static cairn_status write_kept(struct cairn_rows *rows)
{
    size_t n_written = 0;
    rows->tried_s = cairn_clock_s();
    if (rows->n_kept == 0) return CAIRN_OK;
    cairn_status st = cairn_file_write(rows->fd, rows->path, rows->kept, rows->n_kept, &n_written);
    rows->n_kept -= n_written;
    memmove(rows->kept, rows->kept + n_written, rows->n_kept);
    rows->synced = rows->synced && n_written == 0;
    if (st == CAIRN_OK) rows->refused = false;
    return st;
}

/* A run that ends for another reason keeps that reason as its last error. */
static void last_flush(struct cairn_rows *rows)
{
    struct cairn_error reason;
    cairn_error_take(CAIRN_OK, &reason);
    if (cairn_rows_flush(rows) == CAIRN_OK) return;
    cairn_log_warning("%s", cairn_error_text());
    (void)cairn_error_put(&reason);
}

void cairn_rows_free(struct cairn_rows *rows)
{
    if (rows->fd >= 0) {
        last_flush(rows);
        close(rows->fd);
    }
    free(rows->kept);
    *rows = (struct cairn_rows){.fd = -1};
}

/* Whether a line, with its end, is whole and of an update up to `update`. */
static bool stays(const char *line, size_t n, uint64_t update)
{
    char *end = NULL;
    if (n == 0 || line[n - 1] != '\n' || !isdigit((unsigned char)line[0])) return false;
    errno = 0;
    uint64_t found = strtoumax(line, &end, 10);
    return errno == 0 && *end == ',' && found <= update;
}

/* Bytes of the file that stay; 0 where it is empty or has another header.  *ours: it begins as a
 * file of this version or an earlier one does, whole or not. */
static cairn_status measure(struct cairn_rows *rows, const char *header, uint64_t update,
                            off_t *n_stay, bool *ours)
{
    const char *path = rows->path;
    char *line = NULL;
    size_t room = 0;
    size_t n_header = strlen(header);
    *n_stay = 0;
    FILE *file = NULL;
    CAIRN_TRY(cairn_file_stream(path, &file));
    if (file == NULL) return CAIRN_OK;
    ssize_t n = getline(&line, &room, file);
    size_t n_first = n < 0 ? 0 : strcspn(line, "\n");
    *ours = n < 0 || strncmp(line, header, n_first) == 0;
    if (*ours && n == (ssize_t)n_header + 1 && update > 0) {
        *n_stay = n;
        while ((n = getline(&line, &room, file)) > 0 && stays(line, (size_t)n, update)) {
            *n_stay += n;
            rows->n_lines++;
        }
    }
    cairn_status st = ferror(file) ? cairn_file_refused(path, "cannot be read") : CAIRN_OK;
    free(line);
    fclose(file);
    return st;
}

/* What has an earlier version's header, which lacks the last columns, gets those columns, empty. */
static cairn_status widen(const char *path, const char *header)
{
    char *text = NULL;
    struct cairn_new_file file;
    CAIRN_TRY(cairn_file_read(path, &text));
    size_t n = strcspn(text, "\n");
    if (n == 0 || strncmp(text, header, n) != 0 || header[n] != ',') {
        free(text);
        return CAIRN_OK;
    }
    size_t n_commas = 0;
    for (const char *c = header + n; *c != '\0'; c++) n_commas += *c == ',';
    cairn_status st = cairn_file_begin(path, &file);
    if (st == CAIRN_OK) st = cairn_file_put(&file, header, strlen(header));
    for (const char *line = text + n; *line != '\0' && st == CAIRN_OK;) {
        size_t length = strcspn(line + 1, "\n"); /* line is at the end of the one before */
        st = cairn_file_put(&file, line, length + 1);
        for (size_t i = 0; i < n_commas && length > 0 && st == CAIRN_OK; i++)
            st = cairn_file_put(&file, ",", 1);
        line += length + 1;
    }
    free(text);
    if (st == CAIRN_OK) return cairn_file_finish(&file);
    cairn_file_abandon(&file);
    return st;
}

static cairn_status open_file(struct cairn_rows *rows)
{
    return cairn_file_open(rows->path, O_WRONLY | O_CREAT | O_APPEND, &rows->fd);
}

cairn_status cairn_rows_start(struct cairn_rows *rows, const char *header, uint64_t update)
{
    off_t n_stay = 0;
    bool ours = true;
    rows->n_lines = 0;
    if (update > 0 && access(rows->path, F_OK) == 0) CAIRN_TRY(widen(rows->path, header));
    CAIRN_TRY(open_file(rows));
    off_t n_bytes = lseek(rows->fd, 0, SEEK_END);
    if (n_bytes > 0) CAIRN_TRY(measure(rows, header, update, &n_stay, &ours));
    if (!ours || (update > 0 && n_stay == 0 && n_bytes > 0)) {
        CAIRN_TRY(cairn_file_keep_aside(rows->path));
        close(rows->fd);
        CAIRN_TRY(open_file(rows));
        n_bytes = 0;
    }
    /* Updates never fall within a file: what stays is its beginning.  No copy, no room needed. */
    if (n_bytes != n_stay && ftruncate(rows->fd, n_stay) != 0)
        return cairn_file_refused(rows->path, "cannot be cut");
    rows->synced = false;
    if (n_stay == 0)
        rows->n_kept = (size_t)snprintf(rows->kept, CAIRN_ROWS_KEPT_BYTES, "%s\n", header);
    return cairn_rows_flush(rows);
}

cairn_status cairn_rows_last(const struct cairn_rows *rows, uint64_t *update)
{
    char *line = NULL;
    size_t room = 0;
    *update = 0;
    FILE *file = NULL;
    CAIRN_TRY(cairn_file_stream(rows->path, &file));
    if (file == NULL) return CAIRN_OK;
    for (ssize_t n = 0; (n = getline(&line, &room, file)) > 0;)
        if (stays(line, (size_t)n, UINT64_MAX)) *update = strtoumax(line, NULL, 10);
    cairn_status st = ferror(file) ? cairn_file_refused(rows->path, "cannot be read") : CAIRN_OK;
    free(line);
    fclose(file);
    return st;
}

/* Ranges of updates as text. */
struct ranges {
    char *text;
    size_t n_bytes, used;
    bool any;
};

static void add_range(struct ranges *ranges, uint64_t first, uint64_t last)
{
    enum { LONGEST = 64 };
    char *at = ranges->text + ranges->used;
    size_t room = ranges->n_bytes - ranges->used;
    if (first > last || room < LONGEST) return;
    const char *before = ranges->any ? ", " : " (missing updates: ";
    ranges->used += (size_t)(first == last ? snprintf(at, room, "%s%" PRIu64, before, first)
                                           : snprintf(at, room, "%s%" PRIu64 " to %" PRIu64, before,
                                                      first, last));
    ranges->any = true;
    if (ranges->n_bytes - ranges->used < LONGEST)
        ranges->used += (size_t)snprintf(ranges->text + ranges->used, LONGEST / 2, ", ...");
}

size_t cairn_rows_missing(const struct cairn_rows *rows, uint64_t update, char *text, size_t n)
{
    struct ranges ranges = {.text = text, .n_bytes = n < 256 ? n : 256};
    uint64_t next = 1; /* the update that a line is wanted of */
    char *line = NULL;
    size_t room = 0;
    FILE *file = NULL;
    if (cairn_file_stream(rows->path, &file) != CAIRN_OK) return 0; /* was read a moment ago */
    while (file != NULL && getline(&line, &room, file) > 0) {
        uint64_t found = strtoumax(line, NULL, 10); /* 0: the header */
        if (found < next) continue;
        add_range(&ranges, next, found - 1);
        next = found + 1;
    }
    add_range(&ranges, next, update);
    if (ranges.any) ranges.used += (size_t)snprintf(text + ranges.used, 2, ")");
    if (file != NULL) fclose(file);
    free(line);
    return ranges.used;
}

static void put(struct cairn_row *line, const char *text, size_t n)
{
    size_t comma = line->n_bytes > 0;
    if (line->n_bytes + comma + n + 1 > sizeof line->text) return; /* see NAME_BYTES */
    if (comma) line->text[line->n_bytes] = ',';
    memcpy(line->text + line->n_bytes + comma, text, n);
    line->n_bytes += comma + n;
}

void cairn_row_count(struct cairn_row *line, uint64_t value)
{
    char text[CAIRN_NUMBER_BYTES];
    put(line, text, (size_t)snprintf(text, sizeof text, "%" PRIu64, value));
}

void cairn_row_number(struct cairn_row *line, double value)
{
    char text[CAIRN_NUMBER_BYTES] = "";
    if (!isnan(value)) cairn_number_text(value, text);
    put(line, text, strlen(text));
}

/* RFC 4180: a name with a comma or a quote stands in quotes.  A line end would break the cut. */
void cairn_row_text(struct cairn_row *line, const char *value, size_t n)
{
    char text[2 * NAME_BYTES + 2];
    size_t used = 0;
    if (n > NAME_BYTES) n = NAME_BYTES;
    bool quoted = memchr(value, ',', n) != NULL || memchr(value, '"', n) != NULL;
    if (quoted) text[used++] = '"';
    for (size_t i = 0; i < n; i++) {
        if (value[i] == '"') text[used++] = '"';
        text[used++] = iscntrl((unsigned char)value[i]) ? ' ' : value[i];
    }
    if (quoted) text[used++] = '"';
    put(line, text, used);
}

cairn_status cairn_rows_begin(struct cairn_rows *rows)
{
    CAIRN_TRY(open_file(rows));
    return ftruncate(rows->fd, 0) == 0 ? CAIRN_OK : cairn_file_refused(rows->path, "cannot be cut");
}

cairn_status cairn_rows_put(struct cairn_rows *rows, const void *bytes, size_t n)
{
    if (rows->fd < 0)
        return cairn_fail(CAIRN_BUG, "%s: a line before the file was opened", rows->path);
    if (rows->n_kept + n > CAIRN_ROWS_KEPT_BYTES) CAIRN_TRY(write_kept(rows));
    memcpy(rows->kept + rows->n_kept, bytes, n);
    rows->n_kept += n;
    if (cairn_clock_s() - rows->tried_s < WAIT_S || write_kept(rows) == CAIRN_OK) return CAIRN_OK;
    if (!rows->refused)
        cairn_log_warning("%s; the lines are kept and tried again", cairn_error_text());
    rows->refused = true;
    return CAIRN_OK;
}

cairn_status cairn_rows_add(struct cairn_rows *rows, const struct cairn_row *line)
{
    char text[CAIRN_ROW_BYTES + 1];
    CAIRN_TRY(cairn_rows_put(rows, text, cairn_row_line(line, text)));
    rows->n_lines++;
    return CAIRN_OK;
}

cairn_status cairn_rows_write(struct cairn_rows *rows)
{
    return rows->fd < 0 ? CAIRN_OK : write_kept(rows);
}

cairn_status cairn_rows_sync(const struct cairn_rows *rows)
{
    return rows->fd < 0 ? CAIRN_OK : cairn_file_sync(rows->fd, rows->path);
}

cairn_status cairn_rows_flush(struct cairn_rows *rows)
{
    if (rows->fd < 0) return CAIRN_OK;
    CAIRN_TRY(write_kept(rows));
    if (rows->synced) return CAIRN_OK;
    CAIRN_TRY(cairn_file_sync(rows->fd, rows->path));
    rows->synced = true;
    return CAIRN_OK;
}

size_t cairn_row_line(const struct cairn_row *line, char *text)
{
    memcpy(text, line->text, line->n_bytes);
    text[line->n_bytes] = '\n';
    return line->n_bytes + 1;
}
