"""Files that are either whole or not there, and tensors without pickle."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from uuid import uuid4

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one go: after a kill at any moment `path` is the old file or the new one."""
    with replacing(path) as part:
        part.write_bytes(content)


def save_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write named tensors as safetensors, atomically."""
    import torch
    from safetensors.torch import save

    # Copies, because safetensors refuses tensors that share storage or are not contiguous.
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    write_bytes(path, save(plain))


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors onto the CPU; nothing in the file is executed.

    Raises
    ------
    BadInput
        If the file is missing, or no whole safetensors file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(load(path.read_bytes()))
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist: train the run first") from None
    # A damaged header surfaces as whatever its JSON breaks; all of it means the same to the user.
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path} is not a whole safetensors file (damaged, cut short or of another kind): "
            "restore it from a copy or train the run again"
        ) from error


def restore(module: nn.Module, weights: Mapping[str, Tensor], source: Path) -> None:
    """Put weights into a module of exactly the same names and shapes.

    Raises
    ------
    BadInput
        If a name is missing, unknown, or of another shape; the sentence names the first.
    """
    own = module.state_dict()
    for name in [*own, *weights]:
        if name not in weights or name not in own or own[name].shape != weights[name].shape:
            raise BadInput(
                f"{source} does not fit this network (first difference: '{name}'): "
                "it was trained with other settings or by another method"
            )
    module.load_state_dict(dict(weights))


def remove_folder(path: Path) -> None:
    """Remove a folder; of a link, only the link."""
    if path.is_symlink():
        path.unlink()
        return
    # Renamed first, so that a removal that breaks off leaves no half run in the list.
    rubbish = path.with_name(f".{uuid4().hex}.deleted")
    path.rename(rubbish)
    shutil.rmtree(rubbish)
