# SPDX-License-Identifier: Apache-2.0
"""Writes the files of this folder with NumPy and h5py: `python3 make.py`, in this folder."""
import h5py
import numpy as np

VLEN = h5py.string_dtype()
COUNT = np.arange(24, dtype="f4").reshape(2, 3, 4)


def fill(group):
    """What every layout of the format must give."""
    group.attrs["text"] = "héllo"
    group.attrs["bytes"] = b"ascii"
    group.attrs.create("fixed", "short", dtype=h5py.string_dtype("utf-8", 12))
    group.attrs.create("names", ["a", "", "a longer name"], dtype=VLEN)
    group.attrs.create("fixed_names", [b"one", b"three"], dtype="S8")
    group.attrs["empty"] = []
    group.attrs["number"] = 3
    group.attrs.create("split0", ["a", "b"], dtype=VLEN)
    group.attrs.create("split1", ["c"], dtype=VLEN)
    for kind in "i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 >f4 >i2".split():
        group.create_dataset("kinds/" + kind, data=np.array([0, 1, 100]).astype(kind))
    group.create_dataset("scalar", data=np.float32(2.5))
    group.create_dataset("none", data=np.zeros((0, 3), "f4"))
    group.create_dataset("deep/er/kernel:0", data=COUNT)


def main():
    with h5py.File("default.h5", "w") as file:
        fill(file)
        # Chunks that do not divide the shape, so that the last ones hang over.
        file.create_dataset("chunked", data=COUNT, chunks=(2, 2, 3))
        file.create_dataset("deflated", data=COUNT, chunks=(1, 2, 3), compression="gzip", shuffle=True)
        file.create_dataset("checked", data=COUNT, chunks=(2, 3, 4), fletcher32=True)
        file.create_dataset("never", shape=(4,), dtype="f4")
        file.create_dataset("texts", data=["a", "b"], dtype=VLEN)
        file.create_dataset("complex", data=np.ones(3, "c8"))
        file.create_dataset("elsewhere", shape=(4,), dtype="f4", external=[("values.bin", 0, 16)])
        virtual = h5py.VirtualLayout(shape=(2, 3, 4), dtype="f4")
        virtual[:] = h5py.VirtualSource("other.h5", "x", shape=(2, 3, 4))
        file.create_virtual_dataset("virtual", virtual)
        # An external link turns its group into the newer layout.
        file.create_group("links")["soft"] = h5py.SoftLink("/scalar")
        file["links"]["outside"] = h5py.ExternalLink("other.h5", "/x")
        file["soft"] = h5py.SoftLink("/scalar")
        # More members than one node of a group's tree holds.
        for i in range(40):
            file.create_dataset(f"many/{i:02}", data=np.int8(i))
    # The newer layout, which is read as long as groups and attributes are few.
    with h5py.File("latest.h5", "w", libver="latest") as file:
        file.attrs["text"] = "héllo"
        file.attrs.create("names", ["a", "", "a longer name"], dtype=VLEN)
        file.create_dataset("deep/er/kernel:0", data=COUNT)
        file.create_dataset("scalar", data=np.float32(2.5))
        file.create_dataset("chunked", data=COUNT, chunks=(2, 2, 3))
        file["soft"] = h5py.SoftLink("/scalar")
        for i in range(20):
            file.create_dataset(f"many/{i:02}", data=np.int8(i))
            file["many"].attrs[f"a{i}"] = i
    # Little of everything, to be damaged in every byte.
    with h5py.File("small.h5", "w") as file:
        file.attrs["text"] = "héllo"
        file.attrs.create("names", ["a", "", "a longer name"], dtype=VLEN)
        file.create_dataset("deep/whole", data=np.arange(3, dtype="f4"))
        file.create_dataset("deflated", data=COUNT, chunks=(2, 2, 4), compression="gzip", shuffle=True)
    with h5py.File("small_latest.h5", "w", libver="latest") as file:
        file.attrs["text"] = "héllo"
        file.attrs.create("names", ["a", "b"], dtype=VLEN)
        file.create_dataset("deep/whole", data=np.arange(3, dtype="f4"))
    with h5py.File("userblock.h5", "w", userblock_size=512) as file:
        fill(file)
    arrays = {kind: np.array([[0, 1], [100, 3]]).astype(kind) for kind in "?,i1,u1,i2,u2,i4,u4,i8,u8,f2,f4,f8,>f4".split(",")}
    arrays["?"], arrays["fortran"] = np.array([True, False]), np.asfortranarray(COUNT)
    arrays["scalar"], arrays["none"] = np.array(2.5), np.zeros((0, 5), "f4")
    np.savez("stored.npz", **{name.replace("?", "b1"): array for name, array in arrays.items()})
    np.savez_compressed("deflated.npz", count=COUNT, zeros=np.zeros(5000, "i4"))
    np.savez("texts.npz", text=np.array(["a"]))


main()
