/* SPDX-License-Identifier: BSD-3-Clause
 * The watchdog: thread, line and end.  Whether it is time: hang_timeout.c. */
#include "comm/watchdog.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "comm/hang_timeout.h"
#include "comm/stack.h"
#include "comm/world.h"

enum { HOST_BYTES = 64, STACK_BYTES = 1024, LINE_BYTES = 2048 };

static const double LEAST_NAP_S = 0.2;
static const double MOST_NAP_S = 1;
static const double NAPS_PER_LIMIT = 16;
/* What the others need to print: a rank that hangs in its share began to before they began to wait,
 * by no more than a stage. */
static const double GRACE_S = 2;

struct cairn_watchdog {
    pthread_t thread, watched;
    pthread_mutex_t lock; /* of what follows up to `hang` */
    pthread_cond_t changed;
    bool stops;
    int rank, size; /* size 0: not known yet */
    double timeout_s;
    double start_s;                         /* the limit of the start */
    bool starts;                            /* no update has begun */
    struct cairn_phase_clock process;       /* before and after training */
    const struct cairn_phase_clock *phases; /* the one watched: that, or a trainer's */
    struct cairn_hang_timeout hang;
    struct cairn_stack stack;
    char host[HOST_BYTES];
    uint64_t (*killed)(void); /* NULL: nobody knows */
    uint64_t killed_before;
};

/* The end, should the thread itself hang on its way to it. */
static void on_alarm(int number)
{
    (void)number;
    _exit(CAIRN_LOST);
}

static void say(const char *line)
{
    size_t n = strlen(line);
    while (n > 0) { /* not by stdio, whose lock the thread that hangs may hold */
        ssize_t written = write(STDERR_FILENO, line, n);
        if (written <= 0) return;
        line += written;
        n -= (size_t)written;
    }
}

static void sleep_s(double seconds)
{
    struct timespec rest = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - floor(seconds)) * 1e9)};
    while (nanosleep(&rest, &rest) != 0) {
    }
}

/* "rank 2 of 8 on host n3 (process 4711): summing over the ranks, update 1200, micro-batch 3" */
static void describe(const struct cairn_watchdog *dog, char *text, size_t n_bytes)
{
    char rank[64] = "a rank";
    char update[48] = "";
    char micro[48] = "";
    const struct cairn_phase_clock *phases = dog->phases;
    enum cairn_phase phase = (enum cairn_phase)phases->phase;
    if (dog->size > 0) snprintf(rank, sizeof rank, "rank %d of %d", dog->rank, dog->size);
    if (phases->update > 0)
        snprintf(update, sizeof update, ", update %llu", (unsigned long long)phases->update);
    if (phases->update > 0 && phase != CAIRN_PHASE_SAVE)
        snprintf(micro, sizeof micro, ", micro-batch %llu", (unsigned long long)phases->micro);
    snprintf(text, n_bytes, "%s on host %s (process %ld): %s%s%s", rank, dog->host, (long)getpid(),
             cairn_phase_name(phase), update, micro);
}

/* "; meanwhile Linux killed 1 process of its control group for memory", or "". */
static void blame(const struct cairn_watchdog *dog, char *text, size_t n_bytes)
{
    const uint64_t now = dog->killed == NULL ? 0 : dog->killed();
    const unsigned long long n = now > dog->killed_before ? now - dog->killed_before : 0;
    text[0] = '\0';
    if (n > 0)
        snprintf(text, n_bytes,
                 "; meanwhile Linux killed %llu process%s of its control group for memory", n,
                 n == 1 ? "" : "es");
}

static bool limited_as_start(const struct cairn_watchdog *dog)
{
    return dog->starts && dog->timeout_s == CAIRN_HANG_AUTO;
}

/* Late: the line, time for the others to print theirs, the end.  Rank 0 speaks the last word and
 * ends the job, for a launcher kills all once one is gone; the others end without it only where it
 * cannot. */
static void end_job(struct cairn_watchdog *dog, double limit_s)
{
    char what[512];
    char why[128];
    char stack[STACK_BYTES];
    char line[LINE_BYTES];
    double grace_s = GRACE_S + fmin(dog->hang.longest_s, limit_s);
    bool first = dog->size == 0 || dog->rank == 0;
    struct sigaction action = {.sa_handler = on_alarm};
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)(2 * grace_s) + 10);
    describe(dog, what, sizeof what);
    cairn_stack_text(&dog->stack, dog->watched, stack, sizeof stack);
    blame(dog, why, sizeof why);
    snprintf(line, sizeof line, "cairn: %s, for %.0f s%s; stack: %s\n", what, dog->hang.waited_s,
             why, stack);
    if (first) cairn_log_copy("", line);
    say(line);
    sleep_s(first ? grace_s : grace_s + GRACE_S);
    if (first) {
        bool starts = limited_as_start(dog);
        snprintf(
            line, sizeof line,
            "cairn: the %s for more than %.0f s (%s): ranks waiting in %s wait for a rank that "
            "is elsewhere or printed no line; start it again%s\n",
            starts ? "start stood still" : "job hung", limit_s,
            starts ? "CAIRN_START_TIMEOUT" : "train.hang_timeout",
            starts ? "MPI_Init" : "a collective call",
            starts ? "" : " to resume from the newest checkpoint");
        if (dog->size > 1) cairn_log_copy("", line);
        if (dog->size > 1) say(line);
    }
    _exit(CAIRN_LOST);
}

static double nap_of(double limit_s)
{
    return fmin(MOST_NAP_S, fmax(LEAST_NAP_S, limit_s / NAPS_PER_LIMIT));
}

/* One check; returns how long to sleep before the next. */
static double check(struct cairn_watchdog *dog, double nap_s)
{
    const struct cairn_phase_clock *phases = dog->phases;
    const struct cairn_phase_reading seen = {
        .since_ns = phases->since_ns,
        .stage_ns = phases->stage_ns,
        .stage = phases->stage,
        .now_s = cairn_clock_s(),
        .nap_s = nap_s,
    };
    cairn_hang_timeout_observe(&dog->hang, &seen);
    double limit_s =
        limited_as_start(dog) ? dog->start_s : cairn_hang_timeout_limit(&dog->hang, dog->timeout_s);
    if (dog->hang.waited_s > limit_s && phases->since_ns == seen.since_ns) end_job(dog, limit_s);
    return nap_of(limit_s);
}

static void *watch(void *argument)
{
    struct cairn_watchdog *dog = argument;
    double nap_s = LEAST_NAP_S;
    pthread_mutex_lock(&dog->lock);
    while (!dog->stops) {
        struct timespec end;
        clock_gettime(CLOCK_MONOTONIC, &end);
        long ns = end.tv_nsec + (long)(nap_s * 1e9);
        end.tv_sec += ns / 1000000000;
        end.tv_nsec = ns % 1000000000;
        if (pthread_cond_timedwait(&dog->changed, &dog->lock, &end) != 0) nap_s = check(dog, nap_s);
    }
    pthread_mutex_unlock(&dog->lock);
    return NULL;
}

struct cairn_watchdog *cairn_watchdog_start(const struct cairn_watched_start *start)
{
    pthread_condattr_t attributes;
    struct cairn_watchdog *dog = calloc(1, sizeof *dog);
    if (dog == NULL) return NULL;
    dog->rank = start->rank;
    dog->size = start->size;
    dog->start_s = start->limit_s;
    dog->starts = true;
    dog->timeout_s = CAIRN_HANG_AUTO;
    dog->phases = &dog->process;
    dog->watched = pthread_self();
    if (gethostname(dog->host, sizeof dog->host - 1) != 0) snprintf(dog->host, HOST_BYTES, "?");
    cairn_phase_enter(&dog->process, CAIRN_PHASE_START);
    cairn_stack_prepare(&dog->stack);
    pthread_mutex_init(&dog->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&dog->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (cairn_thread_start(&dog->thread, watch, dog) == 0) return dog;
    free(dog);
    return NULL;
}

void cairn_watchdog_ask(struct cairn_watchdog *dog, uint64_t (*killed)(void))
{
    if (dog == NULL) return;
    const uint64_t before = killed();
    pthread_mutex_lock(&dog->lock);
    dog->killed = killed;
    dog->killed_before = before;
    pthread_mutex_unlock(&dog->lock);
}

void cairn_watchdog_stop(struct cairn_watchdog *dog)
{
    if (dog == NULL) return;
    pthread_mutex_lock(&dog->lock);
    dog->stops = true;
    pthread_cond_signal(&dog->changed);
    pthread_mutex_unlock(&dog->lock);
    pthread_join(dog->thread, NULL);
    pthread_cond_destroy(&dog->changed);
    pthread_mutex_destroy(&dog->lock);
    free(dog);
}

void cairn_watchdog_join(struct cairn_watchdog *dog, cairn_comm *comm)
{
    if (dog == NULL) return;
    pthread_mutex_lock(&dog->lock);
    dog->rank = comm->rank;
    dog->size = comm->size;
    pthread_mutex_unlock(&dog->lock);
    comm->watchdog = dog;
}

void cairn_watchdog_limit(const cairn_comm *comm, double timeout_s)
{
    struct cairn_watchdog *dog = comm->watchdog;
    if (dog == NULL) return;
    pthread_mutex_lock(&dog->lock);
    dog->timeout_s = timeout_s;
    pthread_mutex_unlock(&dog->lock);
}

void cairn_watchdog_allow(const cairn_comm *comm, double seconds)
{
    struct cairn_watchdog *dog = comm->watchdog;
    if (dog == NULL) return;
    pthread_mutex_lock(&dog->lock);
    dog->start_s += seconds;
    pthread_mutex_unlock(&dog->lock);
}

void cairn_watchdog_phase(const cairn_comm *comm, enum cairn_phase phase)
{
    if (comm->watchdog != NULL) cairn_phase_enter(&comm->watchdog->process, phase);
}

void cairn_watchdog_watch(const cairn_comm *comm, const struct cairn_phase_clock *phases)
{
    struct cairn_watchdog *dog = comm->watchdog;
    if (dog == NULL) return;
    pthread_mutex_lock(&dog->lock);
    dog->phases = phases == NULL ? &dog->process : phases;
    if (phases != NULL) dog->starts = false;
    cairn_hang_timeout_switch(&dog->hang);
    pthread_mutex_unlock(&dog->lock);
}
