"""What stands in pictures, in Chinese; the English is crmml.plotting's own."""

import re

WORDS: dict[str, str] = {
    "Customers called, highest scores first": "联系的客户（风险从高到低）",
    "Leavers among them, of all leavers": "其中流失客户占全部流失客户的比例",
    "Perfect": "完美",
    "At random": "随机",
    "As predicted": "与预测一致",
    "Predicted probability of leaving, mean of the bin": "预测的流失概率（组内均值）",
    "Share that left, with 95 % interval": "实际流失比例及 95% 区间",
    "Mean absolute contribution to the log-odds of leaving\n"
    "(↑ what raises them, ↓ what lowers them)": "对流失对数几率的平均绝对贡献\n"
    "（↑ 使其升高，↓ 使其降低）",
    "Customers, the most valuable first": "客户（价值从高到低）",
    "All bring the same": "人人贡献相同",
    "Less than others  ←  effect (Cliff's delta)  →  more": "低于其他客户  ←  "
    "效应量（Cliff's delta）  →  高于其他客户",
    "An arrow leads from the left to the right side of a rule; the wider, the "
    "surer": "箭头从规则左侧指向右侧；越宽越可靠",
    "No rules": "没有规则",
    "Lift": "提升度",
    "Left side": "左侧",
    "Right side (number: confidence)": "右侧（数字为置信度）",
}
"""Whole texts."""

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(.*) \((\d+) % in the first tenth\)", re.DOTALL),
        r"\1（前十分之一中占 \2%）",
    ),
    (
        re.compile(r"(.*): ([\d.]+) % bring (-?\d+) % of (.*)", re.DOTALL),
        r"\1：\2% 的客户带来 \3% 的\4",
    ),
    (re.compile(r"Share of (.*)", re.DOTALL), r"占\1的比例"),
    (re.compile(r"\(not there\) \((.*)\)"), r"不在其中（\1）"),
)
"""Texts with names and numbers in them."""
