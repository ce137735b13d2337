"""Cost against size: one panel a task, crmml and its peers, readable in grey."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from benchmarks._records import Record, Run

# Told apart by dashes and marks; grey levels only help.
STYLES = (
    ("--", "s", "0.25"),
    (":", "^", "0.25"),
    ("-.", "D", "0.45"),
    ((0, (1, 3)), "v", "0.45"),
    ((0, (6, 2, 1, 2, 1, 2)), "x", "0.25"),
    ((0, (8, 3)), "P", "0.55"),
    ((0, (3, 2)), "*", "0.55"),
)
N_COLUMNS = 2


def find_curves(run: Run) -> dict[str, dict[str, list[Record]]]:
    """Tasks to be drawn that were run at several sizes: their ways, ordered by size."""
    curves: dict[str, dict[str, list[Record]]] = {}
    for task in run.header["picture"]:
        ways: dict[str, list[Record]] = {}
        for one in sorted(run.records, key=lambda record: record.size):
            is_part = one.way.startswith("crmml,") or one.cpu is None
            if one.task == task and not is_part:
                ways.setdefault(one.way, []).append(one)
        if len(ways.get("crmml", [])) > 1:
            curves[task] = ways
    return curves


def draw_panel(ax: Axes, title: str, ways: dict[str, list[Record]]) -> None:
    """Draw CPU seconds of all ways against size."""
    peers = [name for name in ways if name != "crmml"]
    for name, style in zip(peers, STYLES, strict=False):
        line, mark, grey = style
        draw_line(ax, ways[name], name, linestyle=line, marker=mark, color=grey)
    draw_line(ax, ways["crmml"], "crmml", linewidth=2.6, marker="o", color="black")
    ax.set(xscale="log", yscale="log", title=title)
    ax.set_xlabel(ways["crmml"][0].unit)
    ax.set_ylabel("CPU seconds")
    ax.title.set_fontsize(10)
    ax.grid(which="major", color="0.88", linewidth=0.6)
    ax.set_xticks([one.size for one in ways["crmml"]])
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_minor_locator(NullLocator())
    low, high = ax.get_ylim()
    # Over a decade or two there would be too few labels at powers of ten.
    steps = (1.0, 2.0, 5.0) if high / low < 200 else (1.0,)
    ax.yaxis.set_major_locator(LogLocator(subs=steps))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.margins(0.08, 0.1)
    ax.legend(fontsize=7.5, frameon=False, handlelength=3.2, loc="upper left")
    # Room for the legend, which stands where cheap ways would be at large sizes.
    ax.set_ylim(low, high * (high / low) ** (0.07 * len(ways) + 0.05))


def draw_line(ax: Axes, records: list[Record], name: str, **style: object) -> None:
    """Draw one way."""
    sizes = [one.size for one in records]
    seconds = [max(one.cpu or 0.0, 1e-4) for one in records]
    ax.plot(sizes, seconds, label=name, markersize=5, **style)


def draw(runs: list[Run], path: Path) -> bool:
    """Write the picture of all runs; False where no task was run at several sizes."""
    panels = [
        (f"{run.header['title']}:\n{task}", ways)
        for run in runs
        for task, ways in find_curves(run).items()
    ]
    if not panels:
        return False
    n_columns = min(N_COLUMNS, len(panels))
    n_rows = -(-len(panels) // n_columns)
    figure = Figure(figsize=(4.3 * n_columns, 3.6 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax, (title, ways) in zip(axes, panels, strict=False):
        draw_panel(ax, title, ways)
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    figure.savefig(path, dpi=110)
    return True
