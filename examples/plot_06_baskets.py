"""
Diapers and beer, and what is left of it tomorrow
=================================================

The story of fathers who buy beer with diapers on Friday evening has been told so often
that nobody asks how a shop would know. Here the effect is planted, so that we know the
truth. We

1. look for rules in three months of baskets, and find hundreds;
2. test them on the three months after: what was chance goes, what was planted stays;
3. ask whether the rules sell more than a list of bestsellers would;
4. find out whom to offer beer, and what to offer each customer next;
5. do the same with real baskets.
"""

# %%
# A thousand and a half customers, half a year. Only fathers who buy diapers on Friday
# evening buy beer more often, and no other two items have to do with each other. In all
# baskets together the lift of the one true rule is below 2: nothing to see from afar.
from crmml.association import AssociationRules
from crmml.datasets import load_complete_journey, make_baskets
from crmml.plotting import plot_rule_graph, plot_rule_matrix, plot_rules

simulated = make_baskets(1500, random_state=0)
print(simulated.truth.round(3).to_string(index=False))
tables, TOMORROW = simulated.to_tables(), "2024-04-01"

# %%
# Rules are learned from orders before the cutoff. All of these have a lift of 1.3 and
# more, and a few minutes with the table would give every one of them a story.
rules = AssociationRules(10, 0.1, min_lift=1.3, drop_redundant=True)
rules.fit(tables, cutoff=TOMORROW)
print(rules.n_rules_, "rules, of which the first are")
print(rules.to_text(5))
plot_rules(rules.rules_).figure.savefig("learned.png")

# %%
# Tomorrow's test: the orders from the cutoff on, which the rules cannot know. A rule is
# confirmed if it holds there beyond chance, with a correction for the number of rules.
# The median lift of all is back at 1, which says that most were chance.
result = rules.validate(tables)
print(result)
print(result.rules["verdict"].value_counts().to_string())
confirmed = result.rules[result.rules["verdict"] == "confirmed"]
shown = ["antecedents", "consequents", "learned_lift", "lift", "p_value"]
print(confirmed[shown].round(4).to_string(index=False))
plot_rule_matrix(confirmed).figure.savefig("confirmed.png")

# %%
# A correction for the number of rules tried at learning already removes most of chance,
# without a later basket; but it knows nothing of seasons and campaigns, which end.
careful = AssociationRules(10, 0.1, min_lift=1.3, drop_redundant=True, max_p_value=0.05)
careful.fit(tables, cutoff=TOMORROW)
print(careful.to_text())
print(careful.validate(tables).hits.round(3).to_string(index=False))

# %%
# To whom does it apply? The same rules, counted anew in each segment.
lines = simulated.lines.assign(segment=simulated.name_groups())
offers = careful.cross_sell(lines, "segment", n_offers=2)
columns = ["segment", "item", "antecedents", "confidence", "lift", "score", "n_open"]
print(offers[columns].round(2).to_string(index=False))

# %%
# What to offer each customer as of the cutoff, for something they have not bought yet.
offered = careful.recommend_for_customers(tables, TOMORROW, n_items=1)
print(offered.head(3).to_string(index=False))

# %%
# Real baskets behave differently: categories of a grocer are bought together for good
# reasons, and most rules of the first nine months hold in the last three. The graph
# shows the strongest.
journey = load_complete_journey()
goods = journey.transactions.merge(
    journey.products[["product_id", "product_category"]], on="product_id"
)
goods = goods.dropna(subset=["product_category"])
earlier = goods["transaction_timestamp"] < "2017-10-01"
real = AssociationRules(
    0.02,
    0.25,
    min_lift=1.5,
    max_length=3,
    drop_redundant=True,
    order_column="basket_id",
    item_column="product_category",
)
real.fit(goods[earlier])
print(real.validate(goods[~earlier]))
plot_rule_graph(real.rules_).figure.savefig("groceries.png")

# %%
# In short: a lift is a question, and later baskets answer it. Ask also whether an offer
# beats the bestsellers; a true rule may be too rare to sell anything.
