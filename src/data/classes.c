/* SPDX-License-Identifier: BSD-3-Clause
 * Names of classes -> numbers. */
#include "data/classes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { MOST_CLASSES = 65536, FIRST_CAPACITY = 64 };

static cairn_status grow(struct cairn_classes *classes)
{
    struct cairn_class *item = NULL;
    if (classes->n < classes->capacity) return CAIRN_OK;
    if (classes->n == MOST_CLASSES)
        return cairn_fail(CAIRN_DATA,
                          "more than %d classes; for a real target leave --classes of cairn import "
                          "away, or store numbers",
                          MOST_CLASSES);
    size_t capacity = classes->capacity == 0 ? FIRST_CAPACITY : 2 * classes->capacity;
    CAIRN_TRY(cairn_memory_get(capacity, sizeof *item, "the classes", &item));
    if (classes->n > 0) memcpy(item, classes->item, classes->n * sizeof *item);
    free(classes->item);
    classes->item = item;
    classes->capacity = capacity;
    return CAIRN_OK;
}

cairn_status cairn_classes_add(struct cairn_classes *classes, const char *name, int32_t *id)
{
    size_t low = 0;
    size_t high = classes->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, classes->item[middle].name);
        if (order == 0) {
            *id = classes->item[middle].id;
            return CAIRN_OK;
        }
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    struct cairn_class added = {.id = (int32_t)classes->n};
    CAIRN_TRY(grow(classes));
    CAIRN_TRY(cairn_memory_text(name, &added.name));
    memmove(classes->item + low + 1, classes->item + low, (classes->n - low) * sizeof added);
    classes->item[low] = added;
    classes->n++;
    *id = added.id;
    return CAIRN_OK;
}

static bool whole_number(const char *text, int32_t *out)
{
    char *end = NULL;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (*end != '\0' || errno != 0 || value >= INT32_MAX) return false;
    *out = (int32_t)value;
    return true;
}

static cairn_status join_names(const struct cairn_classes *classes, char **out)
{
    size_t bytes = 1;
    char *names = NULL;
    for (size_t i = 0; i < classes->n; i++) bytes += strlen(classes->item[i].name) + 1;
    CAIRN_TRY(cairn_memory_get(bytes, 1, "the names of the classes", &names));
    char *end = names;
    for (size_t i = 0; i < classes->n; i++) {
        size_t n = strlen(classes->item[i].name);
        if (i > 0) *end++ = ',';
        memcpy(end, classes->item[i].name, n);
        end += n;
    }
    *out = names;
    return CAIRN_OK;
}

cairn_status cairn_classes_number(const struct cairn_classes *classes, int32_t *label, size_t n,
                                  char **names)
{
    int32_t *number = NULL; /* [n classes] by id */
    char *joined = NULL;
    bool all_whole = true;
    CAIRN_TRY(cairn_memory_get(classes->n, sizeof *number, "the classes", &number));
    for (size_t i = 0; i < classes->n && all_whole; i++)
        all_whole = whole_number(classes->item[i].name, &number[classes->item[i].id]);
    for (size_t i = 0; i < classes->n && !all_whole; i++) number[classes->item[i].id] = (int32_t)i;
    cairn_status st = all_whole ? CAIRN_OK : join_names(classes, &joined);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) label[i] = number[label[i]];
    free(number);
    if (st == CAIRN_OK) *names = joined;
    return st;
}

void cairn_classes_free(struct cairn_classes *classes)
{
    for (size_t i = 0; i < classes->n; i++) free(classes->item[i].name);
    free(classes->item);
    *classes = (struct cairn_classes){0};
}
