"""What can be measured of a printable solid: how thin it gets, and whether a box or another solid runs into it."""

import numpy as np
import trimesh
from numpy.typing import NDArray

Array = NDArray[np.float64]

PARALLEL = 0.87  # cosine of 30 degrees: faces closer to parallel than that are the two sides of a wall
TINY = 1e-4  # mm, off the face that a ray starts from
RAYS_AT_ONCE = 200


def hits(origins: Array, directions: Array, triangles: Array) -> Array:
    """Distance along each ray to each triangle, shape (rays, triangles); inf: missed. [Moeller Trumbore]"""
    corner, first, second = (
        triangles[:, 0],
        triangles[:, 1] - triangles[:, 0],
        triangles[:, 2] - triangles[:, 0],
    )
    distances = np.full((len(origins), len(triangles)), np.inf)
    for start in range(0, len(origins), RAYS_AT_ONCE):
        rows = slice(start, start + RAYS_AT_ONCE)
        ray = directions[rows, None]
        across = np.cross(ray, second)
        volume = np.einsum("rtk,tk->rt", across, first)
        with np.errstate(divide="ignore", invalid="ignore"):
            away = origins[rows, None] - corner
            u = np.einsum("rtk,rtk->rt", across, away) / volume
            turned = np.cross(away, first)
            v = np.einsum("rtk,rtk->rt", turned, np.broadcast_to(ray, turned.shape)) / volume
            distance = np.einsum("rtk,tk->rt", turned, second) / volume
            good = (np.abs(volume) > 1e-12) & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
        distances[rows] = np.where(good, distance, np.inf)
    return distances


def thinnest(mesh: trimesh.Trimesh, samples: int, seed: int = 0) -> tuple[float, Array]:
    """Least thickness in mm and where, by rays inward from points all over the surface.

    Only where the ray leaves through a face about parallel to the one it entered: the tip of a wedge is no wall.
    """
    points, faces = trimesh.sample.sample_surface(mesh, samples, seed=seed)[:2]
    normals = mesh.face_normals[faces]
    distances = hits(points - TINY * normals, -normals, mesh.triangles)
    nearest = distances.argmin(axis=1)
    depth = distances[np.arange(len(points)), nearest]
    walls = np.einsum("rk,rk->r", normals, mesh.face_normals[nearest]) < -PARALLEL
    depth = np.where(walls, depth, np.inf)
    least = int(depth.argmin())
    return float(depth[least]) + TINY, points[least]


def inside(mesh: trimesh.Trimesh, points: Array) -> NDArray[np.bool_]:
    """Which points lie within the solid, by the parity of a slanted ray."""
    direction = np.array([0.0123, 0.0345, 1.0])
    directions = np.tile(direction / np.linalg.norm(direction), (len(points), 1))
    return np.isfinite(hits(points, directions, mesh.triangles)).sum(axis=1) % 2 == 1


def box_meets(mesh: trimesh.Trimesh, corner: Array, size: Array) -> bool:
    """Whether the open box and the solid share any room: a face cuts it, or all of it lies within."""
    return bool(_cut(mesh.triangles, corner, size).any() or inside(mesh, (corner + size / 2)[None])[0])


def _cut(triangles: Array, corner: Array, size: Array) -> NDArray[np.bool_]:
    """Which triangles reach into the open box: no axis separates them. [Akenine-Moeller 2001]"""
    points = triangles - (corner + size / 2)
    half = size / 2 - 1e-6
    edges = np.roll(points, -1, axis=1) - points
    unit = np.eye(3)
    axes = [np.broadcast_to(unit[k], (len(points), 3)) for k in range(3)]
    axes.append(np.cross(edges[:, 0], edges[:, 1]))
    axes += [np.cross(edges[:, i], unit[k]) for i in range(3) for k in range(3)]
    meets = np.ones(len(points), dtype=bool)
    for axis in axes:
        along = np.einsum("tck,tk->tc", points, axis)
        reach = np.abs(axis) @ half
        meets &= (along.min(axis=1) <= reach) & (along.max(axis=1) >= -reach)
    return meets
