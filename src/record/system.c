/* SPDX-License-Identifier: BSD-3-Clause
 * Facts of the machine, the process and the build. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "record/system.h"

#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "base/words.h"
#include "cairn/version.h"
#include "record/build_info.h"
#include "record/commit.h"

const struct cairn_build *cairn_system_build(void)
{
    static const struct cairn_build build = {
        .version = CAIRN_VERSION,
        .commit = CAIRN_BUILD_COMMIT,
        .compiler = CAIRN_BUILD_COMPILER,
        .flags = CAIRN_BUILD_FLAGS,
        .type = CAIRN_BUILD_TYPE,
        .arch = CAIRN_BUILD_ARCH,
    };
    return &build;
}

static void set(char text[CAIRN_SYSTEM_TEXT_BYTES], const char *value)
{
    snprintf(text, CAIRN_SYSTEM_TEXT_BYTES, "%s", value);
}

void cairn_system_host(char text[CAIRN_SYSTEM_TEXT_BYTES])
{
    if (gethostname(text, CAIRN_SYSTEM_TEXT_BYTES) != 0 || text[0] == '\0') set(text, "unknown");
    text[CAIRN_SYSTEM_TEXT_BYTES - 1] = '\0';
}

void cairn_system_release(char text[CAIRN_SYSTEM_TEXT_BYTES])
{
    struct utsname names;
    set(text, "unknown");
    if (uname(&names) == 0)
        snprintf(text, CAIRN_SYSTEM_TEXT_BYTES, "%.80s %.80s %.80s", names.sysname, names.release,
                 names.machine);
}

const char *cairn_system_job(void)
{
    static const char *const names[] = {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "FLUX_JOB_ID",
                                        "JOB_ID"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *job = getenv(names[i]);
        if (job != NULL && *job != '\0') return job;
    }
    return NULL;
}

/* The value of a line "name : value", which is cut at its end for it; else NULL. */
static const char *value_of(const char *name, char *line)
{
    char *colon = strchr(line, ':');
    if (strncmp(line, name, strlen(name)) != 0 || colon == NULL) return NULL;
    line[strcspn(line, "\n")] = '\0';
    return colon + 1 + strspn(colon + 1, " \t");
}

void cairn_system_cpu_in(const char *path, char text[CAIRN_SYSTEM_TEXT_BYTES])
{
    static const char *const number[] = {"CPU implementer", "CPU variant", "CPU part",
                                         "CPU revision"};
    const size_t n_numbers = sizeof number / sizeof number[0];
    char line[4096]; /* the line of flags is long */
    size_t n = 0;
    FILE *file = fopen(path, "r");
    while (file != NULL && n < n_numbers && fgets(line, sizeof line, file) != NULL) {
        const char *model = value_of("model name", line);
        const char *value = value_of(number[n], line);
        const size_t used = strlen(text);
        if (model != NULL) {
            set(text, model);
            break;
        }
        if (value == NULL) continue;
        snprintf(text + used, CAIRN_SYSTEM_TEXT_BYTES - used, ", %s %.40s",
                 number[n++] + strlen("CPU "), value);
    }
    if (file != NULL) fclose(file);
}

void cairn_system_cpu(char text[CAIRN_SYSTEM_TEXT_BYTES])
{
    struct utsname names;
    set(text, uname(&names) == 0 ? names.machine : "unknown");
    cairn_system_cpu_in("/proc/cpuinfo", text);
}

cairn_status cairn_system_command(char **out)
{
    enum { MOST_BYTES = 1 << 16 };
    char *words = NULL;
    char *text = NULL;
    size_t n_text = 0;
    CAIRN_TRY(cairn_memory_get(MOST_BYTES + 1, 1, "the command line", &words));
    FILE *file = fopen("/proc/self/cmdline", "rb");
    size_t n = file == NULL ? 0 : fread(words, 1, MOST_BYTES, file);
    if (file != NULL) fclose(file);
    FILE *line = open_memstream(&text, &n_text);
    for (const char *word = words; line != NULL && word < words + n; word += strlen(word) + 1) {
        if (word > words) fputc(' ', line);
        cairn_words_quote(line, word);
    }
    if (line != NULL && n == 0) fputs("unknown", line);
    free(words);
    if (line == NULL || fclose(line) != 0) {
        free(text);
        return cairn_fail(CAIRN_MEMORY, "not enough memory for the command line");
    }
    *out = text;
    return CAIRN_OK;
}

/* Of this program: what getrusage() reports begins with the peak of who started it. */
static size_t peak_of_program(void)
{
    char line[256];
    size_t kilobytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && kilobytes == 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0) kilobytes = strtoull(line + 6, NULL, 10);
    if (file != NULL) fclose(file);
    return kilobytes * 1024;
}

size_t cairn_system_peak_rss_bytes(void)
{
    size_t n_bytes = peak_of_program();
    if (n_bytes > 0) return n_bytes;
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

uint64_t cairn_system_free_bytes(const char *path)
{
    struct statvfs about;
    return statvfs(path, &about) == 0 ? (uint64_t)about.f_bavail * about.f_frsize : 0;
}

uint64_t cairn_system_text_hash(const char *text)
{
    return XXH64(text, strlen(text), 0);
}

/* The segments of the program itself, which comes first, that nothing writes to. */
static int add_program(struct dl_phdr_info *about, size_t n_bytes, void *context)
{
    uint64_t *hash = context;
    (void)n_bytes;
    for (size_t i = 0; i < about->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &about->dlpi_phdr[i];
        const unsigned char *begin = (const unsigned char *)(about->dlpi_addr + segment->p_vaddr);
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) != 0 &&
            (segment->p_flags & PF_W) == 0)
            *hash = XXH64(begin, segment->p_filesz, *hash);
    }
    return 1;
}

uint64_t cairn_system_program_hash(void)
{
    uint64_t hash = 0;
    dl_iterate_phdr(add_program, &hash);
    return hash;
}
