/* SPDX-License-Identifier: BSD-3-Clause
 * The stack of another thread, in one line. */
#define _GNU_SOURCE /* pthread_sigqueue, dladdr, SIGRTMIN */
#include "comm/stack.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { OWN_FRAMES = 2 /* the handler, and the kernel's way back from it */, ANSWER_S = 1 };

static int asking_signal(void)
{
    return SIGRTMIN + 7; /* nobody else's */
}

/* In the thread that is asked.  The signal of another process has no stack for us. */
static void on_asked(int number, siginfo_t *about, void *context)
{
    int kept = errno;
    (void)number;
    (void)context;
    if (about->si_code == SI_QUEUE && about->si_pid == getpid()) {
        struct cairn_stack *stack = about->si_value.sival_ptr;
        stack->n = backtrace(stack->frame, CAIRN_STACK_MOST);
        sem_post(&stack->answered);
    }
    errno = kept;
}

void cairn_stack_prepare(struct cairn_stack *stack)
{
    struct sigaction action = {.sa_sigaction = on_asked, .sa_flags = SA_RESTART | SA_SIGINFO};
    stack->n = backtrace(stack->frame, CAIRN_STACK_MOST); /* loads libgcc */
    sem_init(&stack->answered, 0, 0);
    sigemptyset(&action.sa_mask);
    sigaction(asking_signal(), &action, NULL);
}

/* "PMPI_Allreduce", or "cairn+0x2a10f" where there is no name, as addr2line -e cairn takes it. */
static void name_frame(void *frame, char *text, size_t n_bytes)
{
    Dl_info about;
    if (dladdr((char *)frame - 1, &about) == 0 || about.dli_fname == NULL) {
        snprintf(text, n_bytes, "%p", frame);
        return;
    }
    const char *slash = strrchr(about.dli_fname, '/');
    if (about.dli_sname != NULL)
        snprintf(text, n_bytes, "%s", about.dli_sname);
    else
        snprintf(text, n_bytes, "%s+0x%tx", slash == NULL ? about.dli_fname : slash + 1,
                 (char *)frame - (char *)about.dli_fbase);
}

static void name_frames(const struct cairn_stack *stack, char *text, size_t n_bytes)
{
    char name[128];
    size_t used = 0;
    for (int i = OWN_FRAMES; i < stack->n && used + sizeof name + 4 < n_bytes; i++) {
        name_frame(stack->frame[i], name, sizeof name);
        used += (size_t)snprintf(text + used, n_bytes - used, "%s%s", used == 0 ? "" : " < ", name);
        if (strcmp(name, "main") == 0) break;
    }
}

/* What a thread waits for in the kernel, which may be all there is to know of one that no signal
 * reaches. */
static void name_wait(char *text, size_t n_bytes)
{
    char path[64];
    char wait[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%ld/wchan", (long)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, wait, sizeof wait - 1);
    if (fd >= 0) close(fd);
    wait[n < 0 ? 0 : n] = '\0';
    snprintf(text, n_bytes, "none, no signal reaches it; the kernel has it in %s",
             wait[0] == '\0' || wait[0] == '0' ? "an unknown place" : wait);
}

void cairn_stack_text(struct cairn_stack *stack, pthread_t first, char *text, size_t n_bytes)
{
    struct timespec end;
    const union sigval asked = {.sival_ptr = stack};
    text[0] = '\0';
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += ANSWER_S;
    int failed = pthread_sigqueue(first, asking_signal(), asked);
    while (failed == 0 && sem_timedwait(&stack->answered, &end) != 0 && failed == 0)
        if (errno != EINTR) failed = errno;
    if (failed == 0)
        name_frames(stack, text, n_bytes);
    else
        name_wait(text, n_bytes);
}
