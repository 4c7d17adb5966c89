/* SPDX-License-Identifier: BSD-3-Clause
 * zlib's gzip files: it reads plain files as they are. */
#include "data/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/memory.h"

enum { MOST_PACKING = 1032, FIRST_LINE_BYTES = 4096 };

struct cairn_gzip {
    char *path; /* owned */
    gzFile stream;
    size_t bytes;               /* as stored */
    char *line;                 /* [line_bytes], owned */
    size_t line_bytes, n_lines; /* room for one; read so far */
};

cairn_status cairn_gzip_open(const char *path, struct cairn_gzip **out)
{
    struct cairn_gzip *file = NULL;
    struct stat about;
    if (stat(path, &about) != 0) return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode)) return cairn_fail(CAIRN_DATA, "%s: is not a file", path);
    CAIRN_TRY(cairn_memory_get(1, sizeof *file, "a file", &file));
    file->bytes = (size_t)about.st_size;
    file->line_bytes = FIRST_LINE_BYTES;
    cairn_status st = cairn_memory_text(path, &file->path);
    if (st == CAIRN_OK) st = cairn_memory_get(file->line_bytes, 1, "a line", &file->line);
    if (st != CAIRN_OK) goto done;
    file->stream = gzopen(path, "rb");
    if (file->stream == NULL) st = cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
done:
    if (st == CAIRN_OK)
        *out = file;
    else
        cairn_gzip_close(file);
    return st;
}

void cairn_gzip_close(struct cairn_gzip *file)
{
    if (file == NULL) return;
    if (file->stream != NULL) gzclose_r(file->stream);
    free(file->line);
    free(file->path);
    free(file);
}

bool cairn_gzip_may_hold(const struct cairn_gzip *file, size_t bytes)
{
    return bytes / MOST_PACKING <= file->bytes;
}

/* After a short read: damage, if that was the reason. */
static cairn_status check_stream(struct cairn_gzip *file)
{
    int code = Z_OK;
    const char *words = gzerror(file->stream, &code);
    if (code == Z_OK || code == Z_STREAM_END) return CAIRN_OK;
    return cairn_fail(CAIRN_DATA, "%s: is damaged or not complete (%s); fetch it again", file->path,
                      words);
}

cairn_status cairn_gzip_read(struct cairn_gzip *file, size_t n, void *out)
{
    unsigned char *to = out;
    for (size_t done = 0; done < n;) {
        unsigned here = n - done > INT_MAX / 2 ? INT_MAX / 2 : (unsigned)(n - done);
        int got = gzread(file->stream, to + done, here);
        if (got <= 0) {
            CAIRN_TRY(check_stream(file));
            return cairn_fail(CAIRN_DATA, "%s: ends %zu bytes before it should; fetch it again",
                              file->path, n - done);
        }
        done += (size_t)got;
    }
    return CAIRN_OK;
}

cairn_status cairn_gzip_skip(struct cairn_gzip *file, size_t n)
{
    if (n > INT64_MAX / 2)
        return cairn_fail(CAIRN_DATA, "%s: ends before it should; fetch it again", file->path);
    if (n == 0 || gzseek(file->stream, (z_off_t)n, SEEK_CUR) >= 0) return CAIRN_OK;
    CAIRN_TRY(check_stream(file));
    return cairn_fail(CAIRN_DATA, "%s: ends before it should; fetch it again", file->path);
}

/* A block of twice the size, with the same first n bytes. */
static cairn_status lengthen(char **block, size_t n, size_t *capacity)
{
    char *longer = NULL;
    CAIRN_TRY(cairn_memory_get(*capacity, 2, "a file", &longer));
    memcpy(longer, *block, n);
    free(*block);
    *block = longer;
    *capacity *= 2;
    return CAIRN_OK;
}

cairn_status cairn_gzip_rest(struct cairn_gzip *file, char **out, size_t *n)
{
    size_t capacity = file->bytes + 2; /* enough for a plain file and its end */
    size_t done = 0;
    char *block = NULL;
    int got = 1;
    CAIRN_TRY(cairn_memory_get(capacity, 1, "a file", &block));
    cairn_status st = CAIRN_OK;
    while (st == CAIRN_OK && got > 0) {
        size_t room = capacity - done - 1;
        got = gzread(file->stream, block + done, room > INT_MAX / 2 ? INT_MAX / 2 : (unsigned)room);
        if (got > 0) done += (size_t)got;
        if (capacity - done < 2) st = lengthen(&block, done, &capacity);
    }
    if (st == CAIRN_OK) st = check_stream(file);
    if (st == CAIRN_OK) {
        block[done] = '\0';
        *out = block;
        *n = done;
    } else {
        free(block);
    }
    return st;
}

cairn_status cairn_gzip_count(struct cairn_gzip *file, size_t *n)
{
    char piece[FIRST_LINE_BYTES];
    int got = gzread(file->stream, piece, sizeof piece);
    *n = 0;
    if (got > 0 && gzdirect(file->stream)) { /* plain */
        *n = file->bytes;
        return CAIRN_OK;
    }
    for (; got > 0; got = gzread(file->stream, piece, sizeof piece)) *n += (size_t)got;
    return check_stream(file);
}

cairn_status cairn_gzip_end(struct cairn_gzip *file)
{
    char more;
    int got = gzread(file->stream, &more, 1);
    if (got > 0)
        return cairn_fail(CAIRN_DATA, "%s: holds more bytes than its header says", file->path);
    return check_stream(file);
}

cairn_status cairn_gzip_line(struct cairn_gzip *file, char **out)
{
    size_t n = 0;
    for (;;) {
        if (file->line_bytes - n < 2)
            CAIRN_TRY(lengthen(&file->line, file->line_bytes, &file->line_bytes));
        size_t room = file->line_bytes - n > INT_MAX ? INT_MAX : file->line_bytes - n;
        z_off_t begin = gztell(file->stream);
        if (gzgets(file->stream, file->line + n, (int)room) == NULL) {
            CAIRN_TRY(check_stream(file));
            break;
        }
        size_t taken = strlen(file->line + n);
        if ((z_off_t)taken != gztell(file->stream) - begin)
            return cairn_fail(CAIRN_DATA,
                              "%s:%zu: has a NUL byte, as no text has; convert it to UTF-8",
                              file->path, file->n_lines + 1);
        n += taken;
        if (n > 0 && file->line[n - 1] == '\n') break;
    }
    bool nothing = n == 0;
    file->n_lines += !nothing;
    while (n > 0 && (file->line[n - 1] == '\n' || file->line[n - 1] == '\r')) n--;
    file->line[n] = '\0';
    *out = nothing ? NULL : file->line;
    return CAIRN_OK;
}
