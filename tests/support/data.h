/* SPDX-License-Identifier: BSD-3-Clause
 * What the tests of data/ share: small files, and what a failure says. */
#ifndef CAIRN_TESTS_DATA_H
#define CAIRN_TESTS_DATA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/writer.h"

/** The status, and words of its sentence. */
static inline void assert_says(cairn_status st, cairn_status wanted, const char *words)
{
    if (st != wanted || strstr(cairn_error_text(), words) == NULL)
        fail_msg("status %d, '%s'; wanted %d and '%s'", (int)st, cairn_error_text(), (int)wanted,
                 words);
}

static inline void assert_ok(cairn_status st)
{
    if (st != CAIRN_OK) fail_msg("%s", cairn_error_text());
}

/** A dataset file with the table as `train`, and as `test` too where there are two. */
static inline void write_dataset(const char *path, const struct cairn_table *train,
                                 const struct cairn_table *test)
{
    const struct cairn_about about = {.title = "a test"};
    struct cairn_writer *writer = NULL;
    assert_ok(cairn_writer_create(path, true, &about, &writer));
    assert_ok(cairn_writer_group(writer, CAIRN_SPLIT_TRAIN, train));
    if (test != NULL) assert_ok(cairn_writer_group(writer, CAIRN_SPLIT_TEST, test));
    assert_ok(cairn_writer_finish(writer));
    cairn_writer_free(writer);
}

static inline void write_bytes(const char *path, const void *bytes, size_t n)
{
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(bytes, 1, n, stream), n);
    assert_int_equal(fclose(stream), 0);
}

static inline void write_words(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

#endif
