"""What a churn report says, in English and Chinese; every number in it is computed."""

from crmml.reporting._churn_words import CHURN_WORDS

CHURN_TEXTS: dict[str, dict[str, str]] = {
    "en": {
        **CHURN_WORDS["en"],
        "title": "Customers at risk of leaving",
        "model": "model",
        "model_name": "Model",
        "summary": "In short",
        "who": "As of {cutoff}, {n} customers could still leave; {expected} of them "
        "({rate}) are expected to.",
        "concentrated": "The tenth most at risk, {n} customers, holds {share} of the "
        "leavers to be expected.",
        "moved_by": "The risk moves most with: {names}.",
        "beats": "Tested on later outcomes, the model ranks customers better than "
        "{rule}: AUC {own} against {other}, difference {gain} (95 % interval {low} to "
        "{high}; cutoffs tested: {n}).",
        "loses": "Tested on later outcomes, the model ranks customers worse than "
        "{rule}: AUC {own} against {other}, difference {gain} (95 % interval {low} to "
        "{high}; cutoffs tested: {n}). Use the rule.",
        "unclear": "Tested on later outcomes, the model does not clearly beat {rule}: "
        "AUC {own} against {other}, difference {gain} (95 % interval {low} to {high}; "
        "cutoffs tested: {n}).",
        "no_verdict": "No verdict on the model: at no tested cutoff did some customers "
        "leave and others stay.",
        "earns": "In the test, calling whom the model named earned {own} a customer, "
        "calling by {rule} {other}: difference {gain} (95 % interval {low} to {high}).",
        "untested": "How good the predictions are was not tested for this report.",
        "calls_pay": "Calls to {n} customers are expected to pay, and to earn {profit} "
        "together, at a cost of {cost}.",
        "definition": "What leaving means, and which data were used",
        "meant": "The model was fitted to {n} customers in snapshots of {snapshots}, "
        "of whom {rate} left (base rate).",
        "tables": "Tables; data complete until {until}",
        "transactions": "transactions",
        "customers": "customers",
        "complaints": "complaints",
        "surveys": "surveys",
        "events": "events",
        "quality": "How good the predictions were, out of time",
        "no_backtest": "Not tested: give backtest=pipeline.backtest_scores(tables, "
        "cutoffs) to see how good the predictions were on later outcomes.",
        "backtest": "Each cutoff was scored by a model fitted only to what was known "
        "by then. AUC is the probability that a leaver is ranked above a stayer, with "
        "its 95 percent interval; lift, how many times the base rate leave among the "
        "tenth most at risk; Brier, the mean squared error of the probabilities, "
        "smaller is better. Rules that need no model stand beside it.",
        "backtest_caption": "Results by tested cutoff",
        "backtest_cut": "Results of the last {n} tested cutoffs",
        "n_called": "called",
        "profit": "profit a customer",
        "gain_alt": "Curves: share of leavers found against share of customers called.",
        "gain_caption": "Calling the tenth most at risk finds {own} of all leavers "
        "with the model, and {other} by {rule}; all tested cutoffs together.",
        "reliability_alt": "Points: share that left against predicted probability.",
        "reliability_caption": "Do the probabilities keep their word? On average "
        "{predicted} was predicted, and {observed} left. Points near the dashed line "
        "are right.",
        "driver_note": "Share of the movements of the risk among the customers scored. "
        "This says what the model uses, not what makes customers leave.",
        "drivers_unknown": "Not known: the classifier does not say what each feature "
        "adds.",
        "driver_alt": "Bars: mean contribution of each feature to the risk.",
        "driver_caption": "The longer the bar, the more the feature moves the risk.",
        "raises": "raises the risk",
        "lowers": "lowers the risk",
        "scores": "How the risk is spread",
        "score_axis": "Probability of leaving",
        "score_count": "Customers",
        "score_alt": "Histogram of the probabilities of leaving.",
        "score_caption": "Half of the customers are below {median}, one in ten is "
        "above {high}.",
        "decile_caption": "Customers by tenths, the most at risk first",
        "decile": "tenth",
        "lowest": "from",
        "highest": "to",
        "mean": "mean risk",
        "expected": "leavers expected",
        "cumulative": "of all leavers",
        "calls": "Whom to call first",
        "calls_note": "The {shown} customers most at risk of {n}. This section names "
        "customers: keep it as you keep your list of customers.",
        "calls_note_money": "The {shown} calls with the highest expected profit. This "
        "section names customers: keep it as you keep your list of customers.",
        "no_calls": "No call is expected to pay.",
        "calls_caption": "Customers to call first, with reasons",
        "customer_id": "customer",
        "churn_probability": "risk",
        "expected_profit": "expected profit",
        "reason": "reason {n}",
        "no_font": "No font with Chinese characters is installed here: Chinese names "
        "in pictures are drawn as boxes.",
    },
    "zh": {
        **CHURN_WORDS["zh"],
        "title": "客户流失风险报告",
        "model": "模型",
        "model_name": "模型",
        "summary": "要点",
        "who": "截至 {cutoff}，有 {n} 位客户仍可能流失，预计其中 {expected} 位"
        "（{rate}）会流失。",
        "concentrated": "风险最高的一成客户（{n} 位）占预计流失客户的 {share}。",
        "moved_by": "影响风险最大的因素：{names}。",
        "beats": "用之后的实际结果检验，模型的排序优于“{rule}”：AUC {own} 对 {other}，"
        "相差 {gain}（95% 区间 {low} 至 {high}；检验时点 {n} 个）。",
        "loses": "用之后的实际结果检验，模型的排序不如“{rule}”：AUC {own} 对 {other}，"
        "相差 {gain}（95% 区间 {low} 至 {high}；检验时点 {n} 个）。请使用该规则。",
        "unclear": "用之后的实际结果检验，模型并未明显优于“{rule}”：AUC {own} 对 "
        "{other}，相差 {gain}（95% 区间 {low} 至 {high}；检验时点 {n} 个）。",
        "no_verdict": "无法评价模型：没有一个检验时点同时有流失和留存的客户。",
        "earns": "检验中，按模型联系客户平均每位客户获利 {own}，按“{rule}”为 {other}："
        "相差 {gain}（95% 区间 {low} 至 {high}）。",
        "untested": "本报告没有检验预测的效果。",
        "calls_pay": "预计联系其中 {n} 位客户是值得的，合计可获利 {profit}，"
        "成本为 {cost}。",
        "definition": "流失的含义与所用数据",
        "meant": "模型由 {snapshots} 各时点的 {n} 条客户记录训练，其中 {rate} 流失"
        "（基准率）。",
        "tables": "数据表；数据完整截至 {until}",
        "transactions": "交易",
        "customers": "客户",
        "complaints": "投诉",
        "surveys": "调查",
        "events": "事件",
        "quality": "时间外检验：预测有多准",
        "no_backtest": "未检验：传入 "
        "backtest=pipeline.backtest_scores(tables, cutoffs)，"
        "即可看到预测与之后实际结果的比较。",
        "backtest": "每个截止时点都由只知道当时数据的模型评分。AUC 是流失客户排在留存"
        "客户之前的概率及其 95% 区间；提升度是风险最高一成客户的流失率与基准率之比；"
        "Brier 分数是概率的均方误差，越小越好。旁边列出不需要模型的规则。",
        "backtest_caption": "各检验时点的结果",
        "backtest_cut": "最近 {n} 个检验时点的结果",
        "n_called": "联系人数",
        "profit": "每位客户利润",
        "gain_alt": "曲线：找到的流失客户比例与联系客户比例。",
        "gain_caption": "联系风险最高的一成客户，模型可找到全部流失客户的 {own}，"
        "按“{rule}”为 {other}；各检验时点合计。",
        "reliability_alt": "散点：实际流失比例与预测概率。",
        "reliability_caption": "概率可信吗？平均预测 {predicted}，实际流失 {observed}。"
        "越靠近虚线越准确。",
        "driver_note": "各特征在所评客户风险变化中所占的比例。"
        "这说明模型用了什么，并不说明客户为何流失。",
        "drivers_unknown": "未知：该分类器不说明每个特征的贡献。",
        "driver_alt": "条形图：各特征对风险的平均贡献。",
        "driver_caption": "条形越长，该特征对风险的影响越大。",
        "raises": "使风险升高",
        "lowers": "使风险降低",
        "scores": "风险的分布",
        "score_axis": "流失概率",
        "score_count": "客户数",
        "score_alt": "流失概率的直方图。",
        "score_caption": "一半客户低于 {median}，十分之一高于 {high}。",
        "decile_caption": "按风险从高到低每十分之一的客户",
        "decile": "十分位",
        "lowest": "最低",
        "highest": "最高",
        "mean": "平均风险",
        "expected": "预计流失",
        "cumulative": "累计占全部流失",
        "calls": "先联系谁",
        "calls_note": "{n} 位客户中风险最高的 {shown} 位。"
        "本节列有客户编号，请像保管客户名单一样保管。",
        "calls_note_money": "预期利润最高的 {shown} 次联系。"
        "本节列有客户编号，请像保管客户名单一样保管。",
        "no_calls": "没有一次联系预计是值得的。",
        "calls_caption": "应先联系的客户及原因",
        "customer_id": "客户",
        "churn_probability": "风险",
        "expected_profit": "预期利润",
        "reason": "原因 {n}",
        "no_font": "本机没有安装中文字体，图中的文字保留英文，"
        "数据中的中文名称显示为方框。",
    },
}
