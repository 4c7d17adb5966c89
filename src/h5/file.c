/* SPDX-License-Identifier: BSD-3-Clause
 * Opening and closing files, and HDF5's error stack as one sentence. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sample.h"
#include "h5/internal.h"

enum { SENTENCE_BYTES = 512 };

/* Where a call of the system failed, only errno is kept of it. */
struct reason {
    char sentence[SENTENCE_BYTES];
    int error; /* 0: the system did not refuse */
};

static herr_t keep_innermost(unsigned n, const H5E_error2_t *error, void *context)
{
    static const char system_words[] = "errno = ";
    struct reason *reason = context;
    if (n > 0 || error->desc == NULL) return 0;
    const char *words = strstr(error->desc, system_words);
    if (words != NULL) reason->error = (int)strtol(words + sizeof system_words - 1, NULL, 10);
    snprintf(reason->sentence, sizeof reason->sentence, "%s",
             reason->error == 0 ? error->desc : strerror(reason->error));
    return 0;
}

/* What to do about it; "" where nobody knows. */
static const char *advice(const struct cairn_h5 *file, const struct reason *reason)
{
    if (file->writable) return cairn_file_advice(reason->error);
    return strstr(reason->sentence, "version number") == NULL
               ? ""
               : "; if a newer HDF5 than that of cairn wrote it, let that write for HDF5 1.10: "
                 "libver='v110' in h5py, or h5repack --high=2";
}

cairn_status cairn_h5_failed(const struct cairn_h5 *file, const char *where, const char *what)
{
    struct reason reason = {.sentence = "HDF5 gives no reason"};
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
    return cairn_fail(file->writable ? CAIRN_FILES : CAIRN_DATA, "%s: %s%s%s (%s)%s", file->path,
                      where, where[0] == '\0' ? "" : " ", what, reason.sentence,
                      advice(file, &reason));
}

void cairn_h5_version(char *text)
{
    unsigned major = 0;
    unsigned minor = 0;
    unsigned release = 0;
    cairn_h5_enter();
    H5get_libversion(&major, &minor, &release);
    cairn_h5_leave(CAIRN_OK);
    snprintf(text, 32, "%u.%u.%u", major, minor, release);
}

void cairn_h5_give_back(void)
{
    cairn_h5_enter();
    H5garbage_collect();
    cairn_h5_leave(CAIRN_OK);
}

cairn_status cairn_h5_handle(const char *path, bool writable, struct cairn_h5 **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_memory_get(1, sizeof *file, "an HDF5 file", &file));
    cairn_status st = cairn_memory_text(path, &file->path);
    if (st != CAIRN_OK) {
        free(file);
        return st;
    }
    file->writable = writable;
    file->id = H5I_INVALID_HID;
    *out = file;
    return CAIRN_OK;
}

void cairn_h5_release(struct cairn_h5 *file)
{
    free(file->image);
    free(file->path);
    free(file);
}

cairn_status cairn_h5_create_with(struct cairn_h5 *file, const char *path, hid_t access)
{
    cairn_status st = CAIRN_OK;
    hid_t create = H5Pcreate(H5P_FILE_CREATE);
    /* From 1.10 on all metadata carry checksums: a wrong address in an older index of chunks reads
     * as zeros. */
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_LATEST);
    H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_obj_track_times(create, 0); /* equal content, equal bytes */
    file->id = H5Fcreate(path, H5F_ACC_TRUNC, create, access);
    if (file->id < 0) {
        st = cairn_h5_failed(file, "", "cannot be made");
        cairn_h5_release(file);
    }
    H5Pclose(create);
    H5Pclose(access);
    return st;
}

/* At `place`; messages say `path`. */
static cairn_status create(const char *path, const char *place, struct cairn_h5 **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_handle(path, true, &file));
    CAIRN_TRY(cairn_h5_create_with(file, place, H5Pcreate(H5P_FILE_ACCESS)));
    *out = file;
    return CAIRN_OK;
}

cairn_status cairn_h5_create(const char *path, struct cairn_h5 **out)
{
    return CAIRN_H5_LOCKED(create(path, path, out));
}

cairn_status cairn_h5_create_new(const struct cairn_new_file *place, struct cairn_h5 **out)
{
    char name[64];
    /* HDF5 takes a name; this one leads to what is open, whatever was put in its place by now. */
    snprintf(name, sizeof name, "/proc/self/fd/%d", place->fd);
    const char *open_file = access(name, W_OK) == 0 ? name : place->unfinished;
    CAIRN_TRY(CAIRN_H5_LOCKED(create(place->path, open_file, out)));
    cairn_h5_begin_making(place->unfinished);
    return CAIRN_OK;
}

/* What the operating system says comes first: it is clearer than HDF5. */
static cairn_status check_readable(struct cairn_h5 *file)
{
    struct stat about;
    if (stat(file->path, &about) != 0)
        return cairn_fail(CAIRN_DATA, "%s: %s", file->path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return cairn_fail(CAIRN_DATA, "%s: is not a file; give the path of an HDF5 file",
                          file->path);
    file->bytes = (uint64_t)about.st_size;
    return CAIRN_OK;
}

static bool starts_like_hdf5(const char *path)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[8] = {0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return false;
    bool same = fread(head, 1, sizeof head, stream) == sizeof head &&
                memcmp(head, signature, sizeof head) == 0;
    fclose(stream);
    return same;
}

static cairn_status open_for_reading(struct cairn_h5 *file)
{
    CAIRN_H5_READING(file);
    cairn_status st = CAIRN_OK;
    CAIRN_TRY(check_readable(file));
    hid_t how = cairn_h5_reading_access();
    file->id = H5Fopen(file->path, H5F_ACC_RDONLY, how);
    if (file->id < 0 && access(file->path, R_OK) != 0)
        st = cairn_fail(CAIRN_DATA, "%s: %s", file->path, strerror(errno));
    else if (file->id < 0 && starts_like_hdf5(file->path))
        st = cairn_h5_failed(file, "", "is damaged or not complete; make or fetch it again");
    else if (file->id < 0)
        st = cairn_fail(CAIRN_DATA, "%s: is not an HDF5 file; cairn import makes one", file->path);
    H5Pclose(how); /* which would have cleared the error stack */
    return st;
}

static cairn_status open_file(const char *path, struct cairn_h5 **out)
{
    struct cairn_h5 *file = NULL;
    CAIRN_TRY(cairn_h5_handle(path, false, &file));
    cairn_status st = open_for_reading(file);
    if (st == CAIRN_OK)
        *out = file;
    else
        cairn_h5_release(file);
    return st;
}

cairn_status cairn_h5_open(const char *path, struct cairn_h5 **out)
{
    return CAIRN_H5_LOCKED(open_file(path, out));
}

const char *cairn_h5_path(const struct cairn_h5 *file)
{
    return file->path;
}

uint64_t cairn_h5_bytes(const struct cairn_h5 *file)
{
    return file->bytes;
}

static uint64_t sample(const struct cairn_h5 *file)
{
    void *handle = NULL;
    return H5Fget_vfd_handle(file->id, H5P_DEFAULT, &handle) < 0
               ? 0
               : cairn_file_sample(*(const int *)handle);
}

uint64_t cairn_h5_sample(const struct cairn_h5 *file)
{
    cairn_h5_enter();
    const uint64_t hash = sample(file);
    cairn_h5_leave(CAIRN_OK);
    return hash;
}

static cairn_status flush(struct cairn_h5 *file)
{
    if (H5Fflush(file->id, H5F_SCOPE_GLOBAL) < 0)
        return cairn_h5_failed(file, "", "cannot be written");
    return CAIRN_OK;
}

cairn_status cairn_h5_flush(struct cairn_h5 *file)
{
    return CAIRN_H5_LOCKED(flush(file));
}

static cairn_status get_bytes(struct cairn_h5 *file, size_t *out)
{
    hsize_t n = 0;
    if (H5Fget_filesize(file->id, &n) < 0) return cairn_h5_failed(file, "", "cannot be written");
    *out = (size_t)n;
    return CAIRN_OK;
}

cairn_status cairn_h5_written_bytes(struct cairn_h5 *file, size_t *out)
{
    return CAIRN_H5_LOCKED(get_bytes(file, out));
}

static cairn_status close_it(struct cairn_h5 *file)
{
    CAIRN_H5_READING(file);
    return H5Fclose(file->id) < 0 ? cairn_h5_failed(file, "", "cannot be written") : CAIRN_OK;
}

static cairn_status close_file(struct cairn_h5 *file)
{
    cairn_status st = close_it(file);
    if (file->writable) cairn_h5_end_making();
    cairn_h5_release(file);
    return st;
}

cairn_status cairn_h5_close(struct cairn_h5 *file)
{
    return file == NULL ? CAIRN_OK : CAIRN_H5_LOCKED(close_file(file));
}
