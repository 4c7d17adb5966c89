/* SPDX-License-Identifier: BSD-3-Clause
 * Affinity, control groups and memory, out of /proc and /sys. */
#include "cluster/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "record/system.h"

enum { LINE_BYTES = 4096 };

/* The first line of a file; false where there is none. */
static bool read_line(const char *root, const char *path, char line[LINE_BYTES])
{
    char whole[CAIRN_PATH_BYTES];
    int n = snprintf(whole, sizeof whole, "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof whole) return false;
    FILE *file = fopen(whole, "r");
    if (file == NULL) return false;
    bool found = fgets(line, LINE_BYTES, file) != NULL;
    fclose(file);
    return found;
}

/* What stands behind `name` in the line of a file that begins with it. */
static bool find_line(const char *root, const char *path, const char *name, char line[LINE_BYTES])
{
    char whole[CAIRN_PATH_BYTES];
    size_t n = strlen(name);
    bool found = false;
    snprintf(whole, sizeof whole, "%s%s", root, path);
    FILE *file = fopen(whole, "r");
    if (file == NULL) return false;
    while (!found && fgets(line, LINE_BYTES, file) != NULL) found = strncmp(line, name, n) == 0;
    fclose(file);
    if (found) memmove(line, line + n, strlen(line + n) + 1);
    return found;
}

uint64_t cairn_meminfo_bytes(const char *root, const char *name)
{
    char line[LINE_BYTES];
    return find_line(root, "/proc/meminfo", name, line) ? strtoull(line, NULL, 10) * 1024 : 0;
}

/* "0-3,8" */
static struct cairn_cpus parse_list(const char *text)
{
    struct cairn_cpus cpus = {{0}};
    text += strspn(text, " \t");
    while (*text >= '0' && *text <= '9') {
        char *end = NULL;
        unsigned long first = strtoul(text, &end, 10);
        unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
        for (unsigned long c = first; c <= last && c < CAIRN_MOST_CPUS; c++)
            cpus.word[c / 64] |= UINT64_C(1) << c % 64;
        text = *end == ',' ? end + 1 : end;
    }
    return cpus;
}

static bool has(const struct cairn_cpus *cpus, size_t cpu)
{
    return (cpus->word[cpu / 64] >> cpu % 64 & 1) != 0;
}

struct cairn_cpus cairn_cpus_allowed(const char *root)
{
    char line[LINE_BYTES] = "";
    find_line(root, "/proc/self/status", "Cpus_allowed_list:", line);
    return parse_list(line);
}

struct cairn_cpus cairn_cpus_online(const char *root)
{
    char line[LINE_BYTES] = "";
    read_line(root, "/sys/devices/system/cpu/online", line);
    return parse_list(line);
}

struct cairn_cpus cairn_cpus_cores(const char *root, const struct cairn_cpus *cpus)
{
    struct cairn_cpus cores = {{0}};
    for (size_t c = 0; c < CAIRN_MOST_CPUS; c++) {
        char path[128];
        char line[LINE_BYTES];
        size_t first = c;
        if (!has(cpus, c)) continue;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%zu/topology/thread_siblings_list",
                 c);
        if (read_line(root, path, line)) first = strtoul(line, NULL, 10);
        if (first >= CAIRN_MOST_CPUS) first = c;
        cores.word[first / 64] |= UINT64_C(1) << first % 64;
    }
    return cores;
}

size_t cairn_cpus_count(const struct cairn_cpus *cpus)
{
    size_t n = 0;
    for (size_t c = 0; c < CAIRN_MOST_CPUS; c++) n += has(cpus, c);
    return n;
}

void cairn_cpus_text(const struct cairn_cpus *cpus, char *text, size_t n_bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t c = 0; c < CAIRN_MOST_CPUS && used < n_bytes; c++) {
        size_t last = c;
        if (!has(cpus, c)) continue;
        while (last + 1 < CAIRN_MOST_CPUS && has(cpus, last + 1)) last++;
        const char *comma = used == 0 ? "" : ",";
        int n = last == c ? snprintf(text + used, n_bytes - used, "%s%zu", comma, c)
                          : snprintf(text + used, n_bytes - used, "%s%zu-%zu", comma, c, last);
        used += (size_t)n;
        c = last;
    }
}

/* The path of this process's group: of a v1 controller, or of v2 where `controller` is "". */
static bool find_group(const char *root, const char *controller, char path[LINE_BYTES])
{
    char whole[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    bool found = false;
    snprintf(whole, sizeof whole, "%s/proc/self/cgroup", root);
    FILE *file = fopen(whole, "r");
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL) {
        char *names = strchr(line, ':');
        char *group = names == NULL ? NULL : strchr(names + 1, ':');
        if (group == NULL) continue;
        *group++ = '\0';
        group[strcspn(group, "\n")] = '\0';
        for (char *name = names + 1; name != NULL && !found;) {
            char *comma = strchr(name, ',');
            if (comma != NULL) *comma++ = '\0';
            found = strcmp(name, controller) == 0;
            name = comma;
        }
        if (found) memcpy(path, group, strlen(group) + 1);
    }
    if (file != NULL) fclose(file);
    return found;
}

/* What the files of a group say of a limit; 0: none. */
typedef double limit_of(const char *root, const char *folder);

/* A file of a group as a path below the root. */
static bool file_of(const char *folder, const char *name, char path[CAIRN_PATH_BYTES])
{
    return snprintf(path, CAIRN_PATH_BYTES, "%s/%s", folder, name) < CAIRN_PATH_BYTES;
}

static double cpus_v2(const char *root, const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    char *end = NULL;
    if (!file_of(folder, "cpu.max", path)) return 0;
    if (!read_line(root, path, line) || strncmp(line, "max", 3) == 0) return 0;
    double quota = strtod(line, &end);
    double period = strtod(end, NULL);
    return period > 0 ? quota / period : 0;
}

static double number_in(const char *root, const char *folder, const char *name)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    if (!file_of(folder, name, path)) return 0;
    return read_line(root, path, line) ? strtod(line, NULL) : 0;
}

/* The number behind `word` in a file of lines of a word and a number; 0 where there is none. */
static double number_at(const char *root, const char *folder, const char *name, const char *word)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    if (!file_of(folder, name, path)) return 0;
    return find_line(root, path, word, line) ? strtod(line, NULL) : 0;
}

static double cpus_v1(const char *root, const char *folder)
{
    double quota = number_in(root, folder, "cpu.cfs_quota_us"); /* -1: none */
    double period = number_in(root, folder, "cpu.cfs_period_us");
    return quota > 0 && period > 0 ? quota / period : 0;
}

static double memory_v2(const char *root, const char *folder)
{
    return number_in(root, folder, "memory.max"); /* "max" is no number */
}

static double memory_v1(const char *root, const char *folder)
{
    double bytes = number_in(root, folder, "memory.limit_in_bytes");
    return bytes < 0x1p62 ? bytes : 0; /* as large as can be: none */
}

/* Of a limit what is not in use; a byte where all is, since 0 is no limit. */
static double left_of(double limit, double used, double cache)
{
    if (limit == 0) return 0;
    return limit - used + cache > 1 ? limit - used + cache : 1;
}

static double left_v2(const char *root, const char *folder)
{
    return left_of(memory_v2(root, folder), number_in(root, folder, "memory.current"),
                   number_at(root, folder, "memory.stat", "inactive_file ") +
                       number_at(root, folder, "memory.stat", "active_file "));
}

static double left_v1(const char *root, const char *folder)
{
    return left_of(memory_v1(root, folder), number_in(root, folder, "memory.usage_in_bytes"),
                   number_at(root, folder, "memory.stat", "total_inactive_file ") +
                       number_at(root, folder, "memory.stat", "total_active_file "));
}

/* The least there is on the way up, and the group that says so; zeroed where there is none. */
struct tightest {
    double limit;
    char folder[CAIRN_PATH_BYTES];
};

/* From the group at `path` up; a container may show no more than the root. */
static void walk_up(const char *root, const char *mount, const char *path, limit_of *limit,
                    struct tightest *least)
{
    char folder[CAIRN_PATH_BYTES];
    int n = snprintf(folder, sizeof folder, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
    if (n < 0 || (size_t)n >= sizeof folder) return;
    for (size_t top = strlen(mount);;) {
        double here = limit(root, folder);
        if (here > 0 && (least->limit == 0 || here < least->limit)) {
            least->limit = here;
            memcpy(least->folder, folder, strlen(folder) + 1);
        }
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= top || slash == NULL) break;
        *slash = '\0';
    }
}

/* Where the unified hierarchy may be, and the controllers of version 1. */
static const char *const unified[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

static void walk_v2(const char *root, limit_of *limit, struct tightest *least)
{
    char path[LINE_BYTES];
    if (!find_group(root, "", path)) return;
    for (int i = 0; i < 2; i++) walk_up(root, unified[i], path, limit, least);
}

static void walk_v1(const char *root, const char *controller, limit_of *limit,
                    struct tightest *least)
{
    char mount[64];
    char path[LINE_BYTES];
    snprintf(mount, sizeof mount, "/sys/fs/cgroup/%s", controller);
    if (find_group(root, controller, path)) walk_up(root, mount, path, limit, least);
}

static uint64_t group_of(const struct tightest *least)
{
    return least->limit > 0 ? cairn_system_text_hash(least->folder) : 0;
}

struct cairn_cgroup cairn_cgroup_read(const char *root)
{
    struct tightest cpus = {0};
    struct tightest memory = {0};
    struct tightest left = {0};
    walk_v2(root, cpus_v2, &cpus);
    walk_v2(root, memory_v2, &memory);
    walk_v2(root, left_v2, &left);
    walk_v1(root, "cpu", cpus_v1, &cpus);
    walk_v1(root, "memory", memory_v1, &memory);
    walk_v1(root, "memory", left_v1, &left);
    return (struct cairn_cgroup){.cpus = cpus.limit,
                                 .cpus_group = group_of(&cpus),
                                 .memory_bytes = (uint64_t)memory.limit,
                                 .memory_group = group_of(&memory),
                                 .memory_left = (uint64_t)left.limit};
}

/* "Limits" of a group that has such a file: found first, at the bottom, they are the tightest. */
static double has_events_v2(const char *root, const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    return file_of(folder, "memory.events", path) && read_line(root, path, line) ? 1 : 0;
}

static double has_events_v1(const char *root, const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    return file_of(folder, "memory.oom_control", path) && read_line(root, path, line) ? 1 : 0;
}

uint64_t cairn_cgroup_killed(const char *root)
{
    struct tightest v2 = {0};
    struct tightest v1 = {0};
    walk_v2(root, memory_v2, &v2);
    if (v2.limit == 0) walk_v2(root, has_events_v2, &v2);
    walk_v1(root, "memory", has_events_v1, &v1); /* a group counts its own processes alone */
    return (uint64_t)(number_at(root, v2.folder, "memory.events", "oom_kill ") +
                      number_at(root, v1.folder, "memory.oom_control", "oom_kill "));
}
