/* SPDX-License-Identifier: BSD-3-Clause
 * The checks of a launch judge what is planted: each finding is seen to fire, with the flag that
 * mends it, and none fires where all is well.  Ranks, CPUs, nodes, and how findings are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cpu.h"
#include "support/launch.h"

static void a_healthy_launch_is_well(void **state)
{
    struct subject *s = *state;
    const struct cairn_check *check = NULL;
    for (size_t i = 0; (check = cairn_check_at(i)) != NULL; i++) {
        if (strcmp(check->name, "build") == 0) continue; /* of this very program */
        judge(s, check->name);
        assert_int_equal(s->found.n, 1);
        if (s->found.item[0].severity != CAIRN_FINDING_OK)
            fail_msg("%s: %s", check->name, s->found.item[0].message);
        assert_string_equal(s->found.item[0].fix, "");
        assert_true(strlen(s->found.item[0].message) > 3);
    }
}

static void a_singleton_is_an_error(void **state)
{
    struct subject *s = *state;
    s->launch.n_ranks = 1;
    expect(s, "launch", CAIRN_FINDING_ERROR, "node0", "OMPI_COMM_WORLD_SIZE says 4 ranks",
           "srun --mpi=pmix");
}

static void ranks_on_one_core(void **state)
{
    struct subject *s = *state;
    subject_bind(&s->rank[3], 1);
    expect(s, "cores", CAIRN_FINDING_WARNING, "node1",
           "ranks 2 and 3 share core 0: 2 threads on 1 of the host's 8",
           "mpirun --bind-to core --map-by slot:PE=1; srun --cpus-per-task=1");
    s->rank[2].threads = s->rank[3].threads = 2;
    expect(s, "cores", CAIRN_FINDING_WARNING, "node1", "4 threads on 1", "slot:PE=2");
    subject_bind(&s->rank[2], 0xff); /* unbound: they have room */
    subject_bind(&s->rank[3], 0xff);
    expect(s, "cores", CAIRN_FINDING_OK, "", "", "");
}

static void threads_beyond_the_mask(void **state)
{
    struct subject *s = *state;
    s->rank[1].threads = 4;
    expect(s, "threads", CAIRN_FINDING_WARNING, "rank 1 (node0)", "4 threads on 1 CPU",
           "train.threads=1; or mpirun --map-by slot:PE=4, srun --cpus-per-task=4");
}

static void more_threads_than_the_host_has(void **state)
{
    struct subject *s = *state;
    for (int r = 0; r < 2; r++) {
        subject_bind(&s->rank[r], 0xff);
        s->rank[r].threads = 6;
    }
    expect(s, "threads", CAIRN_FINDING_WARNING, "node0", "2 ranks with 12 threads share 8 CPUs",
           "mpirun --map-by ppr:1:node, srun --ntasks-per-node=1), or train.threads=1");
}

static void a_quota_of_time(void **state)
{
    struct subject *s = *state;
    s->rank[2].cgroup = s->rank[3].cgroup = (struct cairn_cgroup){.cpus = 1.5, .cpus_group = 7};
    expect(s, "threads", CAIRN_FINDING_WARNING, "node1", "2 ranks with 2 threads may use 1.5 CPUs",
           "docker --cpus=2");
    s->rank[3].cgroup.cpus_group = 8; /* a quota each */
    expect(s, "threads", CAIRN_FINDING_OK, "", "", "");
}

static void threads_beside_openmp(void **state)
{
    struct subject *s = *state;
    s->rank[1].blas_threads = CAIRN_BLAS_PTHREADS;
    expect(s, "blas", CAIRN_FINDING_OK, "", "", ""); /* one thread each is one thread */
    s->rank[1].threads = 2;
    expect(s, "blas", CAIRN_FINDING_WARNING, "rank 1 (node0)", "pthreads", "libopenblas0-openmp");
    s->rank[1].openmp = false;
    expect(s, "blas", CAIRN_FINDING_OK, "", "", "");
}

static void unlike_nodes(void **state)
{
    struct subject *s = *state;
    strcpy(s->rank[3].cpu, "an old CPU");
    expect(s, "nodes", CAIRN_FINDING_WARNING, "rank 3 (node1)", "another CPU than rank",
           "--constraint");
    strcpy(s->rank[3].cpu, s->rank[0].cpu);
    strcpy(s->rank[0].blas, "a BLAS, core Haswell"); /* rank 0 is the odd one */
    expect(s, "nodes", CAIRN_FINDING_WARNING, "rank 0 (node0)", "core Haswell",
           "OPENBLAS_CORETYPE=" CAIRN_CPU_CORE);
    s->launch.wanted.reproducible = true;
    expect(s, "nodes", CAIRN_FINDING_ERROR, "rank 0", "BLAS", "OPENBLAS_CORETYPE=" CAIRN_CPU_CORE);
}

static void unlike_files(void **state)
{
    struct subject *s = *state;
    s->rank[2].program = s->rank[3].program = 9;
    s->rank[1].program = 8;
    judge(s, "nodes");
    assert_int_equal(s->found.item[0].severity, CAIRN_FINDING_WARNING);
    holds(s->found.item[0].message, "another program");
    holds(s->found.item[0].fix, "one build for all nodes");
    for (int r = 0; r < RANKS; r++) s->rank[r].program = 1;
    strcpy(s->rank[2].libraries, "cairn 0");
    expect(s, "nodes", CAIRN_FINDING_WARNING, "rank 2", "another libraries", "modules");
    strcpy(s->rank[2].libraries, s->rank[0].libraries);
    s->rank[1].run_file = 5;
    expect(s, "nodes", CAIRN_FINDING_WARNING, "rank 1", "another run file", "shared folder");
    s->rank[1].run_file = s->rank[0].run_file;
    s->rank[2].data = s->rank[3].data = 0;
    s->rank[1].data = 3;
    judge(s, "nodes");
    holds(s->found.item[0].fix, "data.file");
    s->launch.wanted.known = false; /* then there is no run file to compare */
    expect(s, "nodes", CAIRN_FINDING_OK, "", "", "");
}

static void findings_are_json(void **state)
{
    struct subject *s = *state;
    char *text = NULL;
    s->launch.n_ranks = 1;
    strcpy(s->rank[0].host, "no\"de");
    judge(s, "launch");
    assert_int_equal(cairn_findings_json(&s->found, &text), CAIRN_OK);
    holds(text, "\"check\": \"launch\"");
    holds(text, "\"severity\": \"error\"");
    holds(text, "\"where\": \"no\\\"de\"");
    holds(text, "\"fix\": \"start it");
    free(text);
    assert_ptr_equal(cairn_findings_error(&s->found), &s->found.item[0]);
}

static void hosts_are_sorted_out(void **state)
{
    struct subject *s = *state;
    static const int many[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    char text[80];
    strcpy(s->rank[0].host, "z");
    strcpy(s->rank[1].host, "a");
    strcpy(s->rank[2].host, "z");
    strcpy(s->rank[3].host, "a");
    judge(s, "launch");
    assert_int_equal(s->launch.n_hosts, 2);
    assert_string_equal(cairn_launch_host(&s->launch, &s->launch.host[0]), "z");
    assert_int_equal(s->launch.host[0].rank[1], 2);
    assert_int_equal(s->launch.host[1].rank[1], 3);
    cairn_ranks_text(many, 12, text, sizeof text);
    assert_string_equal(text, "ranks 0, 1, 2, 3, 4, 5, 6 and 5 more");
    cairn_ranks_text(many, 1, text, sizeof text);
    assert_string_equal(text, "rank 0");
    cairn_bytes_text(1536000000, text);
    assert_string_equal(text, "1.5 GB");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, subject_set_up, subject_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_healthy_launch_is_well),
        TEST(a_singleton_is_an_error),
        TEST(ranks_on_one_core),
        TEST(threads_beyond_the_mask),
        TEST(more_threads_than_the_host_has),
        TEST(a_quota_of_time),
        TEST(threads_beside_openmp),
        TEST(unlike_nodes),
        TEST(unlike_files),
        TEST(findings_are_json),
        TEST(hosts_are_sorted_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
