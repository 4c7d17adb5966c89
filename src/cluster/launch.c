/* SPDX-License-Identifier: BSD-3-Clause
 * Which ranks share a host, and words for ranks and bytes. */
#include "cluster/launch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/groups.h"
#include "base/memory.h"
#include "cluster/findings.h"

static int by_host(const void *a, const void *b)
{
    return strcmp(((const struct cairn_rank_facts *)a)->host,
                  ((const struct cairn_rank_facts *)b)->host);
}

static void put_hosts(const struct cairn_groups *groups, struct cairn_launch *launch)
{
    for (size_t h = 0; h < groups->n_groups; h++) {
        launch->host[h].rank = launch->by_host + groups->begin[h];
        launch->host[h].n = (int)(groups->begin[h + 1] - groups->begin[h]);
    }
    for (int i = 0; i < launch->n_ranks; i++) launch->by_host[i] = (int)groups->item[i];
    launch->n_hosts = (int)groups->n_groups;
}

cairn_status cairn_launch_sort(struct cairn_launch *launch)
{
    size_t n = (size_t)launch->n_ranks;
    struct cairn_groups groups = {0};
    cairn_status st = cairn_groups_make(launch->rank, n, sizeof *launch->rank, by_host, &groups);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *launch->host, "the hosts", &launch->host);
    if (st == CAIRN_OK)
        st = cairn_memory_get(n, sizeof *launch->by_host, "the hosts", &launch->by_host);
    if (st == CAIRN_OK) put_hosts(&groups, launch);
    cairn_groups_free(&groups);
    return st;
}

void cairn_launch_alike(const struct cairn_launch *launch, const struct cairn_host *host,
                        const struct cairn_alike *alike, struct cairn_findings *out)
{
    const struct cairn_rank_facts **facts = NULL;
    struct cairn_groups groups = {0};
    int *rank = NULL;
    size_t n = (size_t)host->n;
    cairn_status st = cairn_memory_get(n, sizeof *facts, "the ranks of a host", &facts);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *rank, "the ranks of a host", &rank);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) facts[i] = &launch->rank[host->rank[i]];
    if (st == CAIRN_OK) st = cairn_groups_make(facts, n, sizeof *facts, alike->order, &groups);
    for (size_t i = 0; i < n && st == CAIRN_OK; i++) rank[i] = host->rank[groups.item[i]];
    for (size_t g = 0; g < groups.n_groups && st == CAIRN_OK; g++) {
        const size_t begin = groups.begin[g];
        const struct cairn_host group = {rank + begin, (int)(groups.begin[g + 1] - begin)};
        alike->judge(launch, &group, out);
    }
    if (st != CAIRN_OK) out->st = st;
    cairn_groups_free(&groups);
    free(rank);
    free(facts);
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

static int by_name(const void *a, const void *b)
{
    const struct cairn_node_name *x = a;
    const struct cairn_node_name *y = b;
    return strcmp(x->host, y->host);
}

/* The nodes of one host: containers may share a name. */
static uint64_t ranks_of(const struct cairn_node_name *node, const struct cairn_groups *hosts,
                         size_t h)
{
    uint64_t n = 0;
    for (size_t i = hosts->begin[h]; i < hosts->begin[h + 1]; i++)
        n += node[hosts->item[i]].n_ranks;
    return n;
}

cairn_status cairn_hosts_text(const struct cairn_node_name *node, size_t n_nodes, char **out)
{
    enum { MOST = sizeof node->host + sizeof ", x 18446744073709551615" };
    struct cairn_groups hosts = {0};
    char *text = NULL;
    size_t used = 0;
    cairn_status st = cairn_groups_make(node, n_nodes, sizeof *node, by_name, &hosts);
    const size_t room = hosts.n_groups * MOST + 1;
    if (st == CAIRN_OK) st = cairn_memory_get(room, 1, "the list of hosts", &text);
    for (size_t h = 0; h < hosts.n_groups && st == CAIRN_OK; h++)
        used += (size_t)snprintf(text + used, room - used, "%s%s x %" PRIu64, h == 0 ? "" : ", ",
                                 node[hosts.item[hosts.begin[h]]].host, ranks_of(node, &hosts, h));
    cairn_groups_free(&hosts);
    if (st == CAIRN_OK) *out = text;
    return st;
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

static uint64_t ceiling(uint64_t a, uint64_t b)
{
    return a / b + (a % b != 0);
}

/* The micro-batch that gives all ranks alike, as nearly as it goes, and none nothing; the batch has
 * a sample for each. */
static uint64_t micro_for_all(uint64_t batch, uint64_t n_ranks)
{
    uint64_t even = ceiling(batch, n_ranks);
    return ceiling(batch, even) >= n_ranks ? even : batch / n_ranks;
}

uint64_t cairn_idle_ranks(uint64_t batch, uint64_t micro, uint64_t n_ranks, struct cairn_idle *out)
{
    uint64_t n_micro = ceiling(batch, micro);
    if (n_micro >= n_ranks) return 0;
    uint64_t idle = n_ranks - n_micro;
    snprintf(out->message, sizeof out->message,
             "%" PRIu64 " micro-batch%s for %" PRIu64 " ranks: %" PRIu64 " rank%s no work", n_micro,
             n_micro == 1 ? "" : "es", n_ranks, idle, idle == 1 ? " has" : "s have");
    if (batch >= n_ranks)
        snprintf(out->fix, sizeof out->fix, "batch.micro=%" PRIu64 " gives all some",
                 micro_for_all(batch, n_ranks));
    else
        snprintf(out->fix, sizeof out->fix,
                 "an update has %" PRIu64 " sample%s: start no more ranks than that", batch,
                 batch == 1 ? "" : "s");
    return idle;
}
