/* SPDX-License-Identifier: BSD-3-Clause
 * Which ranks share a host, and words for ranks and bytes. */
#include "cluster/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A rank with the name of its host, to be sorted. */
struct placed {
    const char *host;
    int rank, first; /* first: of all ranks on the host */
};

static int by_name(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    int order = strcmp(x->host, y->host);
    return order != 0 ? order : (x->rank > y->rank) - (x->rank < y->rank);
}

static int by_first(const void *a, const void *b)
{
    const struct placed *x = a;
    const struct placed *y = b;
    if (x->first != y->first) return x->first < y->first ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

cairn_status cairn_launch_sort(struct cairn_launch *launch)
{
    size_t n = (size_t)launch->n_ranks;
    struct placed *placed = NULL;
    CAIRN_TRY(cairn_memory_get(n, sizeof *placed, "the list of hosts", &placed));
    cairn_status st = cairn_memory_get(n, sizeof *launch->host, "the hosts", &launch->host);
    if (st == CAIRN_OK)
        st = cairn_memory_get(n, sizeof *launch->by_host, "the hosts", &launch->by_host);
    for (size_t r = 0; r < n && st == CAIRN_OK; r++)
        placed[r] = (struct placed){.host = launch->rank[r].host, .rank = (int)r};
    if (st == CAIRN_OK) qsort(placed, n, sizeof *placed, by_name);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) {
        bool same = i > 0 && strcmp(placed[i].host, placed[i - 1].host) == 0;
        placed[i].first = same ? placed[i - 1].first : placed[i].rank;
    }
    if (st == CAIRN_OK) qsort(placed, n, sizeof *placed, by_first);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) {
        launch->by_host[i] = placed[i].rank;
        if (i == 0 || placed[i].first != placed[i - 1].first)
            launch->host[launch->n_hosts++].rank = launch->by_host + i;
        launch->host[launch->n_hosts - 1].n++;
    }
    free(placed);
    return st;
}

void cairn_launch_free(struct cairn_launch *launch)
{
    free(launch->host);
    free(launch->by_host);
    launch->host = NULL;
    launch->by_host = NULL;
    launch->n_hosts = 0;
}

const char *cairn_launch_host(const struct cairn_launch *launch, const struct cairn_host *host)
{
    return launch->rank[host->rank[0]].host;
}

void cairn_ranks_text(const int *rank, int n, char *text, size_t n_bytes)
{
    enum { SHOWN = 8 };
    int shown = n <= SHOWN ? n : SHOWN - 1;
    int used = snprintf(text, n_bytes, "rank%s %d", n == 1 ? "" : "s", rank[0]);
    for (int i = 1; i < shown && (size_t)used < n_bytes; i++)
        used += snprintf(text + used, n_bytes - (size_t)used, "%s%d", i == n - 1 ? " and " : ", ",
                         rank[i]);
    if (shown < n && (size_t)used < n_bytes)
        snprintf(text + used, n_bytes - (size_t)used, " and %d more", n - shown);
}

void cairn_bytes_text(uint64_t n, char text[32])
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)n;
    int unit = 0;
    while (value >= 1000 && unit < 5) {
        value /= 1000;
        unit++;
    }
    snprintf(text, 32, "%.*f %s", unit == 0 || value >= 100 ? 0 : 1, value, units[unit]);
}
