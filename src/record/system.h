/* SPDX-License-Identifier: BSD-3-Clause
 * Facts of the machine, the process and the build, for provenance.json and summary.json.  Texts
 * that cannot be had are "unknown".  Not for MPI, BLAS and HDF5: who uses them asks them.
 * Local. */
#ifndef CAIRN_RECORD_SYSTEM_H
#define CAIRN_RECORD_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#include "cairn/status.h"

enum { CAIRN_SYSTEM_TEXT_BYTES = 256 };

/** How this program was built. */
struct cairn_build {
    const char *version;  /* CAIRN_VERSION */
    const char *commit;   /* 40 hex digits, with "-dirty" where the source differed; "unknown" where
                             neither git nor a release says it */
    const char *compiler; /* "GNU 12.2.0" */
    const char *flags;    /* of the compiler */
    const char *type;     /* "Release" */
    const char *arch;     /* CAIRN_ARCH: "native", "x86-64-v3" */
};

/** How this program was built.  Ranks: local.  Errors: none. */
const struct cairn_build *cairn_system_build(void);

/** The name of this host.  Ranks: local.  Errors: none. */
void cairn_system_host(char text[CAIRN_SYSTEM_TEXT_BYTES]);

/** The CPU's model by its own words; on Arm, whose CPUs have none, by its numbers ("aarch64,
 * implementer 0x41, variant 0x3, part 0xd0c, revision 1"); else the architecture.  Ranks: local.
 * Errors: none. */
void cairn_system_cpu(char text[CAIRN_SYSTEM_TEXT_BYTES]);

/** The same of a file like /proc/cpuinfo, of its first CPU; `text` is the architecture before, and
 * stays so where the file says nothing.  Ranks: local.  Errors: none. */
void cairn_system_cpu_in(const char *path, char text[CAIRN_SYSTEM_TEXT_BYTES]);

/** Name, release and machine of the operating system: "Linux 6.1.0-18-amd64 x86_64".  Ranks: local.
 * Errors: none. */
void cairn_system_release(char text[CAIRN_SYSTEM_TEXT_BYTES]);

/** The job of a scheduler in which this process runs, by that one's number; NULL: none is known.
 * Ranks: local.  Errors: none. */
const char *cairn_system_job(void);

/** The command line of this process as one would type it into a shell, to be released with free().
 *  Ranks: local.  Errors: CAIRN_MEMORY. */
CAIRN_CHECKED cairn_status cairn_system_command(char **out);

/** The most memory this process has held, in bytes.  Ranks: local.  Errors: none. */
size_t cairn_system_peak_rss_bytes(void);

/** Bytes that may still be written where `path` lies; 0 where that is not known.  Ranks: local.
 * Errors: none. */
uint64_t cairn_system_free_bytes(const char *path);

/** XXH64, seed 0, of a text.  Ranks: local.  Errors: none. */
uint64_t cairn_system_text_hash(const char *text);

/** A hash of what this program is made of: code and constants as they lie in memory, so
 * that no file is read for it.  Ranks: local.  Errors: none. */
uint64_t cairn_system_program_hash(void);

#endif
