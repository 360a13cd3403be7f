"""The settings of ``classify`` and their presets."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.models.clip_network import Readout


class LightSettings(BaseModel):
    """The light head: pooled features and logistic regression."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pooling: Literal["mean", "max"] = Field("mean", description="how frames are pooled")
    segments: int = Field(1, ge=1, le=64, description="parts of a series that are pooled apart")
    cells: int = Field(4, ge=1, le=32, description="parts along each side that are pooled apart")


class ClassifySettings(BaseModel):
    """How findings are learned; the defaults are those of the preset ``small``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    head: Literal["convlstm", "logistic"] = Field(
        "convlstm",
        description="what looks at the frames' features: a recurrent network, or a logistic "
        "regression of their mean",
    )
    features: Literal["encoder", "pixels"] = Field(
        "encoder", description="what frames are seen with: the runs of --from, or plain pixels"
    )
    loss: Literal["plain", "weighted"] = Field(
        "plain", description="cross-entropy as published, or weighted by inverse frequency"
    )
    grid: int = Field(8, ge=1, le=64, description="cells along each side of a frame's features")
    channels: int = Field(
        512,
        ge=1,
        le=8192,
        description="levels of the encoder are joined, coarsest first, until they have these many",
    )
    folds: int = Field(5, ge=3, le=20, description="parts of the cross-validation")
    held: float = Field(
        0.2,
        ge=0.05,
        le=0.5,
        description="part of the training patients held back for calibration and fusion",
    )
    frames: int = Field(16, ge=1, le=256, description="frames of a clip")
    clips: int = Field(8, ge=1, le=64, description="clips per step and fold")
    looks: int = Field(8, ge=1, le=64, description="clips whose probabilities are averaged")
    width: int = Field(32, ge=4, le=1024, description="channels that enter the recurrent network")
    hidden: int = Field(32, ge=4, le=1024, description="channels of each recurrent layer")
    layers: int = Field(1, ge=1, le=3, description="recurrent layers")
    readout: Readout = Field(
        "max",
        description="what is read of its states: the largest of all frames, or as published the "
        "mean of the last",
    )
    places: bool = Field(
        True, description="tell the network where each cell lies, for sides and places matter"
    )
    dropout: float = Field(0.3, ge=0, le=0.9, description="part of the channels left out at random")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Adam's learning rate")
    decay: float = Field(1e-3, ge=0, le=1, description="L2 penalty on the weights")
    maps: Literal["integrated", "grad-cam"] = Field(
        "integrated",
        description="what maps of the recurrent network are: integrated gradients, or Grad-CAM as "
        "published",
    )
    light: LightSettings = Field(LightSettings(), description="the head 'logistic'")


FAITHFUL: dict[str, Any] = {
    "grid": 16,
    "width": 512,
    "hidden": 512,
    "layers": 2,
    "places": False,
    "readout": "last",
    "maps": "grad-cam",
    "dropout": 0.0,
    "decay": 0.0,
    "clips": 1,
    "learning_rate": 1e-5,
}
PIXELS: dict[str, Any] = {
    "head": "logistic",
    "features": "pixels",
    "grid": 16,
    "light": {"pooling": "max", "segments": 8, "cells": 16},
}
PRESETS: dict[str, dict[str, Any]] = {
    "small": {},
    "light": {"head": "logistic"},
    "faithful": FAITHFUL,
    "pixels": PIXELS,
}
PRESET_HELP = {
    "small": "suits laptops: learns in minutes",
    "light": "a logistic regression of pooled features: seconds, and hard to beat with few labels",
    "faithful": "the published form at its published size",
    "pixels": "plain pixels and a logistic regression: what anything learned has to beat",
}
