"""MBG/NBD: as BG/NBD, and customers may leave right after the first purchase."""

from crmml.models._beta_geo import BetaGeoModel


class ModifiedBetaGeoModel(BetaGeoModel):
    """Modified beta-geometric/NBD model: one-time buyers can have left as well.

    As :class:`BetaGeoModel`, but a customer leaves with probability p after every
    purchase, the first included:

    ``L = B(a, b+x+1) / B(a, b) * Gamma(r+x) alpha^r / Gamma(r) * [(alpha+T)^-(r+x) +
    a / (b+x) (alpha+t_x)^-(r+x)]``.

    Parameters
    ----------
    unit : duration, default="1D"
        The unit of recency and T in the data, such as ``"7D"`` for weeks: that of
        :class:`crmml.features.BTYDSummary`. alpha is in this unit.
    covariates : list of str, default=None
        Numeric columns of X that tell customers apart from the start, such as how they
        came. They multiply a customer's purchase rate by ``exp(c @ z)`` and the odds to
        leave after a purchase by ``exp(d @ z)``: alpha stands for ``alpha exp(-c @ z)``
        and a for ``a exp(d @ z)`` then.

    Attributes
    ----------
    params_ : pandas.Series of shape (4 + 2 * n_covariates,)
        ``r``, ``alpha``, ``a``, ``b``; then c as ``purchase:<covariate>`` and d as
        ``dropout:<covariate>``.
    standard_errors_ : pandas.Series of shape (4 + 2 * n_covariates,)
        Their standard errors, from the curvature of the likelihood.
    log_likelihood_ : float
        The log-likelihood at the maximum.
    n_customers_ : int
        How many customers it was fitted to.

    See Also
    --------
    BetaGeoModel : Customers leave after repeat purchases only.

    References
    ----------
    .. [1] Batislam, E. P., Denizel, M. and Filiztekin, A. (2007). Empirical validation
       and comparison of models for customer base analysis. International Journal of
       Research in Marketing 24(3). https://doi.org/10.1016/j.ijresmar.2006.12.005

    Examples
    --------
    >>> from crmml.datasets import load_cdnow
    >>> from crmml.features import BTYDSummary
    >>> from crmml.models import ModifiedBetaGeoModel
    >>> purchases = load_cdnow(sample=True)[["customer_id", "date"]]
    >>> purchases = purchases.rename(columns={"date": "timestamp"})
    >>> weekly = BTYDSummary(unit="7D").fit_transform(purchases, "1997-10-01")
    >>> model = ModifiedBetaGeoModel(unit="7D").fit(weekly)
    >>> bool(model.predict_alive_probability(weekly).max() < 1)
    True
    """

    def _dies_at_once(self) -> bool:
        return True
