/* SPDX-License-Identifier: BSD-3-Clause
 * Texts of variable length, as h5py writes attributes.  HDF5 1.10 crashes or hangs where the heap
 * that holds them is damaged, so it is not asked: a conversion of ours is given where the text is,
 * and the heap is read here, every step within bounds.  HDF5 file format, III.E "Global heap". */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "h5/internal.h"

enum { HEAD_BYTES = 16, OBJECT_HEAD_BYTES = 16, MOST_HEAP_BYTES = 1 << 26 };

/* Where a text is: its length, the address of a collection, and which of its objects. */
struct reference {
    uint64_t n, address, index;
};

static uint64_t number_at(const unsigned char *at, size_t n_bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < n_bytes; i++) number |= (uint64_t)at[i] << 8 * i;
    return number;
}

/* HDF5's conversion from a text of variable length to opaque bytes: those of the file, as they are.
 */
static herr_t keep_bytes(hid_t from, hid_t to, H5T_cdata_t *data, size_t n, size_t stride,
                         size_t background_stride, void *bytes, void *background, hid_t transfer)
{
    (void)n, (void)background_stride, (void)bytes, (void)background, (void)transfer;
    if (data->command == H5T_CONV_INIT) data->need_bkg = H5T_BKG_NO;
    if (data->command != H5T_CONV_CONV) return 0;
    const bool apart = stride != 0 && stride != CAIRN_H5_REFERENCE_BYTES;
    const bool same = n == 1 || (!apart && H5Tget_size(from) == CAIRN_H5_REFERENCE_BYTES);
    return same && H5Tget_size(to) == CAIRN_H5_REFERENCE_BYTES && H5Tis_variable_str(from) > 0 ? 0
                                                                                               : -1;
}

static hid_t opaque_type(void)
{
    hid_t opaque = H5Tcreate(H5T_OPAQUE, CAIRN_H5_REFERENCE_BYTES);
    H5Tset_tag(opaque, "cairn: as it stands in the file");
    return opaque;
}

/* Ask HDF5 for the reference that stands in the attribute. */
static bool read_reference(hid_t attribute, hid_t type, unsigned char *to)
{
    unsigned char raw[64] = {0}; /* HDF5 converts in place: also room for what it holds in memory */
    hid_t opaque = opaque_type();
    bool found = H5Tregister(H5T_PERS_SOFT, "cairn_text", type, opaque, keep_bytes) >= 0 &&
                 H5Aread(attribute, opaque, raw) >= 0;
    H5Tunregister(H5T_PERS_SOFT, "cairn_text", -1, -1, keep_bytes);
    H5Tclose(opaque);
    memcpy(to, raw, CAIRN_H5_REFERENCE_BYTES);
    return found;
}

bool cairn_h5_read_references(hid_t array, hid_t in_memory, hid_t in_file, unsigned char *to)
{
    hid_t opaque = opaque_type();
    hid_t type = H5Dget_type(array);
    bool found = H5Tregister(H5T_PERS_SOFT, "cairn_text", type, opaque, keep_bytes) >= 0 &&
                 H5Dread(array, opaque, in_memory, in_file, H5P_DEFAULT, to) >= 0;
    H5Tunregister(H5T_PERS_SOFT, "cairn_text", -1, -1, keep_bytes);
    H5Tclose(type);
    H5Tclose(opaque);
    return found;
}

/* Where the addresses of a file begin: after a user block.  false: sizes that nobody writes. */
static bool find_base(hid_t file, uint64_t *base)
{
    hsize_t user_block = 0;
    size_t address_bytes = 0;
    size_t length_bytes = 0;
    hid_t create = H5Fget_create_plist(file);
    bool known = create >= 0 && H5Pget_userblock(create, &user_block) >= 0 &&
                 H5Pget_sizes(create, &address_bytes, &length_bytes) >= 0;
    if (create >= 0) H5Pclose(create);
    *base = user_block;
    return known && address_bytes == 8 && length_bytes == 8;
}

static bool read_at(int fd, uint64_t address, size_t n, unsigned char *to)
{
    while (n > 0) {
        ssize_t got = pread(fd, to, n, (off_t)address);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        to += got;
        address += (uint64_t)got;
        n -= (size_t)got;
    }
    return true;
}

/* The object of this index in a collection of n bytes, if it holds the text. */
static const unsigned char *find_object(const unsigned char *heap, size_t n,
                                        const struct reference *wanted)
{
    for (size_t at = HEAD_BYTES; n - at >= OBJECT_HEAD_BYTES;) {
        uint64_t index = number_at(heap + at, 2);
        uint64_t bytes = number_at(heap + at + 8, 8);
        at += OBJECT_HEAD_BYTES;
        if (index == 0 || bytes > n - at) return NULL; /* 0: the rest is free */
        if (index == wanted->index) return wanted->n <= bytes ? heap + at : NULL;
        uint64_t padded = (bytes + 7) / 8 * 8;
        if (padded > n - at) return NULL;
        at += (size_t)padded;
    }
    return NULL;
}

/* The collection at an address, which is freed by the caller. */
static bool read_heap(const struct cairn_h5 *file, uint64_t address, unsigned char **heap,
                      size_t *n)
{
    unsigned char head[HEAD_BYTES];
    uint64_t base = 0;
    bool good = false;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    if (!find_base(file->id, &base) || address > file->bytes || base > file->bytes - address)
        goto done;
    address += base;
    if (!read_at(fd, address, sizeof head, head) || memcmp(head, "GCOL\1", 5) != 0) goto done;
    uint64_t bytes = number_at(head + 8, 8);
    if (bytes < HEAD_BYTES || bytes > MOST_HEAP_BYTES || bytes > file->bytes - address) goto done;
    if (cairn_memory_get((size_t)bytes, 1, "texts of a file", heap) != CAIRN_OK) goto done;
    *n = (size_t)bytes;
    good = read_at(fd, address, *n, *heap);
done:
    close(fd);
    return good;
}

cairn_status cairn_h5_text_of(const struct cairn_h5 *file, const unsigned char *reference,
                              struct cairn_h5_heap *heap, char **out)
{
    char *text = NULL;
    const struct reference wanted = {.n = number_at(reference, 4),
                                     .address = number_at(reference + 4, 8),
                                     .index = number_at(reference + 12, 4)};
    if (wanted.n == 0) return cairn_memory_text("", out);
    if (heap->bytes == NULL || heap->address != wanted.address) {
        free(heap->bytes);
        *heap = (struct cairn_h5_heap){.address = wanted.address};
        if (!read_heap(file, wanted.address, &heap->bytes, &heap->n)) return CAIRN_DATA;
    }
    const unsigned char *found = find_object(heap->bytes, heap->n, &wanted);
    if (found == NULL) return CAIRN_DATA;
    CAIRN_TRY(cairn_memory_get((size_t)wanted.n + 1, 1, "a text", &text));
    memcpy(text, found, (size_t)wanted.n);
    *out = text;
    return CAIRN_OK;
}

cairn_status cairn_h5_variable_text(const struct cairn_h5 *file, hid_t attribute, hid_t type,
                                    char **out)
{
    unsigned char reference[CAIRN_H5_REFERENCE_BYTES];
    struct cairn_h5_heap heap = {0};
    if (!read_reference(attribute, type, reference)) return CAIRN_DATA;
    cairn_status st = cairn_h5_text_of(file, reference, &heap, out);
    free(heap.bytes);
    return st;
}
