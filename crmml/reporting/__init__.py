"""Results as a page that travels: one HTML file with its pictures inside.

Nothing is loaded from the network, and all text is escaped.
"""

from crmml.reporting._churn_report import ChurnReport
from crmml.reporting._page import HtmlPage
from crmml.reporting._rules_report import RulesReport
from crmml.reporting._segment_report import SegmentReport

__all__ = ["ChurnReport", "HtmlPage", "RulesReport", "SegmentReport"]
