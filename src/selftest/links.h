/* SPDX-License-Identifier: BSD-3-Clause
 * Inside selftest/: what the interfaces of this host say of themselves.  Local. */
#ifndef CAIRN_SELFTEST_LINKS_H
#define CAIRN_SELFTEST_LINKS_H

/** An interface; 0: none says how fast it is. */
struct cairn_interface {
    char name[32];
    double bytes_per_s;
};

/** The fastest that is up, of those of the network and of InfiniBand; `root` is put before the
 * paths of /sys, and "" outside of tests.  Ranks: local.  Errors: none. */
void cairn_interface_fastest(const char *root, struct cairn_interface *out);

#endif
