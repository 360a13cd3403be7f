"""Dice on labels that were kept back."""

import numpy as np
import pytest

from napari_localcl.tasks.held_out import HeldOut, dice_of


def test_dice_counts_only_what_is_labelled():
    codes = np.array([[[1, 1, 0, 0], [2, 255, 255, 0]]], np.uint8)
    found = np.array([[[1, 0, 1, 0], [0, 1, 1, 0]]], bool)
    # Two pixels found where labels say anything, two are true, one is both.
    assert dice_of(found, codes, 1) == pytest.approx(2 * 1 / (2 + 2))
    assert dice_of(found, codes, 2) == 0
    assert dice_of(np.zeros_like(found), codes, 3) is None


def test_the_sentence_says_both_dice_of_each_class():
    found = HeldOut(images=("a", "b"), dice={"RV": 0.81, "LV": 0.9}, before={"RV": 0.7})
    assert found.in_words() == "Dice on 2 kept back images: RV 0.81 (0.70 before), LV 0.90"
