# SPDX-License-Identifier: Apache-2.0
"""Writes tenon/device.hpp, or another header below include/, with all that it includes in one file.

Each header comes once, after those it includes, and keeps its own guards of architectures; the standard headers come first.
Put the output in a folder as tenon/device.hpp and exported models compile against that folder alone.
"""
import argparse
import pathlib
import re
import sys

INCLUDE = pathlib.Path(__file__).resolve().parents[1] / "include"
DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif|include|pragma once)\b\s*(.*?)\s*$")
LICENCE = "// SPDX-License-Identifier: Apache-2.0"


def condition(kind, text):
    return text if kind == "if" else f"{'!' if kind == 'ifndef' else ''}defined({text})"


def parse(path):
    """The lines that stay, and the included names, each with the conditions that it stands under."""
    body, includes, stack = [], [], []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        directive = DIRECTIVE.match(line)
        kind, text = directive.groups() if directive else (None, None)
        if kind in ("if", "ifdef", "ifndef"):
            stack.append(condition(kind, text))
        elif kind in ("elif", "else"):
            stack[-1] = None
        elif kind == "endif":
            stack.pop()
        elif kind == "include":
            if None in stack:
                sys.exit(f"{path}:{number}: an #include behind #else or #elif")
            includes.append((text[1:-1], tuple(stack)))
            continue
        if kind != "pragma once" and line != LICENCE:
            body.append(line)
    return "\n".join(body).strip("\n"), includes


class Amalgamation:
    def __init__(self, top):
        self.files = {}      # name: (body, includes), those that are included first
        self.always = set()  # what is included without a condition
        self.only_if = {}    # name: conditions, one of which must hold
        self.read(top)
        self.reach(top, ())

    def read(self, name):
        if name in self.files:
            return
        self.files[name] = None  # in case of a circle
        body, includes = parse(INCLUDE / name)
        for included, _ in includes:
            if included.startswith("tenon/"):
                self.read(included)
        del self.files[name]
        self.files[name] = body, includes

    def reach(self, name, conditions):
        known = self.only_if.setdefault(name, [])
        if name in self.always or conditions in known:
            return
        if conditions:
            known.append(conditions)
        else:
            self.always.add(name)
        for included, under in self.files[name][1] if name in self.files else ():
            self.reach(included, tuple(dict.fromkeys(conditions + under)))

    def guard(self, name):
        """The condition that this name stands under, or nothing."""
        if name in self.always:
            return ""
        return " || ".join(sorted({" && ".join(f"({c})" if len(all_of) > 1 and "||" in c else c for c in all_of)
                                   for all_of in self.only_if[name]}))

    def guarded(self, name, text):
        guard = self.guard(name)
        already = text.lstrip().startswith(f"#if {guard}\n") and text.endswith("#endif") if guard else True
        return text if already else f"#if {guard}\n{text}\n#endif"

    def text(self, top, release):
        standard = sorted(name for name in self.only_if if name not in self.files)
        groups = {}
        for name in standard:
            groups.setdefault(self.guard(name), []).append(f"#include <{name}>")
        parts = [f"{LICENCE}\n"
                 f"// Tenon {release}: <{top}> in one file, made by tools/single_header.py. Licensed under the Apache License 2.0,\n"
                 "// www.apache.org/licenses/LICENSE-2.0.\n"
                 "#pragma once"]
        for guard, lines in sorted(groups.items()):
            text = "\n".join(lines)
            parts.append(f"#if {guard}\n{text}\n#endif" if guard else text)
        for name, (body, _) in self.files.items():
            body = re.sub(r"^#if[^\n]*\n\s*#endif[^\n]*\n?", "", body, flags=re.MULTILINE).strip("\n")
            parts.append(f"// <{name}>\n" + self.guarded(name, body))
        return re.sub(r"\n{3,}", "\n\n", "\n\n".join(parts)) + "\n"


def version():
    return re.search(r'\* version = "([^"]+)"', (INCLUDE / "tenon/version.hpp").read_text(encoding="utf-8")).group(1)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("header", nargs="?", default="tenon/device.hpp")
    arguments.add_argument("-o", "--output", help="where to write it (default: standard output)")
    arguments.add_argument("--depfile", help="what was read, as a rule of make")
    options = arguments.parse_args()
    whole = Amalgamation(options.header)
    text = whole.text(options.header, version())
    if options.output:
        output = pathlib.Path(options.output)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        if options.depfile:
            read = " ".join((INCLUDE / name).as_posix().replace(" ", "\\ ") for name in whole.files)
            pathlib.Path(options.depfile).write_text(f"{options.output}: {read}\n", encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
