/* SPDX-License-Identifier: BSD-3-Clause
 * Threads take turns in HDF5: one that comes again at once goes behind another that waits. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "h5/internal.h"
#include "support/data.h"

enum { WANTED = 20, MOST_TRIES = 200, FIRST_US = 1000, MOST_US = 500000 };

static void rest(long us)
{
    const struct timespec span = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&span, NULL);
}

/* One that holds it until the other wants it, and comes again at once. */
struct round {
    atomic_bool held, wanted, other_was_in;
    bool was_first; /* the other, before this one came again */
    long wait_us;
};

static void *come_again(void *context)
{
    struct round *round = context;
    cairn_h5_enter();
    round->held = true;
    while (!round->wanted) rest(10);
    rest(round->wait_us); /* by then the other waits, unless the machine is very busy */
    (void)cairn_h5_leave(CAIRN_OK);
    cairn_h5_enter();
    round->was_first = round->other_was_in;
    (void)cairn_h5_leave(CAIRN_OK);
    return NULL;
}

static bool other_is_first(long wait_us)
{
    struct round round = {.wait_us = wait_us};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, come_again, &round), 0);
    while (!round.held) rest(10);
    round.wanted = true;
    cairn_h5_enter();
    cairn_h5_enter(); /* our functions call each other */
    round.other_was_in = true;
    (void)cairn_h5_leave(CAIRN_OK);
    assert_int_equal(cairn_h5_leave(CAIRN_DATA), CAIRN_DATA);
    pthread_join(thread, NULL);
    return round.was_first;
}

/* So many times in a row: of a mutex alone it is first every other time.  A busy machine makes this
 * take longer, not fail. */
static void test_turns(void **state)
{
    int n_first = 0;
    long wait_us = FIRST_US;
    (void)state;
    for (int i = 0; i < MOST_TRIES && n_first < WANTED; i++) {
        if (other_is_first(wait_us)) {
            n_first++;
            continue;
        }
        n_first = 0;
        if (wait_us < MOST_US) wait_us *= 2;
    }
    assert_int_equal(n_first, WANTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
