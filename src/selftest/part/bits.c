/* SPDX-License-Identifier: BSD-3-Clause
 * One training, one weights_hash: by each rank alone, by some and by all of them, in other orders,
 * and with both ways to sum. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "comm/team.h"
#include "comm/watchdog.h"
#include "record/system.h"
#include "selftest/work.h"
#include "start/start.h"

enum { UPDATES = 3, QUICK_UPDATES = 2, MICROS = 11, PLATFORM_BYTES = 256 };

/* How the ranks are laid out; group NO_GROUP: this rank takes no part. */
struct place {
    int group, place;
};

static struct place first(const struct cairn_selftest *test, int n)
{
    return (struct place){test->rank < n ? 0 : CAIRN_COMM_NO_GROUP, test->rank};
}

static struct place alone(const struct cairn_selftest *test)
{
    return (struct place){test->rank, 0};
}

static struct place two(const struct cairn_selftest *test)
{
    return first(test, 2);
}

static struct place three(const struct cairn_selftest *test)
{
    return first(test, 3);
}

static struct place all(const struct cairn_selftest *test)
{
    return first(test, test->n_ranks);
}

static struct place reversed(const struct cairn_selftest *test)
{
    return (struct place){0, -test->rank};
}

static struct place second(const struct cairn_selftest *test)
{
    return (struct place){test->rank % 2, test->rank};
}

static struct place each_node(const struct cairn_selftest *test)
{
    return (struct place){test->node.first, test->rank};
}

static struct place one_of_node(const struct cairn_selftest *test)
{
    return (struct place){test->node.place == 0 ? 0 : CAIRN_COMM_NO_GROUP, test->rank};
}

static const struct layout {
    const char *name;
    struct place (*place)(const struct cairn_selftest *test);
    int least_ranks, least_nodes;
} layouts[] = {
    {"alone", alone, 1, 1},
    {"2 ranks", two, 2, 1},
    {"3 ranks", three, 3, 1},
    {"all", all, 4, 1},
    {"all reversed", reversed, 2, 1},
    {"every second", second, 4, 1},
    {"node by node", each_node, 3, 2},
    {"one of a node", one_of_node, 3, 2},
};
enum { N_LAYOUTS = sizeof layouts / sizeof layouts[0] };

/* ---- a training */

/* What one training was, on a rank. */
struct hash {
    uint64_t value;
    int32_t taken; /* this rank took part */
};

struct job {
    const struct cairn_selftest *test;
    const struct cairn_selftest_net *net;
    const char *sum; /* "comm.sum=node" */
    struct hash mine;
};

static cairn_status train(void *context, cairn_comm *part)
{
    struct job *job = context;
    const char *const keys[] = {"train.reproducible=true", job->sum, NULL};
    const struct cairn_selftest_training training = {job->net, MICROS * job->net->micro - 1, keys};
    struct cairn_update_record record;
    cairn_trainer *t = NULL;
    if (cairn_team_fewest(part) < 2 && strcmp(job->sum, "comm.sum=node") == 0) return CAIRN_OK;
    CAIRN_TRY(cairn_selftest_open(&training, part, &t)); /* agreed */
    cairn_status st = CAIRN_OK;
    const int n_updates = job->test->wishes->quick ? QUICK_UPDATES : UPDATES;
    for (int i = 0; i < n_updates && st == CAIRN_OK; i++) {
        cairn_watchdog_phase(part, CAIRN_PHASE_READY);
        st = cairn_trainer_update(t, &record);
    }
    if (st == CAIRN_OK) job->mine = (struct hash){cairn_trainer_weights_hash(t), 1};
    cairn_trainer_close(t);
    return st;
}

/* ---- what the ranks say */

/* What rank 0 compares. */
struct compared {
    struct hash *hash;                /* [n_ranks] of the newest layout */
    char (*platform)[PLATFORM_BYTES]; /* [n_ranks] */
    uint64_t wanted;                  /* of the net */
    size_t n_same, n_layouts;
    int *odd; /* [n_ranks] room for the ranks that differ */
};

/* What most ranks have, if most have the same (Boyer and Moore's vote). */
static uint64_t usual(const struct hash *hash, int n)
{
    uint64_t chosen = 0;
    int votes = 0;
    for (int r = 0; r < n; r++) {
        if (votes == 0) chosen = hash[r].value;
        votes += hash[r].value == chosen ? 1 : -1;
    }
    return chosen;
}

static void judge(const struct job *job, const struct layout *layout, struct compared *c,
                  struct cairn_selftest_result *out)
{
    char who[160];
    int n_odd = 0;
    bool taken = false;
    for (int r = 0; r < job->test->n_ranks; r++) {
        taken = taken || c->hash[r].taken != 0;
        if (c->hash[r].taken != 0 && c->hash[r].value != c->wanted) c->odd[n_odd++] = r;
    }
    if (!taken) return;
    c->n_layouts++;
    c->n_same += n_odd == 0;
    if (n_odd == 0) return;
    cairn_selftest_who(job->test, c->odd, n_odd, who, sizeof who);
    cairn_selftest_fail(out, CAIRN_NUMBERS,
                        "%s: the %s, %s, has weights_hash %016" PRIx64 " in place of %016" PRIx64
                        "; other programs, libraries, CPUs or broken memory there",
                        who, job->net->name, layout->name, c->hash[c->odd[0]].value, c->wanted);
}

/* One layout, whose hashes rank 0 compares.  Collective. */
static cairn_status try_layout(struct job *job, const struct layout *layout, struct compared *c,
                               struct cairn_selftest_result *out)
{
    const struct cairn_selftest *test = job->test;
    const struct place at = layout->place(test);
    job->mine = (struct hash){0};
    CAIRN_TRY(cairn_selftest_on(test, at.group, at.place, train, job));
    CAIRN_TRY(cairn_comm_gather(test->comm, CAIRN_OK, &job->mine, sizeof job->mine, c->hash));
    if (test->rank != 0) return CAIRN_OK;
    if (layout == layouts) c->wanted = usual(c->hash, test->n_ranks);
    judge(job, layout, c, out);
    return CAIRN_OK;
}

/* What the bits depend on is alike: else worlds of several ranks would refuse to begin. Collective;
 * the answer is on rank 0. */
static cairn_status compare_platforms(const struct cairn_selftest *test, struct compared *c,
                                      struct cairn_selftest_result *out)
{
    char mine[PLATFORM_BYTES], who[160];
    const struct cairn_selftest_training training = {cairn_selftest_net_at(0, true), MICROS, NULL};
    struct cairn_config *config = NULL;
    struct cairn_setup_data given = {.dataset = NULL};
    cairn_status st = cairn_selftest_config(&training, &config, &given);
    if (st == CAIRN_OK) cairn_start_platform(config, mine, sizeof mine);
    cairn_setup_data_close(&given);
    cairn_config_free(config);
    CAIRN_TRY(cairn_comm_gather(test->comm, st, mine, sizeof mine, c->platform));
    int n_odd = 0;
    for (int r = 0; test->rank == 0 && r < test->n_ranks; r++)
        c->hash[r] = (struct hash){cairn_system_text_hash(c->platform[r]), 1};
    const uint64_t most = test->rank == 0 ? usual(c->hash, test->n_ranks) : 0;
    for (int r = 0; test->rank == 0 && r < test->n_ranks; r++)
        if (c->hash[r].value != most) c->odd[n_odd++] = r;
    if (n_odd == 0) return CAIRN_OK;
    cairn_selftest_who(test, c->odd, n_odd, who, sizeof who);
    cairn_selftest_fail(out, CAIRN_NUMBERS,
                        "%s: not what most ranks have, but %s; equal nodes, or "
                        "OPENBLAS_CORETYPE of one name on all",
                        who, c->platform[c->odd[0]]);
    return CAIRN_OK;
}

static bool applies(const struct cairn_selftest *test, const struct layout *layout)
{
    return test->n_ranks >= layout->least_ranks && test->node.n_nodes >= layout->least_nodes;
}

/* All layouts of one net.  Collective. */
static cairn_status try_net(const struct cairn_selftest *test, const struct cairn_selftest_net *net,
                            struct compared *c, struct cairn_selftest_result *out)
{
    static const char *const sums[] = {"comm.sum=allreduce", "comm.sum=node"};
    struct job job = {.test = test, .net = net, .sum = sums[0]};
    int32_t failed = 0;
    CAIRN_TRY(try_layout(&job, &layouts[0], c, out));
    failed = out->outcome == CAIRN_OUTCOME_FAILED;
    CAIRN_TRY(cairn_comm_broadcast(test->comm, CAIRN_OK, &failed, sizeof failed));
    for (size_t i = 1; i < N_LAYOUTS && failed == 0; i++) {
        if (!applies(test, &layouts[i])) continue;
        for (size_t s = 0; s < sizeof sums / sizeof sums[0]; s++) {
            job.sum = sums[s];
            CAIRN_TRY(try_layout(&job, &layouts[i], c, out));
        }
    }
    return CAIRN_OK;
}

/* Collective. */
static cairn_status run_all(struct cairn_selftest *test, struct compared *c,
                            struct cairn_selftest_result *out)
{
    const struct cairn_selftest_net *net = NULL;
    CAIRN_TRY(compare_platforms(test, c, out));
    for (size_t i = 0; (net = cairn_selftest_net_at(i, true)) != NULL; i++) {
        CAIRN_TRY(try_net(test, net, c, out));
        cairn_selftest_line(out, "%-8s weights_hash %016" PRIx64, net->name, c->wanted);
    }
    cairn_selftest_figure(out, (double)c->n_layouts, "trainings");
    cairn_selftest_figure(out, (double)c->n_same, "trainings_alike");
    cairn_selftest_pass(out, "%zu trainings on parts and orders of the ranks, each net one hash",
                        c->n_layouts);
    return CAIRN_OK;
}

static cairn_status run(struct cairn_selftest *test, struct cairn_selftest_result *out)
{
    struct compared c = {.hash = NULL};
    const size_t n = (size_t)test->n_ranks;
    cairn_status st = cairn_memory_get(n, sizeof *c.hash, "hashes", &c.hash);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *c.odd, "ranks", &c.odd);
    if (st == CAIRN_OK) st = cairn_memory_get(n, sizeof *c.platform, "platforms", &c.platform);
    st = cairn_comm_agree(test->comm, st);
    if (st == CAIRN_OK) st = run_all(test, &c, out);
    free(c.hash);
    free(c.odd);
    free(c.platform);
    return st;
}

const struct cairn_selftest_part cairn_selftest_bits = {
    .name = "bits",
    .doc = "a reproducible training has one weights_hash on all parts and orders of the ranks",
    .run = run,
};
