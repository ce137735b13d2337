"""The door: a company's tables, checked once and read by an in-process SQL engine.

Name your columns in any language; everything behind this door computes with them.
"""

from crmml.tables._complaints import Complaints
from crmml.tables._customer_tables import CustomerTables
from crmml.tables._customers import Customers
from crmml.tables._database_table import DatabaseTable
from crmml.tables._events import Events
from crmml.tables._spine import make_spine
from crmml.tables._surveys import Surveys
from crmml.tables._transactions import Transactions

__all__ = [
    "Complaints",
    "CustomerTables",
    "Customers",
    "DatabaseTable",
    "Events",
    "Surveys",
    "Transactions",
    "make_spine",
]
