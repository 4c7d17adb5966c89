/* SPDX-License-Identifier: BSD-3-Clause
 * Data of climate-column: columns of air, and how fast what a climate model parametrises heats and
 * moistens them, by simple forms of
 *
 *   radiation       cooling to space and absorbed sunlight, by how much vapour is on the way
 *   surface fluxes  mixed into the lowest levels
 *   clouds          vapour beyond saturation condenses
 *   turbulence      vapour goes towards the mean of the levels above and below in days
 *   convection      where a parcel from the lowest level is lighter than the air above, temperature
 *                   and humidity go towards its own (Betts and Miller 1986), and energy is kept
 *
 * Heating and moistening are stored less their mean and by their deviation over the training
 * columns. All follow from the column's number, so the same columns are made each time. */
#include <math.h>
#include <stdlib.h>

#include "made.h"

enum {
    LEVELS = 20,
    LOWEST = LEVELS - 1,
    VARIABLES = 6,
    QUANTITIES = 2,
    INPUTS = VARIABLES * LEVELS,
    OUTPUTS = QUANTITIES * LEVELS,
    MIXED = 3
};

static const double GRAVITY = 9.81, CP = 1004, LATENT = 2.5e6, GAS = 287, DAY = 86400,
                    PI = 3.14159265358979;

/* From the top down. */
struct column {
    double latitude;                                   /* radians */
    double pressure, sunlight, vapour_flux, heat_flux; /* Pa, W/m2 */
    double t[LEVELS], rh[LEVELS];                      /* K, 1 */
    double q[LEVELS], z[LEVELS];                       /* kg/kg, m: of these */
    double heats[LEVELS], moistens[LEVELS];            /* K/s, 1/s */
};

static double sigma_of(int k)
{
    return (k + 0.5) / LEVELS;
}

/* Bolton 1980. */
static double saturation(double t, double p)
{
    const double e = 611.2 * exp(17.67 * (t - 273.15) / (t - 29.65));
    return 0.622 * e / (p - 0.378 * e);
}

/* Smooth along the column, of deviation 1 or so. */
static void waves(uint64_t *state, double *wave)
{
    double by[5];
    for (int m = 0; m < 5; m++) by[m] = next_normal(state) / (1 + 1.0 * m);
    for (int k = 0; k < LEVELS; k++) {
        wave[k] = 0;
        for (int m = 0; m < 5; m++) wave[k] += by[m] * cos(m * PI * sigma_of(k)) * 0.8;
    }
}

static void make_air(uint64_t number, struct column *c)
{
    uint64_t state = number * 2654435761U + 1;
    double wave[LEVELS];
    c->latitude = asin(2 * next_unit(&state) - 1);
    const double pole = sin(c->latitude) * sin(c->latitude);
    const double warmth = 301 - 30 * pole + 2 * next_normal(&state);
    const double lapse = 0.0062 + 0.0014 * next_unit(&state);
    const double above = 205 + 10 * pole + 2 * next_normal(&state);
    const double noon = cos(c->latitude) * cos(2 * PI * next_unit(&state));
    c->pressure = 100000 + 1000 * next_normal(&state);
    c->sunlight = noon > 0 ? 1360 * noon : 0;
    c->heat_flux = 5 + 50 * next_unit(&state);
    c->vapour_flux = 180 * next_unit(&state) * saturation(warmth, 100000) / 0.02;
    waves(&state, wave);
    for (int k = 0; k < LEVELS; k++)
        c->t[k] = fmax(warmth + 8000 * lapse * log(sigma_of(k)), above) + 0.8 * wave[k];
    waves(&state, wave);
    for (int k = 0; k < LEVELS; k++)
        c->rh[k] = fmin(fmax(0.3 + 0.4 * sigma_of(k) + 0.18 * wave[k], 0.02), 1.05);
    double z = 0;
    for (int k = LOWEST; k >= 0; k--) { /* hydrostatic, from the middle of the level */
        const double thick = GAS * c->t[k] / GRAVITY / (sigma_of(k) * LEVELS);
        c->q[k] = c->rh[k] * saturation(c->t[k], c->pressure * sigma_of(k));
        c->z[k] = z + thick / 2;
        z += thick;
    }
}

/* Of a flux of energy, W/m2, into `n` levels: K/s. */
static double warming(const struct column *c, double flux, int n)
{
    return flux * GRAVITY / (CP * c->pressure * n / LEVELS);
}

static void radiate(struct column *c)
{
    double passes = 1;        /* up to space */
    double sun = c->sunlight; /* down to the level */
    for (int k = 0; k < LEVELS; k++) {
        const double emits = 0.5 * 5.67e-8 * pow(c->t[k], 4);
        const double stays = exp(-0.02 - 12 * c->q[k]);
        const double absorbed = sun * (1 - exp(-0.002 - 0.6 * c->q[k]));
        c->heats[k] += warming(c, absorbed - emits * passes * (1 - stays), 1);
        passes *= stays;
        sun -= absorbed;
    }
}

static void mix_fluxes(struct column *c)
{
    for (int k = LEVELS - MIXED; k < LEVELS; k++) {
        c->heats[k] += warming(c, c->heat_flux, MIXED);
        c->moistens[k] += warming(c, c->vapour_flux, MIXED) * CP / LATENT;
    }
}

static void diffuse(struct column *c)
{
    const double days = 4;
    for (int k = 0; k < LEVELS; k++) {
        const double above = c->q[k == 0 ? 0 : k - 1], below = c->q[k == LOWEST ? k : k + 1];
        c->moistens[k] += ((above + below) / 2 - c->q[k]) / (days * DAY);
    }
}

static void condense(struct column *c)
{
    for (int k = 0; k < LEVELS; k++) {
        const double most = saturation(c->t[k], c->pressure * sigma_of(k));
        if (c->q[k] <= most) continue;
        const double warms = LATENT * LATENT * most / (CP * 461 * c->t[k] * c->t[k]);
        const double rate = (c->q[k] - most) / (1 + warms) / 10800;
        c->moistens[k] -= rate;
        c->heats[k] += rate * LATENT / CP;
    }
}

/* Temperature of a parcel of moist static energy h and humidity q, which rains at once. */
static double parcel(double h, double q, double z, double p)
{
    double low = 100, high = 350;
    for (int i = 0; i < 40; i++) {
        const double t = (low + high) / 2;
        *(CP * t + GRAVITY * z + LATENT * fmin(q, saturation(t, p)) < h ? &low : &high) = t;
    }
    return low;
}

/* More of it the lighter the parcel, and the more it rains. */
static void convect(struct column *c)
{
    const double h = CP * c->t[LOWEST] + GRAVITY * c->z[LOWEST] + LATENT * c->q[LOWEST];
    double warmer[LEVELS], wetter[LEVELS], part[LEVELS], parts = 0, energy = 0, rain = 0;
    for (int k = 0; k < LOWEST; k++) {
        const double p = c->pressure * sigma_of(k);
        const double t = parcel(h, c->q[LOWEST], c->z[k], p);
        warmer[k] = t - c->t[k];
        wetter[k] = 0.4 * saturation(t, p) - c->q[k];
        part[k] = warmer[k] > 0 ? warmer[k] / (warmer[k] + 4) : 0;
        parts += part[k];
        rain -= part[k] * wetter[k];
        energy += part[k] * (CP * warmer[k] + LATENT * wetter[k]);
    }
    if (rain <= 0) return;
    const double rate = rain / (rain + 0.005) / 28800;
    for (int k = 0; k < LOWEST; k++) {
        c->heats[k] += part[k] * (warmer[k] - energy / CP / parts) * rate;
        c->moistens[k] += part[k] * wetter[k] * rate;
    }
}

/* x [VARIABLES, LEVELS] and y [QUANTITIES, LEVELS] of it. */
static void make(size_t number, double *x, double *y, double *latitude)
{
    struct column c = {0};
    make_air(number, &c);
    radiate(&c);
    mix_fluxes(&c);
    diffuse(&c);
    condense(&c);
    convect(&c);
    *latitude = c.latitude * 180 / PI;
    for (int k = 0; k < LEVELS; k++) {
        const double of_level[] = {c.t[k],     c.rh[k],       c.pressure,
                                   c.sunlight, c.vapour_flux, c.heat_flux};
        for (int v = 0; v < VARIABLES; v++) x[v * LEVELS + k] = of_level[v];
        y[k] = c.heats[k] * DAY;
        y[LEVELS + k] = c.moistens[k] * DAY * LATENT / CP;
    }
}

struct norms {
    double mean[OUTPUTS], deviation[OUTPUTS];
};

static void measure(size_t n, const double *y, struct norms *of)
{
    for (size_t j = 0; j < OUTPUTS; j++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < n; i++) sum += y[i * OUTPUTS + j];
        of->mean[j] = sum / (double)n;
        for (size_t i = 0; i < n; i++) squares += pow(y[i * OUTPUTS + j] - of->mean[j], 2);
        of->deviation[j] = sqrt(squares / (double)n);
    }
}

static void write_group(hid_t file, const char *name, size_t n, const double *columns,
                        const struct norms *norms)
{
    static const char *const variable[] = {"T", "RELHUM", "PS", "SOLIN", "LHFLX", "SHFLX"};
    static const char *const quantity[] = {"DTDT", "DQDT"};
    struct dimension dimension[] = {{.name = "column", .n = n},
                                    {.name = "variable", .n = VARIABLES, .text = variable},
                                    {.name = "quantity", .n = QUANTITIES, .text = quantity},
                                    {.name = "lev", .n = LEVELS}};
    struct dimension *const of_x[] = {dimension, dimension + 1, dimension + 3};
    struct dimension *const of_y[] = {dimension, dimension + 2, dimension + 3};
    const double *y = columns + n * INPUTS, *latitude = y + n * OUTPUTS;
    hid_t group = open_group(file, name, dimension, 4);
    write_variable(group, "lat", 1, of_x, latitude, "degrees_north", "latitude");
    write_variable(group, "state", 3, of_x, columns, "K, 1, Pa, W/m2, W/m2, W/m2",
                   "air, from the top down, and what goes in above and below");
    write_variable(group, "tendency", 3, of_y, y, "1",
                   "heating and moistening, less mean, by deviation");
    write_variable(group, "mean", 2, of_y + 1, norms->mean, "K/day", "of tendency in training");
    write_variable(group, "deviation", 2, of_y + 1, norms->deviation, "K/day",
                   "of tendency in training");
    close_group(group, dimension, 4);
}

void write_columns(hid_t file)
{
    static const char *const name[] = {"train", "val", "test"};
    static const size_t n[] = {8000, 1000, 2000};
    struct norms norms;
    size_t number = 0;
    write_text(file, "title", "Made-up columns of air, and how fast they are heated and moistened");
    write_text(file, "source", "made by datasets/make climate-column");
    for (int g = 0; g < 3; g++) {
        double *x = malloc(n[g] * (INPUTS + OUTPUTS + 1) * sizeof *x); /* and y, and latitudes */
        if (x == NULL) stop("no memory");
        double *y = x + n[g] * INPUTS, *latitude = y + n[g] * OUTPUTS;
        for (size_t i = 0; i < n[g]; i++)
            make(number++, x + i * INPUTS, y + i * OUTPUTS, latitude + i);
        if (g == 0) measure(n[g], y, &norms);
        for (size_t i = 0; i < n[g] * OUTPUTS; i++)
            y[i] = (y[i] - norms.mean[i % OUTPUTS]) / norms.deviation[i % OUTPUTS];
        write_group(file, name[g], n[g], x, &norms);
        free(x);
    }
}
