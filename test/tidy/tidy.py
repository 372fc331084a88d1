#!/usr/bin/env python3
"""Hold the house rules that a compiler cannot: tidy.py [TOP].

Prints `file:line: what is wrong; what to do` for each finding and ends with 1 when there is one.
Without findings it prints how long functions and files are, against what the house aims at.

A rule is a function from the tree (a dict of path to text) to findings (path, line, message); the
rules are listed at the end. tidy_test.py shows of each that it can fail.
"""
import ast
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
COLUMNS_MAX = 100

FOLDERS_FILE = "src/meson.build"
WORKER = "src/engine/duckdb/"

C = (".c", ".h")
SOURCES = C + (".py", ".sh", ".build", ".txt", ".mk")

NUMBER = "base/number.h"
CLOCK = "base/clock.h"
PROCESS = "base/process.h"
ARENA = "arena_strdup or arena_format (base/arena.h, base/str.h)"

# Call: what to use instead, and where the call may stand because the replacement is made of it.
BANNED_CALLS = {
    "alloca": ("an arena (base/arena.h)", ()),
    "asctime": (CLOCK, ()),
    "assert": ("ASSERT (base/base.h), which stays on in release", ()),
    "atof": (NUMBER, ()),
    "atoi": (NUMBER, ()),
    "atol": (NUMBER, ()),
    "atoll": (NUMBER, ()),
    "ctime": (CLOCK, ()),
    "fork": (PROCESS, ("src/base/process", "test/")),
    "gets": ("getline", ()),
    "gettimeofday": (CLOCK, ()),
    "gmtime": (CLOCK, ()),
    "localtime": (CLOCK, ()),
    "longjmp": ("a status (base/error.h)", ()),
    "mktemp": ("mkstemp or mkdtemp", ()),
    "mktime": (CLOCK, ()),
    "popen": (PROCESS, ()),
    "rand": ("getrandom", ()),
    "random": ("getrandom", ()),
    "setlocale": ("nothing: the host's locale never matters", ()),
    "sleep": ("an event to wait for; no test sleeps", ()),
    "sprintf": ("snprintf or the text builder (base/str.h)", ()),
    "srand": ("getrandom", ()),
    "sscanf": (NUMBER, ("src/base/",)),
    "strcat": ("the text builder (base/str.h)", ()),
    "strcpy": (ARENA, ()),
    "strdup": (ARENA, ("src/base/",)),
    "strerror": ("error_set_errno (base/error.h)", ("src/base/error.c",)),
    "strncat": ("the text builder (base/str.h)", ()),
    "strncpy": (ARENA, ()),
    "strtod": (NUMBER, ("src/base/",)),
    "strtok": ("strchr or strcspn", ()),
    "strtol": (NUMBER, ("src/base/",)),
    "strtoll": (NUMBER, ("src/base/",)),
    "strtoul": (NUMBER, ("src/base/",)),
    "strtoull": (NUMBER, ("src/base/",)),
    "system": (PROCESS, ()),
    "time": (CLOCK, ("src/base/clock.c",)),
    "tmpnam": ("mkstemp or mkdtemp", ()),
    "usleep": ("an event to wait for; no test sleeps", ()),
    "vfork": (PROCESS, ()),
    "vsprintf": ("vsnprintf or the text builder (base/str.h)", ()),
}
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(BANNED_CALLS))

# Written in two pieces, so that this file keeps its own rules.
MARKER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
FOREIGN = (
    (re.compile(r"(?<![\w.])/(wo" r"rk|ro" r"ot)/|/tmp/(dk|venv|build-)"),
     "a path of one machine; make it relative, or an option"),
    (re.compile(r"registry\.npm" r"js|npm" r"js\.com|py" r"pi\.org|python" r"hosted\.org"
                r"|deb\.deb" r"ian\.org|crates\." r"io|\"resolved\":"),
     "the address of a registry; the machine's own set-up decides that"),
)
C_FORMS = (
    (re.compile(r"\bgoto\s+(?!out;)"), "goto; the one label is `out:`, for clean-up"),
    (re.compile(r"\bwhile\s*\(\s*(1|true)\s*\)"), "an endless while; write `for (;;)`"),
    (re.compile(r"\t"), "a tab; indent with 4 spaces"),
)
BANNER = re.compile(r"/\*{3,}|[-=*#~]{8,}")

NOT_CODE = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
FUNCTION = re.compile(r"^[A-Za-z_][^;{}=#]*?(\w+)\([^;{}]*\)[^;{}=]*\{$", re.MULTILINE)
INCLUDE = re.compile(r"^#include ([\"<])([^\">]+)[\">]", re.MULTILINE)
LINK = re.compile(r"\]\((?!\w+:)([^)\s]+)\)")
PROSE = re.compile(r"\A/\* \S.{20,}")


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def only(tree, suffixes, top=""):
    """The files of the tree with one of the suffixes, below top."""
    return [(p, t) for p, t in sorted(tree.items()) if p.endswith(suffixes) and p.startswith(top)]


def code_of(text):
    """C text with comments and literals blanked, every other character in its place."""
    return NOT_CODE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def c_functions(text):
    """(name, first line, number of lines), found by the house format: braces close in column 1."""
    code = code_of(text)
    for match in FUNCTION.finditer(code):
        end = code.find("\n}", match.end())
        first = line_of(code, match.start())
        yield match.group(1), first, line_of(code, end + 1) - first + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def functions(path, text):
    return python_functions(text) if path.endswith(".py") else c_functions(text)


def function_length(tree):
    for path, text in only(tree, C + (".py",)):
        for name, line, length in functions(path, text):
            if length > FUNCTION_LINES_MAX:
                yield path, line, (f"\"{name}\" has {length} lines; split it, at most "
                                   f"{FUNCTION_LINES_MAX}: the parent decides, leaves do")


def file_length(tree):
    for path, text in only(tree, C + (".py", ".sh")):
        length = text.count("\n")
        if length > FILE_LINES_MAX:
            yield path, length, (f"the file has {length} lines; move one concern to a file of its "
                                 f"own, at most {FILE_LINES_MAX}")


def folder_order(tree):
    listed = re.search(r"folders = \[(.*?)\]", tree.get(FOLDERS_FILE, ""), re.DOTALL)
    return re.findall(r"'(\w+)'", listed.group(1)) if listed else []


def include_direction(tree):
    order = folder_order(tree)
    for path, text in only(tree, C, "src/"):
        own = path.split("/")[1]
        for match in INCLUDE.finditer(text):
            if match.group(1) == "<":
                continue
            other, line = match.group(2), line_of(text, match.start())
            message = arrow(order, path, own, other)
            if message:
                yield path, line, message


def arrow(order, path, own, other):
    """What is wrong with path (in folder own) including other; None when nothing is."""
    folder = other.split("/")[0]
    if "/" not in other or folder not in order:
        return f"includes \"{other}\"; name it from src/: \"folder/file.h\""
    if path.startswith(WORKER):
        if folder == "base" or other.startswith("engine/duckdb/"):
            return None
        return f"the worker includes \"{other}\"; it knows base/ only, and jobs as documents"
    if other.startswith("engine/duckdb/"):
        return f"includes \"{other}\", which is the worker's; only documents pass between them"
    if own == "main.c" or folder == own:
        return None
    if own not in order:
        return f"the folder \"{own}\" has no place in {FOLDERS_FILE}; give it one"
    if order.index(folder) > order.index(own):
        return f"\"{own}\" is below \"{folder}\" and may not include \"{other}\"; turn the arrow"
    return None


def own_header_first(tree):
    for path, text in only(tree, (".c",), "src/"):
        own = path[len("src/"):-2] + ".h"
        first = INCLUDE.search(text)
        found = first.group(2) if first else "nothing"
        line = line_of(text, first.start()) if first else 1
        if "src/" + own in tree and found != own:
            yield path, line, f"includes \"{found}\" first; include its own \"{own}\" first"
        elif not first or first.group(1) == "<":
            yield path, line, f"includes \"{found}\" first; project headers come before others"


def header_prose(tree):
    for path, text in only(tree, (".h",)):
        if not PROSE.match(text):
            yield path, 1, ("opens without prose; say in a comment what the module is for, and "
                            "when not to use it")


def banned_calls(tree):
    for path, text in only(tree, C):
        code = code_of(text)
        for match in CALL.finditer(code):
            name = match.group(1)
            instead, allowed = BANNED_CALLS[name]
            line = line_of(code, match.start())
            in_directive = text.splitlines()[line - 1].startswith("#")
            if not path.startswith(allowed or ("\n",)) and not in_directive:
                yield path, line, f"calls {name}; use {instead}"


def c_forms(tree):
    for path, text in only(tree, C):
        code = code_of(text)
        for form, message in C_FORMS:
            for match in form.finditer(code):
                yield path, line_of(code, match.start()), message
        for comment in COMMENT.finditer(text):
            if BANNER.search(comment.group()):
                yield path, line_of(text, comment.start()), "a banner comment; a sentence says more"


def markers(tree):
    for path, text in sorted(tree.items()):
        for match in MARKER.finditer(text):
            yield path, line_of(text, match.start()), (f"{match.group()}; do it now, or say it in "
                                                       "an issue")


def foreign_addresses(tree):
    for path, text in sorted(tree.items()):
        for pattern, message in FOREIGN:
            for match in pattern.finditer(text):
                yield path, line_of(text, match.start()), f"{match.group()} is {message}"


def columns(tree):
    for path, text in only(tree, SOURCES):
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > COLUMNS_MAX:
                yield path, number, f"{len(line)} columns; at most {COLUMNS_MAX}"


def line_ends(tree):
    for path, text in only(tree, SOURCES + (".md", ".yaml", "Makefile")):
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield path, number, "blanks at the end of the line; remove them"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "no line end at the end of the file; add it"


def dead_sources(tree):
    for path, text in only(tree, (".c",)):
        if not named_by_a_build_file(tree, path):
            yield path, 1, "no meson.build names it; build it or remove it"


def named_by_a_build_file(tree, path):
    """Whether a meson.build at or above path names it, with or without the ending that a loop
    may add."""
    parts = path.split("/")
    for depth in range(len(parts) - 1, -1, -1):
        name = "/".join(parts[depth:])
        build = tree.get("/".join(parts[:depth] + ["meson.build"]), "")
        names = (name, name[:-2], re.sub(r"_test\.c$", "", name))
        if any(f"'{n}'" in build for n in names):
            return True
    return False


def dead_headers(tree):
    included = {m.group(2).split("/")[-1] for _, t in only(tree, C) for m in INCLUDE.finditer(t)}
    for path, _ in only(tree, (".h",)):
        if path.split("/")[-1] not in included:
            yield path, 1, "nothing includes it; use it or remove it"


def anchors(text):
    """What a link can point to in a page: its headings as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def dead_links(tree):
    folders = {str(p) for path in tree for p in Path(path).parents}
    for path, text in only(tree, (".md",)):
        for match in LINK.finditer(text):
            target, _, anchor = match.group(1).partition("#")
            where = os.path.normpath(Path(path).parent / target) if target else path
            if where not in tree and where not in folders:
                yield path, line_of(text, match.start()), f"links to \"{target}\"; nothing is there"
            elif anchor and anchor not in anchors(tree.get(where, "")):
                yield path, line_of(text, match.start()), (f"links to \"{match.group(1)}\"; the "
                                                           "page has no such heading")


def crash_points_told(tree):
    """What each leaves is told where people look for it, and nothing of one that is gone."""
    source, page = "src/base/crash.c", "doc/commit.md"
    table = re.search(r"CRASH_POINTS\[\] = \{(.*?)\};", tree.get(source, ""), re.DOTALL)
    if table is None:
        return
    code = tree[source]
    listed = re.findall(r'"([\w.]+)"', table.group(1))
    rows = [line for line in tree.get(page, "").splitlines() if line.startswith("| `")]
    told = {name for line in rows for name in re.findall(r"`([\w.]+)`", line.split("|")[1])}
    for name in listed:
        if name not in told:
            line = line_of(code, code.index(f'"{name}"'))
            yield source, line, f"{page} does not tell what \"{name}\" leaves"
    for name in sorted(told - set(listed)):
        yield page, 1, f"tells of the crash point \"{name}\"; there is none"


RULES = (
    function_length, file_length, include_direction, own_header_first, header_prose, banned_calls,
    c_forms, markers, foreign_addresses, columns, line_ends, dead_sources, dead_headers,
    dead_links, crash_points_told,
)


def findings(tree):
    return [f"{p}:{n}: {m}" for rule in RULES for p, n, m in rule(tree)]


def summary(tree):
    """One line for src and one for test: how long functions and files are."""
    for top in ("src/", "test/"):
        files = only(tree, C, top)
        lengths = sorted(n for p, t in files for _, _, n in c_functions(t))
        if not lengths:
            continue
        in_files = statistics.median(t.count("\n") for _, t in files)
        print(f"{top:6} {len(lengths)} functions: median {statistics.median(lengths):g} lines "
              f"(aim 13), nine of ten up to {lengths[len(lengths) * 9 // 10]} (aim 60), longest "
              f"{lengths[-1]}; {len(files)} files: median {in_files:g} lines")


def read_tree(top):
    """Every text file of the checkout that git does not ignore."""
    listed = subprocess.run(
        ["git", "-C", top, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if listed.returncode == 0:
        paths = [os.fsdecode(p) for p in listed.stdout.split(b"\0") if p]
    else:  # a tarball
        paths = [str(p.relative_to(top)) for p in Path(top).rglob("*")
                 if not str(p.relative_to(top)).startswith(("build/", ".deps/"))]
    tree = {}
    for path in paths:
        file = Path(top, path)
        if not file.is_file():
            continue
        body = file.read_bytes()
        if b"\0" in body:
            continue
        tree[path] = body.decode("utf-8", errors="replace")
    return tree


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).resolve().parents[2])
    tree = read_tree(top)
    found = findings(tree)
    for line in found:
        print(line)
    if found:
        print(f"tidy: {len(found)} to mend")
        return 1
    print("tidy: the house rules hold")
    summary(tree)
    return 0


if __name__ == "__main__":
    sys.exit(main())
