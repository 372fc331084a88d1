"""Turn the numbered SQL files into one C table: embed.py OUTPUT FILE...

The files are named NNNN_what.sql, 0001 first, without gaps.
"""
import re
import sys
from pathlib import Path


def c_string(text):
    """A C string literal, a line of source per line of text."""
    lines = []
    for line in text.splitlines():
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'    "{escaped}\\n"')
    return "\n".join(lines)


def main():
    output, names = Path(sys.argv[1]), sorted(sys.argv[2:])
    rows = []
    for number, name in enumerate(names, 1):
        found = re.fullmatch(r"(\d{4})_\w+\.sql", Path(name).name)
        if not found or int(found.group(1)) != number:
            sys.exit(f"embed.py: \"{name}\" should be number {number:04}")
        rows.append(c_string(Path(name).read_text(encoding="utf-8")))
    output.write_text('#include "ledger/migrate.h"\n\nconst char *const MIGRATIONS[] = {\n'
                      + ",\n".join(rows) + ",\n    NULL,\n};\n", encoding="utf-8")


if __name__ == "__main__":
    main()
