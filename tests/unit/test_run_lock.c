/* SPDX-License-Identifier: BSD-3-Clause
 * The lock of a run folder, between processes: held, stale, raced for, and where the file system
 * has no locks. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/lock.h"
#include "record/system.h"
#include "support/run_folder.h"

/* A file system without locks, on demand. */
static bool no_locks;

int fcntl(int fd, int command, ...)
{
    static int (*real)(int, int, ...);
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (no_locks && command == F_SETLK) {
        errno = ENOLCK;
        return -1;
    }
    if (real == NULL) *(void **)(&real) = dlsym(RTLD_NEXT, "fcntl");
    return real(fd, command, argument);
}

/* Another process takes the folder, says so, and lives until it is killed. */
static pid_t other_holder(void)
{
    int told[2];
    char byte = 0;
    assert_int_equal(pipe(told), 0);
    pid_t child = fork();
    if (child == 0) {
        struct cairn_run_folder *folder = NULL;
        if (cairn_run_folder_open(run, &folder) != CAIRN_OK || write(told[1], "x", 1) != 1)
            _exit(1);
        for (;;) pause();
    }
    close(told[1]);
    assert_int_equal(read(told[0], &byte, 1), 1);
    close(told[0]);
    return child;
}

static void end_holder(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void assert_in_use(pid_t holder)
{
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    char wanted[1024];
    struct cairn_run_folder *folder = NULL;
    cairn_system_host(host);
    snprintf(wanted, sizeof wanted,
             "is in use by process %ld on host %s (job none); choose another", (long)holder, host);
    assert_int_equal(cairn_run_folder_open(run, &folder), CAIRN_USAGE);
    assert_null(folder);
    assert_non_null(strstr(cairn_error_text(), wanted));
}

static void test_lock_keeps_others_out(void **state)
{
    (void)state;
    pid_t child = other_holder();
    assert_in_use(child);
    end_holder(child);
    assert_true(exists("lock")); /* stale */
    cairn_run_folder_close(opened());
    assert_false(exists("lock"));
}

static void test_lock_without_locks(void **state)
{
    (void)state;
    no_locks = true;
    pid_t child = other_holder();
    assert_in_use(child);
    end_holder(child);
    cairn_run_folder_close(opened()); /* the process is gone */
    write_text("lock", "host elsewhere\nprocess 1\njob 77\n");
    struct cairn_run_folder *folder = NULL;
    assert_int_equal(cairn_run_folder_open(run, &folder), CAIRN_USAGE);
    assert_non_null(strstr(cairn_error_text(), "process 1 on host elsewhere (job 77)"));
    no_locks = false;
    cairn_run_folder_close(opened()); /* nobody holds it */
}

static void assert_refused(const char *text, const char *words)
{
    struct cairn_run_folder *folder = NULL;
    write_text("lock", text);
    assert_int_equal(cairn_run_folder_open(run, &folder), CAIRN_USAGE);
    if (strstr(cairn_error_text(), words) == NULL)
        fail_msg("'%s' lacks '%s'", cairn_error_text(), words);
}

static void assert_taken(const char *text)
{
    write_text("lock", text);
    cairn_run_folder_close(opened());
}

/* A job that Slurm has queued again meets its own lock, from wherever it ran before. */
static void test_same_job_goes_on_without_locks(void **state)
{
    (void)state;
    char mine[512];
    char host[CAIRN_SYSTEM_TEXT_BYTES];
    char words[512];
    cairn_system_host(host);
    cairn_run_folder_close(opened());
    no_locks = true;
    setenv("SLURM_JOB_ID", "77", 1);
    assert_taken("host elsewhere\nprocess 1\njob 77\n"); /* as 0.1.0 wrote it */
    setenv("SLURM_RESTART_COUNT", "2", 1);
    assert_taken("host elsewhere\nprocess 1\njob 77\nrestart 1\n");
    snprintf(mine, sizeof mine, "host %s\nprocess %ld\njob 77\nrestart 1\n", host, (long)getppid());
    assert_taken(mine); /* its number was given to another process */
    snprintf(words, sizeof words, "%s (this file system has no locks)", path_of("lock"));
    snprintf(mine, sizeof mine, "host %s\nprocess %ld\njob 77\nrestart 2\n", host, (long)getppid());
    assert_refused(mine, words);
    snprintf(mine, sizeof mine, "host elsewhere\nprocess %ld\njob 78\n", (long)getpid());
    assert_refused(mine, words); /* our number, on another host */
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
    assert_refused("host elsewhere\nprocess 1\njob none\n", words);
    assert_taken("host elsewh");
    no_locks = false;
}

/* Several hosts of a job claim cells of a study, side by side. */
static void test_claims_without_locks(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool busy, doubtful;
    } found[] = {
        {"host elsewhere\nprocess 1\njob 77\nrestart 1\n", true, false},
        {"host elsewhere\nprocess 1\njob 77\nrestart 0\n", false, false},
        {"host elsewhere\nprocess 1\njob 78\nrestart 0\n", true, true},
        {"", false, false},
    };
    struct cairn_lock lock;
    cairn_run_folder_close(opened());
    no_locks = true;
    setenv("SLURM_JOB_ID", "77", 1);
    setenv("SLURM_RESTART_COUNT", "1", 1);
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
        bool busy = false;
        write_text("claim", found[i].text);
        assert_int_equal(cairn_lock_try(&lock, path_of("claim"), &busy), CAIRN_OK);
        assert_int_equal(busy, found[i].busy);
        assert_int_equal(lock.doubtful, found[i].doubtful);
        cairn_lock_give(&lock);
        assert_int_equal(exists("claim"), found[i].busy);
    }
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
    no_locks = false;
}

static void test_one_of_many_starters(void **state)
{
    (void)state;
    enum { STARTERS = 8, ROUNDS = 20 };
    cairn_run_folder_close(opened());
    pid_t child[STARTERS];
    for (int i = 0; i < STARTERS; i++) {
        child[i] = fork();
        if (child[i] != 0) continue;
        for (int round = 0; round < ROUNDS; round++) {
            struct cairn_run_folder *folder = NULL;
            cairn_status st = cairn_run_folder_open(run, &folder);
            if (st == CAIRN_USAGE) continue;
            if (st != CAIRN_OK) _exit(2);
            int mark = open(path_of("mark"), O_CREAT | O_EXCL | O_WRONLY, 0600);
            if (mark < 0) _exit(3); /* two hold it */
            close(mark);
            unlink(path_of("mark"));
            cairn_run_folder_close(folder);
        }
        _exit(0);
    }
    for (int i = 0; i < STARTERS; i++) {
        int how = 0;
        assert_int_equal(waitpid(child[i], &how, 0), child[i]);
        assert_int_equal(how, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_lock_keeps_others_out, fresh),
        cmocka_unit_test_setup(test_lock_without_locks, fresh),
        cmocka_unit_test_setup(test_same_job_goes_on_without_locks, fresh),
        cmocka_unit_test_setup(test_claims_without_locks, fresh),
        cmocka_unit_test_setup(test_one_of_many_starters, fresh),
    };
    return cmocka_run_group_tests(tests, make_top, remove_top);
}
