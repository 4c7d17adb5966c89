/* SPDX-License-Identifier: BSD-3-Clause
 * Checkpoints that are written by a thread: what is copied and when, what comes back, that the
 * caller goes on meanwhile.  Nothing here depends on time: the thread is held where it asks whether
 * it may name a file. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/checkpoint.h"

#include "checkpoint/writer.h"

static enum cairn_writing way = CAIRN_WRITING_COPY; /* most of this is so with others, too */

/* What stands between a complete file and its name. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int n_waiting, n_passed; /* since it was made */
    bool open;
    cairn_status st; /* what it answers ... */
    int refuses;     /* ... but CAIRN_FILES so many times */
};

static cairn_status pass(void *context)
{
    struct gate *gate = context;
    pthread_mutex_lock(&gate->lock);
    gate->n_waiting++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open) pthread_cond_wait(&gate->changed, &gate->lock);
    gate->n_passed++;
    cairn_status st = gate->refuses > 0 ? CAIRN_FILES : gate->st;
    gate->refuses -= gate->refuses > 0;
    pthread_mutex_unlock(&gate->lock);
    return st == CAIRN_OK ? CAIRN_OK : cairn_fail(st, "the gate says no");
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void wait_for(struct gate *gate, int n)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->n_waiting < n) pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

/* A writer with all that it borrows. */
struct desk {
    struct gate gate;
    struct sample sample;
    struct cairn_state state;
    struct cairn_checkpoint_writer *writer;
};

static void make_desk(struct desk *desk, bool open, struct cairn_keep keep)
{
    *desk = (struct desk){
        .gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, open, CAIRN_OK, 0}};
    const struct cairn_checkpoint_place place = {
        .folder = folder, .keep = keep, .before_name = pass, .context = &desk->gate};
    fill_sample(&desk->sample, 0);
    describe_sample(&desk->state, &desk->sample);
    assert_ok(cairn_checkpoint_writer_create(&desk->state, &place, way, &desk->writer));
}

static void clear_desk(struct desk *desk)
{
    cairn_checkpoint_writer_free(desk->writer);
    cairn_state_free(&desk->state);
}

static void assert_holds(const char *name, uint64_t update)
{
    struct sample wanted = {.update = 0}, found = {.update = 0};
    struct cairn_state list = {0};
    fill_sample(&wanted, update);
    describe_sample(&list, &found);
    assert_ok(cairn_checkpoint_read(in_folder(name), &list));
    assert_memory_equal(&wanted, &found, sizeof wanted);
    cairn_state_free(&list);
}

/* Updates go on while a checkpoint is in flight, and do not show in it. */
static void the_copy_is_of_the_moment(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, false, (struct cairn_keep){0});
    assert_false(cairn_checkpoint_writer_collect(desk.writer, true, &written)); /* of nothing */
    fill_sample(&desk.sample, 7);
    cairn_checkpoint_writer_begin(desk.writer, 7, false);
    wait_for(&desk.gate, 1);
    for (uint64_t update = 8; update < 20; update++) fill_sample(&desk.sample, update);
    assert_true(cairn_checkpoint_writer_is_busy(desk.writer));
    assert_false(cairn_checkpoint_writer_collect(desk.writer, false, &written));
    assert_false(exists("update-00000007.h5")); /* not named before the gate lets it */
    open_gate(&desk.gate);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_int_equal(written.update, 7);
    assert_string_equal(written.text, "");
    assert_true(written.write_s > 0);
    assert_false(cairn_checkpoint_writer_collect(desk.writer, true, &written)); /* only once */
    assert_holds("update-00000007.h5", 7);
    assert_holds("latest.h5", 7);
    clear_desk(&desk);
}

/* Numbers may change at once, tensors when they are no longer needed. */
static void tensors_are_lent(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, false, (struct cairn_keep){0});
    assert_true(cairn_checkpoint_writer_bytes(desk.writer) < sizeof desk.sample);
    fill_sample(&desk.sample, 7);
    cairn_checkpoint_writer_begin(desk.writer, 7, false);
    desk.sample.update = 8;
    desk.sample.seed++;
    desk.sample.rate++;
    wait_for(&desk.gate, 1);
    open_gate(&desk.gate);
    cairn_checkpoint_writer_wait(desk.writer);
    assert_false(cairn_checkpoint_writer_is_busy(desk.writer));
    fill_sample(&desk.sample, 9);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, false, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_holds("update-00000007.h5", 7);
    clear_desk(&desk);
}

/* The second waits for the first; freeing waits for the last. */
static void one_after_the_other(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){0});
    for (uint64_t update = 1; update <= 20; update++) {
        fill_sample(&desk.sample, update);
        cairn_checkpoint_writer_begin(desk.writer, update, false);
        fill_sample(&desk.sample, 1000);
        if (update % 3 == 0)
            assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
        if (update % 3 == 0) assert_int_equal(written.update, update);
    }
    clear_desk(&desk);
    assert_int_equal(desk.gate.n_passed, 20);
    assert_int_equal(count_files(), 21);
    for (uint64_t update = 1; update <= 20; update++) {
        char name[64];
        snprintf(name, sizeof name, "update-%08" PRIu64 ".h5", update);
        assert_holds(name, update);
    }
    assert_holds("latest.h5", 20);
}

/* The sentence comes back, the last error of this thread stays, and the next one is written. */
static void failures_come_back(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){0});
    desk.gate.st = CAIRN_FILES;
    assert_int_equal(cairn_fail(CAIRN_NUMBERS, "mine"), CAIRN_NUMBERS);
    cairn_checkpoint_writer_begin(desk.writer, 1, false);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_FILES);
    assert_string_equal(written.text, "the gate says no");
    assert_string_equal(cairn_error_text(), "mine");
    assert_int_equal(count_files(), 0);
    desk.gate.st = CAIRN_OK;
    cairn_checkpoint_writer_begin(desk.writer, 2, false);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_int_equal(count_files(), 2);
    clear_desk(&desk);
}

static void a_folder_that_is_gone(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){0});
    assert_int_equal(rmdir(folder), 0);
    cairn_checkpoint_writer_begin(desk.writer, 1, false);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_true(written.second && written.remade);
    assert_non_null(strstr(written.text, "update-00000001.h5: cannot be written: No such file"));
    assert_holds("latest.h5", 0);
    clear_desk(&desk);
}

/* One refusal is no end: the second try counts, and what failed is said. */
static void a_refusal_that_passes(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){0});
    desk.gate.refuses = 1;
    cairn_checkpoint_writer_begin(desk.writer, 1, true);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_true(written.second && !written.remade);
    assert_string_equal(written.text, "the gate says no");
    assert_int_equal(count_files(), 3); /* and both links */
    clear_desk(&desk);
}

/* What was copied is written later, and not what there is by then. */
static void a_copy_is_tried_again(void **state)
{
    struct desk desk;
    struct cairn_written written;
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){0});
    desk.gate.refuses = 2;
    fill_sample(&desk.sample, 1);
    cairn_checkpoint_writer_begin(desk.writer, 1, true);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_FILES);
    fill_sample(&desk.sample, 2);
    cairn_checkpoint_writer_again(desk.writer);
    assert_true(cairn_checkpoint_writer_collect(desk.writer, true, &written));
    assert_int_equal(written.st, CAIRN_OK);
    assert_int_equal(written.update, 1);
    assert_false(written.second);
    assert_holds("latest.h5", 1);
    assert_holds("best.h5", 1);
    clear_desk(&desk);
}

/* Of eight with keep 1: the newest, every third, the chosen, the best. */
static void what_stays(void **state)
{
    struct desk desk;
    char text[64] = "";
    (void)state;
    make_desk(&desk, true, (struct cairn_keep){.newest = 1, .every = 3, .n_at = 2, .at = {1, 99}});
    for (uint64_t update = 1; update <= 8; update++)
        cairn_checkpoint_writer_begin(desk.writer, update, update == 2 || update == 4);
    clear_desk(&desk);
    for (uint64_t update = 0; update < 10; update++)
        if (cairn_checkpoint_exists(folder, update))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", (int)update);
    assert_string_equal(text, "1 3 4 6 8 ");
    assert_int_equal(count_files(), 5 + 2); /* and the links */
    char target[64] = "";
    assert_true(readlink(in_folder("best.h5"), target, sizeof target - 1) > 0);
    assert_string_equal(target, "update-00000004.h5");
}

/* A signal is for the thread that trains: the writer does not take it. */
static volatile sig_atomic_t n_signals;
static pthread_t taken_by;

static void take_signal(int number)
{
    (void)number;
    n_signals++;
    taken_by = pthread_self();
}

static void signals_are_for_the_caller(void **state)
{
    struct desk desk;
    sigset_t usr1, before;
    struct sigaction action = {.sa_handler = take_signal}, old;
    (void)state;
    n_signals = 0;
    make_desk(&desk, false, (struct cairn_keep){0});
    cairn_checkpoint_writer_begin(desk.writer, 1, false);
    wait_for(&desk.gate, 1);
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &usr1, &before);
    assert_int_equal(kill(getpid(), SIGUSR1), 0); /* nobody but the writer could take it now */
    open_gate(&desk.gate);
    clear_desk(&desk);
    assert_int_equal(n_signals, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(n_signals, 1);
    assert_true(pthread_equal(taken_by, pthread_self()));
    sigaction(SIGUSR1, &old, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_copy_is_of_the_moment, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_after_the_other, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failures_come_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_that_is_gone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_refusal_that_passes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_copy_is_tried_again, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_stays, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(signals_are_for_the_caller, make_folder, remove_folder),
    };
    const struct CMUnitTest lent[] = {
        cmocka_unit_test_setup_teardown(tensors_are_lent, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(failures_come_back, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_that_is_gone, make_folder, remove_folder),
    };
    int failed = cmocka_run_group_tests_name("copy", tests, NULL, NULL);
    way = CAIRN_WRITING_IMAGE;
    failed += cmocka_run_group_tests_name("image", tests, NULL, NULL);
    way = CAIRN_WRITING_LENT;
    return failed + cmocka_run_group_tests_name("lent", lent, NULL, NULL);
}
