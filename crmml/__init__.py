"""Analytical CRM behind one fit/predict API.

Import what you need from the subpackages, ``from crmml.models import ...``; importing
``crmml`` itself loads nothing else.
"""

__version__ = "0.1.0"
