"""Check every hash of an archive with Python alone: python check_archive.py ARCHIVE."""

import hashlib
import json
import sys
from pathlib import Path

root, wrong = Path(sys.argv[1]), []
for path in root.glob("media/*/*/*"):
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != path.name:
            wrong.append(f"{path.name} is damaged")
for path in root.glob("packages/*/*/*/v*/vcon.json"):
    told, written = path.read_bytes(), path.with_name("vcon.json.sha256").read_text()
    if hashlib.sha256(told).hexdigest() != written.split()[0]:
        wrong.append(f"{path} is damaged")
    for part in ("dialog", "attachments", "analysis"):
        for entry in json.loads(told).get(part, []):
            name = entry.get("url", "").rpartition("/")[2]
            if name and not (root / "media" / name[:2] / name[2:4] / name).is_file():
                wrong.append(f"{name} is missing")
for path in root.glob("books/*/*/*/*/*/*.jsonl"):
    *lines, last = path.read_bytes().splitlines(keepends=True)
    if hashlib.sha256(b"".join(lines)).hexdigest() != json.loads(last)["sha256"]:
        wrong.append(f"{path} is damaged")
sys.exit("\n".join(wrong) or 0)
