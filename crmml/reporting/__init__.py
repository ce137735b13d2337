"""Results as a page that travels: one HTML file with its pictures inside.

Nothing is loaded from the network, and all text is escaped.
"""

from crmml.reporting._page import HtmlPage

__all__ = ["HtmlPage"]
