/* SPDX-License-Identifier: BSD-3-Clause
 * Writes small files of the formats that cairn import takes, into the working folder, all of the
 * same 6 samples: number k of sample i is 10 i + k, and its class i mod 3.
 *
 *   run_make_sources
 *
 *   x.npy y.npy            float64 and int64
 *   turned.npz             the same, columns first, deflated, y as texts
 *   all.npz                stored: x_train, y_train, x_test, y_test and weight_train, weight_test
 *   rows.svm               LIBSVM, classes -1, 0, 1 for 0, 1, 2
 *   tree/{a,b,c}/          images of 8 x 8 pixels of the value 10 i, PNG and JPEG, grey
 *   cifar/                 data_batch_1.bin, test_batch.bin: images of bytes of the value 10 i */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "support/sources.h"

enum { N = 6, VALUES = 4, CLASSES = 3, SIDE = 8, RECORD = 3073 };

static double x[N][VALUES], columns[VALUES][N], weight[N];
static int64_t y[N];
static uint32_t names[N][4]; /* "one" for 1, and so on */

static void fill(void)
{
    static const char *const words[CLASSES] = {"nil", "one", "two"};
    for (size_t i = 0; i < N; i++) {
        y[i] = (int64_t)(i % CLASSES);
        weight[i] = 1;
        for (size_t k = 0; k < 3; k++) names[i][k] = (unsigned char)words[y[i]][k];
        for (size_t k = 0; k < VALUES; k++) columns[k][i] = x[i][k] = (double)(10 * i + k);
    }
}

static void make_arrays(void)
{
    const struct source_array arrays[] = {
        {"x_train", "<f8", false, "(6, 4)", x, sizeof x},
        {"y_train", "<i8", false, "(6,)", y, sizeof y},
        {"x_test", "<f8", false, "(6, 4)", x, sizeof x},
        {"y_test", "<i8", false, "(6,)", y, sizeof y},
        {"weight_train", "<f8", false, "(6,)", weight, sizeof weight},
        {"weight_test", "<f8", false, "(6,)", weight, sizeof weight},
    };
    const struct source_array turned[] = {
        {"X", "<f8", true, "(6, 4)", columns, sizeof columns},
        {"labels", "<U4", false, "(6, 1)", names, sizeof names},
    };
    source_write_npy("x.npy", &arrays[0]);
    source_write_npy("y.npy", &arrays[1]);
    source_write_npz("all.npz", arrays, 6, false);
    source_write_npz("turned.npz", turned, 2, true);
}

static void make_rows(void)
{
    FILE *stream = fopen("rows.svm", "wb");
    for (size_t i = 0; stream != NULL && i < N; i++) {
        fprintf(stream, "%d", (int)(i % CLASSES) - 1);
        for (size_t k = 0; k < VALUES; k++)
            if (10 * i + k > 0) fprintf(stream, " %zu:%zu", k + 1, 10 * i + k);
        fprintf(stream, "%s\n", i == 2 ? " # a comment" : "");
    }
    if (stream != NULL) fclose(stream);
}

static void make_images(void)
{
    unsigned char pixel[SIDE * SIDE];
    char path[64];
    mkdir("tree", 0777);
    for (size_t i = 0; i < N; i++) {
        const struct source_image image = {SIDE, SIDE, 1, pixel, i > 2};
        memset(pixel, (int)(10 * i), sizeof pixel);
        snprintf(path, sizeof path, "tree/%c", (int)('a' + i % CLASSES));
        mkdir(path, 0777);
        snprintf(path, sizeof path, "tree/%c/%zu.%s", (int)('a' + i % CLASSES), i,
                 i % 2 == 0 ? "png" : "jpg");
        if (i % 2 == 0)
            source_write_png(path, &image);
        else
            source_write_jpeg(path, &image);
    }
}

static void make_records(void)
{
    static unsigned char record[N][RECORD];
    for (size_t i = 0; i < N; i++) {
        memset(record[i], (int)(10 * i), RECORD);
        record[i][0] = (unsigned char)(i % CLASSES);
    }
    mkdir("cifar", 0777);
    source_write("cifar/data_batch_1.bin", record, sizeof record);
    source_write("cifar/test_batch.bin", record, sizeof record);
}

int main(void)
{
    fill();
    make_arrays();
    make_rows();
    make_images();
    make_records();
    return 0;
}
