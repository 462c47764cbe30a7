"""The devices of one machine, behind their ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from hardware.bill_validator.port import BillValidator
from hardware.cashless_reader.port import CashlessReader
from hardware.coin_acceptor.port import CoinAcceptor
from hardware.coin_changer.port import CoinChanger
from hardware.coin_hopper.port import CoinHopper
from hardware.dispenser.port import Dispenser
from hardware.door.port import Door
from hardware.drop_sensor.port import DropSensor


@dataclass(frozen=True, slots=True)
class Devices:
    """What the runtime orders about. Which adapters these are is decided in `edge/main.py` alone."""

    coin_acceptor: CoinAcceptor
    hoppers: Mapping[int, CoinHopper]
    """By denomination in minor units; the tubes, where a coin changer pays."""
    hopper_paths: frozenset[int]
    """Sorter paths that end in a hopper; every other path ends in the cash box."""
    dispenser: Dispenser
    drop_sensor: DropSensor
    door: Door
    bill_validator: BillValidator | None = None
    """None: this machine takes no bills."""
    cashless_reader: CashlessReader | None = None
    """None: this machine takes no cards."""
    coin_changer: CoinChanger | None = None
    """The device behind `coin_acceptor` and `hoppers`, when they are its slot and its tubes; it counts its coins."""

    @property
    def ways_to_pay(self) -> list[Literal["coins", "bills", "card"]]:
        """What a customer can pay with here, cash first."""
        found: list[Literal["coins", "bills", "card"]] = ["coins"]
        if self.bill_validator is not None:
            found.append("bills")
        if self.cashless_reader is not None:
            found.append("card")
        return found

    async def close(self) -> None:
        """Everything into its safe state."""
        self.dispenser.close()
        await self.coin_acceptor.close()
        for hopper in self.hoppers.values():
            await hopper.close()
        if self.bill_validator is not None:
            await self.bill_validator.close()
        if self.cashless_reader is not None:
            await self.cashless_reader.close()
        self.drop_sensor.close()
        self.door.close()
