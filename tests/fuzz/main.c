/* SPDX-License-Identifier: BSD-3-Clause
 * The fuzzer's main: batches of inputs, each in a process of its own with limits of time and
 * memory.
 *
 *   cairn_fuzz old FROM.h5 TO.h5                        a copy as older programs write it
 *   cairn_fuzz run FOLDER SEED INDEX                    a run that Cairn has to take: valid.h
 *   cairn_fuzz SEEDS KIND|all SEED FIRST COUNT          inputs FIRST .. FIRST + COUNT - 1
 *
 * in the working folder, which should be in memory.  An input that breaks a promise is left there
 * with what was said: failed-KIND-SEED-INDEX.*  Ends with 0 where there is none. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/process.h"
#include "base/utf8.h"
#include "cli/command.h"
#include "fuzz/fuzz.h"
#include "fuzz/valid.h"
#include "h5/h5.h"

enum { BATCH = 2000, MOST_WORDS = 16, MOST_STATUS = 128 };
#ifndef __SANITIZE_ADDRESS__ /* which takes addresses by the terabyte */
static const rlim_t memory_bytes = (rlim_t)3 << 30;
#endif
static const int processor_s = 10, wall_s = 120; /* for an input; others may use the machine */

const char *fuzz_seeds;

static const struct cairn_command *const commands[] = {
#define X(name) &cairn_command_##name,
#include "cli/commands.def"
#undef X
};

/* For the sanitizers, where they are built in. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=1024:hard_rss_limit_mb=3000:detect_"
           "leaks=0:"
           "exitcode=99:handle_abort=0";
}
const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1:exitcode=99";
}

/* What the processes share. */
static struct shared {
    uint64_t index;          /* of the input at work */
    uint64_t n[MOST_STATUS]; /* commands that ended with this status */
    uint64_t n_unmade;       /* HDF5 crashed while it wrote them */
    uint64_t n_caught;       /* crashes of HDF5 that became a line and CAIRN_DATA */
    struct fuzz_random made; /* behind the making of an input */
} * shared;

void fuzz_broken(const char *what)
{
    fprintf(stderr, "fuzz: %s: %s\n", what, cairn_error_text());
    fflush(NULL);
    _exit(98);
}

void fuzz_load(const char *name, struct fuzz_file *file)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", fuzz_seeds, name);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) fuzz_broken(path);
    file->n = fread(file->bytes, 1, FUZZ_MOST_BYTES, stream);
    fclose(stream);
    if (file->n == 0 || file->n == FUZZ_MOST_BYTES) fuzz_broken(path);
}

void fuzz_store(const char *name, const struct fuzz_file *file)
{
    FILE *stream = fopen(name, "wb");
    if (stream == NULL || fwrite(file->bytes, 1, file->n, stream) != file->n) fuzz_broken(name);
    fclose(stream);
}

/* ---- the promises */

/* Text that may go to a terminal: plain, and line ends where `lines`. */
static bool is_plain(const char *text, size_t n, bool lines)
{
    for (size_t taken = 0; n > 0; n -= taken, text += taken) {
        uint32_t code = 0;
        taken = cairn_utf8_read(text, n, &code);
        if (taken == 0 || (!cairn_utf8_is_plain(code) && !(lines && code == '\n'))) return false;
    }
    return true;
}

static void check_stdout(void)
{
    static char text[1 << 16];
    fflush(stdout);
    ssize_t n = pread(STDOUT_FILENO, text, sizeof text, 0);
    if (n < (ssize_t)sizeof text && n > 0 && !is_plain(text, (size_t)n, true))
        fuzz_broken("control characters on stdout");
}

static void check_folder(void)
{
    DIR *names = opendir(".");
    for (struct dirent *entry = readdir(names); entry != NULL; entry = readdir(names)) {
        size_t n = strlen(entry->d_name);
        if (n > 4 && strcmp(entry->d_name + n - 4, ".tmp") == 0)
            fuzz_broken("an unfinished file stays");
        if (strcmp(entry->d_name, "ran") == 0) fuzz_broken("a command was run");
    }
    closedir(names);
}

static void check_end(const char *name, cairn_status st)
{
    const char *text = cairn_error_text();
    if (st != 0 && st != 2 && st != 3 && st != 4 && st != 6)
        fuzz_broken("a status that must not be");
    if (st != 0 && text[0] == '\0') fuzz_broken("no sentence");
    if (st != 0 && !is_plain(text, strlen(text), false))
        fuzz_broken("a sentence that is not plain");
    if (strcmp(name, "sample") != 0) check_stdout(); /* which writes the text of the model */
    check_folder();
}

void fuzz_command(cairn_comm *comm, const char *const *words)
{
    char text[MOST_WORDS][FUZZ_WORD_BYTES + 4096];
    char *value[MOST_WORDS + 1] = {NULL};
    struct cairn_arguments arguments = {.value = value};
    size_t i = 0;
    for (; words[arguments.count + 1] != NULL; arguments.count++) {
        snprintf(text[arguments.count], sizeof text[0], "%s", words[arguments.count + 1]);
        value[arguments.count] = text[arguments.count];
    }
    while (strcmp(commands[i]->name, words[0]) != 0) i++;
    if (ftruncate(STDOUT_FILENO, 0) != 0 || lseek(STDOUT_FILENO, 0, SEEK_SET) != 0)
        fuzz_broken("stdout");
    cairn_status st = commands[i]->run(&arguments, commands[i]->collective ? comm : NULL);
    check_end(words[0], st);
    shared->n[st]++;
}

/* ---- processes */

static void limit(void)
{
    const struct itimerval processor = {.it_value = {.tv_sec = processor_s}};
    const struct itimerval wall = {.it_value = {.tv_sec = wall_s}};
    setitimer(ITIMER_PROF, &processor, NULL);
    setitimer(ITIMER_REAL, &wall, NULL);
}

bool fuzz_make(struct fuzz_random *random, const char *path,
               void (*make)(struct fuzz_random *random, const char *path))
{
    int how = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        limit();
        make(random, path);
        shared->made = *random;
        _exit(0);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL); /* the child has its own limits */
    if (child < 0 || waitpid(child, &how, 0) != child) fuzz_broken("no process");
    limit();
    if (how == 0) *random = shared->made;
    shared->n_unmade += how != 0;
    return how == 0;
}

static void redirect(const char *name, int fd)
{
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || dup2(file, fd) < 0) _exit(97);
    close(file);
}

static void run_batch(const struct fuzz_kind *kind, uint64_t seed, uint64_t end)
{
    char version[32];
    cairn_comm *comm = NULL;
    redirect("out", STDOUT_FILENO);
    redirect("err", STDERR_FILENO);
    setvbuf(stderr, NULL, _IONBF, 0);
    cairn_log_set_level(CAIRN_LOG_QUIET);
    cairn_h5_version(version); /* HDF5 starts in our way: it prints nothing */
    if (kind->uses_mpi && cairn_comm_open(&comm) != CAIRN_OK) fuzz_broken("MPI does not start");
#ifndef __SANITIZE_ADDRESS__
    setrlimit(RLIMIT_AS, &(struct rlimit){memory_bytes, memory_bytes});
#endif
    for (; shared->index < end; shared->index++) {
        struct fuzz_random random = {.state = (seed << 40) ^ shared->index * 0x2545f4914f6cdd1du};
        fuzz_next(&random);
        if (ftruncate(STDERR_FILENO, 0) != 0 || lseek(STDERR_FILENO, 0, SEEK_SET) != 0) _exit(97);
        limit();
        kind->run(&random, comm);
    }
    setitimer(ITIMER_PROF, &(struct itimerval){0}, NULL);
    cairn_comm_close(comm);
    fflush(NULL);
    _exit(0);
}

static void keep_input(const char *kind, uint64_t seed)
{
    static const char *const endings[] = {"h5",  "yaml", "csv", "idx", "txt",
                                          "npy", "npz",  "svm", "bin", "png"};
    char from[64];
    char to[256];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(from, sizeof from, "input.%s", endings[i]);
        snprintf(to, sizeof to, "failed-%s-%" PRIu64 "-%" PRIu64 ".%s", kind, seed, shared->index,
                 endings[i]);
        if (rename(from, to) != 0 && errno != ENOENT) perror(to);
    }
    snprintf(to, sizeof to, "failed-%s-%" PRIu64 "-%" PRIu64 ".err", kind, seed, shared->index);
    if (rename("err", to) != 0) perror(to);
}

/* HDF5 crashed, and the program said so and ended as promised; under a sanitizer also where that
 * found the fault inside of HDF5. */
static bool was_caught(int how)
{
    static char text[1 << 16];
    FILE *stream = fopen("err", "rb");
    if (stream == NULL || !WIFEXITED(how)) return false;
    text[fread(text, 1, sizeof text - 1, stream)] = '\0';
    fclose(stream);
    if (WEXITSTATUS(how) == CAIRN_DATA) return strstr(text, "crashes the HDF5 library") != NULL;
    const char *second = strstr(text, "    #1 ");
    return WEXITSTATUS(how) == 99 && second != NULL &&
           memchr(second, '\n', strlen(second)) != NULL && strstr(second, "libhdf5") != NULL &&
           strstr(second, "libhdf5") < strchr(second, '\n');
}

/* Say that this input failed, and whether it does so by itself: if not, an earlier one of its batch
 * has spoilt the memory of the process, which AddressSanitizer finds. */
static void tell_failure(const struct fuzz_kind *kind, uint64_t seed, int how)
{
    int alone = 0;
    printf("%s %" PRIu64 " %" PRIu64 ": %s %d", kind->name, seed, shared->index,
           WIFSIGNALED(how) ? "signal" : "exit",
           WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how));
    keep_input(kind->name, seed);
    fflush(NULL);
    uint64_t index = shared->index;
    pid_t child = fork();
    if (child == 0) run_batch(kind, seed, index + 1);
    bool ran = child > 0 && waitpid(child, &alone, 0) == child;
    printf(ran && (alone == 0 || was_caught(alone)) ? ", but not alone\n" : "\n");
    shared->index = index;
}

/* Run all inputs, in batches; answers how many failed. */
static uint64_t run_kind(const struct fuzz_kind *kind, uint64_t seed, uint64_t first,
                         uint64_t count)
{
    uint64_t n_failed = 0;
    memset(shared, 0, sizeof *shared);
    shared->index = first;
    while (shared->index < first + count) {
        int how = 0;
        uint64_t end =
            shared->index + BATCH < first + count ? shared->index + BATCH : first + count;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) run_batch(kind, seed, end);
        if (child < 0 || waitpid(child, &how, 0) != child) return n_failed + 1;
        if (how == 0) continue;
        if (was_caught(how)) {
            shared->index++;
            shared->n_caught++;
            continue;
        }
        tell_failure(kind, seed, how);
        shared->index++;
        n_failed++;
    }
    printf("%s: %" PRIu64 " inputs from seed %" PRIu64 ", %" PRIu64 " failed, %" PRIu64
           " crashed HDF5 and ended with 3; commands by exit code:",
           kind->name, count, seed, n_failed, shared->n_caught);
    for (int i = 0; i < MOST_STATUS; i++)
        if (shared->n[i] > 0) printf(" %d: %" PRIu64, i, shared->n[i]);
    if (shared->n_unmade > 0)
        printf("; HDF5 crashed making %" PRIu64 ", which were left out", shared->n_unmade);
    printf("\n");
    return n_failed;
}

int main(int argc, char **argv)
{
    cairn_process_begin(); /* as in the program */
    uint64_t n_failed = 0;
    bool known = false;
    if (argc == 4 && strcmp(argv[1], "old") == 0) return !fuzz_write_old(argv[2], argv[3]);
    if (argc == 5 && strcmp(argv[1], "run") == 0) {
        valid_make(strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10), argv[2]);
        return 0;
    }
    if (argc != 6) {
        fprintf(stderr, "usage: cairn_fuzz SEEDS KIND|all SEED FIRST COUNT\n");
        return 2;
    }
    fuzz_seeds = argv[1];
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return 2;
    for (size_t i = 0; fuzz_kind_at(i) != NULL; i++) {
        const struct fuzz_kind *kind = fuzz_kind_at(i);
        if (strcmp(argv[2], "all") != 0 && strcmp(argv[2], kind->name) != 0) continue;
        known = true;
        n_failed += run_kind(kind, strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
                             strtoull(argv[5], NULL, 10));
    }
    return known ? n_failed > 0 : 2;
}
