"""Logistic regression of pooled features."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from napari_localcl.data.findings import read_findings
from napari_localcl.tasks.series.light import fit_light, fit_one


def cases(count=60, size=200, seed=0):
    rng = np.random.default_rng(seed)
    pooled = rng.standard_normal((count, size)).astype(np.float32) * 5 + 3
    truth = (pooled[:, 0] + 0.1 * rng.standard_normal(count) > 3).astype(float)
    return pooled, truth, np.array([f"p{i}" for i in range(count)])


def test_fitting_in_the_space_of_the_exams_changes_nothing():
    pooled, truth, patients = cases()
    weight, bias = fit_one(pooled, truth, patients, weighted=False)
    standard = pooled - pooled.mean(0)
    standard = standard / np.linalg.norm(standard, axis=1).mean()
    told = pooled @ weight + bias
    match = [
        np.abs(
            told
            - LogisticRegression(C=c, max_iter=5000)
            .fit(standard, truth)
            .decision_function(standard)
        ).max()
        for c in (1e-2, 1e-1, 1.0, 10.0, 100.0)
    ]
    assert min(match) < 0.02 * np.abs(told).max()


def test_one_class_alone_is_a_rate():
    pooled, _truth, patients = cases(9)
    weight, bias = fit_one(pooled, np.zeros(9), patients, weighted=False)
    assert not weight.any()
    assert 1 / (1 + np.exp(-bias)) == pytest.approx(0.05)


def test_weighting_calls_what_is_rare_more_often():
    pooled, _, patients = cases(200, 5)
    noise = 8 * np.random.default_rng(1).standard_normal(200)
    truth = (pooled[:, 0] + noise > 12).astype(float)
    rates = [
        np.mean(pooled @ weight + bias > 0)
        for weight, bias in (fit_one(pooled, truth, patients, w) for w in (False, True))
    ]
    assert rates[1] > rates[0]


def test_it_learns_what_the_frames_show(spots, features, pixels_settings):
    truth = read_findings(spots / "series.csv")
    head = fit_light(pixels_settings, features, "axial", truth, range(16))
    told = np.array([head.logits(features, "axial", exam) for exam in range(16, 24)])
    for said, known in zip(told.T, truth.values[16:].T, strict=True):
        assert np.mean(said[known == 1][:, None] > said[known == 0]) >= 0.8
