/* SPDX-License-Identifier: BSD-3-Clause
 * How HDF5 reads a file: plain pread() within the file.  HDF5's own driver keeps metadata in a
 * buffer ("accumulator") whose arithmetic a damaged address upsets, so that HDF5 1.10 reads outside
 * of it; this one has none of HDF5's features, and so no such buffer.  For reading only. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h5/internal.h"

#if H5_VERSION_GE(1, 13, 0)

hid_t cairn_h5_reading_access(void)
{
    return H5Pcreate(H5P_FILE_ACCESS);
}

#else

struct reader {
    H5FD_t base; /* HDF5's, first */
    int fd;
    haddr_t end_allocated, end_of_file;
    struct stat about;
};

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t most)
{
    struct reader *reader = calloc(1, sizeof *reader);
    (void)access;
    (void)most;
    if (reader == NULL) return NULL;
    reader->fd = (flags & H5F_ACC_RDWR) != 0 ? -1 : open(name, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0 || fstat(reader->fd, &reader->about) != 0) {
        if (reader->fd >= 0) close(reader->fd);
        free(reader);
        return NULL;
    }
    reader->end_of_file = (haddr_t)reader->about.st_size;
    return &reader->base;
}

static herr_t close_file(H5FD_t *file)
{
    struct reader *reader = (struct reader *)file;
    int failed = close(reader->fd);
    free(reader);
    return failed;
}

/* Two handles of one file are known by this. */
static int compare(const H5FD_t *first, const H5FD_t *second)
{
    const struct stat *a = &((const struct reader *)first)->about;
    const struct stat *b = &((const struct reader *)second)->about;
    if (a->st_dev != b->st_dev) return a->st_dev < b->st_dev ? -1 : 1;
    return a->st_ino == b->st_ino ? 0 : a->st_ino < b->st_ino ? -1 : 1;
}

static herr_t query(const H5FD_t *file, unsigned long *features)
{
    (void)file;
    *features = 0;
    return 0;
}

static haddr_t get_end_allocated(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct reader *)file)->end_allocated;
}

static herr_t set_end_allocated(H5FD_t *file, H5FD_mem_t type, haddr_t end)
{
    (void)type;
    ((struct reader *)file)->end_allocated = end;
    return 0;
}

static haddr_t get_end_of_file(const H5FD_t *file, H5FD_mem_t type)
{
    (void)type;
    return ((const struct reader *)file)->end_of_file;
}

static uint32_t number_at(const unsigned char *at, int n_bytes)
{
    uint32_t number = 0;
    for (int i = 0; i < n_bytes; i++) number |= (uint32_t)at[i] << 8 * i;
    return number;
}

/* HDF5 takes memory by the sizes in the head of a B-tree and divides by them before it looks.  It
 * writes nodes of 512 to 2,048 bytes. */
static bool is_sane(H5FD_mem_t type, const unsigned char *block, size_t n_bytes)
{
    enum { NODE_AT = 6, RECORD_AT = 10, HEAD_BYTES = 12, MOST_NODE_BYTES = 1 << 20 };
    if (type == H5FD_MEM_DRAW || n_bytes < HEAD_BYTES || memcmp(block, "BTHD", 4) != 0) return true;
    uint32_t node = number_at(block + NODE_AT, 4);
    uint32_t record = number_at(block + RECORD_AT, 2);
    return record > 0 && node <= MOST_NODE_BYTES && node >= 2 * record;
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t n_bytes, void *to)
{
    const struct reader *reader = (const struct reader *)file;
    const size_t n_all = n_bytes;
    unsigned char *next = to;
    (void)transfer;
    if (address > reader->end_of_file || n_bytes > reader->end_of_file - address) return -1;
    while (n_bytes > 0) {
        ssize_t n = pread(reader->fd, next, n_bytes, (off_t)address);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        next += n;
        address += (haddr_t)n;
        n_bytes -= (size_t)n;
    }
    return is_sane(type, to, n_all) ? 0 : -1;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t n_bytes, const void *from)
{
    (void)file, (void)type, (void)transfer, (void)address, (void)n_bytes, (void)from;
    return -1;
}

/* Where the file system has locks, against a writer. */
static herr_t lock(H5FD_t *file, hbool_t writes)
{
    (void)writes;
    return flock(((struct reader *)file)->fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK ? -1
                                                                                              : 0;
}

static herr_t unlock(H5FD_t *file)
{
    flock(((struct reader *)file)->fd, LOCK_UN);
    return 0;
}

static herr_t get_handle(H5FD_t *file, hid_t access, void **handle)
{
    (void)access;
    *handle = &((struct reader *)file)->fd;
    return 0;
}

hid_t cairn_h5_reading_access(void)
{
    static hid_t driver = H5I_INVALID_HID;
    static const H5FD_class_t class = {
        .name = "cairn",
        .maxaddr = (haddr_t)INT64_MAX,
        .fc_degree = H5F_CLOSE_WEAK,
        .open = open_file,
        .close = close_file,
        .cmp = compare,
        .query = query,
        .get_eoa = get_end_allocated,
        .set_eoa = set_end_allocated,
        .get_eof = get_end_of_file,
        .get_handle = get_handle,
        .read = read_bytes,
        .write = write_bytes,
        .lock = lock,
        .unlock = unlock,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    if (driver < 0) driver = H5FDregister(&class);
    if (access >= 0 && driver >= 0) H5Pset_driver(access, driver, NULL);
    return access;
}

#endif
