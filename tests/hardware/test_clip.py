"""The clip can be printed, is nowhere thinner than it says, and what goes in has room."""

from itertools import combinations

import numpy as np
import pytest
import trimesh

from making import clip, readme, solid
from support import tools

SAMPLES = 900
PRINTED = [(variant, part) for variant, parts in clip.PARTS.items() for part in parts]


@pytest.fixture
def rendered(request: pytest.FixtureRequest) -> clip.Clip:
    tools.program("openscad")
    return clip.render(request.param)


def each_part(test):  # type: ignore[no-untyped-def]
    names = [f"{variant}-{part}" for variant, part in PRINTED]
    return pytest.mark.parametrize(("rendered", "part"), PRINTED, ids=names, indirect=["rendered"])(test)


def each_variant(test):  # type: ignore[no-untyped-def]
    return pytest.mark.parametrize("rendered", clip.PARTS, indirect=True)(test)


@each_part
def test_a_printed_part_is_one_closed_solid(rendered: clip.Clip, part: str) -> None:
    mesh = rendered.solids[part]
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert len(mesh.split()) == 1


@each_part
def test_it_is_nowhere_thinner_than_it_says(rendered: clip.Clip, part: str) -> None:
    least, where = solid.thinnest(rendered.solids[part], SAMPLES)
    assert least >= rendered.sizes["least_wall"] - 0.01, where


@each_variant
def test_the_body_is_as_large_as_its_parameters_say(rendered: clip.Clip) -> None:
    assert rendered.solids["body"].bounds == pytest.approx(
        np.array([[0, 0, 0], rendered.sizes["outer"]]), abs=1e-3
    )


@each_variant
def test_what_goes_in_has_room(rendered: clip.Clip) -> None:
    all_has_room(rendered)


def test_another_cell_and_board_make_another_case() -> None:
    """Adafruit 1578 in place of 2750, and a board that is longer: the case grows with them."""
    tools.program("openscad")
    larger = clip.render("pico_w", "cell=[36, 29, 4.75]", "board=[60, 21, 6]")
    all_has_room(larger)
    assert (np.array(larger.sizes["outer"]) > clip.render("pico_w").sizes["outer"]).all()
    assert solid.thinnest(larger.solids["body"], SAMPLES)[0] >= larger.sizes["least_wall"] - 0.01


def test_a_wall_that_is_too_thin_is_found() -> None:
    tools.program("openscad")
    thin = clip.render("sensor", "wall=1.7")
    assert solid.thinnest(thin.solids["body"], SAMPLES)[0] < thin.sizes["least_wall"] - 0.3


def all_has_room(rendered: clip.Clip) -> None:
    """No box reaches into a printed part of the closed case, out of the cavity, or into another box."""
    boxes = rendered.boxes()
    cavity = np.array(rendered.sizes["cavity_at"])
    for name, (corner, size) in boxes.items():
        assert (corner >= cavity - 1e-9).all(), name
        assert (corner + size <= cavity + rendered.sizes["inner"] + 1e-9).all(), name
        for part, mesh in rendered.solids.items():
            placed = mesh.copy().apply_translation(rendered.place(part))
            assert not solid.box_meets(placed, corner, size), f"{name} meets {part}"
    for (one, (a, a_size)), (other, (b, b_size)) in combinations(boxes.items(), 2):
        assert ((a + a_size <= b) | (b + b_size <= a)).any(), f"{one} meets {other}"


@each_variant
def test_the_closed_case_fits_together(rendered: clip.Clip) -> None:
    """Neither lid nor shield lies within the body, all over their surfaces."""
    body = rendered.solids["body"]
    for part in set(rendered.solids) - {"body"}:
        points, _ = trimesh.sample.sample_surface(rendered.solids[part], 600, seed=1)
        assert not solid.inside(body, points + rendered.place(part)).any(), part


@each_part
def test_the_stl_that_is_checked_in_is_of_this_source(rendered: clip.Clip, part: str) -> None:
    variant = next(name for name in clip.PARTS if rendered is clip.render(name))
    checked_in = trimesh.load_mesh(clip.SOURCE.parent / clip.stl_name(variant, part))
    assert checked_in.bounds == pytest.approx(rendered.solids[part].bounds, abs=1e-3)
    assert checked_in.volume == pytest.approx(rendered.solids[part].volume, rel=1e-4)


def test_the_table_in_the_readme_is_of_this_source() -> None:
    tools.program("openscad")
    assert readme.held("clip") == clip.table()


def test_every_variant_has_its_picture() -> None:
    names = {f"clip-{variant.replace('_', '-')}.png" for variant in clip.PARTS}
    assert names == {file.name for file in clip.PICTURES.glob("clip-*.png")}


def cube(size: float, at: tuple[float, float, float] = (0, 0, 0)) -> trimesh.Trimesh:
    return trimesh.creation.box(extents=[size] * 3).apply_translation(np.array(at) + size / 2)


def test_thickness_is_that_of_the_thinnest_wall() -> None:
    plate = trimesh.creation.box(extents=[30, 20, 0.9])
    assert solid.thinnest(plate, 200)[0] == pytest.approx(0.9, abs=1e-3)


@pytest.mark.parametrize(
    ("corner", "size", "meets"),
    [
        ((10, 0, 0), (1, 1, 1), False),
        ((9.99, 0, 0), (1, 1, 1), True),
        ((4, 4, 4), (1, 1, 1), True),
        ((-1, -1, -1), (12, 12, 12), True),
        ((-1, 10, -1), (12, 1, 12), False),
    ],
    ids=["touches", "a hundredth too far", "wholly inside", "all around it", "lies on it"],
)
def test_a_box_meets_a_solid(
    corner: tuple[float, float, float], size: tuple[float, float, float], meets: bool
) -> None:
    assert solid.box_meets(cube(10), np.array(corner, float), np.array(size, float)) is meets


def test_inside_is_told_by_parity() -> None:
    hollow = trimesh.util.concatenate([cube(10), cube(4, (3, 3, 3))])
    assert solid.inside(hollow, np.array([[1.0, 1, 1], [5, 5, 5], [11, 5, 5]])).tolist() == [
        True,
        False,
        False,
    ]
