"""What every picture promises, found by walking the subpackage."""

import inspect
import io
import warnings
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import crmml.plotting
from crmml.evaluation import (
    compute_conditional_expectations,
    compute_gain_table,
    compute_profit_curve,
    compute_reliability_table,
    compute_value_deciles,
    drift_report,
)
from crmml.exceptions import SchemaError
from crmml.models import LogisticChurnClassifier, compute_drivers
from crmml.plotting import _style
from crmml.segmentation import (
    KMeansSegmenter,
    compute_behaviour_matrix,
    compute_cohort_retention,
    compute_concentration_curve,
    compute_migration_matrix,
    compute_segment_contrasts,
    compute_segment_map,
)

# Longer than any column or segment of a real shop, as people name them in Chinese.
FEATURES = [
    "最近一百八十天内的订单总金额（人民币，含税）",
    "距离上一次购买的天数",
    "近九十天投诉次数与解决时长之比",
    "会员等级",
    "平均客单价",
]
SEGMENTS = ["高价值且忠诚的老客户", "即将流失的高频客户", "沉睡客户", "新客户<&$>"]
ITEMS = ["婴儿纸尿裤（大号八十片装）", "进口精酿啤酒六罐装", "全麦面包", "低脂纯牛奶"]
MODELS = ["逻辑回归（含单调约束）", "梯度提升树", "店里的老规则：多久没来"]
MONEY = {"clv": 200, "accept_rate": 0.3, "incentive_cost": 10, "contact_cost": 1}
RNG = np.random.default_rng(0)
N = 240
CHURNED = RNG.random(N) < 0.3
SCORES = {name: np.clip(0.3 * CHURNED + RNG.random(N) * 0.7, 0, 1) for name in MODELS}
CUSTOMERS = pd.DataFrame(RNG.gamma(2, 2, (N, 5)), columns=FEATURES)
BELONGS = np.array(SEGMENTS)[np.argsort(np.argsort(CUSTOMERS[FEATURES[0]])) * 4 // N]
DAYS = RNG.integers(0, 360, 40 * N)


def make_rules():
    pairs = [(a, b) for a, b in combinations(range(4), 2) for a, b in ((a, b), (b, a))]
    n = len(pairs)
    return pd.DataFrame(
        {
            "antecedents": [frozenset({ITEMS[a]}) for a, _ in pairs],
            "consequents": [frozenset({ITEMS[b]}) for _, b in pairs],
            "support": np.linspace(0.02, 0.2, n),
            "confidence": np.linspace(0.9, 0.3, n),
            "lift": np.linspace(5.0, 1.0, n),
        }
    )


def make_retention():
    time = np.arange(0.0, 13.0)
    parts = []
    for name, loss in zip(SEGMENTS, (0.01, 0.05, 0.1, 0.2), strict=True):
        kept = (1 - loss) ** time
        parts.append(
            pd.DataFrame(
                {
                    "group": name,
                    "time": time,
                    "retained": kept,
                    "low": kept * 0.95,
                    "high": np.minimum(kept * 1.05, 1),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def make_tracking(scale):
    expected = scale * (np.arange(12) + 2.5)
    actual = np.arange(12) + 3
    return pd.DataFrame(
        {
            "period_end": pd.date_range("2024-01-08", periods=12, freq="30D"),
            "actual": actual,
            "expected": expected,
            "cumulative_actual": actual.cumsum(),
            "cumulative_expected": expected.cumsum(),
            "is_forecast": [False] * 8 + [True] * 4,
        }
    )


def make_drivers():
    model = LogisticChurnClassifier().fit(CUSTOMERS, CHURNED)
    return compute_drivers(model, CUSTOMERS)


def make_drift():
    return drift_report(CUSTOMERS, CUSTOMERS.add([0, 1, 3, 0, 9])).features


def make_curves(compute):
    return {name: compute(CHURNED, score) for name, score in SCORES.items()}


def make_cohorts():
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(DAYS, unit="D")
    return compute_cohort_retention(
        RNG.integers(0, N, len(dates)), dates, observed_until="2024-12-31"
    )


def make_expectations():
    past = RNG.integers(0, 9, N)
    came = RNG.poisson(past)
    return {
        name: compute_conditional_expectations(past, came, past * factor)
        for name, factor in zip(MODELS, (0.9, 1.0, 1.2), strict=True)
    }


def make_contrasts():
    return compute_segment_contrasts(CUSTOMERS, BELONGS)


PAIR = CUSTOMERS[FEATURES[1]], CUSTOMERS[FEATURES[2]]
DRAWN = {
    "plot_behaviour_matrix": lambda: (
        (*PAIR, compute_behaviour_matrix(*PAIR, names=SEGMENTS)),
        {"labels": (FEATURES[0], FEATURES[2])},
    ),
    "plot_cohort_retention": lambda: ((make_cohorts(),), {}),
    "plot_concentration": lambda: (
        ({"全部客户": compute_concentration_curve(CUSTOMERS[FEATURES[0]])},),
        {"value_name": FEATURES[0]},
    ),
    "plot_conditional_expectations": lambda: (
        (make_expectations(),),
        {"quantity": "购买次数（未来三十九周）"},
    ),
    "plot_drift": lambda: (
        (make_drift(),),
        {},
    ),
    "plot_drivers": lambda: ((make_drivers(),), {}),
    "plot_gain_curve": lambda: ((make_curves(compute_gain_table),), {}),
    "plot_inactivity": lambda: (
        (
            pd.DataFrame(
                {
                    "horizon_days": np.arange(1, 101),
                    "return_share": np.exp(-np.arange(1, 101) / 20),
                }
            ),
        ),
        {},
    ),
    "plot_k_selection": lambda: (
        (KMeansSegmenter(k_range=(2, 5), n_init=2).fit(CUSTOMERS).k_selection_,),
        {"n_clusters": 3},
    ),
    "plot_migration": lambda: (
        (compute_migration_matrix(BELONGS, RNG.permutation(BELONGS)),),
        {"dates": ("二〇二四年七月", "二〇二四年十二月")},
    ),
    "plot_profit_curve": lambda: (
        (make_curves(lambda y, score: compute_profit_curve(y, score, **MONEY)),),
        {},
    ),
    "plot_reliability": lambda: ((make_curves(compute_reliability_table),), {}),
    "plot_retention_curve": lambda: ((make_retention(),), {"unit": "天"}),
    "plot_rule_graph": lambda: ((make_rules(),), {}),
    "plot_rule_matrix": lambda: ((make_rules(),), {}),
    "plot_rules": lambda: ((make_rules(),), {}),
    "plot_segment_contrasts": lambda: ((make_contrasts(),), {}),
    "plot_segment_map": lambda: ((compute_segment_map(CUSTOMERS, BELONGS),), {}),
    "plot_segment_radar": lambda: ((make_contrasts(),), {}),
    "plot_tracking": lambda: (
        ({name: make_tracking(1 + i / 9) for i, name in enumerate(MODELS)},),
        {},
    ),
    "plot_value_deciles": lambda: (
        (
            compute_value_deciles(
                CUSTOMERS[FEATURES[0]], CUSTOMERS[FEATURES[0]] * RNG.gamma(9, 1 / 9, N)
            ),
        ),
        {"quantity": FEATURES[0]},
    ),
}
# Their words are ours, or dates and numbers.
WITHOUT_NAMES = {"plot_cohort_retention", "plot_inactivity", "plot_k_selection"}
# What they show needs names of rows or notes on the table, which Polars does not have.
PANDAS_ALONE = {
    "plot_behaviour_matrix",
    "plot_cohort_retention",
    "plot_migration",
    "plot_segment_map",
}

# Mining may rightly find nothing.
SAYS_NO_ROWS = {"plot_rule_graph", "plot_rule_matrix", "plot_rules"}

has_glyphs = bool(set(_style.CJK_FONTS) & set(_style.fontManager.get_font_names()))
needs_glyphs = pytest.mark.skipif(
    not has_glyphs, reason="no font with Chinese glyphs is installed"
)
ignores_boxes = pytest.mark.filterwarnings("ignore:Labels hold Chinese:UserWarning")


@pytest.fixture(scope="module")
def made():
    return {name: make() for name, make in DRAWN.items()}


@pytest.fixture
def draw(made):
    def draw_one(name, change=lambda one: one, **more):
        args, kwargs = made[name]
        plot = getattr(crmml.plotting, name)
        return plot(*map(change, args), **kwargs, **more)

    return draw_one


def to_polars(one):
    if isinstance(one, dict):
        return {name: to_polars(table) for name, table in one.items()}
    if isinstance(one, pd.Series):
        return pl.Series(one.to_list())
    frame = one.map(lambda v: list(v) if isinstance(v, frozenset) else v)
    if isinstance(frame.index, pd.RangeIndex):
        return pl.from_pandas(frame)
    return pl.from_pandas(frame.reset_index())


def fail(*_, **__):
    raise AssertionError("a window was opened")


def find_cut_off(figure):
    """How far anything drawn reaches beyond the figure, in pixels."""
    figure.savefig(io.BytesIO(), format="png")
    box = figure.get_tightbbox().padded(-0.01)
    page = figure.bbox_inches
    over = [page.x0 - box.x0, page.y0 - box.y0, box.x1 - page.x1, box.y1 - page.y1]
    return max(over) * figure.dpi


def test_every_plot_is_here():
    assert sorted(DRAWN) == crmml.plotting.__all__
    for name in DRAWN:
        parameters = inspect.signature(getattr(crmml.plotting, name)).parameters
        assert parameters["ax"].default is None
        assert parameters["ax"].kind is inspect.Parameter.KEYWORD_ONLY


@needs_glyphs
@pytest.mark.parametrize("name", DRAWN)
def test_chinese_names_are_drawn_and_nothing_is_cut_off(draw, name):
    # A missing glyph, or no room for the layout, is a warning, and here an error.
    ax = draw(name)
    assert isinstance(ax, Axes)
    assert find_cut_off(ax.figure) <= 1


@ignores_boxes
@pytest.mark.parametrize("name", DRAWN)
def test_nothing_outside_the_picture_is_changed(draw, name, monkeypatch):
    mine = pyplot.figure()
    monkeypatch.setattr(pyplot, "show", fail)
    monkeypatch.setattr(Figure, "show", fail)
    try:
        before = mpl.rcParams.copy()
        draw(name)
        assert pyplot.gcf() is mine
        assert pyplot.get_fignums() == [mine.number]
        assert dict(mpl.rcParams) == dict(before)
    finally:
        pyplot.close(mine)


@ignores_boxes
@pytest.mark.parametrize("name", DRAWN)
def test_given_axes_are_drawn_on(draw, name):
    projection = "polar" if name == "plot_segment_radar" else None
    figure = Figure(figsize=(12, 5), layout="constrained")
    ax = figure.add_subplot(1, 2, 1, projection=projection)
    other = figure.add_subplot(1, 2, 2)
    assert draw(name, ax=ax) is ax
    assert ax.has_data()
    assert not other.has_data()


@needs_glyphs
@pytest.mark.parametrize("name", sorted(set(DRAWN) - PANDAS_ALONE))
def test_polars_tables_give_the_same_picture(draw, name):
    pictures = []
    for change in (lambda one: one, to_polars):
        written = io.BytesIO()
        draw(name, change).figure.savefig(written, format="png")
        pictures.append(written.getvalue())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize("name", sorted(set(DRAWN) - WITHOUT_NAMES))
def test_without_a_chinese_font_one_warning_says_so(draw, name, monkeypatch):
    class DejaVuAlone:
        def get_font_names(self):
            return ["DejaVu Sans"]

    monkeypatch.setattr(_style, "fontManager", DejaVuAlone())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        draw(name)
    ours = [str(one.message) for one in caught if "Labels hold" in str(one.message)]
    assert len(ours) == 1
    assert "fonts-wqy-zenhei" in ours[0]


@ignores_boxes
@pytest.mark.parametrize("name", DRAWN)
def test_no_rows_are_refused_or_said(draw, name):
    def empty(one):
        if isinstance(one, dict):
            return {key: empty(table) for key, table in one.items()}
        return one.iloc[:0]

    if name in SAYS_NO_ROWS:
        texts = [text.get_text() for text in draw(name, empty).texts]
        assert any(text.startswith("No ") for text in texts)
        return
    with pytest.raises(SchemaError):
        draw(name, empty)


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("wrong", [None, 3, "表", []])
def test_what_is_no_table_is_refused(draw, name, wrong):
    with pytest.raises(SchemaError):
        draw(name, lambda _: wrong)


def grey(color):
    return float(np.dot(to_rgb(color), [0.299, 0.587, 0.114]))


@ignores_boxes
@pytest.mark.parametrize("name", DRAWN)
def test_lines_are_told_apart_in_grey(draw, name):
    lines = [one for one in draw(name).get_lines() if not is_reference(one)]
    for one, other in combinations(lines, 2):
        assert (
            # Dashes of one's own are all called "--".
            one._unscaled_dash_pattern != other._unscaled_dash_pattern
            or one.get_marker() != other.get_marker()
            or abs(grey(one.get_color()) - grey(other.get_color())) > 0.15
        )


def is_reference(line: Line2D):
    return line.get_label().startswith("_") or len(line.get_xdata()) < 2


def test_neighbouring_colours_differ_in_grey():
    shades = [grey(color) for color in _style.COLORS]
    assert min(abs(np.diff(shades))) > 0.08
