"""Models in production: saved without code or customers in the file, and loaded.

A model file is read from a closed list of kinds; nothing in it is run or imported.
"""

from crmml.scoring._card_page import make_model_card
from crmml.scoring._csv import read_scores
from crmml.scoring._model_card import write_model_card
from crmml.scoring._monitor import monitor
from crmml.scoring._monitor_features import monitor_features
from crmml.scoring._monitor_report import MonitorReport
from crmml.scoring._onnx import export_onnx
from crmml.scoring._save import load, read_manifest, save
from crmml.scoring._score import score
from crmml.scoring._score_features import score_features
from crmml.scoring._scorer import Scorer

__all__ = [
    "MonitorReport",
    "Scorer",
    "export_onnx",
    "load",
    "make_model_card",
    "monitor",
    "monitor_features",
    "read_manifest",
    "read_scores",
    "save",
    "score",
    "score_features",
    "write_model_card",
]
