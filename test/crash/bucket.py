"""What the crash tests do in the tests' bucket, besides what places.py does: a land prefix, and a
look at uploads. A bucket is a folder of the service's, an object a file with attributes.
"""
import hashlib
import os
import re

import gateway
import places

ETAG = "user.etag"      # attributes of an object: its ETag
OBJECT = "user.objname"  # … and of an unfinished upload: what it is to be
LAND = "-land"          # ends the prefix of a lake's deliveries


def land_of(lake_yaml):
    """The prefix, where the lake takes deliveries from the bucket; or None."""
    found = re.search(rf"^land: {places.address('')}(\S+)$", lake_yaml, re.MULTILINE)
    return found.group(1) if found else None


def upload(prefix, files):
    """Objects, as deliverers make them."""
    for path, text in files.items():
        target = places.store_folder(prefix) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        os.setxattr(target, ETAG, f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'.encode())


def unfinished_uploads(prefix):
    """Keys of those that somebody began and nobody ended."""
    top = places.store_folder(".sgwtmp") / "multipart"
    keys = [os.getxattr(upload, OBJECT).decode() for upload in top.iterdir()] \
        if top.is_dir() else []
    return sorted(key for key in keys if key.startswith(f"{prefix}/"))


def variables(prefix):
    """What processes need for the lake: weir to find the service, the worker that remembers to
    find the files that objects are."""
    return {**gateway.variables(places.service()["port"]),
            "WEIR_MEMO_STORE": places.address(prefix),
            "WEIR_MEMO_FOLDER": str(places.store_folder(prefix))}
