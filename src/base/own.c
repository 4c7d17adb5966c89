/* SPDX-License-Identifier: BSD-3-Clause
 * Removing by open folders: a name is checked and removed in the folder that was opened, whatever
 * becomes of the path to it meanwhile. */
#include "base/own.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* On the way through a folder and those below it. */
struct walk {
    bool removes;
    struct cairn_foreign *foreign; /* NULL: nobody asks */
    char path[CAIRN_PATH_BYTES];   /* of the folder that it is in, for what is said */
};

/* ---- names */

static bool is_own_file(const struct cairn_own *own, const char *name)
{
    return own->file != NULL && (own->file(name) || cairn_file_is_unfinished_of(name, own->file));
}

static const struct cairn_own *own_folder(const struct cairn_own *own, const char *name)
{
    return own->folder == NULL ? NULL : own->folder(name);
}

static void record_foreign(struct walk *walk, const struct cairn_own *own, const char *name)
{
    struct cairn_foreign *foreign = walk->foreign;
    if (foreign == NULL || (own->stays != NULL && own->stays(name))) return;
    if (foreign->n == 0) /* a path that is cut says enough */
        snprintf(foreign->first, sizeof foreign->first, "%.*s/%.255s",
                 (int)sizeof foreign->first - 257, walk->path, name);
    foreign->n++;
}

static cairn_status refused(const struct walk *walk, const char *name, const char *what)
{
    char path[CAIRN_PATH_BYTES];
    int error = errno;
    CAIRN_TRY(cairn_path_join(walk->path, name, path));
    errno = error;
    return cairn_file_refused(path, what);
}

/* ---- one folder */

static cairn_status visit_all(struct walk *walk, int fd,
                              const struct cairn_own *own); /* takes fd */

/* A folder in the open one.  *inside is -1 where there is none of this name. */
static cairn_status open_inside(const struct walk *walk, int fd, const char *name, int *inside)
{
    struct stat about;
    *inside = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*inside >= 0 || errno == ENOENT) return CAIRN_OK;
    int error = errno;
    if (fstatat(fd, name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(about.st_mode))
        return cairn_fail(CAIRN_FILES,
                          "%s/%s: is a symbolic link, which is not followed; remove it", walk->path,
                          name);
    errno = error;
    return refused(walk, name, "the folder cannot be opened");
}

/* One name longer; walk->path[length before] = '\0' takes it back. */
static cairn_status go_into(struct walk *walk, const char *name)
{
    size_t n = strlen(walk->path);
    int more = snprintf(walk->path + n, sizeof walk->path - n, "/%s", name);
    if (n + (size_t)more < sizeof walk->path) return CAIRN_OK;
    walk->path[n] = '\0';
    return cairn_fail(CAIRN_FILES, "%.60s...: the paths in this folder are too long", walk->path);
}

static cairn_status remove_name(const struct walk *walk, int fd, const char *name, int flags)
{
    if (!walk->removes || unlinkat(fd, name, flags) == 0 || errno == ENOENT) return CAIRN_OK;
    /* a folder in which something stays */
    if (flags != 0 && (errno == ENOTEMPTY || errno == EEXIST)) return CAIRN_OK;
    return refused(walk, name, "cannot be removed");
}

static cairn_status visit_folder(struct walk *walk, int fd, const char *name,
                                 const struct cairn_own *own)
{
    int inside = -1;
    size_t n = strlen(walk->path);
    CAIRN_TRY(open_inside(walk, fd, name, &inside));
    if (inside < 0) return CAIRN_OK;
    cairn_status st = go_into(walk, name);
    if (st == CAIRN_OK)
        st = visit_all(walk, inside, own);
    else
        close(inside);
    walk->path[n] = '\0';
    return st == CAIRN_OK ? remove_name(walk, fd, name, AT_REMOVEDIR) : st;
}

static cairn_status visit(struct walk *walk, int fd, const char *name, const struct cairn_own *own)
{
    struct stat about;
    if (fstatat(fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? CAIRN_OK : refused(walk, name, "cannot be examined");
    bool is_file = S_ISREG(about.st_mode) || S_ISLNK(about.st_mode);
    const struct cairn_own *below = S_ISDIR(about.st_mode) ? own_folder(own, name) : NULL;
    if (below != NULL) return visit_folder(walk, fd, name, below);
    if (is_file && is_own_file(own, name) && (own->made == NULL || own->made(fd, name)))
        return remove_name(walk, fd, name, 0);
    record_foreign(walk, own, name);
    return CAIRN_OK;
}

/* Takes fd.  What is ours as a folder comes last: a run is known by its checkpoints, so what a
 * killed process leaves half removed is still known. */
static cairn_status visit_all(struct walk *walk, int fd, const struct cairn_own *own)
{
    cairn_status st = CAIRN_OK;
    DIR *names = fdopendir(fd);
    if (names == NULL) {
        st = cairn_file_refused(walk->path, "the folder cannot be read");
        close(fd);
        return st;
    }
    for (int folders = 0; folders < 2; folders++, rewinddir(names))
        for (struct dirent *entry = readdir(names); entry != NULL && st == CAIRN_OK;
             entry = readdir(names))
            if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
                (own_folder(own, entry->d_name) != NULL) == (folders == 1))
                st = visit(walk, fd, entry->d_name, own);
    closedir(names);
    return st;
}

/* ---- from the top */

static cairn_status visit_last(struct walk *walk, int fd, const char *name,
                               const struct cairn_own *own)
{
    struct stat about;
    if (fstatat(fd, name, &about, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(about.st_mode))
        return visit_folder(walk, fd, name, own);
    record_foreign(walk, own, name);
    return CAIRN_OK;
}

/* One step of the way at a time, so that none is a link.  `itself`: the last one goes, too. */
static cairn_status go_below(struct walk *walk, int fd, const char *below,
                             const struct cairn_own *own, bool itself)
{
    char name[CAIRN_PATH_BYTES];
    int inside = -1;
    size_t n = strcspn(below, "/");
    const char *rest = below + n + (below[n] == '/');
    snprintf(name, sizeof name, "%.*s", (int)n, below);
    if (*rest == '\0' && itself) return visit_last(walk, fd, name, own);
    CAIRN_TRY(open_inside(walk, fd, name, &inside));
    if (inside < 0) return CAIRN_OK;
    cairn_status st = go_into(walk, name);
    if (st == CAIRN_OK && *rest == '\0') return visit_all(walk, inside, own);
    if (st == CAIRN_OK) st = go_below(walk, inside, rest, own, itself);
    close(inside);
    return st;
}

static cairn_status walk_from(struct walk *walk, const char *top, const char *below,
                              const struct cairn_own *own, bool itself)
{
    CAIRN_TRY(cairn_path_copy(top, walk->path));
    int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return CAIRN_OK;
    if (fd < 0) return cairn_file_refused(top, "the folder cannot be opened");
    if (below == NULL) return visit_all(walk, fd, own);
    cairn_status st = go_below(walk, fd, below, own, itself);
    close(fd);
    return st;
}

cairn_status cairn_own_remove(const char *top, const char *below, const struct cairn_own *own,
                              struct cairn_foreign *foreign)
{
    struct walk walk = {.removes = true, .foreign = foreign};
    return walk_from(&walk, top, below, own, false);
}

cairn_status cairn_own_remove_folder(const char *top, const char *below,
                                     const struct cairn_own *own, struct cairn_foreign *foreign)
{
    struct walk walk = {.removes = true, .foreign = foreign};
    return walk_from(&walk, top, below, own, true);
}

cairn_status cairn_own_check(const char *top, const struct cairn_own *own,
                             struct cairn_foreign *foreign)
{
    struct walk walk = {.foreign = foreign};
    return walk_from(&walk, top, NULL, own, false);
}

void cairn_foreign_log(const struct cairn_foreign *foreign)
{
    if (foreign->n == 1) cairn_log_info("%s stays: Cairn did not make it", foreign->first);
    if (foreign->n > 1)
        cairn_log_info("%s and %zu more stay: Cairn did not make them", foreign->first,
                       foreign->n - 1);
}

cairn_status cairn_folder_remove(const char *folder, bool (*chosen)(const char *name))
{
    const struct cairn_own own = {.file = chosen};
    return cairn_own_remove(folder, NULL, &own, NULL);
}
