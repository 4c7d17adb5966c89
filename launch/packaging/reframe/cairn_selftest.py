# SPDX-License-Identifier: BSD-3-Clause
# `cairn selftest` as a ReFrame test: passes where its file says that all parts passed, and keeps figures of it.
#
#   reframe -C SITE_SETTINGS -c cairn_selftest.py -r                       all partitions and environments
#   reframe ... -r -S cairn_selftest.ranks=64 -S cairn_selftest.ranks_per_node=16
#   reframe ... -r -S cairn_selftest.program=/opt/cairn/bin/cairn -S cairn_selftest.quick=1
#
# Modules and containers are those of the environment in the site's settings.
import json
import os

import reframe as rfm
import reframe.utility.sanity as sn


@rfm.simple_test
class cairn_selftest(rfm.RunOnlyRegressionTest):
    descr = "Cairn does what it promises where it is installed"
    valid_systems = ["*"]
    valid_prog_environs = ["*"]

    program = variable(str, value="cairn")
    ranks = variable(int, value=2)
    ranks_per_node = variable(int, value=0)  # 0: as the launcher puts them
    minutes = variable(float, value=10.0)
    quick = variable(int, value=0)
    more = variable(str, value="")  # further flags: --link=2us,12.5GB/s

    time_limit = "20m"
    tags = {"cairn", "production"}

    @run_after("init")
    def set_program(self):
        self.executable = self.program
        self.num_tasks = self.ranks
        if self.ranks_per_node > 0:
            self.num_tasks_per_node = self.ranks_per_node
        self.executable_opts = ["selftest", "--out", ".", "--minutes", str(self.minutes)]
        if self.quick:
            self.executable_opts.append("--quick")
        self.executable_opts += self.more.split()

    def read(self):
        with open(os.path.join(self.stagedir, "selftest.json")) as file:
            return json.load(file)

    @sanity_function
    def all_parts_passed(self):
        return sn.assert_eq(self.reasons(), "", "{0}")

    @deferrable
    def reasons(self):
        """What failed, in the words of the page: ReFrame shows it as the reason."""
        try:
            test = self.read()
        except (OSError, ValueError):
            return self.last_words()
        reasons = [f"{part['name']}: {part['message']}" for part in test["parts"] if part["outcome"] == "failed"]
        if test["ranks"] != self.ranks:
            reasons.append(f"the test had {test['ranks']} ranks in place of {self.ranks}")
        return "; ".join(reasons)

    def last_words(self):
        """Without a file the test did not come to its end: Cairn's own line, or else the last ones of the launcher."""
        with open(os.path.join(self.stagedir, sn.evaluate(self.stderr))) as file:
            lines = [line.strip() for line in file if line.strip("- \n")]
        own = [line for line in lines if line.startswith("cairn: ")]
        return "no selftest.json: " + " ".join(own[:1] or lines[-5:] or ["nothing was said"])

    @deferrable
    def figure(self, name):
        return next(part["figures"][name] for part in self.read()["parts"] if name in part["figures"])

    @run_before("performance")
    def set_figures(self):
        units = {
            "mlp_update_s": "s",
            "net3d_update_s": "s",
            "mlp_strong_efficiency": "1",
            "mlp_weak_efficiency": "1",
            "net3d_strong_efficiency": "1",
            "net3d_weak_efficiency": "1",
            "link_bytes_per_s": "B/s",
            "sum_efficiency_1_mib": "1",
            "sum_efficiency_16_mib": "1",
            "predicted_further_s": "s",
        }
        there = {name for part in self.read()["parts"] for name in part["figures"]}
        self.perf_variables = {
            name: sn.make_performance_function(self.figure(name), unit) for name, unit in units.items() if name in there
        }
