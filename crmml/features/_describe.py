"""Readable names of the features that crmml's builders make."""

import re
from collections.abc import Iterable
from typing import Any

from crmml.exceptions import SchemaError

# By the part before the window: English, Chinese. A "%" at the end marks a fraction.
_NAMES: dict[str, tuple[str, str]] = {
    "T": ("time since the first purchase", "首次购买至今时长"),
    "account_age_days": ("days since sign-up", "注册至今天数"),
    "cancellation_rate": ("cancelled orders %", "取消订单占比%"),
    "category_entropy": ("variety of categories (entropy)", "品类多样性（熵）"),
    "category_share": ("share of spend %", "消费占比%"),
    "complaints_per_month": ("complaints per month", "每月投诉数"),
    "complaints_per_order": ("complaints per order", "每单投诉数"),
    "cv_gap": ("irregularity of purchases", "购买间隔变异系数"),
    "days_overdue": ("days overdue against the own rhythm", "超出自身购买周期天数"),
    "days_since_last_complaint": ("days since the last complaint", "距上次投诉天数"),
    "days_since_last_event": ("days since the last event", "距上次使用天数"),
    "days_since_last_purchase": ("days since the last purchase", "距上次购买天数"),
    "days_since_last_survey": ("days since the last survey", "距上次调查天数"),
    "discount_share": ("discount on the list price %", "折扣占标价比例%"),
    "discounted_line_share": ("items bought at a discount %", "折扣商品占比%"),
    "event_value": ("value of events", "事件数值合计"),
    "frequency": ("repeat purchases", "复购次数"),
    "grain_days": ("days that count as one purchase", "合并为一次购买的天数"),
    "gross_spend": ("spend before returns", "退货前消费额"),
    "last_gap_to_expectation": ("last score less expectation", "最近评分与期望之差"),
    "last_score": ("last survey score", "最近调查评分"),
    "mean_days_to_resolve": ("mean days to resolve a complaint", "投诉平均解决天数"),
    "mean_gap_days": ("mean days between purchases", "平均购买间隔天数"),
    "mean_gap_to_expectation": ("mean score less expectation", "平均评分与期望之差"),
    "mean_score": ("mean survey score", "平均调查评分"),
    "monetary_value": ("mean spend of a repeat purchase", "复购平均金额"),
    "n_active_days": ("days with a purchase", "有购买天数"),
    "n_categories": ("number of categories bought", "购买品类数"),
    "n_complaints": ("complaints", "投诉数"),
    "n_discounted_lines": ("items bought at a discount", "折扣商品数"),
    "n_events": ("events", "事件数"),
    "n_open_complaints": ("open complaints", "未解决投诉数"),
    "n_orders": ("orders", "订单数"),
    "n_orders_change": ("change in orders", "订单数变化"),
    "n_products": ("number of products bought", "购买商品种数"),
    "n_returns": ("items returned", "退货数"),
    "n_surveys": ("surveys answered", "参与调查次数"),
    "net_spend": ("spend after returns", "退货后消费额"),
    "orders_ratio": ("recent against earlier orders %", "近期订单与此前之比%"),
    "orders_slope": ("slope of orders", "订单数趋势"),
    "recency": ("time from first to last purchase", "首末次购买间隔时长"),
    "return_rate": ("items returned %", "退货率%"),
    "returned_amount": ("value of returns", "退货金额"),
    "returned_share": ("value of returns in spend %", "退货金额占比%"),
    "shrunk_complaints_per_month": (
        "complaints per month, drawn towards the average",
        "每月投诉数（向总体平均收缩）",
    ),
    "spend_ratio": ("recent against earlier spend %", "近期消费与此前之比%"),
    "spend_share": ("share of spend %", "消费占比%"),
    "spend_slope": ("slope of spend", "消费额趋势"),
    "std_gap_days": ("spread of days between purchases", "购买间隔天数标准差"),
    "tenure_days": ("days as a customer", "成为客户天数"),
    "top_category_share": ("share of the top category %", "最大品类占比%"),
    "total_discount": ("total discount", "折扣总额"),
    "total_spend": ("spend", "消费额"),
    "total_spend_change": ("change in spend", "消费额变化"),
    "unit_days": ("days in a unit of time", "时间单位的天数"),
}
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_MONTHS = (
    "january february march april may june july august september october november "
    "december"
)
_SEASONS: dict[str, str] = {
    **{
        day: f"周{char}"
        for day, char in zip(_DAYS.split(), "一二三四五六日", strict=True)
    },
    **{f"{hour:02}h": f"{hour}点" for hour in range(24)},
    **{month: f"{i}月" for i, month in enumerate(_MONTHS.split(), start=1)},
}
_UNITS = {"d": ("days", "天"), "h": ("hours", "小时"), "us": ("microseconds", "微秒")}
_PATTERN = re.compile(
    rf"(?P<base>{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
    r"(_(?P<length>\d+)(?P<unit>d|h|us))?"
    rf"(_of_(?P<of>.+)|_(?P<when>on|at|in)_(?P<season>{'|'.join(_SEASONS)}))?",
    re.DOTALL,
)


def describe_features(names: Iterable[Any], language: str = "en") -> dict[str, str]:
    """Give readable names to features that crmml's builders made.

    Parameters
    ----------
    names : iterable of str
        Names of features, such as the columns that a builder gives.
    language : {"en", "zh"}, default="en"
        English or Chinese.

    Returns
    -------
    dict of str to str
        By feature; features that no builder of crmml makes are left out. A name that
        ends in "%" is that of a fraction.

    Raises
    ------
    SchemaError
        If the language is another one.

    See Also
    --------
    crmml.models.LogisticChurnClassifier.explain : Takes them as `names`.

    Examples
    --------
    >>> from crmml.features import describe_features
    >>> describe_features(["n_orders_90d", "return_rate", "my_own"])
    {'n_orders_90d': 'orders, last 90 days', 'return_rate': 'items returned %'}
    >>> describe_features(["category_share_30d_of_tea"], language="zh")
    {'category_share_30d_of_tea': '近30天tea消费占比%'}
    """
    if language not in ("en", "zh"):
        raise SchemaError(f"language must be 'en' or 'zh', got {language!r}.")
    matches = {name: _PATTERN.fullmatch(str(name)) for name in names}
    describe = _in_english if language == "en" else _in_chinese
    return {
        name: describe(match) for name, match in matches.items() if match is not None
    }


def _in_english(match: re.Match[str]) -> str:
    """Name, of what, over which days: a mark of a fraction stays at the end."""
    name = _NAMES[match["base"]][0]
    mark = " %" if name.endswith("%") else ""
    text = name.removesuffix(mark)
    if match["of"]:
        is_share = match["base"] == "category_share"
        text += f" on {match['of']}" if is_share else f" ({match['of']})"
    elif match["season"]:
        is_hour = match["when"] == "at"
        season = match["season"]
        text += f" {match['when']} "
        text += f"{season[:2]}:00" if is_hour else season.capitalize()
    if match["length"]:
        text += f", last {match['length']} {_UNITS[match['unit']][0]}"
    return text + mark


def _in_chinese(match: re.Match[str]) -> str:
    """Over which days, of what, name."""
    window = ""
    if match["length"]:
        window = f"近{match['length']}{_UNITS[match['unit']][1]}"
    part = match["of"] or _SEASONS.get(match["season"] or "", "")
    return window + part + _NAMES[match["base"]][1]
