"""Draw the picture of the README: ``python docs/make_picture.py``.

Left, out of time: which part of those who left was on the list, by model and by the
rule that a shop has anyway. Right: why the first on today's list is there. All is
computed from The Complete Journey, a panel of a real grocer, each time this is run.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from crmml.datasets import load_complete_journey
from crmml.evaluation import compute_gain_table
from crmml.features import RFM, Activity, FeatureSet, Tenure, describe_features
from crmml.labels import Inactivity
from crmml.models import LogisticChurnClassifier
from crmml.pipeline import ChurnPipeline
from crmml.tables import CustomerTables

TARGET = Path(__file__).with_name("_static") / "crmml.png"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#6b7280"
TODAY = "2017-12-01"


def main() -> None:
    """Fit as in the README, test on later months, draw."""
    tables = load_complete_journey().to_tables()
    churn = ChurnPipeline(
        features=FeatureSet([RFM(), Tenure(), Activity(windows=["30D", "60D"])]),
        label=Inactivity("28D"),
        classifier=LogisticChurnClassifier(),
    ).fit(tables, cutoffs=["2017-07-01", "2017-08-01", "2017-09-01"])
    # White in both themes of GitHub, with round corners like a card.
    figure = Figure(figsize=(12, 4.6), dpi=130, facecolor="none")
    FigureCanvasAgg(figure)
    card = FancyBboxPatch(
        (0.004, 0.01),
        0.992,
        0.98,
        boxstyle="round,pad=0,rounding_size=0.012",
        transform=figure.transFigure,
        facecolor="white",
        edgecolor="#d0d7de",
        mutation_aspect=12 / 4.6,
        zorder=-1,
    )
    figure.patches.append(card)
    draw_gain(figure.add_axes((0.06, 0.15, 0.36, 0.65)), churn, tables)
    draw_reasons(figure.add_axes((0.71, 0.15, 0.26, 0.65)), churn, tables)
    drawn = BytesIO()
    figure.savefig(drawn, transparent=True)
    # 64 colours are plenty, and a third of the size.
    Image.open(drawn).quantize(64).save(TARGET, optimize=True)


def draw_gain(ax: Axes, churn: ChurnPipeline, tables: CustomerTables) -> None:
    """Draw who was found among those who left, in two months after the training."""
    scores = churn.backtest_scores(tables, ["2017-10-01", "2017-11-01"])
    shown = {
        "LogisticChurnClassifier": ("crmml", BLUE, "-"),
        "rule: days since last purchase": ("longest silence", ORANGE, "--"),
    }
    found = {}
    for model, (name, colour, style) in shown.items():
        own = scores[scores["model"] == model]
        table = compute_gain_table(own["churn"], own["score"], n_bins=20)
        share = np.append(0.0, table["cumulative_share"])
        gain = np.append(0.0, table["cumulative_gain"])
        ax.plot(share, gain, color=colour, linestyle=style, linewidth=2.5)
        found[name] = np.interp(0.2, share, gain)
        ax.plot(0.2, found[name], "o", color=colour, markersize=7)
    for y, (name, colour, style) in zip((0.27, 0.13), shown.values(), strict=True):
        ax.plot([0.42, 0.5], [y, y], color=colour, linestyle=style, linewidth=2.5)
        text = f"{name}: {found[name]:.0%}"
        ax.text(0.53, y - 0.025, text, color=colour, fontsize=12, fontweight="bold")
    ax.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=":")
    ax.annotate("by chance", (0.8, 0.8), (0.81, 0.71), color=GREY, fontsize=11)
    ax.axvline(0.2, color=GREY, linewidth=0.8)
    ticks = np.linspace(0, 1, 6)
    ax.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("of households called, those most at risk first", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    n, left = len(own), int(own["churn"].sum())
    title = "Calling one in five finds most leavers"
    put_title(ax, title, f"{left} of {n:,} left, in two months after the training")


def draw_reasons(ax: Axes, churn: ChurnPipeline, tables: CustomerTables) -> None:
    """Draw the reasons of the household that is most at risk today."""
    scores = churn.predict(tables, TODAY)
    first = scores.nlargest(1, "churn_probability")
    features = churn.features_.transform(tables, TODAY)
    explained = churn.classifier_.explain(
        features.loc[first["customer_id"]],
        n_reasons=4,
        names=describe_features(features.columns),
        templates={"number": "{name}: {value}\n(typical: {typical})"},
    ).iloc[::-1]
    said = explained["reason"]
    ax.barh(range(len(said)), explained["contribution"], color=BLUE, height=0.6)
    ax.set_yticks(range(len(said)), said, fontsize=11)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("raises the log-odds of leaving by", fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    risk = float(first["churn_probability"].iloc[0])
    put_title(
        ax,
        f"Whom to call first, and why: risk {risk:.0%}",
        f"of buying nothing for four weeks from {pd.Timestamp(TODAY):%-d %B %Y} on",
        x=-0.95,
    )


def put_title(ax: Axes, title: str, subtitle: str, x: float = 0.0) -> None:
    """Write two lines above the axes, which begin at the same place."""
    options = {"transform": ax.transAxes, "clip_on": False}
    ax.text(x, 1.16, title, fontsize=15, fontweight="bold", **options)
    ax.text(x, 1.06, subtitle, fontsize=11, color=GREY, **options)


if __name__ == "__main__":
    main()
