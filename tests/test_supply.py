"""What Coach is made of: pinned, hashed, recorded."""

from __future__ import annotations

import hashlib
import json
import re
import runpy
from importlib.metadata import distribution
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def pins(text: str) -> set[str]:
    """Return the lines of a list of requirements, without hashes: name, version, and where it is for."""
    lines = [line.removesuffix("\\").strip() for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    return set(lines)


def test_the_lock_has_the_releases_that_were_tested_with_hashes() -> None:
    assert pins(LOCK) - pins((ROOT / "constraints.txt").read_text("utf-8")) == set()
    for block in re.split(r"\n(?=[A-Za-z0-9])", LOCK)[1:]:
        assert "--hash=sha256:" in block, block


def test_the_lock_has_all_that_coach_runs_with() -> None:
    needed = re.search(
        r"^dependencies = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text("utf-8"), re.M | re.S
    )
    assert needed
    names = {name.lower() for name in re.findall(r'^    "([A-Za-z0-9-]+)', needed[1], re.MULTILINE)}
    assert names
    assert names - {re.split("[=;]", pin)[0] for pin in pins(LOCK)} == set()


def test_the_voice_is_file_by_file_what_was_recorded() -> None:
    voice = distribution("hibari-tts")
    lines = (ROOT / ".ci" / f"hibari-tts-{voice.version}.sha256").read_text("utf-8").splitlines()
    recorded = {name: each for each, _, name in (line.partition("  ") for line in lines) if name}
    made = r"\.\.|.*__pycache__|.*\.dist-info/(RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json)"
    files = {
        str(file): Path(str(file.locate())) for file in voice.files or [] if not re.match(made, str(file))
    }
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == {
        name: each for name, each in recorded.items() if not name.endswith("/RECORD")
    }


def test_the_bill_of_materials_lists_what_is_installed_of_the_lock() -> None:
    sbom = runpy.run_path(str(ROOT / ".ci" / "sbom.py"))
    name, release = "hibari-tts", distribution("hibari-tts").version
    try:
        bill = sbom["make_bill"](LOCK)
    except SystemExit as error:
        pytest.skip(str(error))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    (voice,) = [each for each in bill["components"] if each["name"] == name]
    assert voice["purl"] == f"pkg:pypi/{name}@{release}"
    assert f"{name}=={release} \\\n    --hash=sha256:{voice['hashes'][0]['content']}\n" in LOCK
    assert json.dumps(bill) == json.dumps(sbom["make_bill"](LOCK))
