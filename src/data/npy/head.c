/* SPDX-License-Identifier: BSD-3-Clause
 * The head of a file of NumPy (numpy.lib.format, versions 1.0, 2.0 and 3.0). */
#include "data/npy/head.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT_BYTES = 1 << 16, WORD_BYTES = 64 };

size_t cairn_npy_length_bytes(const unsigned char magic[CAIRN_NPY_MAGIC_BYTES])
{
    if (memcmp(magic, "\x93NUMPY", 6) != 0 || magic[7] != 0) return 0;
    return magic[6] == 1 ? 2 : magic[6] == 2 || magic[6] == 3 ? 4 : 0;
}

static const char *past_blanks(const char *at)
{
    return at + strspn(at, " \t\n\r");
}

/* A quoted word without escapes; NULL: there is none. */
static const char *read_word(const char *at, char word[WORD_BYTES])
{
    const char quote = *at;
    if (quote != '\'' && quote != '"') return NULL;
    const char *end = strchr(at + 1, quote);
    if (end == NULL || end - at - 1 >= WORD_BYTES) return NULL;
    memcpy(word, at + 1, (size_t)(end - at - 1));
    word[end - at - 1] = '\0';
    return end + 1;
}

/* "(3, 4)", "(3,)", "()"; Python 2 wrote 3L.  NULL: anything else. */
static const char *read_shape(const char *at, struct cairn_shape *out)
{
    struct cairn_shape shape = {.ndim = 0};
    if (*at++ != '(') return NULL;
    for (at = past_blanks(at); *at != ')'; at = past_blanks(at)) {
        char *end = NULL;
        errno = 0;
        if (!isdigit((unsigned char)*at) || shape.ndim == CAIRN_MAX_DIMS) return NULL;
        const unsigned long long dim = strtoull(at, &end, 10);
        if (errno != 0 || dim > SIZE_MAX / 2) return NULL;
        shape.dim[shape.ndim++] = (size_t)dim;
        at = past_blanks(end + (*end == 'L'));
        if (*at == ',')
            at++;
        else if (*at != ')')
            return NULL;
    }
    *out = shape;
    return at + 1;
}

static const char *read_truth(const char *at, bool *out)
{
    static const char *const words[] = {"False", "True"};
    for (int i = 0; i < 2; i++) {
        const size_t n = strlen(words[i]);
        if (strncmp(at, words[i], n) != 0) continue;
        *out = i == 1;
        return at + n;
    }
    return NULL;
}

static bool find_number(char kind, size_t bytes, enum cairn_h5_type *out)
{
    static const struct {
        char kind;
        size_t bytes;
        enum cairn_h5_type type;
    } types[] = {
        {'b', 1, CAIRN_H5_U8},  {'u', 1, CAIRN_H5_U8},  {'i', 1, CAIRN_H5_I8},
        {'u', 2, CAIRN_H5_U16}, {'i', 2, CAIRN_H5_I16}, {'u', 4, CAIRN_H5_U32},
        {'i', 4, CAIRN_H5_I32}, {'u', 8, CAIRN_H5_U64}, {'i', 8, CAIRN_H5_I64},
        {'f', 2, CAIRN_H5_F16}, {'f', 4, CAIRN_H5_F32}, {'f', 8, CAIRN_H5_F64},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].kind != kind || types[i].bytes != bytes) continue;
        *out = types[i].type;
        return true;
    }
    return false;
}

static cairn_status no_type(const char *where, const char *descr)
{
    const char *advice = "save numbers";
    if (strchr(descr, 'O') != NULL)
        advice = "it holds objects of Python, a pickle, which may run code: save numbers or texts "
                 "by a.astype('float32') or a.astype('U')";
    else if (strchr(descr, 'c') != NULL)
        advice = "save complex numbers as two: numpy.stack([a.real, a.imag], 1)";
    else if (strpbrk(descr, "mM") != NULL)
        advice = "save times as numbers: a.astype('int64')";
    return cairn_fail(CAIRN_DATA, "%s: is of the type '%s', which cairn does not read; %s", where,
                      descr, advice);
}

/* "<f8", "|S10", ">U3": order, kind, and bytes (characters of U). */
static cairn_status read_type(const char *where, const char *descr, struct cairn_npy_head *head)
{
    const uint16_t one = 1;
    const bool little = *(const unsigned char *)&one == 1;
    const bool has_order = strchr("<>|=", *descr) != NULL;
    const char *kind = descr + has_order;
    char *end = NULL;
    if (*descr == '\0' || !isdigit((unsigned char)(*kind == '\0' ? 0 : kind[1])))
        return no_type(where, descr);
    const unsigned long n = strtoul(kind + 1, &end, 10);
    if (*end != '\0') return no_type(where, descr);
    if ((*kind == 'S' || *kind == 'U') && n > 0 && n <= MOST_TEXT_BYTES) {
        head->wide = *kind == 'U';
        head->form.type = CAIRN_H5_TEXT;
        head->form.text_bytes = n * (head->wide ? 4 : 1);
    } else if (!find_number(*kind, n, &head->form.type)) {
        return no_type(where, descr);
    }
    head->form.swapped = n > 1 && (*descr == (little ? '>' : '<'));
    if (head->wide) head->form.swapped = *descr == (little ? '>' : '<');
    return CAIRN_OK;
}

/* One value; NULL where it is not what its key wants. */
static const char *read_value(const char *at, const char *key, char descr[WORD_BYTES],
                              struct cairn_npy_head *head)
{
    if (strcmp(key, "descr") == 0) return read_word(at, descr);
    if (strcmp(key, "fortran_order") == 0) return read_truth(at, &head->columns);
    return strcmp(key, "shape") == 0 ? read_shape(at, &head->form.shape) : NULL;
}

cairn_status cairn_npy_head_read(const char *where, const char *text, struct cairn_npy_head *out)
{
    struct cairn_npy_head head = {.form.shape.ndim = -1};
    char key[WORD_BYTES];
    char descr[WORD_BYTES] = "";
    const char *at = past_blanks(text);
    at = *at == '{' ? past_blanks(at + 1) : NULL;
    while (at != NULL && *at != '}') {
        at = read_word(at, key);
        if (at != NULL) at = past_blanks(at);
        if (at == NULL || *at != ':') break;
        at = past_blanks(at + 1);
        if (strcmp(key, "descr") == 0 && *at == '[')
            return cairn_fail(CAIRN_DATA,
                              "%s: is an array of records; save each of its columns as an array",
                              where);
        at = read_value(at, key, descr, &head);
        if (at != NULL) at = past_blanks(at);
        if (at != NULL && *at == ',') at = past_blanks(at + 1);
    }
    if (at == NULL || *at != '}' || descr[0] == '\0' || head.form.shape.ndim < 0)
        return cairn_fail(CAIRN_DATA,
                          "%s: has a damaged head, or more than %d dimensions; save it again",
                          where, CAIRN_MAX_DIMS);
    CAIRN_TRY(read_type(where, descr, &head));
    *out = head;
    return CAIRN_OK;
}
