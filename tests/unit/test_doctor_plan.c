/* SPDX-License-Identifier: BSD-3-Clause
 * The checks of a launch judge what is planted: memory, disk, clocks, network. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cluster/launch.h"
#include "support/launch.h"

static void ranks_without_work(void **state)
{
    struct subject *s = *state;
    expect(s, "share", CAIRN_FINDING_OK, "", "every rank has", "");
    s->launch.wanted.micro = 32;
    expect(s, "share", CAIRN_FINDING_WARNING, "",
           "2 micro-batches for 4 ranks: 2 ranks have no work", "batch.micro=16 gives all some");
    s->launch.wanted.batch = 9; /* of three, three and three samples a rank is left over */
    s->launch.wanted.micro = 3;
    expect(s, "share", CAIRN_FINDING_WARNING, "", "3 micro-batches for 4 ranks: 1 rank has no work",
           "batch.micro=2 gives all some");
    s->launch.wanted.batch = 3;
    expect(s, "share", CAIRN_FINDING_WARNING, "", "1 micro-batch for 4 ranks: 3 ranks have no work",
           "an update has 3 samples");
}

static void micro_batches_for_all(void **state)
{
    (void)state;
    struct cairn_idle idle;
    for (uint64_t ranks = 2; ranks < 70; ranks++)
        for (uint64_t batch = ranks; batch < 300; batch++) {
            uint64_t micro = 0;
            if (cairn_idle_ranks(batch, batch, ranks, &idle) == 0) fail();
            assert_int_equal(sscanf(idle.fix, "batch.micro=%" SCNu64, &micro), 1);
            assert_int_equal(cairn_idle_ranks(batch, micro, ranks, &idle), 0);
        }
}

static void memory_of_the_host(void **state)
{
    struct subject *s = *state;
    s->rank[0].memory_total = 2 * (uint64_t)GIGABYTE; /* rank 0 and 1 take 3 and a snapshot */
    expect(s, "memory", CAIRN_FINDING_ERROR, "node0", "2 ranks will take 3.0 GB, and the host has",
           "at most 1 ranks per host");
    s->rank[0].memory_total = 3100 * (uint64_t)1000000;
    expect(s, "memory", CAIRN_FINDING_WARNING, "node0", "the host has 3.1 GB", "batch.micro");
}

static void memory_that_slurm_grants(void **state)
{
    struct subject *s = *state;
    s->rank[2].slurm_memory = s->rank[3].slurm_memory = GIGABYTE;
    expect(s, "memory", CAIRN_FINDING_ERROR, "node1", "2 ranks will take 2.0 GB, and Slurm grants",
           "sbatch --mem=2267M");
}

static void memory_of_the_control_group(void **state)
{
    struct subject *s = *state;
    for (int r = 2; r < 4; r++) {
        s->rank[r].cgroup.memory_bytes = 1500 * (uint64_t)1000000;
        s->rank[r].cgroup.memory_group = 4;
    }
    expect(s, "memory", CAIRN_FINDING_ERROR, "node1",
           "2 ranks will take 2.0 GB, and its control group grants 1.5 GB", "--mem=");
    s->rank[3].cgroup.memory_group = 5; /* one each */
    expect(s, "memory", CAIRN_FINDING_OK, "", "", "");
}

static void room_on_the_disk(void **state)
{
    struct subject *s = *state;
    s->launch.wanted.checkpoint_bytes = 300000000; /* 3 and the next are 1.2 GB */
    expect(s, "space", CAIRN_FINDING_WARNING, "/runs", "1.2 GB, and 1.0 GB are free",
           "checkpoint.keep=2");
    s->launch.folder.used_bytes = 300000000; /* those that are there are among them */
    expect(s, "space", CAIRN_FINDING_OK, "/runs", "", "");
    s->launch.folder.used_bytes = 0;
    s->launch.wanted.keep = 0; /* all ten */
    expect(s, "space", CAIRN_FINDING_WARNING, "/runs", "10 checkpoints", "checkpoint.keep=2");
    s->launch.wanted.keep = 3;
    s->launch.wanted.n_stay = 2;
    s->launch.wanted.checkpoint_bytes = 170000000; /* 3 and the next would be 0.7 GB */
    expect(s, "space", CAIRN_FINDING_WARNING, "/runs", "5 checkpoints and the next one take 1.0 GB",
           "checkpoint.keep=2");
    s->launch.wanted.checkpoint_bytes = 300000000;
    expect(s, "space", CAIRN_FINDING_WARNING, "/runs", "", "fewer checkpoint.milestones");
    s->launch.wanted.checkpoint_bytes = 600000000;
    s->launch.wanted.n_stay = 0;
    expect(s, "space", CAIRN_FINDING_ERROR, "/runs", "", "--out on a larger disk");
}

static void clocks_apart(void **state)
{
    struct subject *s = *state;
    s->ahead_s[2] = 2.5;
    expect(s, "clock", CAIRN_FINDING_WARNING, "rank 2 (node1)", "2.5 s ahead of rank 0's",
           "timedatectl set-ntp true");
    s->launch.ahead_s = NULL; /* at a start there is one look, */
    s->rank[2].wall_s += 20;  /* which a busy host delays */
    expect(s, "clock", CAIRN_FINDING_OK, "", "rough", "");
    s->rank[2].wall_s -= 120;
    expect(s, "clock", CAIRN_FINDING_WARNING, "rank 2 (node1)", "100.0 s behind", "chronyc");
    for (int r = 0; r < RANKS; r++) s->rank[r].wall_s = 5000;
    expect(s, "clock", CAIRN_FINDING_WARNING, "rank 0 (node0)", "5000 seconds since 1970", "ntp");
}

static void a_lost_host_is_not_noticed(void **state)
{
    struct subject *s = *state;
    s->rank[0].keepalive = false;
    expect(s, "keepalive", CAIRN_FINDING_WARNING, "", "one of 2 hosts is lost",
           "OMPI_MCA_oob_tcp_keepalive_time=10 OMPI_MCA_oob_tcp_keepalive_intvl=5 "
           "OMPI_MCA_oob_tcp_keepalive_probes=3");
    s->rank[0].mpirun_daemons = false; /* srun has none of these daemons */
    expect(s, "keepalive", CAIRN_FINDING_OK, "", "", "");
    s->rank[0].mpirun_daemons = true;
    for (int r = 0; r < RANKS; r++) strcpy(s->rank[r].host, "node0");
    expect(s, "keepalive", CAIRN_FINDING_OK, "", "one host", "");
}

static void mpirun_is_too_busy(void **state)
{
    enum { MANY = 16 };
    struct subject *s = *state;
    struct cairn_rank_facts crowd[MANY];
    expect(s, "ends", CAIRN_FINDING_OK, "", "", "");
    for (int r = 0; r < MANY; r++) {
        crowd[r] = s->rank[0];
        crowd[r].host_cores = 1;
    }
    s->launch.rank = crowd;
    s->launch.n_ranks = MANY;
    expect(s, "ends", CAIRN_FINDING_WARNING, "node0", "16 ranks on 1 core: mpirun may miss",
           "OMPI_MCA_orte_allowed_exit_without_sync=1");
    s->launch.n_ranks = MANY - 1;
    expect(s, "ends", CAIRN_FINDING_OK, "", "", "");
    s->launch.n_ranks = MANY;
    crowd[0].forgives = true;
    expect(s, "ends", CAIRN_FINDING_OK, "", "", "");
}

static void a_slow_look(void **state)
{
    struct subject *s = *state;
    s->launch.quick_s = 2.5;
    expect(s, "quick", CAIRN_FINDING_WARNING, "node0", "2.500 s", "slow disk");
}

static void a_bad_file_system(void **state)
{
    struct subject *s = *state;
    s->launch.folder.locks = false;
    expect(s, "files", CAIRN_FINDING_WARNING, "/runs", "no locks", "flock");
    s->launch.folder.locks = true;
    s->launch.folder.sync_s = 3;
    expect(s, "files", CAIRN_FINDING_WARNING, "/runs", "takes 3.0 s", "checkpoint.every_updates");
    s->launch.folder.sync_s = 0;
    s->launch.folder.blind_rank = 2;
    expect(s, "files", CAIRN_FINDING_WARNING, "/runs", "rank 2 (node1) does not see",
           "--out on a shared disk");
    s->launch.folder.blind_rank = -1;
    s->launch.folder.writes = false;
    strcpy(s->launch.folder.trouble, "/runs/x: cannot be written");
    expect(s, "files", CAIRN_FINDING_ERROR, "/runs", "cannot be written", "can be written");
}

static void a_slow_rank(void **state)
{
    struct subject *s = *state;
    s->rate[3] = 2.5e9;
    expect(s, "gemm", CAIRN_FINDING_WARNING, "rank 3 (node1)",
           "2.5 GFLOP/s, 25 % of the median of all ranks (10.0)", "sbatch --exclude=node1");
}

static void ranks_that_wait_for_each_others_time(void **state)
{
    struct subject *s = *state;
    s->launch.network.time[0].seconds = 5e-3;
    expect(s, "network", CAIRN_FINDING_OK, "", "5e+03 us", ""); /* a slow network is what it is */
    for (int r = 0; r < RANKS; r++) strcpy(s->rank[r].host, "node0");
    expect(s, "network", CAIRN_FINDING_WARNING, "node0", "5e+03 us",
           "OMPI_MCA_mpi_yield_when_idle=1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, subject_set_up, subject_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ranks_without_work),
        cmocka_unit_test(micro_batches_for_all),
        TEST(memory_of_the_host),
        TEST(memory_that_slurm_grants),
        TEST(memory_of_the_control_group),
        TEST(room_on_the_disk),
        TEST(clocks_apart),
        TEST(a_lost_host_is_not_noticed),
        TEST(mpirun_is_too_busy),
        TEST(a_slow_look),
        TEST(a_bad_file_system),
        TEST(a_slow_rank),
        TEST(ranks_that_wait_for_each_others_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
