/* SPDX-License-Identifier: BSD-3-Clause
 * The bytes of a file of NumPy: by zlib, which reads plain files as they are, or by libzip. */
#include "data/npy/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/memory.h"
#include "data/gzip.h"

enum { PIECE_BYTES = 1 << 16 };

struct cairn_npy_bytes {
    const char *where;
    struct cairn_gzip *plain; /* NULL: it is in an archive */
    zip_t *archive;
    zip_file_t *member;
    uint64_t n_bytes; /* of the member that are not read yet */
};

static cairn_status open_archive(const char *path, zip_t **out)
{
    int code = 0;
    zip_error_t error;
    *out = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
    if (*out != NULL) return CAIRN_OK;
    zip_error_init_with_code(&error, code);
    cairn_status st = cairn_fail(CAIRN_DATA, "%s: is no whole zip archive (%s); make it again",
                                 path, zip_error_strerror(&error));
    zip_error_fini(&error);
    return st;
}

static cairn_status damaged(const struct cairn_npy_bytes *bytes)
{
    return cairn_fail(
        CAIRN_DATA, "%s: is damaged or not complete (%s); make or fetch it again", bytes->where,
        zip_error_strerror(bytes->member == NULL ? zip_get_error(bytes->archive)
                                                 : zip_file_get_error(bytes->member)));
}

static cairn_status open_member(const struct cairn_npy_place *place, struct cairn_npy_bytes *bytes)
{
    zip_stat_t about;
    CAIRN_TRY(open_archive(place->path, &bytes->archive));
    if (zip_stat_index(bytes->archive, place->entry, 0, &about) != 0) return damaged(bytes);
    bytes->n_bytes = about.size;
    if (about.encryption_method != ZIP_EM_NONE)
        return cairn_fail(CAIRN_DATA, "%s: is encrypted; save it without a password", bytes->where);
    bytes->member = zip_fopen_index(bytes->archive, place->entry, 0);
    return bytes->member == NULL ? damaged(bytes) : CAIRN_OK;
}

cairn_status cairn_npy_bytes_open(const struct cairn_npy_place *place, const char *where,
                                  struct cairn_npy_bytes **out)
{
    struct cairn_npy_bytes *bytes = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *bytes, "a file", &bytes));
    bytes->where = where;
    cairn_status st =
        place->in_zip ? open_member(place, bytes) : cairn_gzip_open(place->path, &bytes->plain);
    if (st == CAIRN_OK)
        *out = bytes;
    else
        cairn_npy_bytes_close(bytes);
    return st;
}

void cairn_npy_bytes_close(struct cairn_npy_bytes *bytes)
{
    if (bytes == NULL) return;
    if (bytes->member != NULL) zip_fclose(bytes->member);
    if (bytes->archive != NULL) zip_discard(bytes->archive);
    cairn_gzip_close(bytes->plain);
    free(bytes);
}

bool cairn_npy_bytes_may_hold(const struct cairn_npy_bytes *bytes, size_t n)
{
    return bytes->plain != NULL ? cairn_gzip_may_hold(bytes->plain, n) : n == bytes->n_bytes;
}

cairn_status cairn_npy_bytes_read(struct cairn_npy_bytes *bytes, size_t n, void *out)
{
    unsigned char *to = out;
    if (bytes->plain != NULL) return cairn_gzip_read(bytes->plain, n, out);
    for (size_t done = 0; done < n;) {
        const zip_int64_t got = zip_fread(bytes->member, to + done, n - done);
        if (got < 0) return damaged(bytes);
        if (got == 0)
            return cairn_fail(CAIRN_DATA, "%s: ends %zu bytes before it should; make it again",
                              bytes->where, n - done);
        done += (size_t)got;
    }
    bytes->n_bytes -= n;
    return CAIRN_OK;
}

cairn_status cairn_npy_bytes_skip(struct cairn_npy_bytes *bytes, size_t n)
{
    unsigned char piece[PIECE_BYTES];
    if (bytes->plain != NULL) return cairn_gzip_skip(bytes->plain, n);
    for (size_t done = 0, count = 0; done < n; done += count) {
        count = n - done < sizeof piece ? n - done : sizeof piece;
        CAIRN_TRY(cairn_npy_bytes_read(bytes, count, piece));
    }
    return CAIRN_OK;
}

cairn_status cairn_npy_bytes_end(struct cairn_npy_bytes *bytes)
{
    char more;
    if (bytes->plain != NULL) return cairn_gzip_end(bytes->plain);
    const zip_int64_t got = zip_fread(bytes->member, &more, 1);
    if (got > 0)
        return cairn_fail(CAIRN_DATA, "%s: holds more bytes than its head says", bytes->where);
    return got < 0 ? damaged(bytes) : CAIRN_OK;
}

/* ---- what a file holds */

/* The name without folders and without ".npy"; false where it does not end so. */
static bool take_name(const char *path, char name[CAIRN_NPY_NAME_BYTES])
{
    static const char *const endings[] = {".npy", ".npy.gz"};
    const char *slash = strrchr(path, '/');
    const char *base = slash == NULL ? path : slash + 1;
    const size_t n = strlen(base);
    snprintf(name, CAIRN_NPY_NAME_BYTES, "%s", base);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t end = strlen(endings[i]);
        if (n < end || n - end >= CAIRN_NPY_NAME_BYTES || strcmp(base + n - end, endings[i]) != 0)
            continue;
        name[n - end] = '\0';
        return true;
    }
    return false;
}

static cairn_status visit_members(const char *path, zip_t *archive,
                                  cairn_status (*visit)(void *context,
                                                        const struct cairn_npy_place *place),
                                  void *context)
{
    struct cairn_npy_place place = {.path = path, .in_zip = true};
    const zip_int64_t n = zip_get_num_entries(archive, 0);
    for (zip_int64_t i = 0; i < n; i++) {
        const char *member = zip_get_name(archive, (zip_uint64_t)i, 0);
        place.entry = (uint64_t)i;
        if (member != NULL && take_name(member, place.name)) CAIRN_TRY(visit(context, &place));
    }
    return CAIRN_OK;
}

/* Whether a file begins as an archive does, also an empty one. */
static cairn_status look(const char *path, bool *is_zip)
{
    char head[4] = "";
    struct stat about;
    FILE *stream = NULL;
    if (stat(path, &about) != 0) return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode)) return cairn_fail(CAIRN_DATA, "%s: is not a file", path);
    stream = fopen(path, "rb");
    if (stream == NULL) return cairn_fail(CAIRN_DATA, "%s: %s", path, strerror(errno));
    const bool whole = fread(head, 1, sizeof head, stream) == sizeof head;
    *is_zip = whole && (memcmp(head, "PK\x03\x04", 4) == 0 || memcmp(head, "PK\x05\x06", 4) == 0);
    fclose(stream);
    return CAIRN_OK;
}

cairn_status cairn_npy_arrays(const char *path,
                              cairn_status (*visit)(void *context,
                                                    const struct cairn_npy_place *place),
                              void *context)
{
    struct cairn_npy_place place = {.path = path};
    zip_t *archive = NULL;
    bool is_zip = false;
    CAIRN_TRY(look(path, &is_zip));
    take_name(path, place.name);
    if (!is_zip) {
        struct cairn_npy *npy = NULL;
        CAIRN_TRY(cairn_npy_open(&place, &npy)); /* is it one at all? */
        cairn_npy_close(npy);
        return visit(context, &place);
    }
    CAIRN_TRY(open_archive(path, &archive));
    cairn_status st = visit_members(path, archive, visit, context);
    zip_discard(archive);
    return st;
}
