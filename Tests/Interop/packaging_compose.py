"""Reads compose/compose.yaml as an operator's mistakes would show in it."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import subprocess

import yaml
from checks import Checks


def load(path: pathlib.Path) -> dict:
    """The file; a key that stands twice is an error, which PyYAML alone would pass over."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            name = key.value
            if name in seen:
                raise ValueError(f"{path.name}: {name!r} stands twice at {key.start_mark}")
            seen.add(name)
        return yaml.SafeLoader.construct_mapping(loader, node, deep)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    return yaml.load(path.read_text(), Strict)


def environment(service: dict) -> dict[str, str]:
    """The variables of a container."""
    return {name: str(value) for name, value in service.get("environment", {}).items()}


def is_one_shot(service: dict) -> bool:
    """Whether a container ends by itself when its work is done."""
    return service.get("restart") == "no"


def check_services(checks: Checks, compose: dict, folder: pathlib.Path) -> None:
    """Every container: built from something that is there, watched, depending on what exists."""
    services = compose["services"]
    for name, service in services.items():
        label = f"compose {name}"
        build = service.get("build")
        if build:
            context = (folder / build["context"]).resolve()
            checks.check(f"{label} builds from a folder", context.is_dir(), context)
            file = context / build["dockerfile"]
            checks.check(f"{label} has its Dockerfile", file.is_file(), file)
        else:
            image = service.get("image", "")
            pinned = re.search(r":[0-9][\w.-]*$", image) is not None
            checks.check(f"{label} names a version of its image", pinned, image)
        watched = is_one_shot(service) or "healthcheck" in service
        checks.check(f"{label} has a health check", watched)
        checks.check(f"{label} runs without new rights", "no-new-privileges:true" in
                     service.get("security_opt", []), service.get("security_opt"))
        for target, condition in service.get("depends_on", {}).items():
            known = checks.check(f"{label} depends on what exists", target in services, target)
            if known:
                wanted = (
                    "service_completed_successfully"
                    if is_one_shot(services[target])
                    else "service_healthy"
                )
                checks.equal(f"{label} waits for {target}", condition["condition"], wanted)
        check_references(checks, label, compose, service)


def check_references(checks: Checks, label: str, compose: dict, service: dict) -> None:
    """Secrets, configs, networks and volumes that a container names are declared."""
    for kind in ("secrets", "configs", "networks"):
        declared = compose.get(kind, {})
        used = service.get(kind, [])
        names = [entry if isinstance(entry, str) else entry["source"] for entry in used]
        for name in names:
            checks.check(f"{label} names a declared entry of {kind}", name in declared, name)
    mounted = {
        f"/run/secrets/{entry if isinstance(entry, str) else entry.get('target', entry['source'])}"
        for entry in service.get("secrets", [])
    }
    texts = [*environment(service).values(), *map(str, service.get("command") or [])]
    for text in texts:
        for path in re.findall(r"/run/secrets/[\w.-]+", text):
            checks.check(f"{label} is given {path}", path in mounted, sorted(mounted))
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if not source.startswith((".", "/")):
            declared = compose.get("volumes", {})
            checks.check(f"{label} names a declared volume", source in declared, source)


def check_declared(checks: Checks, compose: dict, made: set[str], folder: pathlib.Path) -> None:
    """Every secret is used, and is a file that make-secrets.sh makes."""
    used = set()
    for service in compose["services"].values():
        for kind in ("secrets", "configs"):
            for entry in service.get(kind, []):
                used.add(entry if isinstance(entry, str) else entry["source"])
    for kind in ("secrets", "configs"):
        for name, entry in compose.get(kind, {}).items():
            path = (folder / entry["file"]).resolve()
            there = path.is_file() or entry["file"] in made
            checks.check(f"compose {kind} {name} has its file", there, entry["file"])
            checks.check(f"compose {kind} {name} is used", name in used)
    for name, service in compose["services"].items():
        for variable, value in environment(service).items():
            held = re.search(r"password=|://[^/@]*:[^/@]*@", value)
            checks.check(f"compose {name} keeps {variable} free of passwords", not held, value)


def check_plugin(checks: Checks, path: pathlib.Path, folder: pathlib.Path) -> None:
    """Docker's own opinion, where its compose plugin is there."""
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        checks.skip("docker compose config", "the plugin is not here")
        return
    done = subprocess.run(
        [docker, "compose", "--project-directory", str(folder), "-f", str(path), "config", "-q"],
        capture_output=True, text=True, env={**os.environ, "TIDEMARK_USER": "1000:1000"},
    )
    checks.check("docker compose config", done.returncode == 0, done.stderr.strip())
