/* SPDX-License-Identifier: BSD-3-Clause
 * The names of a run's own files, and whose folder it is. */
#include "record/run_own.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* All that run_folder.c, ranks.c and profile.c write, besides the logs below; a test holds that a
 * run leaves nothing else. */
static const char *const names[] = {
    "config.yaml", "metrics.csv", "eval.csv",    "gradflow.csv", "accumulation.csv",
    "ledger.csv",  "ranks.csv",   "profile.csv", "summary.json", "provenance.json"};
enum { N_NAMES = sizeof names / sizeof names[0] };

bool cairn_run_owns(const char *name)
{
    if (strcmp(name, CAIRN_RUN_LOG) == 0 || strcmp(name, CAIRN_RUN_MLPERF) == 0)
        return true; /* with others' words in one, none is written there */
    for (size_t i = 0; i < N_NAMES; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

bool cairn_run_is_note(const char *name)
{
    static const char *const schedulers[] = {"slurm", "pbs", "lsf", "flux"};
    if (strstr(name, ".txt") == NULL) return false;
    for (size_t i = 0; i < sizeof schedulers / sizeof schedulers[0]; i++)
        if (strncmp(name, schedulers[i], strlen(schedulers[i])) == 0) return true;
    return false;
}

bool cairn_run_leaves(const char *name)
{
    static const char *const others[] = {"lock", "checkpoints", "report.html", "report-png",
                                         "report-svg"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0) return true;
    return cairn_run_is_note(name);
}

/* A folder of checkpoints may be a link to a larger disk; but old checkpoints are removed there, so
 * not where somebody else put the link. */
cairn_status cairn_run_check_checkpoints(const char *path)
{
    struct stat about;
    if (lstat(path, &about) != 0 || !S_ISLNK(about.st_mode)) return CAIRN_OK;
    if (about.st_uid == geteuid() || about.st_uid == 0) return CAIRN_OK;
    return cairn_fail(CAIRN_FILES,
                      "%s: is a symbolic link of another user (%lu), which is not followed; remove "
                      "it, or make it yourself",
                      path, (unsigned long)about.st_uid);
}

/* A run there would write over what the study knows of itself. */
static cairn_status check_no_study(const char *path)
{
    char study[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(path, "study.yaml", study));
    if (access(study, F_OK) != 0) return CAIRN_OK;
    return cairn_fail(CAIRN_USAGE, "%s: is the folder of a study; take another --out for a run",
                      path);
}

/* Other programs have a folder of this name, too: a run's is empty, or holds a checkpoint. */
static bool has_checkpoints(const char *path)
{
    char folder[CAIRN_PATH_BYTES];
    bool any = false;
    bool own = false;
    DIR *stream = cairn_path_join(path, "checkpoints", folder) == CAIRN_OK ? opendir(folder) : NULL;
    if (stream == NULL) return false;
    for (struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        any = any || entry->d_name[0] != '.';
        own = own || strncmp(entry->d_name, "update-", 7) == 0 ||
              cairn_file_is_unfinished(entry->d_name);
    }
    closedir(stream);
    return own || !any;
}

/* A run makes its folder of checkpoints before it writes anything else. */
static bool has_run(const char *path)
{
    char provenance[CAIRN_PATH_BYTES];
    return has_checkpoints(path) ||
           (cairn_path_join(path, "provenance.json", provenance) == CAIRN_OK &&
            access(provenance, F_OK) == 0);
}

cairn_status cairn_run_check_folder(const char *path)
{
    char file[CAIRN_PATH_BYTES];
    CAIRN_TRY(check_no_study(path));
    if (has_run(path)) return CAIRN_OK;
    for (size_t i = 0; i < N_NAMES; i++) {
        CAIRN_TRY(cairn_path_join(path, names[i], file));
        if (cairn_file_is_alone(file))
            return cairn_fail(CAIRN_USAGE,
                              "%s: a run writes a file of this name, and none has written this "
                              "one; take another --out, or move it away",
                              file);
    }
    return CAIRN_OK;
}

cairn_status cairn_run_log_begin(const char *folder)
{
    char path[CAIRN_PATH_BYTES];
    CAIRN_TRY(cairn_path_join(folder, CAIRN_RUN_LOG, path));
    cairn_log_copy_to(path);
    return CAIRN_OK;
}
