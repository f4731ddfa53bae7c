"""Writes what Coach runs with as a CycloneDX 1.6 bill of materials, in JSON, from the environment it runs in.

    pip install --require-hashes -r requirements.lock && pip install --no-deps .
    python .ci/sbom.py > sbom.json

Nothing in it depends on the moment: the same environment gives the same bytes. It needs no network.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[1] / "requirements.lock"
_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def read_lock(text: str) -> list[tuple[str, str, list[str]]]:
    """Return the name, the version and the SHA-256 sums of each package of a lock file."""
    blocks = re.split(r"\n(?=[A-Za-z0-9])", "\n" + text)
    pinned = [(found, _HASH.findall(block)) for block in blocks if (found := _PINNED.match(block))]
    return [(found[1], found[2], sums) for found, sums in pinned]


def make_bill(lock: str) -> dict[str, Any]:
    """Return the bill of what is installed here of a lock file.

    Raises:
        SystemExit: another release is installed than any that the lock file has, or none.
    """
    packages = [each for each in read_lock(lock) if _version(each[0]) == each[1]]
    missing = {name for name, _, _ in read_lock(lock) if _version(name)} - {name for name, _, _ in packages}
    if missing or not packages:
        sys.exit(f"not installed as requirements.lock has them: {', '.join(sorted(missing)) or 'all'}")
    coach = _component(distribution("coach-audio"), [], "application")
    components = [_component(distribution(name), sums, "library") for name, _, sums in packages]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([coach, components]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {"component": coach},
        "components": components,
        "dependencies": [{"ref": coach["bom-ref"], "dependsOn": [each["bom-ref"] for each in components]}],
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _component(package: Distribution, sums: list[str], kind: str) -> dict[str, Any]:
    name = package.metadata["Name"]
    address = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{package.version}"
    component = {"type": kind, "bom-ref": address, "name": name, "version": package.version, "purl": address}
    if len(sums) == 1:
        component["hashes"] = [{"alg": "SHA-256", "content": sums[0]}]
    if licences := _licences(package):
        component["licenses"] = licences
    if len(sums) > 1:  # one for each file that may be installed
        component["properties"] = [{"name": "coach:file:sha256", "value": each} for each in sorted(sums)]
    return component


def _licences(package: Distribution) -> list[dict[str, Any]]:
    about = package.metadata
    if expression := about.get("License-Expression"):
        return [{"expression": expression}]
    classified = [
        each.rpartition(" :: ")[2]
        for each in about.get_all("Classifier", [])
        if each.startswith("License ::")
    ]
    plain = (about.get("License") or "").strip().partition("\n")[0]
    names = classified or [plain] if classified or plain else []
    return [{"license": {"name": name}} for name in dict.fromkeys(names)]


if __name__ == "__main__":
    print(json.dumps(make_bill(LOCK.read_text("utf-8")), indent=2))
