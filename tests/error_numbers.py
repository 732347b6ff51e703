# SPDX-License-Identifier: Apache-2.0
"""Every error number in the sources is in the table of host/error.hpp and back, in order, and each has a page.

Numbers of hardware, TN4xxx, are the values of the enumeration in akida/category.hpp.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[1]
table_file = root / "include/tenon/host/error.hpp"
table = [int(n) for n in re.findall(r"^    \{(\d{4}), ", table_file.read_text(), re.MULTILINE)]
used = {}
for source in [*root.glob("include/**/*.hpp"), *root.glob("tools/*.cpp")]:
    if source == table_file:
        continue
    text = source.read_text()
    # In a message, in a throw, or as the value of an enumerator.
    numbers = re.findall(r"\bTN([1-35]\d{3})\b", text) + re.findall(r"(?i:error|fail|refuse)\w*[({]\s*(\d{4})\b", text)
    if source.is_relative_to(root / "include/tenon/check"):
        numbers += re.findall(r"^  \w+ = (\d{4}),", text, re.MULTILINE)
    for number in numbers:
        used.setdefault(int(number), source.relative_to(root))

faults = []
if table != sorted(set(table)):
    faults.append("the table is not in order, or has a number twice")
faults += [f"{where}: TN{number} is not in the table" for number, where in used.items() if number not in table]
faults += [f"TN{number} is in the table and nowhere used" for number in table if number not in used]
pages = root / "docs" / "errors"
if pages.is_dir():
    named = {int(n) for n in re.findall(r"TN(\d{4})", " ".join(p.name for p in pages.glob("*.md")))}
    categories = re.findall(r"^  \w+ = (4\d{3}),", (root / "include/tenon/akida/category.hpp").read_text(), re.MULTILINE)
    known = [*table, *map(int, categories)]
    faults += [f"docs/errors has no page TN{number}.md" for number in known if number not in named]
    faults += [f"docs/errors/TN{number}.md is about no number that exists" for number in sorted(named - set(known))]
    listed = re.findall(r"^\| \[TN(4\d{3})\]", (pages / "hardware.md").read_text(), re.MULTILINE)
    faults += [] if categories == listed else ["docs/errors/hardware.md does not list the categories of akida/category.hpp"]
print("\n".join(faults))
sys.exit(1 if faults else 0)
