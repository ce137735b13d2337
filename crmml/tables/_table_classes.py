"""The five tables of a company, by their names."""

from typing import Any

from crmml.tables._complaints import Complaints
from crmml.tables._customers import Customers
from crmml.tables._events import Events
from crmml.tables._surveys import Surveys
from crmml.tables._transactions import Transactions

TABLE_CLASSES: dict[str, Any] = {
    cls.name: cls for cls in (Transactions, Customers, Complaints, Surveys, Events)
}
