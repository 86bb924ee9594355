"""clip.scad -> solids, through OpenSCAD; what it says of its own sizes; the files that are checked in."""

import ast
import re
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from making.readme import put

SOURCE = Path(__file__).parents[1] / "clip" / "clip.scad"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PARTS = {
    "pico_w": ("body", "lid", "shield"),
    "feather_esp32s3": ("body", "lid", "shield"),
    "sensor": ("body", "lid"),
}
CONTENTS = ("cell", "sensor", "board", "button")
PETG_G_CM3 = 1.27
TIMEOUT_S = 120


@dataclass(frozen=True)
class Clip:
    """One variant: the solids as printed, and what clip.scad says of itself, in mm."""

    solids: dict[str, trimesh.Trimesh]
    sizes: dict[str, Any]

    def place(self, part: str) -> NDArray[np.float64]:
        """Where a printed part goes in the closed case, from the corner of the body."""
        x, y, _ = self.sizes["cavity_at"]
        at = {
            "body": (-x, -y, 0),
            "lid": self.sizes["lid_at"],
            "shield": self._on_floor(self.sizes["shield_at"]),
        }
        return np.add(at[part], (x, y, 0))

    def boxes(self) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """(corner, size) of each thing that goes in, from the corner of the body; what has no size is not there."""
        x, y, _ = self.sizes["cavity_at"]
        found = {}
        for name in CONTENTS:
            corner, size = (np.array(values, dtype=float) for values in self.sizes[name])
            if size.all():
                found[name] = (np.add(self._on_floor(corner), (x, y, 0)), size)
        return found

    def mass_g(self) -> float:
        """Of all parts, printed solid in PETG."""
        return sum(float(solid.volume) for solid in self.solids.values()) / 1000 * PETG_G_CM3

    def _on_floor(self, at: Any) -> tuple[float, float, float]:
        return (at[0], at[1], at[2] + self.sizes["cavity_at"][2])


@cache
def render(variant: str, *changes: str) -> Clip:
    """Needs openscad. `changes`: parameters set anew, "wall=3". CalledProcessError when it does not take the source."""
    solids: dict[str, trimesh.Trimesh] = {}
    sizes: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS[variant]:
            file = Path(folder) / f"{part}.stl"
            sizes = _openscad(file, (f'variant="{variant}"', f'part="{part}"', *changes))
            solids[part] = trimesh.load_mesh(file)
    return Clip(solids, sizes)


def _openscad(file: Path, parameters: tuple[str, ...]) -> dict[str, Any]:
    defined = [word for parameter in parameters for word in ("-D", parameter)]
    command = ["openscad", *defined, "-o", str(file), str(SOURCE)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    said = re.findall(r"^ECHO: (\w+) = (.*)$", done.stderr, re.M)
    return {name: ast.literal_eval(value) for name, value in said}


def in_order(solid: trimesh.Trimesh) -> trimesh.Trimesh:
    """The same triangles in an order of their own, since OpenSCAD's differs from run to run."""
    triangles = np.round(solid.triangles, 5)
    first = [min(range(3), key=lambda k, corners=corners: tuple(corners[k])) for corners in triangles]
    turned = np.array([np.roll(corners, -k, axis=0) for corners, k in zip(triangles, first, strict=True)])
    order = np.lexsort(turned.reshape(-1, 9).T[::-1])
    return trimesh.Trimesh(**trimesh.triangles.to_kwargs(turned[order]), process=False)


def stl_name(variant: str, part: str) -> str:
    return f"{variant}-{part}.stl"


def table() -> str:
    """Markdown: how large and heavy each variant is, and how thin it gets."""
    rows = [
        "| variant | parts | length x width x height, mm | least wall, mm | mass, solid PETG |",
        "|---|---|---|---|---|",
    ]
    for variant, parts in PARTS.items():
        clip = render(variant)
        outer = " x ".join(f"{size:.1f}" for size in clip.sizes["outer"])
        rows.append(
            f"| `{variant}` | {', '.join(parts)} | {outer} | {clip.sizes['least_wall']} | {clip.mass_g():.0f} g |"
        )
    return "\n".join(rows) + "\n"


def make() -> None:
    """STL of every part, a picture of every variant taken apart, and the table."""
    from making.picture import taken_apart

    for variant in PARTS:
        clip = render(variant)
        for part, solid in clip.solids.items():
            in_order(solid).export(SOURCE.parent / stl_name(variant, part))
        taken_apart(clip).save(PICTURES / f"clip-{variant.replace('_', '-')}.png", optimize=True)
    put("clip", table())
