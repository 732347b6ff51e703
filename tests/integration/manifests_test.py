# SPDX-License-Identifier: Apache-2.0
"""The manifests for other build systems parse, have the keys that their formats require, name files that exist and the version
that version.hpp has. Without PyYAML those in YAML are left out, and named."""
import configparser
import importlib.util
import json
import re

from programs import EXAMPLES, ROOT, expect

VERSION = re.search(r'\* version = "([^"]+)"', (ROOT / "include/tenon/version.hpp").read_text()).group(1)
SPDX = "Apache-2.0"


def platformio():
    library = json.loads((ROOT / "library.json").read_text())
    expect({"name", "version", "description", "keywords"} <= library.keys(), "library.json lacks a key")
    expect(library["version"] == VERSION and library["license"] == SPDX, "library.json: version or license")
    build = library["build"]
    expect((ROOT / build["includeDir"] / library["headers"]).is_file(), "library.json: the header is not there")
    # What is below srcDir would be compiled, and examples and tests with it if it were the root.
    expect(not [p for p in (ROOT / build["srcDir"]).rglob("*") if p.suffix in (".c", ".cpp", ".S")], "srcDir has sources")
    for name in library["export"]["include"]:
        expect((ROOT / name).exists(), f"library.json: {name} is not there")
    project = configparser.ConfigParser()
    project.read(EXAMPLES / "platformio" / "platformio.ini")
    environments = [project[s] for s in project.sections() if s.startswith("env:")]
    expect(environments and all({"platform", "board", "framework"} <= e.keys() for e in environments), "platformio.ini: keys")
    expect(all("-std=gnu++20" in e["build_flags"] for e in environments), "platformio.ini: not C++20")
    sources = EXAMPLES / "platformio" / project["platformio"]["src_dir"]
    expect((sources / "main.cpp").is_file(), "platformio.ini: no main.cpp")
    for environment in environments:
        library_folder = EXAMPLES / "platformio" / environment["lib_deps"].removeprefix("symlink://")
        expect((library_folder / "library.json").is_file(), "platformio.ini: no library there")


def arduino():
    lines = (EXAMPLES / "arduino" / "library.properties").read_text().splitlines()
    library = dict(line.split("=", 1) for line in lines if line)
    required = "name version author maintainer sentence paragraph category url architectures".split()
    expect(set(required) <= library.keys(), "library.properties lacks a key")
    expect(library["version"] == VERSION, "library.properties: version")
    expect(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}", library["name"]), "library.properties: name")
    categories = ("Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
                  "Data Processing", "Other")
    expect(library["category"] in categories, "library.properties: category")


def zephyr(load):
    module = load(ROOT / "zephyr" / "module.yml")
    expect(module["name"] == "tenon", "module.yml: name")
    expect((ROOT / module["build"]["cmake"] / "CMakeLists.txt").is_file(), "module.yml: no CMakeLists.txt")
    symbols = re.findall(r"^config (\w+)$", (ROOT / module["build"]["kconfig"]).read_text(), re.MULTILINE)
    expect(symbols == ["TENON"], "Kconfig: TENON")
    options = (EXAMPLES / "zephyr" / "prj.conf").read_text().split()
    expect({"CONFIG_CPP=y", "CONFIG_STD_CPP20=y", "CONFIG_TENON=y"} <= set(options), "prj.conf lacks an option")


def esp_idf(load):
    component = load(ROOT / "idf_component.yml")
    expect(component["version"] == VERSION and component["license"] == SPDX, "idf_component.yml: version or license")
    expect(component["description"] and "idf" in component["dependencies"], "idf_component.yml lacks a key")
    main = EXAMPLES / "esp_idf" / "main"
    tenon = load(main / "idf_component.yml")["dependencies"]["tenon"]["path"]
    expect((main / tenon / "idf_component.yml").resolve() == (ROOT / "idf_component.yml").resolve(),
           "the example's idf_component.yml has another path")


def snippets():
    """Every line of the snippets in docs/firmware.md is in a file below examples/."""
    files = [p for p in EXAMPLES.rglob("*") if p.is_file() and p.suffix not in (".h5", ".npz")]
    lines = {line.strip() for p in files for line in p.read_text(encoding="utf-8").splitlines()}
    for snippet in re.findall(r"^ *```\w*\n(.*?)^ *```", (ROOT / "docs/firmware.md").read_text(), re.MULTILINE | re.DOTALL):
        for line in snippet.splitlines():
            expect(not line.strip() or line.strip() in lines, f"docs/firmware.md: '{line}' is in no example")


def main():
    snippets()
    platformio()
    arduino()
    if importlib.util.find_spec("yaml") is None:
        print("skipped: zephyr/module.yml and idf_component.yml, Python lacks yaml")
        return
    import yaml
    for check in (zephyr, esp_idf):
        check(lambda path: yaml.safe_load(path.read_text()))


if __name__ == "__main__":
    main()
