"""The parts of a machine that hold cash, in words. Pure."""

from typing import Final

PARTS: Final = {"hopper": "釣銭筒", "cash_box": "金庫箱", "stacker": "紙幣", "escrow": "保留中の紙幣"}
