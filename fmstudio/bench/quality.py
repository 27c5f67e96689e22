"""The published table of SF2M (Tong et al. 2023, arXiv 2307.03672, Table 2 and App. F), with our defaults.

10,000 training points, 10,000 test points, 100 Euler steps, seeds 42 to 46; W2 is the root of POT's exact
``emd2`` of 10,000 against 10,000 points, NPE = |E int |v|^2 dt - W2^2| / W2^2 with the W2 of source and
target. A perfect sampler would score the floor: W2 between two sets of exact draws.

The published runs see 10 million samples: torchcfm's runner trains on 10,000 points for 1,000 epochs, in
batches of 512 (runner/configs/experiment/cfm.yaml). Ours see steps times batch of the default TrainingSpec.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from fmstudio.bench.row import Row
from fmstudio.document.specs.training import ModelSpec, TrainingSpec
from fmstudio.engine.worker.task_runner import prepare_torch
from fmstudio.flows.learning.flow_and_score import FlowAndScore
from fmstudio.flows.learning.networks import MLP
from fmstudio.flows.learning.training import train
from fmstudio.flows.measures.metrics import normalised_path_energy, w2
from fmstudio.flows.motion.dynamics import FlowODE
from fmstudio.flows.motion.fields import LearnedField
from fmstudio.flows.motion.simulate import simulate
from fmstudio.flows.motion.solvers import Euler
from fmstudio.flows.paths import shapes
from fmstudio.flows.paths.couplings import Coupling, ExactOT, Independent
from fmstudio.flows.paths.distributions import Cloud, Distribution, GaussianMixture
from fmstudio.flows.paths.schedules import CondOT
from fmstudio.flows.paths.way_noise import NO_NOISE, WayNoise

PUBLISHED_SAMPLES = 10_000_000
EULER_STEPS = 100
SF2M_WAY = WayNoise(0.1)
"""sigma of torchcfm's runner for exact pairs (runner/configs/model/sf2m.yaml)"""
TRAINING_WIDTH = 1e-4
"""The training set is 10,000 points; as a law, each is blurred by this much."""


@dataclass(frozen=True)
class Protocol:
    """How much of everything; tests take little."""

    points: int = 10_000
    seeds: tuple[int, ...] = (42, 43, 44, 45, 46)
    floors: int = 3
    steps: int = TrainingSpec().steps


@dataclass(frozen=True)
class Published:
    """(mean, standard deviation) over five seeds; None where we do not know it."""

    w2: tuple[float, float]
    npe: tuple[float, float | None] | None = None


@dataclass(frozen=True)
class Pair:
    """Standard normal to ``target``, and what was published for it."""

    name: str
    target: Distribution
    ot: Published
    independent: Published
    sf2m: Published
    """with exact pairs"""


def pairs() -> tuple[Pair, ...]:
    return (
        Pair(
            "eight Gaussians",
            shapes.eight_gaussians(5.0, 1.0),
            Published((0.303, 0.043), (0.031, 0.027)),
            Published((0.373, 0.103)),
            Published((0.275, 0.058), (0.016, None)),
        ),
        Pair(
            "two moons",
            shapes.two_moons(0.05, 2.0, (-1.0, 0.0)),
            Published((0.130, 0.016), (0.083, 0.009)),
            Published((0.178, 0.012)),
            Published((0.124, 0.023), (0.053, None)),
        ),
    )


def measure(protocol: Protocol | None = None) -> Iterator[Row]:
    """Row by row; each W2 of the whole protocol takes half a minute of one core."""
    protocol = protocol or Protocol()
    prepare_torch()
    for pair in pairs():
        floor = _floor(pair.target, protocol)
        yield Row(f"N(0, I) to {pair.name}: W2 of exact samples (floor)", floor, "W2")
        distance = _distance(pair.target, protocol)
        for method, coupling, way, published in (
            ("OT-CFM", ExactOT(), NO_NOISE, pair.ot),
            ("I-CFM", Independent(), NO_NOISE, pair.independent),
            ("SF2M-Exact", ExactOT(), SF2M_WAY, pair.sf2m),
        ):
            scores = [_score(pair.target, coupling, seed, distance, protocol, way) for seed in protocol.seeds]
            yield _row(f"N(0, I) to {pair.name}, {method}: W2", "W2", [s[0] for s in scores], published.w2)
            npe = [s[1] for s in scores]
            yield _row(f"N(0, I) to {pair.name}, {method}: NPE", "NPE", npe, published.npe)
    seen = protocol.steps * TrainingSpec().batch_size
    yield Row(
        "samples seen in training",
        seen / 1e6,
        "million",
        f"at most {PUBLISHED_SAMPLES / 1e6:g}",
        seen <= PUBLISHED_SAMPLES,
        PUBLISHED_SAMPLES / 1e6,
        "published",
        seen / PUBLISHED_SAMPLES,
    )


def _row(name: str, unit: str, values: list[float], published: tuple[float, float | None] | None) -> Row:
    mean = statistics.mean(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    name = f"{name} (± {spread:.3f})"
    if published is None:
        return Row(name, mean, unit)
    target = f"at most {published[0]:.3f}" + (f" ± {published[1]:.3f}" if published[1] is not None else "")
    return Row(name, mean, unit, target, mean <= published[0], published[0], "published", mean / published[0])


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _floor(target: Distribution, protocol: Protocol) -> float:
    found = []
    for seed in range(protocol.floors):
        generator = _generator(1000 + seed)
        found.append(w2(*(target.sample(protocol.points, generator) for _ in range(2))))
    return statistics.mean(found)


def _distance(target: Distribution, protocol: Protocol) -> float:
    """W2 between source and target, by samples."""
    generator = _generator(2000)
    source = GaussianMixture.standard_normal().sample(protocol.points, generator)
    return w2(source, target.sample(protocol.points, generator))


def _score(
    target: Distribution,
    coupling: Coupling,
    seed: int,
    distance: float,
    protocol: Protocol,
    way: WayNoise = NO_NOISE,
) -> tuple[float, float]:
    """(W2, NPE) of one training."""
    generator = _generator(seed)
    training_set = Cloud(target.sample(protocol.points, generator), None, TRAINING_WIDTH)
    network = trained(training_set, coupling, seed, protocol.steps, way)
    tests = target.sample(protocol.points, generator)
    states, times = _euler(network, protocol.points, generator)
    return w2(states[-1], tests), normalised_path_energy(states, times, distance)


def trained(target: Distribution, coupling: Coupling, seed: int, steps: int, way: WayNoise = NO_NOISE) -> MLP:
    """The default network of the flow after the default training, but for the number of steps; with noise on
    the way one of the score is learned beside it."""
    model, training = ModelSpec(), TrainingSpec()
    shape = (model.width, model.layers, _generator(seed))
    network = FlowAndScore(*shape) if way.spread else MLP(*shape)
    run = train(
        GaussianMixture.standard_normal(),
        target,
        CondOT(),
        coupling,
        network,
        way=way,
        steps=steps,
        batch_size=training.batch_size,
        learning_rate=training.learning_rate,
        generator=_generator(seed),
    )
    for _ in run:
        pass
    return network.flow if isinstance(network, FlowAndScore) else network


def _euler(network: MLP, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """States (frames, n, 2) and times of the learned flow from fresh source points."""
    times = [k / EULER_STEPS for k in range(EULER_STEPS + 1)]
    start = torch.randn(n, 2, generator=generator)
    states = simulate(FlowODE(LearnedField(network, CondOT())), Euler(), start, times)
    return torch.stack(list(states)), torch.tensor(times)
