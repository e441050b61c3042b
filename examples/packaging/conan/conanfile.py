"""conan create examples/packaging/conan --build=missing"""

import os

from conan import ConanFile
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class NuqConan(ConanFile):
    name = "nuq"
    version = "0.1.0"
    license = "Apache-2.0"
    description = "Non-uniform weight quantization of neural networks, a header-only C++17 library"
    topics = ("quantization", "neural-networks", "compression", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    package_type = "header-library"
    generators = "CMakeDeps"

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "proto/*", "examples/packaging/*"):
            copy(self, pattern, src=root, dst=self.export_sources_folder)

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)
        self.requires("nlohmann_json/3.11.3", transitive_headers=True)
        self.requires("protobuf/3.21.12", transitive_headers=True, transitive_libs=True)

    def build_requirements(self):
        self.tool_requires("protobuf/<host_version>")

    def layout(self):
        cmake_layout(self)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for option in ("BUILD_TESTS", "BUILD_EXAMPLES", "WITH_GZIP", "WITH_OPENCV", "WITH_MPI"):
            toolchain.cache_variables["NUQ_" + option] = False
        toolchain.generate()

    def package(self):
        CMake(self).configure()
        CMake(self).install()

    def package_id(self):
        self.info.clear()

    def package_info(self):
        # Its own package file does the work: find_package(nuq) compiles the schemas with the consumer's protoc.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("share", "cmake", "nuq")]
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
