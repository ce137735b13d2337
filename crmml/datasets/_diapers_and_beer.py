"""The five baskets every textbook on association rules begins with."""

_BASKETS = (
    ("Bread", "Milk"),
    ("Bread", "Diapers", "Beer", "Eggs"),
    ("Milk", "Diapers", "Beer", "Cola"),
    ("Bread", "Milk", "Diapers", "Beer"),
    ("Bread", "Milk", "Diapers", "Cola"),
)


def load_diapers_and_beer() -> list[list[str]]:
    """Load the five market baskets of the diapers-and-beer story.

    Returns
    -------
    list of list of str
        Five baskets of six items: Bread, Milk, Diapers, Beer, Eggs, Cola. A new list
        at each call.

    Notes
    -----
    Made up for teaching. The rule {Diapers} -> {Beer} has support 3/5, confidence 3/4
    and lift (3/4) / (3/5) = 1.25.

    References
    ----------
    Tan, P.-N., Steinbach, M. and Kumar, V. (2005), Introduction to Data Mining,
    Addison-Wesley, chapter 6, table 6.1.

    Examples
    --------
    >>> from crmml.datasets import load_diapers_and_beer
    >>> baskets = load_diapers_and_beer()
    >>> sum({"Diapers", "Beer"} <= set(basket) for basket in baskets)
    3
    """
    return [list(basket) for basket in _BASKETS]
