/* SPDX-License-Identifier: BSD-3-Clause
 * Data of unet2d-cells and unet3d-blobs: made-up pictures and volumes, and a class for each of
 * their places.  Ellipses of any brightness and direction touch each other on a background that is
 * not even; all is blurred, and noise is added.  Opposite edges meet.  All follow from the sample's
 * number, so the same files are made each time.
 *
 *   cells   0 background, 1 cell, 2 border: where a neighbour is of another cell or none
 *   blobs   0 background, 1 solid blob, 2 hollow blob with what it encloses
 *
 * Stored is a byte; attributes make it a number around 0. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "made.h"

enum { MOST = 24, NONE = -1 };

struct kind {
    int ndim;
    size_t side, n; /* n = side^ndim places */
    int fewest, most;
    double smallest, largest; /* half an axis */
    double noise;
    int blurs;
    bool hollows; /* some are, and count as a class; else borders do */
};

static const struct kind CELLS = {2, 64, 4096, 12, 20, 4, 9, 0.15, 2, false};
static const struct kind BLOBS = {3, 32, 32768, 5, 10, 4, 7, 0.2, 1, true};

struct ellipse {
    double at[3], half[3]; /* the first two along directions turned by an angle */
    double sine, cosine;
    double brightness;
    bool hollow;
};

static double between(double least, double most, uint64_t *state)
{
    return least + (most - least) * next_unit(state);
}

static struct ellipse draw(const struct kind *k, uint64_t *state)
{
    struct ellipse e = {.half = {1, 1, 1}};
    for (int d = 0; d < k->ndim; d++) {
        e.at[d] = between(0, (double)k->side, state);
        e.half[d] = between(k->smallest, k->largest, state);
    }
    const double angle = between(0, 3.14159265358979, state);
    e.sine = sin(angle);
    e.cosine = cos(angle);
    e.brightness = between(0.4, 1, state);
    e.hollow = k->hollows && next_unit(state) < 0.5;
    return e;
}

/* Squared, 1 at the edge of the ellipse. */
static double distance(const struct kind *k, const struct ellipse *e, size_t place)
{
    double from[3] = {0, 0, 0};
    for (int d = 0; d < k->ndim; d++, place /= k->side)
        from[d] = remainder((double)(place % k->side) - e->at[d], (double)k->side);
    const double a = (e->cosine * from[0] + e->sine * from[1]) / e->half[0];
    const double b = (e->cosine * from[1] - e->sine * from[0]) / e->half[1];
    const double c = from[2] / e->half[2];
    return a * a + b * b + c * c;
}

/* Whose each place is, and the light that comes from it. */
static void paint(const struct kind *k, const struct ellipse *all, int count, int *owner,
                  double *light)
{
    const double hollow_below = 0.4;
    for (size_t i = 0; i < k->n; i++) {
        double nearest = 1;
        owner[i] = NONE;
        for (int c = 0; c < count; c++) {
            const double far = distance(k, &all[c], i);
            if (far >= nearest) continue;
            nearest = far;
            owner[i] = c;
        }
        const struct ellipse *mine = owner[i] == NONE ? NULL : &all[owner[i]];
        light[i] = mine == NULL || (mine->hollow && nearest < hollow_below) ? 0 : mine->brightness;
    }
}

static bool on_border(const struct kind *k, const int *owner, size_t i)
{
    for (size_t step = 1; step < k->n; step *= k->side) {
        const size_t along = i / step % k->side, start = i - along * step;
        const size_t next = start + (along + 1) % k->side * step;
        const size_t last = start + (along + k->side - 1) % k->side * step;
        if (owner[next] != owner[i] || owner[last] != owner[i]) return true;
    }
    return false;
}

/* x, y: [n]; light: [n + side] and owner: [n] for work. */
static void make(const struct kind *k, uint64_t sample, double *light, int *owner, uint8_t *x,
                 uint8_t *y)
{
    uint64_t state = sample * 0xd1342543de82ef95U + 1;
    struct ellipse all[MOST];
    const int count = (int)between(k->fewest, k->most + 1, &state);
    for (int c = 0; c < count; c++) all[c] = draw(k, &state);
    paint(k, all, count, owner, light);
    for (int t = 0; t < k->blurs; t++)
        for (size_t step = 1; step < k->n; step *= k->side)
            blur(light, k->n, k->side, step, light + k->n);
    const double phase = between(0, 6.28318530717959, &state);
    for (size_t i = 0; i < k->n; i++) {
        const double turn = 6.28318530717959 * (double)(i % k->side) / (double)k->side;
        const double value = light[i] + 0.2 * sin(turn + phase) + k->noise * next_normal(&state);
        x[i] = (uint8_t)fmax(0, fmin(round(80 + 80 * value), UINT8_MAX));
        const bool second =
            owner[i] != NONE && (k->hollows ? all[owner[i]].hollow : on_border(k, owner, i));
        y[i] = (uint8_t)(owner[i] == NONE ? 0 : second ? 2 : 1);
    }
}

/* n samples from number `first` on. */
static void write_group(hid_t file, const struct kind *k, const char *name, size_t first, size_t n)
{
    uint8_t *x = malloc(n * k->n), *y = malloc(n * k->n);
    double *light = malloc((k->n + k->side) * sizeof *light);
    int *owner = malloc(k->n * sizeof *owner);
    if (x == NULL || y == NULL || light == NULL || owner == NULL) stop("no memory");
    for (size_t i = 0; i < n; i++) make(k, first + i, light, owner, x + i * k->n, y + i * k->n);
    hid_t group = H5Gcreate2(file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    hid_t id = write_rows(group, "x", k->ndim + 2, (hsize_t[]){n, 1, k->side, k->side, k->side}, x);
    write_number(id, "scale", 1.0 / 40);
    write_number(id, "shift", -2.5);
    H5Dclose(id);
    H5Dclose(write_rows(group, "y", k->ndim + 1, (hsize_t[]){n, k->side, k->side, k->side}, y));
    H5Gclose(group);
    free(owner);
    free(light);
    free(y);
    free(x);
}

void write_cells(hid_t file)
{
    write_text(file, "title", "Made-up pictures of cells: background, cell or border");
    write_text(file, "source", "made by datasets/make unet2d-cells");
    write_group(file, &CELLS, "train", 0, 160);
    write_group(file, &CELLS, "test", 160, 40);
}

void write_blobs(hid_t file)
{
    write_text(file, "title", "Made-up volumes of blobs: background, solid or hollow");
    write_text(file, "source", "made by datasets/make unet3d-blobs");
    write_group(file, &BLOBS, "train", 0, 64);
    write_group(file, &BLOBS, "test", 64, 16);
}
