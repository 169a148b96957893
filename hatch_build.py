"""Compiles the hot modules with mypyc when a wheel is built, if there is a C compiler.

The same source runs as plain Python where there is none; then the wheel is a pure one, and only
slower.  ``PRESSENTER_COMPILE=0`` leaves it plain, ``PRESSENTER_COMPILE=1`` makes a failure an error.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup
files = sys.argv[1:]
sys.argv[1:] = ["build_ext", "--inplace"]
options = ["--ignore-missing-imports", "--no-warn-unused-ignores"]
setup(name="pressenter", packages=[], ext_modules=mypycify([*options, *files], opt_level="3"))
"""

#: Nobody replaces the functions of a compiled module from outside, so they can be called without a detour, and inlined.
_CALLS_STAY_INSIDE = "-fno-semantic-interposition -fvisibility=hidden"


class CompileHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds the compiled modules to a wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before a wheel is built; an editable one stays plain, so that it can be edited."""
        wish = os.environ.get("PRESSENTER_COMPILE", "")
        compiler = os.environ.get("CC", "cc").split()[0]
        if version != "standard" or wish == "0":
            return
        if shutil.which(compiler) is None and wish != "1":
            self.app.display_info(f"no C compiler ({compiler}): pressenter is built as plain Python")
            return
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        shutil.copytree(Path(self.root) / "src/pressenter", folder / "pressenter")
        files = [f"pressenter/{module}" for module in self.config["modules"]]
        environment = dict(os.environ)
        if sys.platform != "win32":
            environment["CFLAGS"] = f"{_CALLS_STAY_INSIDE} {environment.get('CFLAGS', '')}"
        done = subprocess.run(
            [sys.executable, "-c", _BUILD, *files], cwd=folder, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            if wish == "1":
                raise RuntimeError(f"compiling failed:\n{done.stdout}\n{done.stderr}")
            self.app.display_warning("compiling failed: pressenter is built as plain Python")
            return
        compiled = [path for suffix in ("*.so", "*.pyd") for path in folder.rglob(suffix) if "build" not in path.parts]
        for path in compiled:
            build_data["force_include"][str(path)] = str(path.relative_to(folder))
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
