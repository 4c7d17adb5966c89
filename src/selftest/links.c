/* SPDX-License-Identifier: BSD-3-Clause
 * Interfaces as Linux shows them: /sys/class/net/NAME/speed in Mbit/s,
 * /sys/class/infiniband/NAME/ports/N/rate as "100 Gb/sec (4X EDR)". */
#include "selftest/links.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

static double read_number(const char *path)
{
    char text[64] = "";
    FILE *stream = fopen(path, "r");
    if (stream == NULL) return 0;
    const char *line = fgets(text, sizeof text, stream); /* some have no speed while down */
    fclose(stream);
    return line == NULL ? 0 : strtod(line, NULL);
}

static void take(const char *name, double bytes_per_s, struct cairn_interface *out)
{
    if (bytes_per_s <= out->bytes_per_s) return;
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof out->name - 1, name);
    out->bytes_per_s = bytes_per_s;
}

/* Each interface below a folder of /sys, whose file `rest` counts in `unit` bytes a second. */
static void look(const char *root, const char *class, const char *rest, double unit,
                 struct cairn_interface *out)
{
    char folder[CAIRN_PATH_BYTES], path[2 * CAIRN_PATH_BYTES];
    snprintf(folder, sizeof folder, "%s/sys/class/%s", root, class);
    DIR *stream = opendir(folder);
    if (stream == NULL) return;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s/%s", folder, entry->d_name, rest);
        take(entry->d_name, unit * read_number(path), out);
    }
    closedir(stream);
}

void cairn_interface_fastest(const char *root, struct cairn_interface *out)
{
    *out = (struct cairn_interface){.bytes_per_s = 0};
    look(root, "net", "speed", 1e6 / 8, out);
    look(root, "infiniband", "ports/1/rate", 1e9 / 8, out);
}
