/* SPDX-License-Identifier: BSD-3-Clause
 * Links: reading and writing them. */
#include "comm/link.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const ways[] = {
    [CAIRN_PROBE_RING] = "ring", [CAIRN_PROBE_DOUBLING] = "doubling"};

struct unit {
    const char *name;
    double factor;
};

static const struct unit of_latency[] = {{"us", 1e-6}, {"ms", 1e-3}, {"ns", 1e-9},
                                         {"s", 1},     {"", 1},      {NULL, 0}};
static const struct unit of_bandwidth[] = {{"MB/s", 1e6},
                                           {"GB/s", 1e9},
                                           {"TB/s", 1e12},
                                           {"kB/s", 1e3},
                                           {"B/s", 1},
                                           {"kbit/s", 1e3 / 8},
                                           {"Mbit/s", 1e6 / 8},
                                           {"Gbit/s", 1e9 / 8},
                                           {"Tbit/s", 1e12 / 8},
                                           {"", 1},
                                           {NULL, 0}};

/* A number of 0 or more and a unit, up to a comma or the end; what follows is in *rest. */
static bool read_part(const char *text, const struct unit *unit, double *out, const char **rest)
{
    char *end = NULL;
    double number = strtod(text, &end);
    size_t n = strcspn(end, ",");
    bool starts = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
    if (!starts || !isfinite(number) || text[1] == 'x' || text[1] == 'X') return false;
    while (unit->name != NULL && (strlen(unit->name) != n || strncmp(unit->name, end, n) != 0))
        unit++;
    if (unit->name == NULL) return false;
    *out = number * unit->factor;
    *rest = end[n] == ',' ? end + n + 1 : NULL;
    return true;
}

static bool read_way(const char *text, enum cairn_probe_way *out)
{
    bool doubling = text != NULL && strcmp(text, ways[CAIRN_PROBE_DOUBLING]) == 0;
    *out = doubling ? CAIRN_PROBE_DOUBLING : CAIRN_PROBE_RING;
    return text == NULL || doubling || strcmp(text, ways[CAIRN_PROBE_RING]) == 0;
}

cairn_status cairn_link_read(const char *text, struct cairn_link *out)
{
    const char *rest = NULL;
    struct cairn_link link = {.way = CAIRN_PROBE_RING};
    double bandwidth = 0; /* bytes per second */
    bool good = read_part(text, of_latency, &link.cost.latency_s, &rest) && rest != NULL &&
                read_part(rest, of_bandwidth, &bandwidth, &rest) && bandwidth > 0 &&
                read_way(rest, &link.way);
    if (!good)
        return cairn_fail(CAIRN_USAGE,
                          "'%s' is not a link: give latency, bandwidth and the way, as in "
                          "12us,1.2GB/s,ring (or doubling); cairn doctor measures them",
                          text);
    link.cost.s_per_byte = 1 / bandwidth;
    *out = link;
    return CAIRN_OK;
}

void cairn_link_text(const struct cairn_link *link, char text[CAIRN_LINK_BYTES])
{
    text[0] = '\0';
    if (link->cost.s_per_byte <= 0) return;
    double megabytes_per_s = 1e-6 / link->cost.s_per_byte;
    bool fast = megabytes_per_s >= 999.5; /* 1000 in three digits */
    snprintf(text, CAIRN_LINK_BYTES, "%.3gus,%.3g%s,%s", 1e6 * link->cost.latency_s,
             fast ? megabytes_per_s / 1000 : megabytes_per_s, fast ? "GB/s" : "MB/s",
             ways[link->way]);
}

double cairn_link_sum_s(const struct cairn_link *link, int n_ranks, double n_bytes)
{
    return n_ranks < 2 ? 0 : cairn_probe_predict(&link->cost, link->way, n_ranks, n_bytes);
}

struct cairn_link cairn_link_of(const struct cairn_network *network)
{
    bool ring = network->ring.error <= network->doubling.error;
    return (struct cairn_link){.cost = ring ? network->ring : network->doubling,
                               .way = ring ? CAIRN_PROBE_RING : CAIRN_PROBE_DOUBLING};
}
