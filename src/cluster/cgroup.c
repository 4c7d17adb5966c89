/* SPDX-License-Identifier: BSD-3-Clause
 * Affinity, control groups and memory, out of /proc and /sys. */
#include "cluster/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/system.h"

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

/* What a file of a group says of a limit; 0: none. */
typedef double limit_of(const char *root, const char *folder);

static double cpus_v2(const char *root, const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    char *end = NULL;
    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path) return 0;
    if (!read_line(root, path, line) || strncmp(line, "max", 3) == 0) return 0;
    double quota = strtod(line, &end);
    double period = strtod(end, NULL);
    return period > 0 ? quota / period : 0;
}

static double number_in(const char *root, const char *folder, const char *name)
{
    char path[CAIRN_PATH_BYTES];
    char line[LINE_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) return 0;
    return read_line(root, path, line) ? strtod(line, NULL) : 0;
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

/* The tightest limit from the group at `path` up; a container may show no more than the root. */
static void walk_up(const char *root, const char *mount, const char *path, limit_of *limit,
                    double *least, uint64_t *group)
{
    char folder[CAIRN_PATH_BYTES];
    int n = snprintf(folder, sizeof folder, "%s%s", mount, strcmp(path, "/") == 0 ? "" : path);
    if (n < 0 || (size_t)n >= sizeof folder) return;
    for (size_t top = strlen(mount);;) {
        double here = limit(root, folder);
        if (here > 0 && (*least == 0 || here < *least)) {
            *least = here;
            *group = cairn_system_text_hash(folder);
        }
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= top || slash == NULL) break;
        *slash = '\0';
    }
}

struct cairn_cgroup cairn_cgroup_read(const char *root)
{
    static const char *const unified[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    struct cairn_cgroup out = {0};
    char path[LINE_BYTES];
    double memory = 0;
    for (int i = 0; i < 2 && find_group(root, "", path); i++) {
        walk_up(root, unified[i], path, cpus_v2, &out.cpus, &out.cpus_group);
        walk_up(root, unified[i], path, memory_v2, &memory, &out.memory_group);
    }
    if (find_group(root, "cpu", path))
        walk_up(root, "/sys/fs/cgroup/cpu", path, cpus_v1, &out.cpus, &out.cpus_group);
    if (find_group(root, "memory", path))
        walk_up(root, "/sys/fs/cgroup/memory", path, memory_v1, &memory, &out.memory_group);
    out.memory_bytes = (uint64_t)memory;
    return out;
}
