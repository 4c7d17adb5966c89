/* SPDX-License-Identifier: BSD-3-Clause
 * Cells as numbers: the last axis counts fastest.  The search among them: search.c. */
#include "study/cells.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "record/system.h"

size_t cairn_study_n_cells(const struct cairn_study_axes *axes)
{
    size_t n = 1;
    for (size_t i = 0; i < axes->n; i++) n *= axes->axis[i].n;
    return n;
}

size_t cairn_study_n_given(const struct cairn_study_axes *axes)
{
    size_t n = 1;
    for (size_t i = 0; i < axes->n; i++) n *= axes->axis[i].end - axes->axis[i].first;
    return n;
}

static size_t stride_of(const struct cairn_study_axes *axes, size_t axis)
{
    size_t stride = 1;
    for (size_t i = axis + 1; i < axes->n; i++) stride *= axes->axis[i].n;
    return stride;
}

size_t cairn_study_place(const struct cairn_study_axes *axes, size_t cell, size_t axis)
{
    return cell / stride_of(axes, axis) % axes->axis[axis].n;
}

size_t cairn_study_with(const struct cairn_study_axes *axes, size_t cell, size_t axis, size_t place)
{
    size_t stride = stride_of(axes, axis);
    return cell - cairn_study_place(axes, cell, axis) * stride + place * stride;
}

static const char NO_AXES[] = "cell"; /* the only cell's name, where there are none */

/* A folder is made of it: what a shell or a file system would trip over is replaced. */
static char plain(char c)
{
    return isalnum((unsigned char)c) || strchr("._-+", c) != NULL ? c : '_';
}

void cairn_study_cell_name(const struct cairn_study_axes *axes, size_t cell,
                           char name[CAIRN_STUDY_NAME_BYTES])
{
    enum { WHOLE_BYTES = 4096 };
    char whole[WHOLE_BYTES] = "";
    size_t n = 0;
    bool exact = true;
    for (size_t i = 0; i < axes->n; i++) {
        const char *value = axes->axis[i].value[cairn_study_place(axes, cell, i)];
        for (const char *c = value; *c != '\0'; c++) exact = exact && plain(*c) == *c;
        int more = snprintf(whole + n, sizeof whole - n, "%s%s=%s", i == 0 ? "" : ",",
                            axes->axis[i].name, value);
        n = n + (size_t)more < sizeof whole ? n + (size_t)more : sizeof whole - 1;
    }
    if (axes->n == 0) snprintf(whole, sizeof whole, "%s", NO_AXES);
    uint64_t hash = cairn_system_text_hash(whole);
    exact = exact && n < CAIRN_STUDY_NAME_BYTES;
    for (char *c = whole; *c != '\0'; c++)
        if (*c != '=' && *c != ',') *c = plain(*c);
    if (exact)
        snprintf(name, CAIRN_STUDY_NAME_BYTES, "%.*s", CAIRN_STUDY_NAME_BYTES - 1, whole);
    else /* two that look alike now are told apart */
        snprintf(name, CAIRN_STUDY_NAME_BYTES, "%.*s,%08" PRIx32, CAIRN_STUDY_NAME_BYTES - 10,
                 whole, (uint32_t)hash);
}

/* Which value of an axis the row has, by name: the study file may have other axes in another
 * order. */
static bool place_in(const struct cairn_study_axis *axis, const struct cairn_study_table *in,
                     const struct cairn_study_row *row, size_t *place)
{
    for (size_t i = 0; i < in->n_axes; i++) {
        if (strcmp(in->axis[i], axis->name) != 0) continue;
        for (*place = 0; *place < axis->n; ++*place)
            if (strcmp(axis->value[*place], row->value[i]) == 0) return true;
    }
    return false;
}

/* A key of a run file has a point in it, but for these. */
static bool is_axis(const char *name, size_t n)
{
    static const char *const short_ones[] = {"ranks", "loss", "model"};
    for (size_t i = 0; i < sizeof short_ones / sizeof short_ones[0]; i++)
        if (n == strlen(short_ones[i]) && memcmp(name, short_ones[i], n) == 0) return true;
    return isalpha((unsigned char)name[0]) && memchr(name, '.', n) != NULL;
}

bool cairn_study_is_cell_name(const char *name)
{
    size_t n = strlen(name);
    size_t n_axis = strcspn(name, "=");
    for (size_t i = 0; i < n; i++)
        if (name[i] != '=' && name[i] != ',' && plain(name[i]) != name[i]) return false;
    if (n_axis == n) return strcmp(name, NO_AXES) == 0;
    return n < CAIRN_STUDY_NAME_BYTES && is_axis(name, n_axis);
}

bool cairn_study_cell_find(const struct cairn_study_axes *axes, const struct cairn_study_table *in,
                           const struct cairn_study_row *row, size_t *cell)
{
    size_t place = 0;
    *cell = 0;
    if (in->n_axes != axes->n) return false;
    for (size_t i = 0; i < axes->n; i++) {
        if (!place_in(&axes->axis[i], in, row, &place)) return false;
        *cell = cairn_study_with(axes, *cell, i, place);
    }
    return true;
}

/* A row, and what it is sorted by. */
struct placed {
    size_t cell;
    struct cairn_study_row row;
};

static int compare(const void *a, const void *b)
{
    size_t x = ((const struct placed *)a)->cell;
    size_t y = ((const struct placed *)b)->cell;
    return (x > y) - (x < y);
}

cairn_status cairn_study_sort(const struct cairn_study_axes *axes, struct cairn_study_table *table)
{
    struct placed *placed = NULL;
    CAIRN_TRY(cairn_memory_get(table->n_rows, sizeof *placed, "rows to be sorted", &placed));
    for (size_t r = 0; r < table->n_rows; r++) {
        placed[r].row = table->row[r];
        if (!cairn_study_cell_find(axes, table, &table->row[r], &placed[r].cell))
            placed[r].cell = SIZE_MAX;
    }
    qsort(placed, table->n_rows, sizeof *placed, compare);
    for (size_t r = 0; r < table->n_rows; r++) table->row[r] = placed[r].row;
    free(placed);
    return CAIRN_OK;
}
