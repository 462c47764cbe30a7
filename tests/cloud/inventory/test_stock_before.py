"""What was where before an instant, from what is now and what moved since."""

from cloud.db.database import Database
from cloud.inventory import service
from cloud.inventory.service import WAREHOUSE, Movement, StockAt


async def test_stock_before_when_goods_moved_since_then_value_and_lacks_are_those_of_the_instant(
    database: Database,
) -> None:
    movements = [
        Movement("buy", "tea", 10, 100, to_place=WAREHOUSE, cost_minor=840),
        Movement("fill", "tea", 6, 200, from_place=WAREHOUSE, to_place="vm-1/A1"),
        Movement("sold", "tea", 1, 300, from_place="vm-1/A1"),
        Movement("early", "cola", 2, 350, from_place="vm-1/A2"),
        Movement("late", "cola", 5, 400, to_place="vm-1/A2", cost_minor=500),
    ]
    async with database.write() as db_session:
        await service.move(db_session, movements)
        now = await service.total_value(db_session)
        found = {at: await service.stock_before(db_session, at) for at in (100, 240, 250, 301, 375, 401)}
    assert found == {
        100: StockAt(0, []),
        240: StockAt(840, []),
        250: StockAt(840, []),
        301: StockAt(756, []),
        375: StockAt(756, ["cola"]),
        401: StockAt(now, []),
    }
