/* SPDX-License-Identifier: BSD-3-Clause
 * Paths as they are stored: variables expanded, absolute.  Looks at no file: whether one is there
 * is seen on opening. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "config/parts.h"

/* A path that is being written. */
struct path {
    char text[CAIRN_PATH_BYTES];
    size_t n;
};

static cairn_status append(struct path *path, const char *text, size_t n)
{
    if (n >= CAIRN_PATH_BYTES - path->n)
        return cairn_fail(CAIRN_USAGE, "the path is longer than %d bytes", CAIRN_PATH_BYTES - 1);
    memcpy(path->text + path->n, text, n);
    path->n += n;
    path->text[path->n] = '\0';
    return CAIRN_OK;
}

/* Append the value of the variable at `text`, which starts after "${"; *used counts the bytes of
 * "NAME}". */
static cairn_status append_variable(struct path *path, const char *text, size_t *used)
{
    char name[128];
    size_t n = strcspn(text, "}");
    if (text[n] == '\0' || n == 0 || n >= sizeof name)
        return cairn_fail(CAIRN_USAGE, "'${%s' is not ${NAME}", text);
    memcpy(name, text, n);
    name[n] = '\0';
    const char *value = getenv(name);
    if (value == NULL) return cairn_fail(CAIRN_USAGE, "${%s} is not set in the environment", name);
    *used = n + 1;
    return append(path, value, strlen(value));
}

static cairn_status expand(const char *text, struct path *path)
{
    while (*text != '\0') {
        const char *variable = strstr(text, "${");
        size_t plain = variable == NULL ? strlen(text) : (size_t)(variable - text);
        size_t used = 0;
        CAIRN_TRY(append(path, text, plain));
        if (variable != NULL) CAIRN_TRY(append_variable(path, variable + 2, &used));
        text += variable == NULL ? plain : plain + 2 + used;
    }
    return CAIRN_OK;
}

/* The folder of the file `beside`, or the working folder, absolute, with a slash at its end. */
static cairn_status append_folder(struct path *path, const char *beside)
{
    const char *slash = beside == NULL ? NULL : strrchr(beside, '/');
    if (slash == NULL || beside[0] != '/') {
        if (getcwd(path->text, CAIRN_PATH_BYTES) == NULL)
            return cairn_fail(CAIRN_USAGE, "the working folder cannot be found: %s",
                              strerror(errno));
        path->n = strlen(path->text);
        if (path->text[path->n - 1] != '/') CAIRN_TRY(append(path, "/", 1));
    }
    while (slash != NULL && strncmp(beside, "./", 2) == 0) beside += 2 + strspn(beside + 2, "/");
    return slash == NULL || slash < beside ? CAIRN_OK
                                           : append(path, beside, (size_t)(slash + 1 - beside));
}

/* The length of the UTF-8 character at `c`, or 0 where it is not valid. */
static size_t character_bytes(const unsigned char *c)
{
    size_t n = c[0] < 0x80                   ? 1
               : c[0] >= 0xC2 && c[0] < 0xE0 ? 2
               : c[0] >= 0xE0 && c[0] < 0xF0 ? 3
                                             : 4;
    if ((c[0] >= 0x80 && c[0] < 0xC2) || c[0] > 0xF4) return 0;
    for (size_t i = 1; i < n; i++)
        if ((c[i] & 0xC0) != 0x80) return 0;
    return n;
}

/* A run file can hold it: UTF-8 without control characters. */
static cairn_status check_text(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    while (*c != '\0') {
        size_t n = character_bytes(c);
        if (n == 0 || *c < ' ' || *c == 0x7F)
            return cairn_fail(CAIRN_USAGE, "the path '%s' is not text in UTF-8", text);
        c += n;
    }
    return CAIRN_OK;
}

cairn_status cairn_path_resolve(const char *text, const char *beside, char **out)
{
    struct path expanded = {.n = 0};
    struct path whole = {.n = 0};
    CAIRN_TRY(expand(text, &expanded));
    const char *rest = expanded.text;
    if (*rest == '\0') return cairn_fail(CAIRN_USAGE, "the path is empty");
    if (*rest != '/') {
        CAIRN_TRY(append_folder(&whole, beside));
        while (strncmp(rest, "./", 2) == 0) rest += 2 + strspn(rest + 2, "/");
    }
    CAIRN_TRY(append(&whole, rest, strlen(rest)));
    CAIRN_TRY(check_text(whole.text));
    return cairn_memory_text(whole.text, out);
}
