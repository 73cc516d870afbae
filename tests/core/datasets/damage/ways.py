"""Ways to damage files, whatever the layout; each returns what does it to a folder."""

from __future__ import annotations

import io
import os
import pickle
import zipfile

import numpy as np

MARK = "hostile-pickle-ran"
WEB_PAGE = b"<!DOCTYPE html><html>Sign in"
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0"


def change(name, function):
    """Rewrite an array: ``function`` gets a copy and returns what is stored."""

    def damage(folder):
        np.save(folder / name, function(np.load(folder / name)))

    return damage


def set_at(index, value):
    def function(array):
        array[index] = value
        return array

    return function


def remove(name):
    return lambda folder: (folder / name).unlink()


def cut(name, share=0.5):
    return lambda f: os.truncate(f / name, int((f / name).stat().st_size * share))


def append(name):
    def damage(folder):
        with (folder / name).open("ab") as stream:
            stream.write(b"tail")

    return damage


def write(name, content):
    def damage(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return damage


def save(name, array):
    def damage(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        np.save(folder / name, array, allow_pickle=True)

    return damage


def rename(name, other):
    return lambda folder: (folder / name).rename(folder / other)


def make_folder(name):
    return lambda folder: (folder / name).mkdir()


def together(*damages):
    def damage(folder):
        for one in damages:
            one(folder)

    return damage


def swap(one, other):
    return together(rename(one, "kept"), rename(other, one), rename("kept", other))


def zip_holding(name, member="training_images/train-0001_nsd-00001.png"):
    def damage(folder):
        with zipfile.ZipFile(folder / name, "w") as archive:
            archive.writestr(member, b"x")

    return damage


class Hostile:
    """Unpickled by anything that runs pickles, it leaves a file in the working folder."""

    def __reduce__(self):
        return os.system, (f"touch {MARK}",)


def hostile_array() -> bytes:
    """Return an ``.npy`` file with a pickle in it that runs a command."""
    stream = io.BytesIO()
    header = {"descr": "|O", "fortran_order": False, "shape": ()}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + pickle.dumps(Hostile())


def hostile(name):
    return write(name, hostile_array())
