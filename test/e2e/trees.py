"""Whole folders, copied and removed."""
import contextlib
import os
import shutil


def copy_tree(source, target):
    """With links as links, and files that were one file stay one file."""
    seen = {}

    def copy(path, new):
        found = os.stat(path)
        first = seen.setdefault(found.st_ino, new)
        if first is new:
            shutil.copy2(path, new)
        else:
            os.link(first, new)
        return new

    shutil.copytree(source, target, copy_function=copy, symlinks=True)


def remove_tree(top):
    """Also what tests made unreadable."""
    for folder, names, _ in os.walk(top):
        for name in names:
            with contextlib.suppress(OSError):
                os.chmod(os.path.join(folder, name), 0o755)
    shutil.rmtree(top, ignore_errors=True)
