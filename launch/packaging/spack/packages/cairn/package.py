# SPDX-License-Identifier: BSD-3-Clause
from pathlib import Path

from spack.package import *


class Cairn(CMakePackage):
    """Distributed data-parallel training of neural networks in C: exact effective batches on
    any number of ranks."""

    # The repository that this file is in
    git = "file://" + str(Path(__file__).resolve().parents[5])

    license("BSD-3-Clause")

    version("main", branch="main")
    version("0.2.0", tag="v0.2.0")

    variant("onednn", default=False, description="products of matrices by oneDNN 2.x")
    variant("onnx", default=True, description="export to ONNX")
    variant("openmp", default=True, description="train.threads of more than one")
    variant("double", default=False, description="the library trains in float64")

    depends_on("c", type="build")
    depends_on("cmake@3.20:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("openblas threads=openmp", when="+openmp")
    depends_on("openblas", when="~openmp")
    depends_on("hdf5")
    depends_on("libyaml")
    depends_on("zlib-api")
    depends_on("libpng")
    depends_on("jpeg")
    depends_on("libzip")
    depends_on("xxhash")
    depends_on("jansson")
    depends_on("onednn@2.6:2", when="+onednn")
    depends_on("protobuf-c", when="+onnx")

    def cmake_args(self):
        return [
            self.define("CAIRN_TESTS", False),
            self.define("CAIRN_ARCH", ""),  # Spack's compiler wrapper adds the target's flags
            self.define("CAIRN_ONEDNN", "ON" if "+onednn" in self.spec else "OFF"),
            self.define("CAIRN_ONNX", "ON" if "+onnx" in self.spec else "OFF"),
            self.define("CAIRN_REAL", "double" if "+double" in self.spec else "float"),
        ]

    def setup_run_environment(self, env):
        env.set("CAIRN_ROOT", self.prefix)
