/* SPDX-License-Identifier: BSD-3-Clause
 * A planted launch. */
#include "support/launch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void subject_bind(struct cairn_rank_facts *rank, uint64_t cpus)
{
    rank->cpus.word[0] = cpus;
    rank->cores.word[0] = cpus;
}

static struct cairn_rank_facts healthy(int r)
{
    struct cairn_rank_facts rank = {.host_cpus = 8,
                                    .host_cores = 8,
                                    .threads = 1,
                                    .memory_total = 16 * (uint64_t)GIGABYTE,
                                    .memory_available = 12 * (uint64_t)GIGABYTE,
                                    .resident = 10000000,
                                    .program = 1,
                                    .run_file = 2,
                                    .data = 3,
                                    .blas_threads = CAIRN_BLAS_OPENMP,
                                    .openmp = true,
                                    .wall_s = 1.8e9,
                                    .launcher_variable = "OMPI_COMM_WORLD_SIZE",
                                    .launcher_ranks = RANKS,
                                    .mpirun_daemons = true,
                                    .keepalive = true,
                                    .cpu = "a CPU",
                                    .blas = "a BLAS, core Zen",
                                    .libraries = "cairn 1, an MPI, HDF5 1"};
    snprintf(rank.host, sizeof rank.host, "node%d", r / 2);
    subject_bind(&rank, UINT64_C(1) << r % 2);
    return rank;
}

static const struct cairn_wanted wanted = {.known = true,
                                           .threads = 1,
                                           .batch = 64,
                                           .micro = 16,
                                           .rank_bytes = GIGABYTE,
                                           .first_bytes = GIGABYTE,
                                           .wire_bytes = 4000000,
                                           .checkpoint_bytes = 1000,
                                           .keep = 3,
                                           .n_saves = 10,
                                           .folder = "runs/x"};
static const struct cairn_folder_facts folder = {.known = true,
                                                 .locks = true,
                                                 .writes = true,
                                                 .path = "/runs",
                                                 .sync_s = 0.01,
                                                 .free_bytes = GIGABYTE,
                                                 .blind_rank = -1};

int subject_set_up(void **state)
{
    struct subject *s = calloc(1, sizeof *s);
    *state = s;
    if (s == NULL) return 1;
    s->launch.n_ranks = RANKS;
    s->launch.rank = s->rank;
    s->launch.wanted = wanted;
    s->launch.folder = folder;
    s->launch.network.time[0] = (struct cairn_probe_time){8, 1e-5};
    s->launch.network.time[1] = (struct cairn_probe_time){4000000, 1e-3};
    s->launch.network.n = 2;
    s->launch.rate = s->rate;
    s->launch.ahead_s = s->ahead_s;
    s->launch.round_s = s->round_s;
    for (int r = 0; r < RANKS; r++) {
        s->rank[r] = healthy(r);
        s->rate[r] = 1e10;
        s->round_s[r] = r == 2 ? 1e-4 : 0;
    }
    return cairn_launch_sort(&s->launch) != CAIRN_OK;
}

int subject_tear_down(void **state)
{
    struct subject *s = *state;
    cairn_launch_free(&s->launch);
    cairn_findings_free(&s->found);
    free(s);
    return 0;
}

/* Sort again, after hosts were changed, and let one check judge. */
void judge(struct subject *s, const char *name)
{
    const struct cairn_check *check = cairn_check_find(name);
    assert_non_null(check);
    cairn_launch_free(&s->launch);
    assert_int_equal(cairn_launch_sort(&s->launch), CAIRN_OK);
    cairn_findings_free(&s->found);
    s->found.check = check->name;
    check->judge(&s->launch, &s->found);
    assert_int_equal(s->found.st, CAIRN_OK);
}

void holds(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) fail_msg("'%s' has no '%s'", text, part);
}

/* What the check says: one line of this severity, and words of it. */
void expect(struct subject *s, const char *name, enum cairn_severity severity, const char *where,
            const char *message, const char *fix)
{
    judge(s, name);
    assert_int_equal(s->found.n, 1);
    const struct cairn_finding *f = &s->found.item[0];
    if (f->severity != severity) fail_msg("%s: %s", cairn_severity_name(f->severity), f->message);
    assert_string_equal(f->check, name);
    holds(f->where, where);
    holds(f->message, message);
    holds(f->fix, fix);
}
