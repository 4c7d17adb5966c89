/* SPDX-License-Identifier: BSD-3-Clause
 * What the tests of checkpoints share: a folder, a small state of all types, and files as bytes. To
 * be included once, behind cmocka.h. */
#ifndef CAIRN_TESTS_SUPPORT_CHECKPOINT_H
#define CAIRN_TESTS_SUPPORT_CHECKPOINT_H

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checkpoint/checkpoint.h"

#define CONFIG "model:\n  - {type: dense, units: 5}\n"

/** What is saved: each array is found in the file by its bytes. */
struct sample {
    real w10[7][5], b10[7], w2[2][3][2][2], b2[2], slot[2][7][5];
    uint64_t update, seed;
    int64_t range[3];
    double rate;
};

static char folder[64];

static inline int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "checkpoint-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static inline int remove_folder(void **state)
{
    char command[sizeof folder + 16];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/** folder/name, in one of a few buffers. */
static inline const char *in_folder(const char *name)
{
    static char buffers[4][CAIRN_PATH_BYTES];
    static unsigned turn;
    char *path = buffers[turn++ % 4];
    snprintf(path, CAIRN_PATH_BYTES, "%s/%s", folder, name);
    return path;
}

static inline bool exists(const char *name)
{
    return access(in_folder(name), F_OK) == 0;
}

static inline int count_files(void)
{
    int n = 0;
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    while (readdir(stream) != NULL) n++;
    closedir(stream);
    return n - 2; /* . and .. */
}

/** Open files of this process; 0 where the system does not say. */
static inline int count_open_files(void)
{
    int n = 0;
    DIR *stream = opendir("/proc/self/fd");
    if (stream == NULL) return 0;
    while (readdir(stream) != NULL) n++;
    closedir(stream);
    return n;
}

static inline void assert_ok(cairn_status st)
{
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
}

static inline void assert_refused(cairn_status st, cairn_status wanted, const char *says)
{
    assert_int_equal(st, wanted);
    if (strstr(cairn_error_text(), says) == NULL)
        fail_msg("'%s' does not say '%s'", cairn_error_text(), says);
}

static inline void fill_sample(struct sample *s, uint64_t update)
{
    real *block[] = {&s->w10[0][0], s->b10, &s->w2[0][0][0][0], s->b2, &s->slot[0][0][0]};
    size_t count[] = {35, 7, 24, 2, 70};
    for (size_t k = 0; k < 5; k++)
        for (size_t i = 0; i < count[k]; i++)
            block[k][i] = (real)update + (real)(k * 100 + i) / 1024.0f;
    s->update = update;
    s->seed = update * 0x9e3779b97f4a7c15; /* bytes that are nowhere else in the file */
    s->rate = 1.0 / (double)(update + 1);
    for (int i = 0; i < 3; i++) s->range[i] = -7 * (int64_t)update - i;
}

/** Names in an order that is not that of the alphabet. */
static inline void describe_sample(struct cairn_state *list, struct sample *s)
{
    const struct cairn_shape matrix = {2, {7, 5}}, seven = {1, {7}}, filter = {4, {2, 3, 2, 2}},
                             two = {1, {2}}, three = {1, {3}};
    assert_ok(cairn_state_add(list, "/weights/10.weight", CAIRN_ARRAY_REAL, &matrix, s->w10));
    assert_ok(cairn_state_add(list, "/weights/10.bias", CAIRN_ARRAY_REAL, &seven, s->b10));
    assert_ok(cairn_state_add(list, "/weights/2.weight", CAIRN_ARRAY_REAL, &filter, s->w2));
    assert_ok(cairn_state_add(list, "/weights/2.bias", CAIRN_ARRAY_REAL, &two, s->b2));
    assert_ok(cairn_state_add(list, "/optimizer/exp_avg_sq/10.weight", CAIRN_ARRAY_REAL, &matrix,
                              s->slot[0]));
    assert_ok(cairn_state_add(list, "/optimizer/exp_avg/10.weight", CAIRN_ARRAY_REAL, &matrix,
                              s->slot[1]));
    assert_ok(cairn_state_add_number(list, "/progress/update", CAIRN_ARRAY_U64, &s->update));
    assert_ok(cairn_state_add_number(list, "/progress/seed", CAIRN_ARRAY_U64, &s->seed));
    assert_ok(cairn_state_add_number(list, "/progress/rate", CAIRN_ARRAY_F64, &s->rate));
    assert_ok(cairn_state_add(list, "/progress/range", CAIRN_ARRAY_I64, &three, s->range));
    assert_ok(cairn_state_add_text(list, "/progress/order", "some-order-1"));
    assert_ok(cairn_state_add_text(list, "/config", CONFIG));
}

static inline cairn_status try_write(uint64_t update, size_t keep)
{
    struct sample sample = {.update = 0};
    struct cairn_state list = {0};
    fill_sample(&sample, update);
    describe_sample(&list, &sample);
    const struct cairn_checkpoint_place place = {.folder = folder, .keep = {.newest = keep}};
    cairn_status st = cairn_checkpoint_write(&place, update, false, &list);
    if (st == CAIRN_OK) st = cairn_checkpoint_prune(&place, update);
    cairn_state_free(&list);
    return st;
}

static inline void write_sample(uint64_t update, size_t keep)
{
    assert_ok(try_write(update, keep));
}

static inline void put_file(const char *path, const void *bytes, size_t n)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
}

/** All bytes of a file, to be released with free(). */
static inline unsigned char *get_file(const char *path, size_t *n)
{
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, 0, SEEK_END), 0);
    *n = (size_t)ftell(stream);
    rewind(stream);
    unsigned char *bytes = malloc(*n + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, stream), *n);
    fclose(stream);
    return bytes;
}

/** Where the data of an array lie in a file. */
static inline unsigned char *find_bytes(unsigned char *bytes, size_t n,
                                        const struct cairn_array *array)
{
    size_t wanted = array->type == CAIRN_ARRAY_TEXT ? array->text_bytes
                    : array->type == CAIRN_ARRAY_REAL
                        ? cairn_shape_count(&array->shape) * sizeof(real)
                        : cairn_shape_count(&array->shape) * 8;
    for (size_t i = 0; i + wanted <= n; i++)
        if (memcmp(bytes + i, array->data, wanted) == 0) return bytes + i;
    return NULL;
}

#endif
