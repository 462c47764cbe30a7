"""A serial port as a `ByteLink`. Not responsible for frames.

Name the port by its serial number (`/dev/serial/by-id/…`): the number behind ttyUSB changes when an adapter is
pulled out and put back.
"""

import asyncio
import contextlib

import serial

from hardware.errors import DeviceOfflineError
from hardware.wire.link import Inbox


class SerialLink:
    """pyserial without its waiting: the port is non-blocking and the event loop tells when bytes are there.

    A port that vanishes is opened again by the next `write`.

    Args:
        port: device file.
        baud: ccTalk is 9600, 8 data bits, no parity, 1 stop bit.

    Raises:
        DeviceOfflineError: the port cannot be opened.
    """

    def __init__(self, port: str, baud: int = 9600) -> None:
        self._port = port
        self._baud = baud
        self._inbox = Inbox()
        self._serial: serial.Serial | None = None
        self._is_closed = False
        self._open()

    async def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """See `ByteLink`."""
        return await self._inbox.take(max_bytes, timeout_s)

    def write(self, data: bytes) -> None:
        """See `ByteLink`."""
        if self._is_closed:
            raise DeviceOfflineError(self._port, "this link was closed")
        port = self._serial or self._open()
        try:
            sent = port.write(data)
        except (serial.SerialException, OSError) as error:
            self._drop()
            raise DeviceOfflineError(self._port, f"cannot write: {error}") from error
        if sent != len(data):
            raise DeviceOfflineError(self._port, f"took {sent} of {len(data)} bytes; is the adapter hanging?")

    def close(self) -> None:
        """See `ByteLink`."""
        self._is_closed = True
        self._drop()

    def _open(self) -> serial.Serial:
        try:
            port = serial.Serial(self._port, self._baud, timeout=0, write_timeout=0, exclusive=True)
        except (serial.SerialException, OSError) as error:
            raise DeviceOfflineError(
                self._port, f"cannot open: {error}; check the path and the group 'dialout'"
            ) from error
        asyncio.get_running_loop().add_reader(port.fileno(), self._readable)
        self._serial = port
        return port

    def _readable(self) -> None:
        if self._serial is None:
            return
        try:
            data = self._serial.read(4096)
        except (serial.SerialException, OSError):
            # Readable with nothing to read: the adapter is gone. The driver finds out by its time-out.
            self._drop()
            return
        self._inbox.put(data)

    def _drop(self) -> None:
        port, self._serial = self._serial, None
        if port is None:
            return
        asyncio.get_running_loop().remove_reader(port.fileno())
        with contextlib.suppress(serial.SerialException, OSError):
            port.close()
