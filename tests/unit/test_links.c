/* SPDX-License-Identifier: BSD-3-Clause
 * The fastest interface of a host, from planted trees of /sys. */
#include "selftest/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"

static char root[] = "/tmp/cairn-links-XXXXXX";

static void plant(const char *path, const char *text)
{
    char whole[CAIRN_PATH_BYTES];
    snprintf(whole, sizeof whole, "%s/sys/class/%s", root, path);
    char *slash = strrchr(whole, '/');
    *slash = '\0';
    assert_int_equal(cairn_folder_make(whole), CAIRN_OK);
    *slash = '/';
    assert_int_equal(cairn_file_replace(whole, text, strlen(text)), CAIRN_OK);
}

static int set_up(void **state)
{
    (void)state;
    memcpy(root + sizeof root - 7, "XXXXXX", 6);
    return mkdtemp(root) == NULL;
}

static int tear_down(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static void nothing_is_known(void **state)
{
    (void)state;
    struct cairn_interface found;
    cairn_interface_fastest(root, &found);
    assert_true(found.bytes_per_s == 0);
    plant("net/eth0/speed", "-1\n"); /* of a virtual machine */
    plant("net/lo/address", "00:00:00:00:00:00\n");
    cairn_interface_fastest(root, &found);
    assert_true(found.bytes_per_s == 0);
    assert_string_equal(found.name, "");
}

static void the_fastest_counts(void **state)
{
    (void)state;
    struct cairn_interface found;
    plant("net/eth0/speed", "1000\n");
    plant("net/eth1/speed", "25000\n");
    cairn_interface_fastest(root, &found);
    assert_string_equal(found.name, "eth1");
    assert_true(found.bytes_per_s == 25e9 / 8);
    plant("infiniband/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)\n");
    cairn_interface_fastest(root, &found);
    assert_string_equal(found.name, "mlx5_0");
    assert_true(found.bytes_per_s == 100e9 / 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_fastest_counts, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
