"""A fitted churn model as a web service, to run by itself or inside another one.

Needs the extra ``serve``, and loads FastAPI; nothing else of crmml does.
"""

from crmml.scoring.service._app import make_app

__all__ = ["make_app"]
