"""Makes the data files beside it. Needs numpy and netCDF4; see PROVENANCE.md."""
import os
import netCDF4
import numpy as np
from numpy.lib import format as npy

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rows = np.array([[1, 2, 3], [4, 5, 6], [-7, 8, 9], [10, -11, 12]], dtype="f8")


def save(name, array, version=None):
    with open(name + ".npy", "wb") as file:
        npy.write_array(file, array, version=version)


for kind, sizes in (("f", (4, 8)), ("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8))):
    for size in sizes:
        for order, suffix in (("<", ""), (">", "be")):
            if size == 1 and suffix:
                continue
            values = abs(rows) if kind == "u" else rows
            save(f"{kind}{size}{suffix}", values.astype(f"{order}{kind}{size}"))
save("fortran", np.asfortranarray(rows))
save("version2", rows, (2, 0))
save("version3", rows, (3, 0))
save("vector", np.array([0.1, np.nan, 1e-300, -2.5]))
save("transposed", np.ascontiguousarray(rows.T))
save("cube", rows.reshape(2, 2, 3))
save("scalar", np.array(1.5))
save("empty", np.zeros((0, 3)))
save("complex", rows.astype("c16"))
save("text", np.array(["a", "b"]))
save("records", np.zeros(2, dtype=[("a", "f8"), ("b", "i4")]))
save("bool", rows > 0)
save("half", rows.astype("f2"))
np.save("object.npy", np.array([1, None], dtype=object), allow_pickle=True)
infinite = rows.copy()
infinite[1, 2] = np.inf
save("infinite", infinite)


def create(name, format="NETCDF4"):
    file = netCDF4.Dataset(name + ".nc", "w", format=format)
    file.createDimension("time", 4)
    file.createDimension("channel", 3)
    return file


def variable(place, name, dimensions, values, kind="f8", **options):
    result = place.createVariable(name, kind, dimensions, **options)
    result[:] = values
    return result


with create("blocks") as file:
    file.createDimension("pair", 2)
    variable(file, "time", ("time",), [1, 2, 3, 4])
    variable(file, "pair", ("pair",), [10, 20])
    variable(file, "a", ("time",), rows[:, 0], "i4")
    variable(file, "y", ("time", "pair"), rows[:, 1:])
    variable(file, "stim", ("time",), [0, 1, 0.5, 0])
with create("whole") as file:
    variable(file, "y", ("time", "channel"), rows, "f4", zlib=True)
with create("dotted") as file:
    variable(file, "data.y", ("time", "channel"), rows)
with create("grouped") as file:
    variable(file.createGroup("data"), "y", ("time", "channel"), rows)
with create("classic", "NETCDF3_CLASSIC") as file:
    variable(file, "y", ("time", "channel"), rows, "i2")
with create("packed") as file:
    file.createDimension("pair", 2)
    a = file.createVariable("a", "i1", ("time",), fill_value=-99)
    a.set_auto_maskandscale(False)
    a.scale_factor = 0.5
    a.add_offset = 10.0
    a[:] = [2, -99, 4, -1]
    y = file.createVariable("y", "f4", ("time", "pair"))
    y.missing_value = np.float32(-1e30)
    y[:3] = [[1, 2], [-1e30, 4], [5, 6]]
with create("dimensions") as file:
    file.createDimension("wide", 5)
    variable(file, "y", ("time", "wide"), np.zeros((4, 5)))
with create("text") as file:
    y = file.createVariable("y", str, ("time",))
    for index in range(4):
        y[index] = "word"
with create("other") as file:
    variable(file, "z", ("time",), np.zeros(4))
with create("lengths") as file:
    file.createDimension("short", 3)
    file.createDimension("pair", 2)
    variable(file, "a", ("time",), np.zeros(4))
    variable(file, "y", ("short", "pair"), np.zeros((3, 2)))
with create("infinite") as file:
    variable(file, "y", ("time", "channel"), infinite)
with create("confounds") as file:
    file.createDimension("basis_index", 2)
    variable(file, "time", ("time",), [1, 2, 3, 4])
    variable(file, "drift", ("time",), [1, 2, 3, 4])
    variable(file, "basis", ("time", "basis_index"), rows[:, :2])
print(f"numpy {np.__version__}, netCDF4 {netCDF4.__version__}, libnetcdf {netCDF4.getlibversion()}")
