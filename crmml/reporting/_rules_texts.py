"""What a report on rules says, in English and Chinese; every number is computed."""

RULES_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "title": "What is bought together",
        "summary": "In short",
        "found": "{n_rules} rules were found in {n_baskets} baskets.",
        "none": "No rule reaches the limits set. Lower min_support or min_confidence.",
        "best": "The strongest: {rule}",
        "survive": "{n} of {n_rules} rules hold in {n_baskets} later baskets; "
        "{n_confirmed} of them are confirmed beyond chance.",
        "hits": "Offering by these rules, and bestsellers in the places left, finds an "
        "item that was taken out of a later basket in {own} of {n_trials} trials, "
        "bestsellers alone in {other}: difference {gain} points (95 % interval {low} "
        "to {high}).",
        "untested": "Whether the rules hold in later baskets was not tested for this "
        "report.",
        "asked": "How they were looked for",
        "limits_set": 'A rule "A → B" needs a support of at least {support} (the '
        "baskets that hold A and B) and a confidence of at least {confidence} (of the "
        "baskets with A, those that hold B too).",
        "share": "{share} of the baskets",
        "count": "{n} baskets",
        "measures": "Lift says how many times as often B is in baskets with A as in "
        "all baskets; 1 is chance. The interval is that of the confidence, at 95 "
        "percent, taking baskets as independent.",
        "tested": "Each rule passed Fisher's exact test, adjusted for the number of "
        "rules tested: p at most {p}.",
        "not_tested": "The rules were not tested for significance when they were "
        "found; max_p_value does that.",
        "rules": "The strongest rules",
        "sentence": "Of the baskets with {left}, {confidence} also hold {right}: "
        "{lift} times as often as in all baskets ({count} baskets).",
        "rules_caption": "The {n} strongest rules, highest lift first",
        "left": "with",
        "right": "also",
        "support": "support",
        "confidence": "confidence",
        "interval": "95 % interval",
        "lift": "lift",
        "n_both": "baskets",
        "p_value": "p",
        "items": " + ",
        "graph_alt": "Graph: arrows from items to items that are bought with them.",
        "graph_caption": "The strongest rules. An arrow leads from what is in the "
        "basket to what is bought with it.",
        "matrix_alt": "Matrix: rules by left and right side, shaded by lift.",
        "matrix_caption": "Lift by colour, confidence in numbers.",
        "validation": "Do they hold later?",
        "validation_caption": "The same rules in later baskets",
        "learned": "lift then",
        "later": "lift later",
        "later_confidence": "confidence later",
        "verdict": "verdict",
        "confirmed": "confirmed",
        "holds": "holds",
        "weaker": "weaker",
        "gone": "gone",
        "not seen": "not seen",
        "validation_note": "A rule holds if its confidence still reaches the limit and "
        "its lift is above 1. It is confirmed if chance does not explain that either. "
        "It is weaker if only the confidence is too low, and gone if its lift is at "
        "most 1.",
        "offers": "What to offer",
        "offers_note": "For the items in most baskets: what to offer with them, the "
        "surest first.",
        "offers_caption": "Offers with an item",
        "item": "in the basket",
        "offered": "offer",
        "score": "also bought by",
        "limits": "Limits",
        "limit_cause": "That items are bought together does not say that one makes "
        "people buy the other, nor that an offer sells more.",
        "limit_common": "Of things that nearly everyone buys, a high confidence says "
        "nothing; look at the lift.",
        "limit_time": "Rules hold for the assortment, prices and season of the baskets "
        "they were found in.",
        "no_font": "No font with Chinese characters is installed here: Chinese names "
        "in pictures are drawn as boxes.",
    },
    "zh": {
        "title": "购物篮分析报告",
        "summary": "要点",
        "found": "在 {n_baskets} 个购物篮中发现 {n_rules} 条规则。",
        "none": "没有规则达到设定的门槛。请降低 min_support 或 min_confidence。",
        "best": "最强的一条：{rule}",
        "survive": "{n_rules} 条规则中有 {n} 条在之后的 {n_baskets} 个购物篮中仍成立，"
        "其中 {n_confirmed} 条得到确认，不能归于偶然。",
        "hits": "从之后的购物篮中取出一件商品，按规则推荐并以畅销品补足，在 {n_trials} "
        "次试验中有 {own} 猜中，只推荐畅销品为 {other}：相差 {gain} 个百分点"
        "（95% 区间 {low} 至 {high}）。",
        "untested": "本报告没有检验规则在之后的购物篮中是否成立。",
        "asked": "如何寻找规则",
        "limits_set": "规则“A → B”的支持度（同时含有 A 和 B 的购物篮）至少为"
        "{support}，置信度（含有 A 的购物篮中也含有 B 的比例）至少为 {confidence}。",
        "share": "全部购物篮的 {share}",
        "count": " {n} 个购物篮",
        "measures": "提升度表示含有 A 的购物篮中出现 B 的频率是全部购物篮的多少倍，"
        "1 即为偶然。区间为置信度的 95% 区间，视各购物篮相互独立。",
        "tested": "每条规则都通过了 Fisher 精确检验，并按所检验的规则数校正："
        "p 不超过 {p}。",
        "not_tested": "寻找规则时没有检验显著性；可用 max_p_value 检验。",
        "rules": "最强的规则",
        "sentence": "含有{left}的购物篮中，{confidence} 也含有{right}，是全部购物篮中"
        "相应比例的 {lift} 倍（{count} 个购物篮）。",
        "rules_caption": "最强的 {n} 条规则，按提升度从高到低",
        "left": "含有",
        "right": "也含有",
        "support": "支持度",
        "confidence": "置信度",
        "interval": "95% 区间",
        "lift": "提升度",
        "n_both": "购物篮数",
        "p_value": "p 值",
        "items": " + ",
        "graph_alt": "关系图：箭头从商品指向与之同买的商品。",
        "graph_caption": "最强的规则。箭头从购物篮中的商品指向与之同买的商品。",
        "matrix_alt": "矩阵：按左右两侧排列的规则，颜色表示提升度。",
        "matrix_caption": "颜色表示提升度，数字表示置信度。",
        "validation": "之后还成立吗",
        "validation_caption": "同样的规则在之后的购物篮中",
        "learned": "当时提升度",
        "later": "之后提升度",
        "later_confidence": "之后置信度",
        "verdict": "结论",
        "confirmed": "得到确认",
        "holds": "成立",
        "weaker": "减弱",
        "gone": "消失",
        "not seen": "未出现",
        "validation_note": "置信度仍达到门槛且提升度大于 1，规则即成立；"
        "若也不能归于偶然，则得到确认。仅置信度不足为减弱，提升度不超过 1 为消失。",
        "offers": "推荐什么",
        "offers_note": "针对最常见的商品：可以与之一起推荐的商品，最可靠的在前。",
        "offers_caption": "与商品一起推荐",
        "item": "购物篮中",
        "offered": "推荐",
        "score": "同买比例",
        "limits": "局限",
        "limit_cause": "商品常被同买，并不说明一种商品促使人购买另一种，"
        "也不说明推荐会增加销售。",
        "limit_common": "对几乎人人都买的商品，高置信度没有意义，请看提升度。",
        "limit_time": "规则只适用于相似的商品、价格和季节。",
        "no_font": "本机没有安装中文字体，图中的文字保留英文，"
        "数据中的中文名称显示为方框。",
    },
}
