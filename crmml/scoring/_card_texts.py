"""The words of a model card, in English and Chinese."""

from crmml.reporting._churn_words import CHURN_WORDS

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        **CHURN_WORDS["en"],
        "unknown": "Not known: it was not stored with the model.",
        "driver_note": "Share of the movements of the risk among the training "
        "customers. This says what the model uses, not what makes customers leave.",
        "title": "Model card: {kind}",
        "with": "{kind} with {part}",
        "purpose": "What it says",
        "other": "What {kind} predicts; see its documentation.",
        "training": "What it was fitted to",
        "n_unlabelled": "Left out, since they left before the label window",
        "tables": "Tables",
        "columns": "columns",
        "quality": "How good it was out of time",
        "no_backtest": "Not known: no out-of-time test was stored with this model. "
        "Before it is used, run backtest, and give its table to save(metrics=...).",
        "backtest": "Each cutoff was scored by a model fitted only to what was known "
        "by then. AUC is the probability that a leaver is ranked above a stayer, with "
        "its 95 percent interval; lift, how many times the base rate leave among the "
        "tenth most at risk; profit, what calling customers earned, per customer. "
        "Rules that need no model stand beside it.",
        "model": "model",
        "number": "number",
        "boolean": "yes or no",
        "text": "category",
        "empty": "empty",
        "verdict": "Verdict: {verdict}",
        "features": "Features",
        "meaning": "meaning",
        "kind": "kind",
        "limit_privacy": "The file holds no rows and no ids, but names of columns, "
        "categories of several customers, and quantiles of features.",
        "identity": "Versions",
        "sha256": "SHA-256 of the file",
    },
    "zh": {
        **CHURN_WORDS["zh"],
        "unknown": "未知：保存模型时没有提供。",
        "driver_note": "各特征在训练客户风险变化中所占的比例。"
        "这说明模型用了什么，并不说明客户为何流失。",
        "title": "模型卡：{kind}",
        "with": "{kind}（分类器：{part}）",
        "purpose": "模型说明什么",
        "other": "{kind} 的预测；详见其文档。",
        "training": "训练数据",
        "n_unlabelled": "因在标签窗口之前已流失而排除",
        "tables": "数据表",
        "columns": "列",
        "quality": "时间外检验的效果",
        "no_backtest": "未知：模型中没有保存时间外检验的结果。使用之前请运行 backtest，"
        "并把结果表交给 save(metrics=...)。",
        "backtest": "每个截止时点都由只知道当时数据的模型评分。AUC 是流失客户排在留存"
        "客户之前的概率及其 95% 区间；提升度是风险最高一成客户的流失率与基准率之比；"
        "利润是联系客户所得，按每位客户平均。旁边列出不需要模型的规则。",
        "model": "模型",
        "number": "数值",
        "boolean": "是否",
        "text": "类别",
        "empty": "空",
        "verdict": "结论（英文原文）：{verdict}",
        "features": "特征",
        "meaning": "含义",
        "kind": "类型",
        "limit_privacy": "文件中没有数据行和客户编号，但有列名、"
        "多位客户共有的类别以及特征的分位数。",
        "identity": "版本",
        "sha256": "文件的 SHA-256",
    },
}
