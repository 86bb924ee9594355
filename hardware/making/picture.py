"""Pictures of a clip taken apart: solids from above at a slant, shaded, their edges drawn, without a display."""

from dataclasses import dataclass

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from making.clip import Clip

Array = NDArray[np.float64]

PAPER = (255, 255, 255)
INK = (40, 44, 52)
COLOURS = {
    "body": (130, 160, 190),
    "lid": (160, 185, 208),
    "shield": (205, 205, 212),
    "cell": (224, 180, 92),
    "sensor": (190, 90, 150),
    "board": (96, 160, 104),
    "button": (90, 90, 96),
}
WORDS = {"cell": "cell", "sensor": "sensor breakout", "board": "board", "button": "button"}
LIFT_MM = 16  # between layers
WIDE_PX = 1200
MARGIN_PX = 40
LABELS_PX = 240
FINE = 2  # drawn so many times larger, then averaged
SHARP = np.cos(np.radians(25))  # an edge is drawn where faces meet at more than that


@dataclass(frozen=True)
class Canvas:
    """What is seen so far: colours, how near to the eye, and number of the thing (-1: paper)."""

    pixels: NDArray[np.uint8]
    depth: Array
    owner: NDArray[np.int64]


@dataclass(frozen=True)
class Thing:
    name: str
    solid: trimesh.Trimesh
    at: Array


def taken_apart(clip: Clip) -> Image.Image:
    """Body with cell and sensor in it, above it shield, board, button and lid."""
    things = _things(clip)
    turned = _view()
    corners = np.vstack([(thing.solid.vertices + thing.at) @ turned.T for thing in things])
    low, high = corners.min(axis=0), corners.max(axis=0)
    scale = (WIDE_PX - LABELS_PX - 2 * MARGIN_PX) * FINE / (high[0] - low[0])
    height = int((high[1] - low[1]) * scale) + 2 * MARGIN_PX * FINE
    pixels = np.full((height, WIDE_PX * FINE, 3), PAPER, dtype=np.uint8)
    canvas = Canvas(pixels, np.full(pixels.shape[:2], -np.inf), np.full(pixels.shape[:2], -1))
    places = []
    for thing in things:
        seen = ((thing.solid.vertices + thing.at) @ turned.T - [low[0], high[1], 0]) * [scale, -scale, scale]
        places.append(np.add(seen, [MARGIN_PX * FINE, MARGIN_PX * FINE, 0]))
    for number, thing in enumerate(things):
        _paint(canvas, places[number], number, thing, turned)
    for number, thing in enumerate(things):
        _rule(canvas, places[number], thing.solid)
    image = Image.fromarray(pixels).resize((WIDE_PX, height // FINE), Image.Resampling.BOX)
    _name(image, things, canvas.owner)
    return image


def _things(clip: Clip) -> list[Thing]:
    boxes = clip.boxes()
    levels = {"body": 0, "cell": 0, "sensor": 0, "shield": 1, "board": 2, "button": 2, "lid": 3}
    used = sorted({levels[name] for name in (*clip.solids, *boxes)})
    lift = {
        name: np.array([0, 0, LIFT_MM * used.index(level)]) for name, level in levels.items() if level in used
    }
    things = [Thing(part, solid, clip.place(part) + lift[part]) for part, solid in clip.solids.items()]
    for name, (corner, size) in boxes.items():
        things.append(Thing(name, trimesh.creation.box(extents=size), corner + size / 2 + lift[name]))
    return things


def _view() -> Array:
    """Rows: right, up and towards the eye."""
    turn, tilt = np.radians(-28), np.radians(38)
    eye = np.array([np.cos(tilt) * np.sin(turn), -np.cos(tilt) * np.cos(turn), np.sin(tilt)])
    right = np.array([np.cos(turn), np.sin(turn), 0.0])
    return np.array([right, np.cross(eye, right), eye])


def _paint(canvas: Canvas, seen: Array, number: int, thing: Thing, turned: Array) -> None:
    """Fill each triangle that faces the eye, nearest wins."""
    towards = thing.solid.face_normals @ turned.T
    light = np.array([-0.35, 0.65, 0.7]) / np.linalg.norm([-0.35, 0.65, 0.7])
    for face, normal in zip(thing.solid.faces, towards, strict=True):
        if normal[2] <= 0:
            continue
        shade = 0.55 + 0.45 * max(0.0, float(normal @ light))
        _fill(canvas, seen[face], number, np.array(COLOURS[thing.name]) * shade)


def _fill(canvas: Canvas, corners: Array, number: int, colour: Array) -> None:
    left, top = np.floor(corners[:, :2].min(axis=0)).astype(int)
    right, bottom = np.ceil(corners[:, :2].max(axis=0)).astype(int) + 1
    across, down = np.meshgrid(np.arange(left, right) + 0.5, np.arange(top, bottom) + 0.5)
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
    if abs(area) < 1e-9:
        return
    first = ((by - cy) * (across - cx) + (cx - bx) * (down - cy)) / area
    second = ((cy - ay) * (across - cx) + (ax - cx) * (down - cy)) / area
    third = 1 - first - second
    z = first * az + second * bz + third * cz
    window = (slice(top, bottom), slice(left, right))
    nearer = (first >= 0) & (second >= 0) & (third >= 0) & (z > canvas.depth[window])
    canvas.depth[window][nearer] = z[nearer]
    canvas.pixels[window][nearer] = colour.astype(np.uint8)
    canvas.owner[window][nearer] = number


def _rule(canvas: Canvas, seen: Array, solid: trimesh.Trimesh) -> None:
    """Draw the sharp edges where nothing lies before them."""
    normals = solid.face_normals[solid.face_adjacency]
    sharp = np.einsum("ek,ek->e", normals[:, 0], normals[:, 1]) < SHARP
    for start, end in seen[solid.face_adjacency_edges[sharp]]:
        count = int(np.abs(end - start)[:2].max()) + 2
        line = start + np.linspace(0, 1, count)[:, None] * (end - start)
        x, y = np.round(line[:, :2]).astype(int).T
        open_ = line[:, 2] > canvas.depth[y, x] - 6
        for dx, dy in ((0, 0), (1, 0), (0, 1)):
            canvas.pixels[y[open_] + dy, x[open_] + dx] = INK


def _name(image: Image.Image, things: list[Thing], owner: NDArray[np.int64]) -> None:
    """A word at the right for each thing, and a line to the point of it that is seen farthest to the right."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=20)
    entries = []
    for number, thing in enumerate(things):
        y, x = np.nonzero(owner == number)
        end = x.argmax()
        entries.append((y[end] / FINE, x[end] / FINE, WORDS.get(thing.name, thing.name)))
    level = 0.0
    for y, x, word in sorted(entries):
        level = max(level + 28, y - 12)
        draw.line([(x + 3, y), (WIDE_PX - LABELS_PX + 10, level + 12)], fill=INK, width=1)
        draw.text((WIDE_PX - LABELS_PX + 16, level), word, fill=INK, font=font)
