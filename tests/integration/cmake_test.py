# SPDX-License-Identifier: Apache-2.0
"""CMake projects find Tenon: from its sources, installed by CMake and by Meson, as a component of ESP-IDF and as a module of
Zephyr (those with stand-ins for the commands of their build systems)."""
import pathlib
import shutil
import tempfile

from programs import EXAMPLES, ROOT, expect, must, need

FIND = """cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES CXX)
find_package(tenon {version} {required})
file(WRITE "${{CMAKE_BINARY_DIR}}/found" "${{tenon_FOUND}}")
"""
SEEN = """get_target_property(found user INTERFACE_INCLUDE_DIRECTORIES)
file(WRITE "${CMAKE_BINARY_DIR}/found" "${found}")
"""
ESP_IDF = """cmake_minimum_required(VERSION 3.16)
project(user LANGUAGES CXX)
set(ESP_PLATFORM 1)
set(COMPONENT_LIB user)
add_library(user INTERFACE)
function(idf_component_register)
  cmake_parse_arguments(PARSE_ARGV 0 a "" "" "INCLUDE_DIRS")
  list(TRANSFORM a_INCLUDE_DIRS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  target_include_directories(user INTERFACE ${a_INCLUDE_DIRS})
endfunction()
""" + f'add_subdirectory("{ROOT.as_posix()}" tenon)\n' + SEEN
# What requires what is asked by a script, before there is a project.
ESP_IDF_SCRIPT = f"""macro(idf_component_register)
  message(STATUS "registered")
  return()
endmacro()
include("{ROOT.as_posix()}/CMakeLists.txt")
"""
ZEPHYR = """cmake_minimum_required(VERSION 3.20)
project(user LANGUAGES CXX)
add_library(user INTERFACE)
set(CONFIG_TENON y)
function(zephyr_include_directories folder)
  get_filename_component(folder "${folder}" ABSOLUTE)
  target_include_directories(user INTERFACE ${folder})
endfunction()
""" + f'add_subdirectory("{ROOT.as_posix()}/zephyr" tenon)\n' + SEEN


def configure(folder, text, *options):
    """What the project wrote to the file `found`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(text)
    must("cmake", "-S", folder, "-B", folder / "build", *options)
    return (folder / "build" / "found").read_text()


def main():
    need("cmake", "g++")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        must("cmake", "-S", ROOT, "-B", folder / "b", f"-DCMAKE_INSTALL_PREFIX={folder / 'first'}")
        must("cmake", "--install", folder / "b")
        must("meson", "setup", folder / "m", ROOT, f"--prefix={folder / 'meson'}", "-Dtool=disabled", "-Dtests=disabled",
             "-Dexamples=disabled", "-Dbenchmarks=disabled")
        must("meson", "install", "-C", folder / "m")
        for package in ("tenon-config.cmake", "tenon-config-version.cmake"):
            texts = {(folder / p / "share/cmake/tenon" / package).read_text() for p in ("first", "meson")}
            expect(len(texts) == 1, f"{package} of CMake and of Meson differ")
        expect((folder / "meson/share/tenon/single_header/tenon/device.hpp").is_file(), "no single header is installed")
        (folder / "first").rename(folder / "moved")  # a package may be moved

        for prefix in ("moved", "meson"):
            where = f"-DCMAKE_PREFIX_PATH={folder / prefix}"
            expect(configure(folder / "user", FIND.format(version="0.1", required="REQUIRED"), where) == "1",
                   f"find_package does not find {prefix}")
            expect(configure(folder / "user", FIND.format(version="0.2", required="QUIET"), where) == "0",
                   "a later version is found")
        for build, option in (("sources", "-DCMAKE_DISABLE_FIND_PACKAGE_tenon=ON"), ("installed", where)):
            must("cmake", "-S", EXAMPLES / "cmake", "-B", folder / build, option)
            cache = (folder / build / "CMakeCache.txt").read_text()
            expect(("FETCHCONTENT_BASE_DIR" in cache) == (build == "sources"), f"{build}: not where it should come from")
        must("cmake", "--build", folder / "installed")
        must(folder / "installed" / "digits")

        for text in (ESP_IDF, ZEPHYR):
            found = configure(folder / "user", text)
            expect(pathlib.Path(found).resolve() == ROOT / "include", f"include folder {found}")
        (folder / "script.cmake").write_text(ESP_IDF_SCRIPT)
        expect("registered" in must("cmake", "-DESP_PLATFORM=1", "-P", folder / "script.cmake"), "not a component")


if __name__ == "__main__":
    main()
