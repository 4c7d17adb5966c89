/* SPDX-License-Identifier: BSD-3-Clause
 * Limits of control groups, v1 and v2, and sets of CPUs, read from planted trees. */
#include "cluster/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char root[] = "/tmp/cairn-cgroup-XXXXXX";

static void plant(const char *path, const char *text)
{
    char whole[CAIRN_PATH_BYTES];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    char *slash = strrchr(whole, '/');
    *slash = '\0';
    assert_int_equal(cairn_folder_make(whole), CAIRN_OK);
    *slash = '/';
    assert_int_equal(cairn_file_replace(whole, text, strlen(text)), CAIRN_OK);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) == NULL;
}

static int tear_down(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void a_machine_without_groups_limits_nothing(void **state)
{
    (void)state;
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_true(found.cpus == 0);
    assert_int_equal(found.memory_bytes, 0);
    plant("/proc/self/cgroup", "0::/\n");
    plant("/sys/fs/cgroup/cpu.max", "max 100000\n");
    plant("/sys/fs/cgroup/memory.max", "max\n");
    found = cairn_cgroup_read(root);
    assert_true(found.cpus == 0);
    assert_int_equal(found.memory_bytes, 0);
}

static void v2_takes_the_tightest_on_the_way_up(void **state)
{
    (void)state;
    plant("/proc/self/cgroup", "0::/job_7/step_0\n");
    plant("/sys/fs/cgroup/job_7/step_0/cpu.max", "400000 100000\n");
    plant("/sys/fs/cgroup/job_7/cpu.max", "150000 100000\n");
    plant("/sys/fs/cgroup/job_7/step_0/memory.max", "1073741824\n");
    plant("/sys/fs/cgroup/job_7/memory.max", "4294967296\n");
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_true(found.cpus == 1.5);
    assert_int_equal(found.memory_bytes, 1073741824);
    uint64_t step = found.memory_group;
    plant("/proc/self/cgroup", "0::/job_7/step_1\n");
    plant("/sys/fs/cgroup/job_7/step_1/memory.max", "1073741824\n");
    uint64_t job = found.cpus_group;
    found = cairn_cgroup_read(root);
    assert_int_equal(found.cpus_group, job);        /* the job's limit is shared, */
    assert_int_not_equal(found.memory_group, step); /* the step's is not */
}

static void v1_has_a_tree_for_each_controller(void **state)
{
    (void)state;
    plant("/proc/self/cgroup", "5:memory:/slurm/uid_0/job_3\n2:cpuacct,cpu:/limited\n0::/\n");
    plant("/sys/fs/cgroup/cpu/limited/cpu.cfs_quota_us", "25000\n");
    plant("/sys/fs/cgroup/cpu/limited/cpu.cfs_period_us", "100000\n");
    plant("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    plant("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    plant("/sys/fs/cgroup/memory/slurm/uid_0/job_3/memory.limit_in_bytes", "524288000\n");
    plant("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_true(found.cpus == 0.25);
    assert_int_equal(found.memory_bytes, 524288000);
}

/* Inside a container the path is that of the host, and only its top is there. */
static void a_container_sees_its_top(void **state)
{
    (void)state;
    plant("/proc/self/cgroup", "0::/system.slice/docker-1234.scope\n");
    plant("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    plant("/sys/fs/cgroup/memory.max", "268435456\n");
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_true(found.cpus == 2);
    assert_int_equal(found.memory_bytes, 268435456);
}

/* Of a limit what is not in use, page cache left out; on the way up the least of it. */
static void a_limit_minus_its_use(void **state)
{
    (void)state;
    plant("/proc/self/cgroup", "0::/job_7/step_0\n");
    plant("/sys/fs/cgroup/job_7/step_0/memory.max", "1000000\n");
    plant("/sys/fs/cgroup/job_7/step_0/memory.current", "400000\n");
    plant("/sys/fs/cgroup/job_7/step_0/memory.stat",
          "anon 100000\ninactive_anon 7\nactive_file 30000\ninactive_file 70000\n");
    assert_int_equal(cairn_cgroup_read(root).memory_left, 700000);
    plant("/sys/fs/cgroup/job_7/memory.max", "4000000\n");
    plant("/sys/fs/cgroup/job_7/memory.current", "3500000\n");
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_int_equal(found.memory_bytes, 1000000);
    assert_int_equal(found.memory_left, 500000);
    plant("/sys/fs/cgroup/job_7/memory.current", "4100000\n");
    assert_int_equal(cairn_cgroup_read(root).memory_left, 1); /* 0 would be no limit */
    plant("/proc/self/cgroup", "5:memory:/job_3\n0::/\n");
    plant("/sys/fs/cgroup/memory/job_3/memory.limit_in_bytes", "1000000\n");
    plant("/sys/fs/cgroup/memory/job_3/memory.usage_in_bytes", "400000\n");
    plant("/sys/fs/cgroup/memory/job_3/memory.stat",
          "inactive_file 1\ntotal_inactive_file 20000\ntotal_active_file 30000\n");
    assert_int_equal(cairn_cgroup_read(root).memory_left, 650000);
}

static void processes_killed_for_memory(void **state)
{
    (void)state;
    assert_int_equal(cairn_cgroup_killed(root), 0);
    plant("/proc/self/cgroup", "0::/job_7/step_0\n");
    plant("/sys/fs/cgroup/job_7/step_0/memory.events", "oom 9\noom_kill 2\noom_group_kill 5\n");
    plant("/sys/fs/cgroup/job_7/memory.events", "oom 9\noom_kill 3\n");
    assert_int_equal(cairn_cgroup_killed(root), 2);
    plant("/sys/fs/cgroup/job_7/memory.max", "1000000\n"); /* whoever shares the limit */
    assert_int_equal(cairn_cgroup_killed(root), 3);
    plant("/proc/self/cgroup", "5:memory:/of/the/host\n0::/\n");
    plant("/sys/fs/cgroup/memory/memory.oom_control", "oom_kill_disable 0\noom_kill 4\n");
    assert_int_equal(cairn_cgroup_killed(root), 4);
}

static void damaged_files_limit_nothing(void **state)
{
    (void)state;
    plant("/proc/self/cgroup", "nonsense\n::\n0\n0::/a\n");
    plant("/sys/fs/cgroup/a/cpu.max", "100000\n");
    plant("/sys/fs/cgroup/a/memory.max", "");
    struct cairn_cgroup found = cairn_cgroup_read(root);
    assert_true(found.cpus == 0);
    assert_int_equal(found.memory_bytes, 0);
}

static void cpus_are_lists(void **state)
{
    (void)state;
    char text[64];
    plant("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-2,5,63-64,99999\n");
    struct cairn_cpus cpus = cairn_cpus_allowed(root);
    assert_int_equal(cairn_cpus_count(&cpus), 6);
    cairn_cpus_text(&cpus, text, sizeof text);
    assert_string_equal(text, "0-2,5,63-64");
    plant("/sys/devices/system/cpu/online", "0-7\n");
    cpus = cairn_cpus_online(root);
    assert_int_equal(cairn_cpus_count(&cpus), 8);
}

static void hyperthreads_share_a_core(void **state)
{
    (void)state;
    static const char *const siblings[] = {"0,2\n", "1,3\n", "0,2\n", "1,3\n"};
    char path[128];
    for (int c = 0; c < 4; c++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                 c);
        plant(path, siblings[c]);
    }
    plant("/proc/self/status", "Cpus_allowed_list:\t0,2\n");
    struct cairn_cpus cpus = cairn_cpus_allowed(root);
    struct cairn_cpus cores = cairn_cpus_cores(root, &cpus);
    assert_int_equal(cairn_cpus_count(&cpus), 2);
    assert_int_equal(cairn_cpus_count(&cores), 1);
}

static void memory_is_in_kilobytes(void **state)
{
    (void)state;
    plant("/proc/meminfo", "MemTotal:       1000 kB\nMemAvailable:    600 kB\n");
    assert_int_equal(cairn_meminfo_bytes(root, "MemTotal:"), 1024000);
    assert_int_equal(cairn_meminfo_bytes(root, "MemAvailable:"), 614400);
    assert_int_equal(cairn_meminfo_bytes(root, "MemFree:"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_machine_without_groups_limits_nothing),
        TEST(v2_takes_the_tightest_on_the_way_up),
        TEST(v1_has_a_tree_for_each_controller),
        TEST(a_container_sees_its_top),
        TEST(a_limit_minus_its_use),
        TEST(processes_killed_for_memory),
        TEST(damaged_files_limit_nothing),
        TEST(cpus_are_lists),
        TEST(hyperthreads_share_a_core),
        TEST(memory_is_in_kilobytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
