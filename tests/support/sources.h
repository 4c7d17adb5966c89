/* SPDX-License-Identifier: BSD-3-Clause
 * Files as other programs write them: arrays of NumPy, archives, images.  Each ends the process
 * where it cannot. */
#ifndef CAIRN_TESTS_SOURCES_H
#define CAIRN_TESTS_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

enum { SOURCE_MOST_BYTES = 1 << 16 };

/** What numpy.save writes: head and data, of the version 1.0. */
struct source_array {
    const char *name;  /* in an archive */
    const char *descr; /* "<f8" */
    bool columns;
    const char *shape; /* "(3, 4)" */
    const void *data;
    size_t n_bytes;
};

/** The bytes of a .npy file into out [SOURCE_MOST_BYTES]; how many there are. */
size_t source_npy(const struct source_array *array, unsigned char *out);

/** A .npy file, and a .npz file of n arrays. */
void source_write_npy(const char *path, const struct source_array *array);
void source_write_npz(const char *path, const struct source_array *array, size_t n, bool deflated);

/** An image of 1 or 3 channels.  pixel: [height, width, channels]. */
struct source_image {
    unsigned height, width, channels;
    const unsigned char *pixel;
    bool progressive; /* interlaced */
};
void source_write_png(const char *path, const struct source_image *image);
void source_write_jpeg(const char *path, const struct source_image *image);

/** n bytes. */
void source_write(const char *path, const void *bytes, size_t n);

#endif
